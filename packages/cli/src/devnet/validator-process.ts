import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CliError } from '../errors.ts';

const PROGRAM = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Lines of a log that explain a failure. */
const LAST_LINES = 5;

export interface ValidatorProcessOptions {
  /** For people. */
  readonly name: string;
  /** --dir of the process. */
  readonly directory: string;
  readonly genesis: string;
  /** Directory of its keys. */
  readonly keys: string;
  /** Multiaddr. */
  readonly listen: string;
  /** The others, each with its peer id. */
  readonly direct: readonly string[];
  /** File that its log is appended to. */
  readonly log: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A validator in a process of its own. */
export interface ValidatorProcess {
  readonly name: string;
  readonly pid: number;
  readonly log: string;
  /** Resolves when it takes part; rejects where it ends before. */
  readonly started: Promise<void>;
  /** Resolves when it has ended. */
  readonly ended: Promise<number | string>;
  /** Stops it as ctrl-C does, and waits for that. */
  stop(): Promise<void>;
}

/** Starts `sero node start` for one validator. The process ends when this one does, however that ends. */
export function startValidator(options: ValidatorProcessOptions): ValidatorProcess {
  const { name, directory, genesis, keys, listen, direct, log, env } = options;
  const file = openSync(log, 'a');
  const child = spawn(
    process.execPath,
    [
      PROGRAM,
      ...['--json', '--dir', directory, 'node', 'start', '--genesis', genesis, '--validator', keys],
      ...['--no-rpc', '--no-dht', '--listen', listen, '--direct', ...direct, '--while-stdin-is-open'],
    ],
    { stdio: ['pipe', 'pipe', file], env: { ...env } },
  );
  closeSync(file);
  const ended = new Promise<number | string>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    child.on('error', (error) => resolve(error.message));
  });
  return {
    name,
    pid: child.pid ?? 0,
    log,
    started: Promise.race([firstLine(child), ended.then((how) => failed(name, how, log))]),
    ended,
    async stop() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

function firstLine(child: ChildProcess): Promise<void> {
  const lines = createInterface({ input: child.stdout! });
  return new Promise((resolve) => lines.once('line', () => resolve()));
}

function failed(name: string, how: number | string, log: string): never {
  const last = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  throw new CliError(
    'failed',
    'validator-ended',
    `${name} ended (${how}) before it took part:\n${last}`,
    `its log: ${log}`,
  );
}
