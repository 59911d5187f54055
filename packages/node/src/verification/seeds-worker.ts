import { parentPort } from 'node:worker_threads';
import { fastVrf } from '../fast-signatures.ts';
import type { SeedOrder, SeedReport } from './seeds.ts';

/** The program of the thread that verifies proofs of seeds ahead. */
parentPort?.on('message', (order: SeedOrder) => {
  const report: SeedReport = order.map(({ key, alpha, proof }) => fastVrf.verify(key, alpha, proof));
  parentPort?.postMessage(report);
});
