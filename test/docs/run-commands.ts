import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '@sero/circuits/node';
import type { DocumentedCommand } from './commands.ts';

/** What starts a program that goes on until it is stopped. */
const LASTING = /^(npm run devnet|sero devnet|sero node start)\b/;

const PRELUDE = join(import.meta.dirname, 'prelude.sh');

/** What is for a node that is stopped: the reader has ended it with ctrl-C. */
const STOPPED = /^sero node check\b/;

/**
 * Pastes commands into one shell, in a directory of its own, as a new user would who has `sero` on the path. A lasting program
 * goes on beside the commands after it, and is stopped with ctrl-C at the end or where the next one is started: it must then
 * end with 0.
 *
 * @returns the first command that failed, with what was printed; undefined where all went well
 */
export async function runCommands(
  root: string,
  commands: readonly DocumentedCommand[],
): Promise<string | undefined> {
  const home = mkdtempSync(join(tmpdir(), 'sero-docs-'));
  try {
    mkdirSync(join(home, 'work'));
    writeFileSync(join(home, 'password'), 'correct horse battery staple\n', { mode: 0o600 });
    const script = join(home, 'script.sh');
    writeFileSync(script, scriptOf(commands));
    const port = await freePort();
    const compiled = process.env['NODE_COMPILE_CACHE'];
    const child = spawn('bash', [script], {
      cwd: join(home, 'work'),
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        // What the test run has compiled already.
        ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
        PATH: process.env['PATH'],
        HOME: home,
        XDG_DATA_HOME: join(home, 'data'),
        SERO_CACHE: cacheDirectory(),
        // Empty is the fastest that works here, which is what a reader has.
        SERO_PROVER: process.env['SERO_PROVER'] ?? '',
        SERO_PASSWORD_FILE: join(home, 'password'),
        SERO_RPC_PORT: String(port),
        SERO_NODE: `http://127.0.0.1:${port}`,
        SERO_ROOT: root,
        SERO_RUNTIME: process.execPath,
      },
    });
    const printed: Buffer[] = [];
    child.stdout.on('data', (chunk) => printed.push(chunk));
    child.stderr.on('data', (chunk) => printed.push(chunk));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    if (code === 0) return undefined;
    const text = Buffer.concat(printed).toString();
    const at = [...text.matchAll(/^@@ (.*)$/gm)].at(-1)?.[1] ?? 'nothing was run';
    return `exit code ${code} after ${at}\n${text.slice(-4_000)}`;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Each command after a line that names it. */
function scriptOf(commands: readonly DocumentedCommand[]): string {
  const lines = commands.flatMap(({ document, line, text }) => [
    `echo '@@ ${document}:${line}'`,
    ...(STOPPED.test(text) ? ['stop'] : []),
    LASTING.test(text) ? `lasting ${text}` : text,
  ]);
  return [readFileSync(PRELUDE, 'utf8'), ...lines, 'stop', ''].join('\n');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('a TCP server has an address with a port');
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}
