import { invert, leInteger, Q } from '@sero/crypto';

/** Transforms over the scalar field, on big integers. */

const TWO_ADICITY = 32;
/** The smallest non-residue: iden3's roots of unity are its powers. */
const NON_RESIDUE = 5n;

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % Q;
    square = (square * square) % Q;
  }
  return result;
}

/** The root of unity of order 2^k that iden3's formats mean, k at most 32. */
function rootOfUnity(k: number): bigint {
  let root = power(NON_RESIDUE, (Q - 1n) >> BigInt(TWO_ADICITY));
  for (let i = TWO_ADICITY; i > k; i--) root = (root * root) % Q;
  return root;
}

/** Puts the value at i where i's bits say backwards. */
function reverseBits(values: bigint[]): void {
  const size = values.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [values[i], values[j]] = [values[j]!, values[i]!];
  }
}

/** Cooley and Tukey's transform in place: values[j] becomes sum_i values[i] root^(ij); `root` is of the order of their number. */
function transform(values: bigint[], root: bigint): void {
  reverseBits(values);
  const size = values.length;
  for (let half = 1; half < size; half *= 2) {
    const step = power(root, BigInt(size / (2 * half)));
    for (let k = 0, w = 1n; k < half; k++, w = (w * step) % Q) {
      for (let i = k; i < size; i += 2 * half) {
        const [low, high] = [values[i]!, (values[i + half]! * w) % Q];
        values[i] = low + high >= Q ? low + high - Q : low + high;
        values[i + half] = low >= high ? low - high : low - high + Q;
      }
    }
  }
}

/**
 * From the values of a polynomial on the 2^k-th roots of unity w^i to those on the odd powers of the next root, v w^i
 * with v^2 = w, in place: the coset on which iden3's keys have their points of H.
 */
export function toOddCoset(values: bigint[]): void {
  const k = Math.log2(values.length);
  const root = rootOfUnity(k);
  transform(values, invert(root));
  const shift = rootOfUnity(k + 1);
  let scale = invert(BigInt(values.length));
  for (let i = 0; i < values.length; i++) {
    values[i] = (values[i]! * scale) % Q;
    scale = (scale * shift) % Q;
  }
  transform(values, root);
}

/** Packed little-endian elements of 32 bytes; undefined where one is not below the modulus. */
export function unpackFields(packed: Uint8Array): bigint[] | undefined {
  const values: bigint[] = [];
  for (let at = 0; at < packed.length; at += 32) {
    const value = leInteger(packed.subarray(at, at + 32));
    if (value >= Q) return undefined;
    values.push(value);
  }
  return values;
}
