import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemory } from '../memory.ts';

type Division = (...limbs: bigint[]) => readonly bigint[];

const ALL = 1n << 256n;
const signed = (word: bigint) => BigInt.asIntN(256, word);

/** Yellow Paper H.2. */
const EXPECTED: Readonly<Record<string, (a: bigint, b: bigint, c: bigint) => bigint>> = {
  div: (a, b) => (b === 0n ? 0n : a / b),
  sdiv: (a, b) => (b === 0n ? 0n : BigInt.asUintN(256, signed(a) / signed(b))),
  mod: (a, b) => (b === 0n ? 0n : a % b),
  smod: (a, b) => (b === 0n ? 0n : BigInt.asUintN(256, signed(a) % signed(b))),
  addmod: (a, b, c) => (c === 0n ? 0n : (a + b) % c),
  mulmod: (a, b, c) => (c === 0n ? 0n : (a * b) % c),
  exp(a, b) {
    let [result, square] = [1n, a];
    for (let rest = b; rest > 0n; rest >>= 1n) {
      if ((rest & 1n) === 1n) result = BigInt.asUintN(256, result * square);
      square = BigInt.asUintN(256, square * square);
    }
    return result;
  },
};

/** Digits on which a guess is wrong by one or two, and those beside them. */
const DIGITS = [0n, 1n, 2n, 0x7fffffffn, 0x80000000n, 0x80000001n, 0xfffffffen, 0xffffffffn];

/** xorshift32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function word(next: () => number): bigint {
  const length = next() % 9;
  let value = 0n;
  for (let i = 0; i < length; i++) {
    const digit = next() % 3 === 0 ? BigInt(next()) : (DIGITS[next() % DIGITS.length] as bigint);
    value = (value << 32n) | digit;
  }
  return next() % 8 === 0 ? BigInt.asUintN(256, -value) : value;
}

function limbsOf(value: bigint): bigint[] {
  return [0n, 64n, 128n, 192n].map((by) => BigInt.asIntN(64, value >> by));
}

function wordOf(limbs: readonly bigint[]): bigint {
  return limbs.reduceRight((value, limb) => (value << 64n) | BigInt.asUintN(64, limb), 0n);
}

describe('the module of divisions', () => {
  const { divisions } = createMemory();
  const words = [0n, 1n, 2n, ALL - 1n, ALL >> 1n, (ALL >> 1n) - 1n, 1n << 64n, (1n << 64n) - 1n, 1n << 32n];

  for (const [name, expected] of Object.entries(EXPECTED)) {
    const divide = divisions?.[name] as Division;
    const check = (a: bigint, b: bigint, c: bigint) => {
      const operands = name.endsWith('dmod') || name === 'mulmod' ? [a, b, c] : [a, b];
      const found = wordOf(divide(...operands.flatMap(limbsOf)));
      assert.equal(
        found,
        expected(a, b, c),
        `${name} of ${operands.map((value) => value.toString(16)).join(' ')}`,
      );
    };

    it(`agrees with bigints: ${name} of the words at the edges`, () => {
      for (const a of words) for (const b of words) for (const c of words) check(a, b, c);
    });

    it(`agrees with bigints: ${name} of words whose digits are at the edges`, () => {
      const next = random(0x5e20);
      for (let i = 0; i < (name === 'exp' ? 3_000 : 30_000); i++) check(word(next), word(next), word(next));
    });
  }

  it('takes back a digit that was one too many (algorithm D, step D6)', () => {
    // Knuth's exercise 21 and Hacker's Delight: guesses that both corrections of the first digits leave too large.
    const divide = divisions?.['div'] as Division;
    const a = (0x80000000n << 96n) | (0xfffffffen << 32n);
    const b = (0x80000000n << 64n) | 0xffffffffn;
    assert.equal(wordOf(divide(...limbsOf(a), ...limbsOf(b))), a / b);
    const c = (0x800000n << 128n) | (0x80000000n << 96n) | 3n;
    const d = (0x20000000n << 64n) | 1n;
    assert.equal(wordOf(divide(...limbsOf(c), ...limbsOf(d))), c / d);
  });
});
