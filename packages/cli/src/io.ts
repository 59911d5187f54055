import type { Readable, Writable } from 'node:stream';

/** A stream for people or for programs. */
export type OutputStream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** What the program has of the world; a test hands in its own. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Data, and nothing else. */
  readonly stdout: OutputStream;
  /** Progress, questions and messages. */
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What relative paths of arguments start from. */
  readonly cwd: string;
  /** Aborted by the first ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** How the program was called, for the commands that messages recommend. */
export function callName(env: Io['env']): string {
  return env.npm_lifecycle_event === undefined ? 'sero' : 'npm run sero --';
}

/** The process's own. npm runs scripts in the package's folder and says in INIT_CWD where the person stood. */
export function processIo(signal: AbortSignal): Io {
  const { stdin, stdout, stderr, env } = process;
  const cwd = (env.npm_lifecycle_event === undefined ? undefined : env.INIT_CWD) ?? process.cwd();
  return { stdin, stdout, stderr, env, cwd, signal };
}
