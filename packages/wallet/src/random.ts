/** A source of random bytes. */
export type Random = (length: number) => Uint8Array;

/** The system's random source, in a browser or in Node. */
export const systemRandom: Random = (length) => globalThis.crypto.getRandomValues(new Uint8Array(length));

/** The items in uniformly random order (Fisher-Yates, without modulo bias). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const out = [...items];
  for (let last = out.length - 1; last > 0; last--) {
    const other = below(last + 1, random);
    [out[last], out[other]] = [out[other]!, out[last]!];
  }
  return out;
}

/** One of the items, each as likely as the others; at least one and at most 256. */
export function pick<T>(items: readonly T[], random: Random): T {
  return items[below(items.length, random)]!;
}

/** A uniform integer in [0, bound), bound at most 256: draws that would bias it are thrown away. */
function below(bound: number, random: Random): number {
  const limit = 256 - (256 % bound);
  for (;;) {
    const byte = random(1)[0]!;
    if (byte < limit) return byte % bound;
  }
}
