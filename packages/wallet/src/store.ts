/** One change of a batch: a value, or none to delete the key. */
export interface WalletChange {
  readonly key: string;
  readonly value: string | undefined;
}

/**
 * Where a wallet keeps what it knows. Asynchronous, so that a file, IndexedDB or a server can stand behind it. What is
 * written shows the account's whole history: encrypt it where others can read.
 */
export interface WalletStore {
  get(key: string): Promise<string | undefined>;
  /** Entries whose key starts with `prefix`, in any order. */
  entries(prefix: string): Promise<readonly (readonly [string, string])[]>;
  /** Applies all changes or none. */
  write(changes: readonly WalletChange[]): Promise<void>;
}

/** A store in memory: a wallet that is forgotten with the process, to be restored from its words. */
export function memoryWalletStore(): WalletStore {
  const values = new Map<string, string>();
  return {
    get: async (key) => values.get(key),
    entries: async (prefix) => [...values].filter(([key]) => key.startsWith(prefix)),
    write: async (changes) => {
      for (const { key, value } of changes) {
        if (value === undefined) values.delete(key);
        else values.set(key, value);
      }
    },
  };
}
