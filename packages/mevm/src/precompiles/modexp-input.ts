import { slicePadded } from './bytes.ts';

/** Lengths above it mean the same: nobody has so much gas, and no input is so long. */
const HUGE = Number.MAX_SAFE_INTEGER + 1;
const HEADER = 96;
const MINIMUM_GAS = 200;

/** The three lengths that an input of `modexp` begins with (EIP-198); 2^53 stands for whatever is larger. */
interface Lengths {
  readonly base: number;
  readonly exponent: number;
  readonly modulus: number;
}

/** The operands of `modexp`, as many bytes as the header says, big-endian. */
export interface ModexpOperands {
  readonly base: Uint8Array;
  readonly exponent: Uint8Array;
  readonly modulus: Uint8Array;
}

/** 32 bytes as a number, or 2^53 where it is larger. */
function lengthAt(input: Uint8Array, from: number): number {
  let length = 0;
  for (let i = from; i < from + 32; i++) {
    length = length * 256 + (input[i] ?? 0);
    if (length >= HUGE) return HUGE;
  }
  return length;
}

function lengthsOf(input: Uint8Array): Lengths {
  return { base: lengthAt(input, 0), exponent: lengthAt(input, 32), modulus: lengthAt(input, 64) };
}

/** Bits of the number that `length` bytes from `from` on are, leading zeros not counted; at most 32 bytes. */
function bitLengthAt(input: Uint8Array, from: number, length: number): number {
  for (let i = 0; i < length && from + i < input.length; i++) {
    let bits = 0;
    for (let rest = input[from + i]!; rest > 0; rest >>= 1) bits++;
    if (bits > 0) return 8 * (length - i - 1) + bits;
  }
  return 0;
}

/** How often the exponent squares (EIP-2565, `calculate_iteration_count`). */
function iterationCount(input: Uint8Array, { base, exponent }: Lengths): number {
  const head = bitLengthAt(input, HEADER + base, exponent < 32 ? exponent : 32);
  const ofHead = head > 0 ? head - 1 : 0;
  const count = exponent > 32 ? 8 * (exponent - 32) + ofHead : ofHead;
  return count > 1 ? count : 1;
}

/** Gas of `modexp` (EIP-2565), from the header and the first word of the exponent; nothing is allocated for it. */
export function modexpGas(input: Uint8Array): number {
  const lengths = lengthsOf(input);
  const longest = lengths.base > lengths.modulus ? lengths.base : lengths.modulus;
  const words = (BigInt(longest) + 7n) >> 3n;
  const gas = (words * words * BigInt(iterationCount(input, lengths))) / 3n;
  return gas < MINIMUM_GAS ? MINIMUM_GAS : Number(gas);
}

/**
 * Cuts an input of `modexp` in its operands; zeros stand for what it lacks. Gas has been paid for the lengths, so that they fit.
 *
 * @returns undefined where base and modulus are empty: the answer is empty too, whatever the exponent's length
 */
export function modexpOperands(input: Uint8Array): ModexpOperands | undefined {
  const { base, exponent, modulus } = lengthsOf(input);
  if (base === 0 && modulus === 0) return undefined;
  const operand = (from: number, length: number): Uint8Array =>
    from + length <= input.length ? input.subarray(from, from + length) : slicePadded(input, from, length);
  return {
    base: operand(HEADER, base),
    exponent: operand(HEADER + base, exponent),
    modulus: operand(HEADER + base + exponent, modulus),
  };
}
