import type { LinearMemory } from './memory.ts';

const LIMBS = [0n, 64n, 128n, 192n];

/** base to the exponent modulo 2^256: EXP. By the memory's module of divisions, where there is WebAssembly. */
export function power(memory: LinearMemory, base: bigint, exponent: bigint): bigint {
  const { divisions } = memory;
  if (divisions === undefined) return plainPower(base, exponent);
  const exp = divisions['exp'] as (...limbs: bigint[]) => readonly [bigint, bigint, bigint, bigint];
  const limbs = [base, exponent].flatMap((word) => LIMBS.map((by) => BigInt.asIntN(64, word >> by)));
  const [low, second, third, high] = exp(...limbs);
  return (
    BigInt.asUintN(64, low) |
    (BigInt.asUintN(64, second) << 64n) |
    (BigInt.asUintN(64, third) << 128n) |
    (BigInt.asUintN(64, high) << 192n)
  );
}

/** The same, from the highest bit on. */
function plainPower(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const digit of exponent.toString(2)) {
    result = BigInt.asUintN(256, result * result);
    if (digit === '1') result = BigInt.asUintN(256, result * base);
  }
  return result;
}
