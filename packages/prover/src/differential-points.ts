import { bls12_381 } from '@noble/curves/bls12-381.js';
import { blake2b, leInteger, Q, toField } from '@sero/crypto';
import {
  decompressG1,
  decompressG2,
  encodeG1,
  encodeG2,
  G1,
  type G1Point,
  G2,
  type G2Point,
} from './points.ts';

/** Points and bytes that a careless decoder takes for good, from a source that a seed replays. */

const { Fp, Fp2 } = bls12_381.fields;

/** Deterministic randomness: BLAKE2b over the seed and a counter. */
export interface Source {
  bytes(length: number): Uint8Array;
  /** In [0, limit). */
  below(limit: number): number;
  field(): bigint;
  pick<T>(from: readonly T[]): T;
}

export function createSource(seed: string): Source {
  let block = 0;
  const next = (): Uint8Array => blake2b('SERO_differ', new TextEncoder().encode(`${seed} ${block++}`));
  const bytes = (length: number): Uint8Array => {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 64) out.set(next().subarray(0, length - at), at);
    return out;
  };
  const below = (limit: number): number => Number(leInteger(bytes(6)) % BigInt(limit));
  return {
    bytes,
    below,
    field: () => toField(next()),
    pick: (from) => from[below(from.length)]!,
  };
}

/** (x - 1)^2 / 3, and its prime factors. */
const COFACTOR_G1 = 0x396c8c005555e1568c00aaab0000aaabn;
const FACTORS_G1 = [3n, 11n, 10177n, 859267n, 52437899n];
/** (x^8 - 4x^7 + 5x^6 - 4x^4 + 6x^3 - 4x^2 - 4x + 13) / 9, and its small prime factors. */
const COFACTOR_G2 =
  0x5d543a95414e7f1091d50792876a202cd91de4547085abaa68a205b2e5a7ddfa628f1cb4d9e82ef21537e293a6691ae1616ec6e786f0c70cf1c38e31c7238e5n;
const FACTORS_G2 = [13n, 23n, 2713n, 11953n, 262069n];

interface Addable<T> {
  add(other: T): T;
  double(): T;
  is0(): boolean;
}

/** [n]P by doubling and adding, for any n and any point of the curve: noble's takes scalars below q only. */
function times<T extends Addable<T>>(point: T, zero: T, n: bigint): T {
  return [...n.toString(2)].reduce(
    (sum, bit) => (bit === '1' ? sum.double().add(point) : sum.double()),
    zero,
  );
}

/** A point of the prime order `factor`, which divides the cofactor. */
function ofOrder<T extends Addable<T>>(strays: Iterable<T>, zero: T, cofactor: bigint, factor: bigint): T {
  let rest = cofactor * Q;
  while (rest % factor === 0n) rest /= factor;
  for (const stray of strays) {
    let point = times(stray, zero, rest);
    if (point.is0()) continue;
    for (let up = times(point, zero, factor); !up.is0(); up = times(up, zero, factor)) point = up;
    return point;
  }
  throw new RangeError('no stray point has a part of this order');
}

/** Points of the first curve, x = 0, 1, ...: almost none lies in the subgroup. */
export function* curvePointsG1(): Generator<G1Point> {
  for (let x = 0n; ; x++) {
    const point = decompressG1(encodeG1({ x, y: 0n }));
    if (typeof point !== 'string') yield point;
  }
}

/** Points of the twist. */
export function* curvePointsG2(): Generator<G2Point> {
  for (let c0 = 0n; ; c0++) {
    const point = decompressG2(encodeG2({ x: Fp2.fromBigTuple([c0, c0 & 1n]), y: Fp2.ZERO }));
    if (typeof point !== 'string') yield point;
  }
}

export const smallOrderG1 = (): G1Point[] =>
  FACTORS_G1.map((factor) => ofOrder(curvePointsG1(), G1.ZERO, COFACTOR_G1, factor));
export const smallOrderG2 = (): G2Point[] =>
  FACTORS_G2.map((factor) => ofOrder(curvePointsG2(), G2.ZERO, COFACTOR_G2, factor));

/** The first `count` of a sequence. */
export function firstOf<T>(sequence: Iterable<T>, count: number): T[] {
  const out: T[] = [];
  for (const one of sequence) {
    if (out.length === count) break;
    out.push(one);
  }
  return out;
}

function beBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 48 }, (_, i) => Number((value >> BigInt(8 * (47 - i))) & 0xffn));
}

/** Coordinates at the edges of the field, as 48 bytes without flags; not all of them are below p. */
export const EDGE_COORDINATES: readonly Uint8Array[] = [
  0n,
  1n,
  2n,
  Fp.ORDER - 2n,
  Fp.ORDER - 1n,
  Fp.ORDER,
  Fp.ORDER + 1n,
  Fp.ORDER + 4n,
  (1n << 381n) - 1n,
  1n << 380n,
  Fp.ORDER >> 1n,
].map(beBytes);

/** The coordinate at `at` written as itself plus p, where that fits under the flags. */
export function plusModulus(bytes: Uint8Array, at: number): Uint8Array | undefined {
  const flags = at === 0 ? bytes[0]! & 0xe0 : 0;
  const own = Uint8Array.from(bytes.subarray(at, at + 48));
  own[0]! &= at === 0 ? 0x1f : 0xff;
  const sum = leInteger(own.reverse()) + Fp.ORDER;
  if (sum >> (at === 0 ? 381n : 384n) !== 0n) return undefined;
  const out = new Uint8Array(bytes);
  out.set(beBytes(sum), at);
  out[at]! |= flags;
  return out;
}

/** The same bytes under other flags (0 to 7: compressed 4, infinity 2, larger root 1). */
export function withFlags(bytes: Uint8Array, flags: number): Uint8Array {
  const out = new Uint8Array(bytes);
  out[0] = (out[0]! & 0x1f) | (flags << 5);
  return out;
}
