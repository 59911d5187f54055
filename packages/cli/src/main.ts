#!/usr/bin/env node
import { exitCode } from './failure.ts';
import { processIo } from './io.ts';
import { runCli } from './run.ts';

/** npm and the terminal both hand ctrl-C on: signals closer together than this, in ms, are one. */
const SAME_SIGNAL = 1_000;

const stop = new AbortController();
let first: number | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    first ??= performance.now();
    if (performance.now() - first > SAME_SIGNAL) process.exit(exitCode('interrupted'));
    stop.abort();
  });
}
// A reader that has read enough (`sero history | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const code = await runCli(process.argv.slice(2), processIo(stop.signal));
process.exitCode = code;
// What an interruption leaves running has no say in when the process ends.
if (stop.signal.aborted && code !== exitCode('ok')) process.exit();
