/** Everything that a run draws comes from here, so that its seed replays it. Integers only. */
export interface Random {
  /** 0..2^32 - 1. */
  u32(): number;
  /** 0..n - 1. @param n 1..2^32 */
  below(n: number): number;
  /** low..high, both included. */
  between(low: number, high: number): number;
  /** True in so many of a thousand draws. */
  chance(perMille: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** The items in a random order. */
  shuffled<T>(items: readonly T[]): T[];
  bytes(length: number): Uint8Array;
  /** Another source, which depends on this one's state at the moment of the call. */
  fork(): Random;
}

const MASK = (1n << 64n) - 1n;

/** splitmix64 (Steele, Lea, Flood 2014): spreads a seed over a state. */
function* splitmix(seed: bigint): Generator<number, never> {
  let state = seed & MASK;
  while (true) {
    state = (state + 0x9e3779b97f4a7c15n) & MASK;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    yield Number((z ^ (z >> 31n)) & 0xffffffffn);
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** xoshiro128++ 1.0 (Blackman, Vigna 2019). @param seed 0..2^64 - 1 */
export function randomFrom(seed: bigint): Random {
  const start = splitmix(seed);
  const next = (): number => start.next().value | 0;
  let [a, b, c, d] = [next(), next(), next(), next()];

  const random: Random = {
    u32() {
      const result = (rotate((a + d) | 0, 7) + a) >>> 0;
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = rotate(d, 11);
      return result;
    },
    // What the remainder favours is below n in 2^32: worlds do not mind.
    below: (n) => random.u32() % n,
    between: (low, high) => low + random.below(high - low + 1),
    chance: (perMille) => random.below(1000) < perMille,
    pick: (items) => items[random.below(items.length)]!,
    shuffled(items) {
      const all = [...items];
      for (let i = all.length - 1; i > 0; i--) {
        const j = random.below(i + 1);
        [all[i], all[j]] = [all[j]!, all[i]!];
      }
      return all;
    },
    bytes: (length) => Uint8Array.from({ length }, () => random.u32() & 255),
    fork: () => randomFrom((BigInt(random.u32()) << 32n) | BigInt(random.u32())),
  };
  return random;
}
