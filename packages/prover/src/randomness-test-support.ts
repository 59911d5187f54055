import type { TestContext } from 'node:test';

/** Everything that crypto.getRandomValues gives during a test, as hexadecimal digits. */
export function recordRandomness(t: TestContext): ReadonlySet<string> {
  const drawn = new Set<string>();
  const draw = globalThis.crypto.getRandomValues.bind(globalThis.crypto);
  t.mock.method(globalThis.crypto, 'getRandomValues', (bytes: Uint8Array) => {
    draw(bytes);
    drawn.add(Buffer.from(bytes).toString('hex'));
    return bytes;
  });
  return drawn;
}
