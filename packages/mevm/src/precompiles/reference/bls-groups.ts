import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bytesToNumberBE } from '@noble/curves/utils.js';
import { decodeG1, decodeG2, encodeG1, encodeG2, G1, G1_BYTES, G2, G2_BYTES } from './bls-points.ts';

const { Fr } = bls12_381.fields;
const SCALAR = 32;

/** What both groups have, as far as it is needed here. */
interface Point<P> {
  add(other: P): P;
  isTorsionFree(): boolean;
  multiplyUnsafe(scalar: bigint): P;
}

interface Group<P> {
  readonly zero: P;
  readonly bytes: number;
  readonly decode: (bytes: Uint8Array) => P | undefined;
  readonly encode: (point: P) => Uint8Array;
}

const GROUP_1: Group<InstanceType<typeof G1>> = {
  zero: G1.ZERO,
  bytes: G1_BYTES,
  decode: decodeG1,
  encode: encodeG1,
};
const GROUP_2: Group<InstanceType<typeof G2>> = {
  zero: G2.ZERO,
  bytes: G2_BYTES,
  decode: decodeG2,
  encode: encodeG2,
};

/** "ABI for G1 addition" and "for G2 addition": points of the curve, of the subgroup or not. */
function sum<P extends Point<P>>(group: Group<P>, input: Uint8Array): Uint8Array | undefined {
  if (input.length !== 2 * group.bytes) return undefined;
  const left = group.decode(input.subarray(0, group.bytes));
  const right = group.decode(input.subarray(group.bytes));
  return left === undefined || right === undefined ? undefined : group.encode(left.add(right));
}

/** "ABI for G1 MSM" and "for G2 MSM": points of the subgroup; a scalar may be any number of 32 bytes. */
function msm<P extends Point<P>>(group: Group<P>, input: Uint8Array): Uint8Array | undefined {
  const pair = group.bytes + SCALAR;
  if (input.length === 0 || input.length % pair !== 0) return undefined;
  let total = group.zero;
  for (let at = 0; at < input.length; at += pair) {
    const point = group.decode(input.subarray(at, at + group.bytes));
    if (point?.isTorsionFree() !== true) return undefined;
    const scalar = Fr.create(bytesToNumberBE(input.subarray(at + group.bytes, at + pair)));
    total = total.add(point.multiplyUnsafe(scalar));
  }
  return group.encode(total);
}

/** Sum of two points of G1's curve (EIP-2537). */
export const blsG1Add = (input: Uint8Array): Uint8Array | undefined => sum(GROUP_1, input);
/** Sum of multiples of points of G1 (EIP-2537). */
export const blsG1Msm = (input: Uint8Array): Uint8Array | undefined => msm(GROUP_1, input);
/** Sum of two points of G2's curve (EIP-2537). */
export const blsG2Add = (input: Uint8Array): Uint8Array | undefined => sum(GROUP_2, input);
/** Sum of multiples of points of G2 (EIP-2537). */
export const blsG2Msm = (input: Uint8Array): Uint8Array | undefined => msm(GROUP_2, input);
