import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { type OutputStream, runCli } from '@sero/cli';
import { createKeystore, type KeystoreContent } from '@sero/wallet';

/** The program as a shell starts it. */
export const PROGRAM = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'src', 'main.ts');

export const PASSWORD = 'correct horse battery staple';

/** A directory of one person, with a file that holds the password. */
export interface Home {
  readonly path: string;
  readonly passwordFile: string;
  remove(): void;
}

export function newHome(): Home {
  const path = mkdtempSync(join(tmpdir(), 'sero-cli-'));
  const passwordFile = join(path, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  return { path, passwordFile, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes a wallet as `init` does, under a key that takes less time to derive. */
export async function writeWallet(
  home: Home,
  secret: KeystoreContent['secret'],
  change: Partial<KeystoreContent> = {},
): Promise<void> {
  const content = { secret, birthday: 0n, accounts: [{ index: 0, name: 'main' }], ...change };
  const keystore = await createKeystore(content, PASSWORD, { cost: 1 << 14 });
  mkdirSync(join(home.path, 'wallet'));
  writeFileSync(join(home.path, 'wallet', 'keystore.json'), keystore);
  writeFileSync(join(home.path, 'wallet', 'settings.json'), '{"network":"development"}');
}

/** The words of a line as a shell takes them, with quotes and without expansions. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c!);
}

/** What a call came to. */
export interface Called {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as the one JSON object that it is. */
  json(): Record<string, unknown>;
  /** The failure on stderr, as --json shows it. */
  failure(): { exit: number; code: string; message: string; hint?: string };
}

export interface World {
  readonly home?: Home;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Streams that say they are terminals. */
  readonly terminal?: boolean;
  /** Somebody who sits at the terminal and is asked these questions, in this order; being asked fewer is an error. */
  readonly answers?: readonly Answer[];
  /** Aborted where ctrl-C would be pressed. Default: never. */
  readonly signal?: AbortSignal;
}

/** What is typed where a question is shown; `screen` is all that was shown so far. */
export type Answer = readonly [question: RegExp, typed: (screen: string) => string];

/** Calls the program in this process, with streams and an environment of its own. */
export async function sero(world: World, ...args: string[]): Promise<Called> {
  const { home, answers, terminal = answers !== undefined } = world;
  const stdin = Object.assign(new PassThrough(), {
    isTTY: answers !== undefined,
    setRawMode: () => stdin,
  });
  const [out, err] = [collector(terminal), collector(terminal)];
  const left = [...(answers ?? [])];
  if (answers === undefined) stdin.end(world.stdin ?? '');
  else answering(left, err.stream, stdin);
  const environment =
    home === undefined ? {} : { SERO_DIR: home.path, SERO_PASSWORD_FILE: home.passwordFile };
  const prover = process.env['SERO_PROVER'];
  const code = await runCli(args, {
    stdin,
    stdout: out.stream,
    stderr: err.stream,
    // The suite runs once for each prover: what one run of it has chosen is the program's too.
    env: { ...(prover === undefined ? {} : { SERO_PROVER: prover }), ...environment, ...world.env },
    cwd: home?.path ?? tmpdir(),
    signal: world.signal ?? new AbortController().signal,
  });
  if (left.length > 0) throw new Error(`never asked: ${left[0]![0]} in ${err.text()}`);
  return called(code, out.text(), err.text());
}

/** Types the next answer each time that its question stands on the screen. */
function answering(left: Answer[], screen: OutputStream, keyboard: PassThrough): void {
  let [all, since] = ['', ''];
  screen.on('data', (chunk) => {
    all += String(chunk);
    since += String(chunk);
    const next = left[0];
    if (next === undefined || !next[0].test(since)) return;
    left.shift();
    since = '';
    const answer = next[1](all);
    // After the program has begun to listen.
    setImmediate(() => keyboard.write(`${answer}\n`));
  });
}

function collector(isTTY: boolean): { stream: OutputStream; text: () => string } {
  // A question ends what it writes to; a terminal, like a process's streams, goes on.
  const stream: OutputStream = Object.assign(new PassThrough(), { isTTY, columns: 100, end: () => stream });
  const chunks: string[] = [];
  stream.on('data', (chunk) => chunks.push(String(chunk)));
  return { stream, text: () => chunks.join('') };
}

function called(code: number, stdout: string, stderr: string): Called {
  return {
    code,
    stdout,
    stderr,
    json: () => JSON.parse(stdout) as Record<string, unknown>,
    failure: () =>
      (JSON.parse(stderr.trimEnd().split('\n').at(-1)!) as { error: ReturnType<Called['failure']> }).error,
  };
}

/** A funded account as `devnet --json` prints it. */
export interface FundedAccount {
  readonly words: string;
  readonly address: string;
}

/** A devnet in a process of its own. */
export interface Devnet {
  readonly url: string;
  readonly height: bigint;
  readonly genesisHash: string;
  readonly accounts: readonly FundedAccount[];
  readonly next: readonly string[];
  stderr(): string;
  /** Sends a signal. @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `sero devnet --solo` below a directory; rejects with what it printed where it ends before it serves. */
export function startDevnet(directory: string, ...args: string[]): Promise<Devnet> {
  return startAnyDevnet(directory, '--solo', ...args);
}

/** Starts `sero devnet`, four validators and a node beside them, or with `--solo` one. */
export async function startAnyDevnet(directory: string, ...args: string[]): Promise<Devnet> {
  const { line, ...running } = await start(['devnet', '--json', '--dir', directory, '--port', '0', ...args]);
  const { rpc, height, genesisHash, accounts, next } = JSON.parse(line) as {
    rpc: string;
    height: string;
    genesisHash: string;
    accounts: FundedAccount[];
    next: string[];
  };
  return { url: rpc, height: BigInt(height), genesisHash, accounts, next, ...running };
}

/** Starts `sero node start` below a directory, as `startDevnet` does. */
export async function startNode(
  directory: string,
  ...args: string[]
): Promise<Pick<Devnet, 'url' | 'stderr' | 'stop'>> {
  const { line, ...running } = await start([
    ...['node', 'start', '--json', '--dir', directory, '--rpc-port', '0'],
    ...args,
  ]);
  return { url: (JSON.parse(line) as { rpc: string }).rpc, ...running };
}

/** Starts the program and waits for its first line on stdout. */
async function start(args: readonly string[]): Promise<Pick<Devnet, 'stderr' | 'stop'> & { line: string }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: OUTSIDE_NPM,
  });
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  const exit = exitOf(child);
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
    exit.then((code) => {
      throw new Error(`exit code ${code}: ${said.join('')}`);
    }),
  ]);
  return {
    line,
    stderr: () => said.join(''),
    stop: (signal = 'SIGINT') => {
      child.kill(signal);
      return exit;
    },
  };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

/**
 * The environment of somebody who calls `sero` itself: under `npm test` npm leaves its own marks in ours. The cache and the prover are
 * those of the test run.
 */
export const OUTSIDE_NPM = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$|SERO_(?!(CACHE|PROVER)$))/.test(name)),
);

/** Runs the program in a process of its own until it ends. */
export async function inProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Called> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...OUTSIDE_NPM, ...env },
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk) => out.push(String(chunk)));
  child.stderr.on('data', (chunk) => err.push(String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return called(code ?? -1, out.join(''), err.join(''));
}
