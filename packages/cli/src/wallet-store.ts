import { utf8 } from '@sero/crypto';
import type { KeyValueStore } from '@sero/store';
import type { WalletStore } from '@sero/wallet';

/** A wallet's store over a key-value store, whose writes are durable and whole. */
export function keyValueWalletStore(store: KeyValueStore): WalletStore {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return {
    get: async (key) => {
      const value = store.get(utf8(key));
      return value === undefined ? undefined : text(value);
    },
    entries: async (prefix) =>
      [...store.entries(utf8(prefix))].map(([key, value]) => [text(key), text(value)] as const),
    write: async (changes) => {
      store.write(
        changes.map(({ key, value }) => ({
          key: utf8(key),
          value: value === undefined ? undefined : utf8(value),
        })),
      );
    },
  };
}
