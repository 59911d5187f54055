import { parentPort } from 'node:worker_threads';
import { fastVrf } from '../fast-signatures.ts';
import type { SeedOrder, SeedReport } from './seeds.ts';

/** The program of the thread that verifies proofs of seeds ahead. */
parentPort?.on('message', ({ number, proofs }: SeedOrder) => {
  const outputs = proofs.map(({ key, alpha, proof }) => fastVrf.verify(key, alpha, proof));
  parentPort?.postMessage({ number, outputs } satisfies SeedReport);
});
parentPort?.on('messageerror', (error) => {
  throw error;
});
