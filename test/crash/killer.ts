import { Worker } from 'node:worker_threads';

/** Waits for its word and then ends the whole process, at an instant that no other load of the machine shifts by much. */
const PROGRAM = `
const { workerData } = require('node:worker_threads');
const { flag, afterMs } = workerData;
Atomics.wait(flag, 0, 0);
const due = performance.now() + afterMs;
while (performance.now() < due);
process.kill(process.pid, 'SIGKILL');
`;

/** Starts a thread that kills this process. Returns how to give it its word, after which it waits for so many ms. */
export function startKiller(afterMs: number): () => void {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  new Worker(PROGRAM, { eval: true, execArgv: [], workerData: { flag, afterMs } });
  return () => {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
}
