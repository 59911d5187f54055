import { Worker } from 'node:worker_threads';
import { concat, leBytes } from '@sero/crypto';
import { buildBls12381 } from 'ffjavascript';

/** A group of BLS12-381. */
export type Group = 'g1' | 'g2';

/** What a thread is told: the curve's WASM, a group, the scalars. */
export interface PointsTask {
  readonly code: Uint8Array;
  /** Address of the group's generator in the WASM's memory. */
  readonly generator: number;
  readonly group: Group;
  /** LE32 each, packed. */
  readonly scalars: Uint8Array;
}

const SCALAR_BYTES = 32;
/** Threads for one setup: the machines that tests run on have two cores. */
const THREADS = 2;

/** Bytes of an affine point as a .zkey holds it: coordinates little-endian in Montgomery form. */
export const POINT_BYTES: Readonly<Record<Group, number>> = { g1: 96, g2: 192 };

function runTask(task: PointsTask): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./setup-points-worker.ts', import.meta.url), {
      workerData: task,
      execArgv: [],
    });
    worker.once('message', (points: Uint8Array) => resolve(points));
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread ended with ${code} before it answered`)));
  });
}

/** A function that multiplies a group's generator by many scalars, on two threads. */
export type MultiplyGenerator = (group: Group, scalars: readonly bigint[]) => Promise<Uint8Array>;

/**
 * Prepares multiplication of the generators. Points come back affine, packed, as a .zkey holds them; infinity is
 * all zeros. The result does not depend on the number of threads.
 */
export async function loadMultiplyGenerator(): Promise<MultiplyGenerator> {
  const { tm } = await buildBls12381(true);
  const generators: Record<Group, number> = { g1: tm.pG1gen, g2: tm.pG2gen };
  return async (group, scalars) => {
    const packed = new Uint8Array(scalars.length * SCALAR_BYTES);
    for (const [i, scalar] of scalars.entries()) packed.set(leBytes(scalar, SCALAR_BYTES), i * SCALAR_BYTES);
    const share = Math.ceil(scalars.length / THREADS) * SCALAR_BYTES;
    const shares = Array.from({ length: THREADS }, (_, i) => packed.slice(i * share, (i + 1) * share));
    const tasks = shares.filter((part) => part.length > 0);
    const parts = tasks.map((part) =>
      runTask({ code: tm.code, generator: generators[group], group, scalars: part }),
    );
    return concat(...(await Promise.all(parts)));
  };
}
