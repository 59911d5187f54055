// Words on the stack as the translator knows them: four limbs of 64 bits, the lowest first, each a constant or a local.

import { type Body, emit, get, I64, i64, local, OP, set } from './wasm.ts';

/** A constant of 64 bits, or the index of a local. */
export type Limb = bigint | number;
export type Limbs = readonly [Limb, Limb, Limb, Limb];

const MASK = (1n << 64n) - 1n;

export function constant(word: bigint): Limbs {
  return [word & MASK, (word >> 64n) & MASK, (word >> 128n) & MASK, (word >> 192n) & MASK];
}

/** The word, if all limbs are constants. */
export function known(limbs: Limbs): bigint | undefined {
  const [a, b, c, d] = limbs;
  if (typeof a !== 'bigint' || typeof b !== 'bigint' || typeof c !== 'bigint' || typeof d !== 'bigint')
    return undefined;
  return (d << 192n) | (c << 128n) | (b << 64n) | a;
}

/** Says whether all limbs but the lowest are known to be 0. */
export function isShort([, b, c, d]: Limbs): boolean {
  return b === 0n && c === 0n && d === 0n;
}

/** Pushes a limb. */
export function push(body: Body, limb: Limb): void {
  if (typeof limb === 'bigint') i64(body, limb);
  else get(body, limb);
}

/** Takes what is on the stack into a new local. */
export function keep(body: Body): number {
  const index = local(body, I64);
  set(body, index);
  return index;
}

/** Takes four limbs, the lowest pushed first. */
export function keepWord(body: Body): Limbs {
  const limbs = [0, 1, 2, 3].map(() => local(body, I64)) as unknown as [number, number, number, number];
  for (const limb of limbs.toReversed()) set(body, limb);
  return limbs;
}

/** Takes an i32 that is 0 or 1 as a word. */
export function keepFlag(body: Body): Limbs {
  emit(body, OP.i64ExtendI32U);
  return [keep(body), 0n, 0n, 0n];
}

/** Pushes the disjunction of limbs as an i64: 0 if and only if all of them are. */
export function pushAny(body: Body, limbs: readonly Limb[]): void {
  const left = limbs.filter((limb) => limb !== 0n);
  if (left.length === 0) i64(body, 0n);
  left.forEach((limb, i) => {
    push(body, limb);
    if (i > 0) emit(body, OP.i64Or);
  });
}
