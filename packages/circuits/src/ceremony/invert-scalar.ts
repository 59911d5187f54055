import { leBytes, Q } from '@sero/crypto';

/**
 * The inverse of a secret scalar, in arrays that are wiped: no big integer holds it, since those cannot be wiped. Numbers
 * between are small integers, which engines keep in registers and on the stack.
 */

const BYTES = 32;
const BITS = 14;
const MASK = (1 << BITS) - 1;
/** R = 2^(14 * 19) is more than 4 r: products of values below 2 r stay below 2 r without a subtraction (Walter, 1999). */
const LIMBS = 19;
const R = 1n << BigInt(BITS * LIMBS);

/** Limbs of 14 bits, the lowest first, of 32 little-endian bytes. */
function limbsOf(bytes: Uint8Array): Uint16Array {
  return Uint16Array.from({ length: LIMBS }, (_, i) => {
    const at = (BITS * i) >> 3;
    const word = bytes[at]! | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
    return (word >> ((BITS * i) & 7)) & MASK;
  });
}

function bytesOf(limbs: Uint16Array): Uint8Array {
  return Uint8Array.from({ length: BYTES }, (_, i) => {
    const at = Math.floor((8 * i) / BITS);
    return ((limbs[at]! | (limbs[at + 1]! << BITS)) >> (8 * i - BITS * at)) & 0xff;
  });
}

const constant = (value: bigint): Uint16Array => limbsOf(leBytes(value, BYTES));
const MODULUS = constant(Q);
const ONE = constant(1n);
const R_MOD_Q = constant(R % Q);
const R_SQUARED = constant((R * R) % Q);
/** Binary digits of r - 2, the highest first. */
const EXPONENT = (Q - 2n).toString(2);

/**
 * out = a b / R mod r (Montgomery, 1985; one limb of a at a time). Inputs below 2 r, and so is the result. `out` may be a
 * or b; `sum` is scratch of LIMBS + 1.
 */
function multiply(out: Uint16Array, a: Uint16Array, b: Uint16Array, sum: Int32Array): void {
  sum.fill(0);
  for (let i = 0; i < LIMBS; i++) {
    let carry = 0;
    for (let j = 0; j < LIMBS; j++) {
      const term = sum[j]! + a[i]! * b[j]! + carry;
      sum[j] = term & MASK;
      carry = term >> BITS;
    }
    sum[LIMBS]! += carry;
    // r is 1 modulo 2^14: times the negative of the lowest limb it clears that limb.
    const factor = -sum[0]! & MASK;
    carry = (sum[0]! + factor) >> BITS;
    for (let j = 1; j < LIMBS; j++) {
      const term = sum[j]! + factor * MODULUS[j]! + carry;
      sum[j - 1] = term & MASK;
      carry = term >> BITS;
    }
    const top = sum[LIMBS]! + carry;
    sum[LIMBS - 1] = top & MASK;
    sum[LIMBS] = top >> BITS;
  }
  out.set(sum.subarray(0, LIMBS));
}

/**
 * 1 / scalar mod r, by Fermat: scalar^(r - 2). Of zero it is zero.
 *
 * @param scalar 32 bytes, little-endian, below r
 * @returns 32 bytes, the caller's to wipe
 */
export function invertScalar(scalar: Uint8Array): Uint8Array {
  const [base, power, sum] = [limbsOf(scalar), R_MOD_Q.slice(), new Int32Array(LIMBS + 1)];
  try {
    multiply(base, base, R_SQUARED, sum);
    for (const bit of EXPONENT) {
      multiply(power, power, power, sum);
      if (bit === '1') multiply(power, power, base, sum);
    }
    multiply(power, power, ONE, sum);
    return bytesOf(power);
  } finally {
    for (const secret of [base, power, sum]) secret.fill(0);
  }
}
