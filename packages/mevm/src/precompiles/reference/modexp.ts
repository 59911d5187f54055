import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
import { modexpOperands } from '../modexp-input.ts';

/** base^exponent mod modulus (EIP-198): as long as the modulus, zeros where that is zero. */
export function modexp(input: Uint8Array): Uint8Array {
  const operands = modexpOperands(input);
  if (operands === undefined || operands.modulus.length === 0) return new Uint8Array(0);
  const { base, exponent, modulus } = operands;
  const m = bytesToNumberBE(modulus);
  if (m === 0n) return new Uint8Array(modulus.length);
  return numberToBytesBE(power(bytesToNumberBE(base) % m, exponent, m), modulus.length);
}

/** Four bits of the exponent at a time, the first first. */
function power(base: bigint, exponent: Uint8Array, m: bigint): bigint {
  const powers = [1n % m];
  for (let i = 1; i < 16; i++) powers.push((powers[i - 1]! * base) % m);
  let result = powers[0]!;
  const times16 = (digit: number): void => {
    for (let i = 0; i < 4; i++) result = (result * result) % m;
    if (digit !== 0) result = (result * powers[digit]!) % m;
  };
  const first = exponent.findIndex((byte) => byte !== 0);
  if (first === -1) return result;
  for (const byte of exponent.subarray(first)) {
    times16(byte >> 4);
    times16(byte & 15);
  }
  return result;
}
