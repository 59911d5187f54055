import { parentPort } from 'node:worker_threads';
import { createThreadWork, type Order } from './thread.ts';

/** A thread that dies over a public input of 666, ends itself over 667 and hangs over 668: what a fault in native code would do. */

const work = createThreadWork();

parentPort?.on('message', (order: Order) => {
  const inputs = 'items' in order ? order.items.flatMap(({ publicInputs }) => publicInputs) : [];
  if (inputs.includes(666n)) throw new Error('this proof kills');
  if (inputs.includes(667n)) process.exit(3);
  if (inputs.includes(668n)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  void work(order).then((report) => {
    if (report !== undefined) parentPort?.postMessage(report);
  });
});
