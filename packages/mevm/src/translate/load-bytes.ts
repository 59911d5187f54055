import type { Limbs } from './values.ts';
import { type Body, extractLane, get, I64, local, reverseBytes, set, tee, V128, vector } from './wasm.ts';

/** Loads 32 big-endian bytes from an address in a local and an offset. */
export function loadBytes(body: Body, address: number, offset: number): Limbs {
  const limbs = [0, 1, 2, 3].map(() => local(body, I64)) as unknown as [number, number, number, number];
  const half = local(body, V128);
  for (const [more, low] of [
    [0, 2],
    [16, 0],
  ] as const) {
    get(body, address);
    vector(body, 0x00, offset + more);
    tee(body, half);
    get(body, half);
    reverseBytes(body);
    tee(body, half);
    extractLane(body, 0);
    set(body, limbs[low]);
    get(body, half);
    extractLane(body, 1);
    set(body, limbs[low + 1] as number);
  }
  return limbs;
}
