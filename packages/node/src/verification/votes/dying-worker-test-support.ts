import { parentPort } from 'node:worker_threads';
import { decodeVote } from '@sero/protocol';
import { fastEd25519, fastVrf } from '../../fast-signatures.ts';
import { createThreadWork, type Order } from './thread.ts';

/**
 * A thread that dies over a vote of period 666, ends itself over 667 and hangs over 668: what a fault in native code would do. It says on a channel of
 * that name that it hangs.
 */

const work = createThreadWork({ vrf: fastVrf, ed25519: fastEd25519 });

parentPort?.on('message', (order: Order) => {
  const periods = order.items.map(({ vote }) => decodeVote(vote).period);
  if (periods.includes(666)) throw new Error('this vote kills');
  if (periods.includes(667)) process.exit(3);
  if (periods.includes(668)) {
    const channel = new BroadcastChannel('hanging vote');
    channel.postMessage('now');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  parentPort?.postMessage(work(order));
});
parentPort?.postMessage({ ready: true });
