import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { blake2b256, le32, toHex, utf8 } from '@sero/crypto';
import { binomialTable, binomialTables } from './binomial.ts';

const ONE = 1n << 256n;

const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/sortition.json', import.meta.url), 'utf8'),
) as {
  tables: {
    weight: string;
    total: string;
    size: string;
    last: number;
    cdf: { j: number; value: string }[];
    draws: { digest: string; j: number }[];
  }[];
};

/** Numbers that look random and are the same in every run: number `n` of a series, below `bound`. */
function number(series: string, n: number, bound: bigint): bigint {
  return BigInt(`0x${toHex(blake2b256('SERO_TEST', utf8(series), le32(n)))}`) % bound;
}

/** P(X <= j) of Binomial(weight, size / total) for every j, times total^weight: integers, nothing rounded. */
function exactSums(weight: bigint, total: bigint, size: bigint): bigint[] {
  const sums: bigint[] = [];
  let [choose, sum] = [1n, 0n];
  for (let k = 0n; k <= weight; k++) {
    sum += choose * size ** k * (total - size) ** (weight - k);
    sums.push(sum);
    choose = (choose * (weight - k)) / (k + 1n);
  }
  return sums;
}

/** The rule as the design states it: the smallest j with digest / 2^256 < CDF(j). */
function exactQuantile(sums: readonly bigint[], whole: bigint, digest: bigint): bigint {
  const j = sums.findIndex((sum) => digest * whole < sum << 256n);
  assert.ok(j >= 0);
  return BigInt(j);
}

/** Case number `n`: any total up to 2^63, a weight of at most 80, a size from a single unit to all but one. */
function someCase(n: number): { weight: bigint; total: bigint; size: bigint } {
  const total = 2n + number('total', n, 1n << (1n + number('bits', n, 63n)));
  const most = total < 80n ? total : 80n;
  const weight = 1n + number('weight', n, most);
  // Half of the sizes so that a few units of this weight are drawn: uniform ones would draw nearly all or nearly none.
  const around = (total * (1n + number('mean', n, 12n))) / weight;
  const size = n % 2 === 0 || around >= total ? 1n + number('size', n, total - 1n) : around;
  return { weight, total, size: size < 1n ? 1n : size };
}

test('four thousand random draws fall where exact rational arithmetic puts them', () => {
  const seen = new Map<bigint, number>();
  for (let n = 0; n < 1_000; n++) {
    const { weight, total, size } = someCase(n);
    const sums = exactSums(weight, total, size);
    const table = binomialTable(weight, total, size);
    for (let i = 0; i < 4; i++) {
      const digest = number('digest', 4 * n + i, ONE);
      const j = table.quantile(digest);
      assert.equal(j, exactQuantile(sums, total ** weight, digest), `${weight}/${total}/${size} ${digest}`);
      seen.set(j, (seen.get(j) ?? 0) + 1);
    }
  }
  assert.ok(seen.size > 40, `${seen.size} different numbers of units were drawn`);
});

test('each bound lies at the exact one or below it, by no more than the roundings take: 4w + 3j + 2 units of 2^-256', () => {
  let bounds = 0;
  for (let n = 0; n < 400; n++) {
    const { weight, total, size } = someCase(n);
    const whole = total ** weight;
    const table = binomialTable(weight, total, size);
    const last = table.quantile(ONE - 1n);
    for (const [i, sum] of exactSums(weight, total, size).entries()) {
      const j = BigInt(i);
      if (j >= last) break;
      bounds += 1;
      const exact = (sum << 256n) / whole;
      assert.ok(table.quantile(exact) > j, 'the bound is above the exact one');
      const least = exact - (4n * weight + 3n * j + 2n);
      if (least > 0n) assert.ok(table.quantile(least - 1n) <= j, 'the bound is too far below the exact one');
    }
  }
  assert.ok(bounds > 4_000, `${bounds} bounds`);
});

test('where every probability is a binary fraction the bounds are exact to the last bit', () => {
  for (const [weight, total, size] of [
    [1n, 2n, 1n],
    [64n, 128n, 64n],
    [200n, 400n, 200n],
    [40n, 64n, 16n],
    [40n, 64n, 48n],
    [12n, 1n << 60n, 1n << 50n],
  ] as const) {
    const table = binomialTable(weight, total, size);
    const whole = total ** weight;
    for (const [i, sum] of exactSums(weight, total, size).entries()) {
      const [j, bound] = [BigInt(i), (sum << 256n) / whole];
      if (bound === ONE) break;
      assert.equal((sum << 256n) % whole, 0n);
      assert.deepEqual([bound - 1n, bound, bound + 1n].map(table.quantile), [j, j + 1n, j + 1n]);
    }
  }
});

