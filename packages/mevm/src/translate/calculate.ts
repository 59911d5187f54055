const ALL_BITS = 256;

/** Arithmetic on whole words (Yellow Paper H.2), for what has no code of its own. `a` is the topmost word. */
export function calculate(opcode: number, a: bigint, b: bigint): bigint {
  switch (opcode) {
    case 0x0a:
      return power(a, b);
    case 0x0b:
      return a < 31n ? BigInt.asUintN(ALL_BITS, BigInt.asIntN(Number(a) * 8 + 8, b)) : b;
    case 0x1a:
      return a > 31n ? 0n : (b >> (8n * (31n - a))) & 255n;
    case 0x1b:
      return a > 255n ? 0n : BigInt.asUintN(ALL_BITS, b << a);
    case 0x1c:
      return a > 255n ? 0n : b >> a;
    case 0x1d:
      return BigInt.asUintN(ALL_BITS, BigInt.asIntN(ALL_BITS, b) >> (a > 255n ? 255n : a));
    default:
      throw new Error(`opcode ${opcode} is not one of arithmetic`);
  }
}

/** base to the exponent modulo 2^256, from the highest bit on. */
export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const digit of exponent.toString(2)) {
    result = BigInt.asUintN(ALL_BITS, result * result);
    if (digit === '1') result = BigInt.asUintN(ALL_BITS, result * base);
  }
  return result;
}
