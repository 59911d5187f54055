import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ProcessFigures, processFigures } from './proc.ts';

/** A program that is to run as a process of its own. */
export interface Program {
  /** In messages. */
  readonly name: string;
  /** A file that Node runs, and its arguments. */
  readonly args: readonly string[];
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly cwd?: string;
  /** Takes what it writes to stdout and stderr; what stands there stays. */
  readonly logFile: string;
  /** Network namespace that it runs in. Default: this one. */
  readonly namespace?: string;
  /** ms by which its wall clock is ahead, and millionths by which it is too fast. Default: 0. */
  readonly skewMs?: number;
  readonly driftPpm?: number;
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that was started; it ends with this one, however this one ends. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  isRunning(): boolean;
  /** The first line on stdout; rejects with the end of the log where the process ends before it. */
  firstLine(): Promise<string>;
  /** Sends a signal and waits for the end. Default: SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** kill -9. */
  kill(): Promise<Ended>;
  /** Stops it where it stands, and lets it go on. */
  pause(): void;
  resume(): void;
  /** Undefined where it runs no more. */
  figures(): ProcessFigures | undefined;
}

const LEASH = fileURLToPath(new URL('./leash.ts', import.meta.url));
const SKEWED_CLOCK = fileURLToPath(new URL('./skewed-clock.ts', import.meta.url));

/** Bytes of the log that stand in an error. */
const TOLD = 4_000;

const started = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/** Starts a program. */
export function startProcess(program: Program): Running {
  const { name, args, env = process.env, cwd, logFile, namespace, skewMs = 0, driftPpm = 0 } = program;
  const isSkewed = skewMs !== 0 || driftPpm !== 0;
  const command = [
    ...(namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]),
    process.execPath,
    ...['--import', LEASH],
    ...(isSkewed ? ['--import', SKEWED_CLOCK] : []),
    ...args,
  ];
  const log = openSync(logFile, 'a');
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', log, 'pipe'],
    env: {
      ...env,
      ...(isSkewed ? { SERO_TEST_SKEW_MS: String(skewMs), SERO_TEST_DRIFT_PPM: String(driftPpm) } : {}),
    },
    ...(cwd === undefined ? {} : { cwd }),
  });
  started.add(child);
  // Its end of the leash: nothing is ever written to it.
  child.stdio[3]?.on('error', () => undefined);

  const first = Promise.withResolvers<string>();
  first.promise.catch(() => undefined);
  createInterface({ input: child.stdout! }).on('line', (line) => {
    writeSync(log, `${line}\n`);
    first.resolve(line);
  });
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    started.delete(child);
    closeSync(log);
    first.reject(
      new Error(`${name} ended (${code ?? signal}): ${readFileSync(logFile, 'utf8').slice(-TOLD)}`),
    );
    return { code, signal };
  });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const signalled = (signal: NodeJS.Signals): Promise<Ended> => {
    child.kill(signal);
    // A process that stands still would take no other signal than SIGKILL.
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    return ended;
  };
  return {
    name,
    pid: child.pid!,
    ended,
    isRunning,
    firstLine: () => first.promise,
    stop: (signal = 'SIGTERM') => signalled(signal),
    kill: () => signalled('SIGKILL'),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    figures: () => (isRunning() ? processFigures(child.pid!) : undefined),
  };
}
