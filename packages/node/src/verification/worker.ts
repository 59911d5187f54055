import { parentPort } from 'node:worker_threads';
import { createThreadWork, type Order } from './thread.ts';

/** The program of one verifying thread. */

const work = createThreadWork();

parentPort?.on('message', (order: Order) => {
  void work(order).then((report) => {
    if (report !== undefined) parentPort?.postMessage(report);
  });
});
