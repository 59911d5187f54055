/**
 * The distribution function of a binomial, the same to the last bit on every machine: no platform's floating point takes
 * part. A number is m * 2^e with 2^255 <= m < 2^256, and every operation gives the exact result rounded down to 256
 * significant bits. Everything is rounded down, so no sum ever passes the exact one.
 */

/** Bits of a mantissa, and behind the point of the fixed-point sums. */
const BITS = 256;

/** A positive number, m * 2^e; 2^255 <= m < 2^256. */
interface Float {
  readonly m: bigint;
  readonly e: number;
}

/** Significant bits of a hexadecimal digit, by its value. */
const DIGIT_BITS = [0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4] as const;

/** Bits of a positive integer. */
function bitLength(n: bigint): number {
  const digits = n.toString(16);
  return 4 * (digits.length - 1) + DIGIT_BITS[Number.parseInt(digits.charAt(0), 16)]!;
}

/** n * 2^e rounded down to 256 significant bits; n > 0. */
function rounded(n: bigint, e: number): Float {
  const excess = bitLength(n) - BITS;
  return { m: excess >= 0 ? n >> BigInt(excess) : n << BigInt(-excess), e: e + excess };
}

/** x * numerator / denominator, rounded once; both above 0. */
function scaled(x: Float, numerator: bigint, denominator: bigint): Float {
  const product = x.m * numerator;
  const missing = BITS + 1 + bitLength(denominator) - bitLength(product);
  // With a bit or two to spare in the integer quotient, rounding it down again is rounding the exact one.
  const shift = missing > 0 ? missing : 0;
  return rounded((product << BigInt(shift)) / denominator, x.e - shift);
}

const ONE: Float = rounded(1n, 0);

/** x^n by squaring and multiplying from the exponent's highest bit down, each product rounded; n >= 1. */
function power(x: Float, n: bigint): Float {
  let result = x;
  for (const bit of n.toString(2).slice(1)) {
    result = rounded(result.m * result.m, 2 * result.e);
    if (bit === '1') result = rounded(result.m * x.m, result.e + x.e);
  }
  return result;
}

/** floor(x * 2^256). */
function fixedPoint({ m, e }: Float): bigint {
  const shift = e + BITS;
  return shift >= 0 ? m << BigInt(shift) : m >> BigInt(-shift);
}

/** CDF(0), CDF(1) and so on of a binomial, worked out as far as someone asked. */
export interface BinomialTable {
  /**
   * The smallest j with digest < CDF(j), CDF in units of 2^-256; where there is none, the smallest j at which CDF has its
   * last value.
   *
   * @param digest 0 <= digest < 2^256
   */
  quantile(digest: bigint): bigint;
  /** How many values of CDF are held. */
  entries(): number;
}

/**
 * The distribution of units drawn among `weight`, each with probability size / total.
 *
 * CDF is the sum of floor(2^256 P(k)), P(0) = q^weight with q = (total - size) / total,
 * P(k + 1) = P(k) * (weight - k) * size / ((k + 1) * (total - size)). It is frozen at the first term past the mode that
 * adds nothing: a walk over what is left would be as long as the stake. Leading zeros are not stored: of a large stake
 * they are most of the table.
 *
 * @param weight 1 <= weight <= total
 * @param size 1 <= size < total
 */
export function binomialTable(weight: bigint, total: bigint, size: bigint): BinomialTable {
  const rest = total - size;
  const sums: bigint[] = [];
  let sum = 0n;
  let k = 0n;
  let probability = power(scaled(ONE, rest, total), weight);
  let frozen = false;
  let first = 0n;

  const add = (term: bigint): void => {
    sum += term;
    if (sum === 0n) first = k + 1n;
    else sums.push(sum);
  };
  const extend = (): void => {
    if (k === weight) {
      frozen = true;
      return;
    }
    probability = scaled(probability, (weight - k) * size, (k + 1n) * rest);
    k += 1n;
    const term = fixedPoint(probability);
    if (term === 0n && k * total > (weight + 1n) * size) frozen = true;
    else add(term);
  };
  add(fixedPoint(probability));

  return {
    quantile(digest) {
      while (digest >= sum && !frozen) extend();
      let low = 0;
      let high = sums.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (digest < sums[middle]!) high = middle;
        else low = middle + 1;
      }
      return first + BigInt(low);
    },
    entries: () => sums.length,
  };
}

/** Tables by weight, total and size; the ones not asked for longest go first. */
export interface BinomialTables {
  quantile(weight: bigint, total: bigint, size: bigint, digest: bigint): bigint;
  /** Tables and values of CDF that are held. */
  held(): { readonly tables: number; readonly entries: number };
}

/**
 * Keeps tables, since stakes stand still for the length of the balance lookback.
 *
 * @param maxTables tables held at most, at least 1
 * @param maxEntries values of CDF held at most by all of them together, but that one table is always held; a value is some
 * 60 bytes
 */
export function binomialTables(maxTables: number, maxEntries: number): BinomialTables {
  const held = new Map<string, BinomialTable>();
  let entries = 0;
  return {
    quantile(weight, total, size, digest) {
      const key = `${weight}/${total}/${size}`;
      const known = held.get(key);
      const table = known ?? binomialTable(weight, total, size);
      if (known !== undefined) {
        held.delete(key);
        entries -= known.entries();
      }
      const j = table.quantile(digest);
      held.set(key, table);
      entries += table.entries();
      for (const [oldest, { entries: count }] of held) {
        if (oldest === key || (held.size <= maxTables && entries <= maxEntries)) break;
        held.delete(oldest);
        entries -= count();
      }
      return j;
    },
    held: () => ({ tables: held.size, entries }),
  };
}
