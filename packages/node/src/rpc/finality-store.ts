import { concat, le64, utf8 } from '@sero/crypto';
import type { KeyValueStore } from '@sero/store';

/** Light certificates by height. */
export interface LightCertificateStore {
  get(height: bigint): Uint8Array | undefined;
  /** All or none of them, durable when it returns. */
  put(certificates: readonly (readonly [height: bigint, certificate: Uint8Array])[]): void;
  /** The highest height that is kept. */
  latest(): bigint | undefined;
}

const PREFIX = utf8('light/');

/**
 * Keeps light certificates in a store, which others may use beside it: its keys begin with "light/". Nothing is ever dropped: a stride's certificate can be made only
 * while the table of its round is known, and a client that begins at genesis needs them all (production: 400 KB each 256 blocks, 13 MB a day of ten-second
 * blocks).
 */
export function lightCertificateStore(
  store: Pick<KeyValueStore, 'get' | 'entries' | 'write'>,
): LightCertificateStore {
  // Ascending as bytes, as heights do.
  const keyOf = (height: bigint): Uint8Array => concat(PREFIX, le64(height).reverse());
  return {
    get: (height) => store.get(keyOf(height)),
    put: (certificates) =>
      store.write(certificates.map(([height, value]) => ({ key: keyOf(height), value }))),
    latest() {
      for (const [key] of store.entries(PREFIX, { reverse: true })) {
        return BigInt(`0x${Buffer.from(key.subarray(PREFIX.length)).toString('hex')}`);
      }
      return undefined;
    },
  };
}
