import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RpcLimits } from '@sero/node';

const running = new Set<ChildProcess>();

// Before directories are deleted: who writes to one makes it again.
process.prependListener('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function start(program: URL, args: readonly string[]): { child: ChildProcess; ended: Promise<unknown[]> } {
  const child = fork(program, args, { execArgv: [] });
  running.add(child);
  const ended = once(child, 'exit').finally(() => running.delete(child));
  return { child, ended };
}

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Ends it as a power cut would, but for the page cache. */
  kill(): Promise<void>;
}

/** Starts a program of this folder that says its URL. */
export async function startServer(
  program: URL,
  args: readonly string[] = [],
  first?: string,
): Promise<ServerProcess> {
  const { child, ended } = start(program, args);
  // What it is to serve comes first, where it is too long for an argument.
  if (first !== undefined) child.send(first);
  const [url] = await Promise.race([
    once(child, 'message') as Promise<[string]>,
    ended.then(failed(program)),
  ]);
  return {
    url,
    async stop() {
      if (child.connected) child.disconnect();
      const [code] = (await ended) as [number | null];
      if (code !== 0) failed(program)();
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const failed = (program: URL) => (): never => {
  throw new Error(`${program.pathname} ended with an error`);
};

/** Starts a node in a directory that `writeNodeDirectory` made. */
export async function startNodeProcess(
  directory: string,
  limits: Partial<RpcLimits> = {},
): Promise<ServerProcess> {
  const node = await startServer(new URL('./node-child.ts', import.meta.url), [
    directory,
    JSON.stringify(limits),
  ]);
  // A node mends a state that is none by building it again: then nothing that was to be measured is there.
  if (existsSync(join(directory, 'state.damaged'))) {
    await node.stop();
    throw new Error(
      'the node did not take the state that was made for it: made-node.ts is to follow the ledger',
    );
  }
  return node;
}

/** Runs a program of this folder to its end, which must be a kill by its own hand. */
export async function runAndDie(program: URL, args: readonly string[]): Promise<void> {
  const [, signal] = (await start(program, args).ended) as [number | null, string | null];
  if (signal !== 'SIGKILL') failed(program)();
}