test('every vector of the second implementation: bounds, one unit beside them, both ends, and where the tail is frozen', () => {
  let draws = 0;
  for (const { weight, total, size, last, cdf, draws: cases } of vectors.tables) {
    const table = binomialTable(BigInt(weight), BigInt(total), BigInt(size));
    for (const { digest, j } of cases) {
      assert.equal(table.quantile(BigInt(digest)), BigInt(j), `${weight}/${total}/${size} ${digest}`);
      draws += 1;
    }
    // The bounds of an index that nothing reaches (the sum is still 0 there) show in no draw.
    for (const { j, value } of cdf) {
      const bound = BigInt(value);
      if (bound > 0n) assert.ok(table.quantile(bound - 1n) <= BigInt(j));
      if (j < last) assert.ok(table.quantile(bound) > BigInt(j));
    }
    assert.equal(table.quantile(ONE - 1n), BigInt(last));
  }
  assert.ok(draws > 300, `${draws} draws`);
});

test("a whale's draw does not vanish though the chance that none of its units is drawn is far below 2^-256", () => {
  for (const [weight, total, size] of [
    [1n << 60n, 1n << 60n, 6_000n],
    [(1n << 63n) - 1n, (1n << 63n) - 1n, 2_990n],
    [10n ** 15n, 10n ** 16n, 5_000n],
    [6_000n, 6_001n, 6_000n],
  ] as const) {
    const table = binomialTable(weight, total, size);
    // The median of a binomial is its mean rounded down or up (Kaas and Buhrman 1980).
    const mean = (weight * size) / total;
    const median = table.quantile(ONE >> 1n);
    assert.ok(median === mean || median === mean + 1n, `${median} beside ${mean}`);
    assert.ok(table.quantile(0n) < mean);
    assert.ok(table.entries() < 4_000, `${table.entries()} values`);
  }
});

test('the highest digest draws what the sum reaches last, not the whole stake', () => {
  const table = binomialTable(1_000_000n, 1_000_000_000n, 2_990n);
  assert.equal(table.quantile(ONE - 1n), 76n);
  assert.equal(table.entries(), 77);
});

test('more digest never draws less', () => {
  for (const [weight, total, size] of [
    [50n, 70n, 30n],
    [1n << 60n, 1n << 61n, 3_000n],
  ] as const) {
    const digests = Array.from({ length: 500 }, (_, n) => number('order', n, ONE)).sort((a, b) =>
      a < b ? -1 : 1,
    );
    const table = binomialTable(weight, total, size);
    const drawn = digests.map(table.quantile);
    assert.deepEqual(
      drawn,
      [...drawn].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    );
  }
});

test('what a table was asked before changes none of its answers', () => {
  const digests = Array.from({ length: 200 }, (_, n) => number('asked', n, ONE));
  const fresh = digests.map((digest) => binomialTable(10_000n, 90_000n, 900n).quantile(digest));
  for (const order of [digests, [...digests].reverse(), [ONE - 1n, ...digests]]) {
    const table = binomialTable(10_000n, 90_000n, 900n);
    const answers = new Map(order.map((digest) => [digest, table.quantile(digest)]));
    assert.deepEqual(
      digests.map((digest) => answers.get(digest)),
      fresh,
    );
  }
});

test('a table is worked out no further than it was asked', () => {
  const table = binomialTable(1_000_000n, 1_000_000_000n, 2_990n);
  assert.equal(table.entries(), 1);
  assert.equal(table.quantile(0n), 0n);
  assert.equal(table.entries(), 1);
  table.quantile(ONE - 1n);
  assert.equal(table.entries(), 77);
});

test('tables and their values are bounded: those not asked for longest go, and come back with the same answers', () => {
  const tables = binomialTables(8, 300);
  const ask = (weight: bigint, n: number): bigint =>
    tables.quantile(weight, 1_000n, 100n, number('bounded', n, ONE));
  for (let n = 0; n < 3_000; n++) {
    const weight = 1n + number('which', n, 40n);
    assert.equal(ask(weight, n), binomialTable(weight, 1_000n, 100n).quantile(number('bounded', n, ONE)));
    const { tables: count, entries } = tables.held();
    assert.ok(count <= 8 && entries <= 300, `${count} tables of ${entries} values`);
  }
  assert.equal(tables.held().tables, 8);
});

test('a table that is larger than the bound alone is held alone', () => {
  const tables = binomialTables(8, 100);
  tables.quantile(1n, 1_000n, 10n, 5n);
  tables.quantile(1n << 60n, 1n << 60n, 6_000n, ONE - 1n);
  const { tables: count, entries } = tables.held();
  assert.equal(count, 1);
  assert.ok(entries > 2_000);
  tables.quantile(1n, 1_000n, 10n, 5n);
  assert.deepEqual(tables.held(), { tables: 1, entries: 1 });
});
