import { leBytes } from '@sero/crypto';
import { type Checkpoint, encodeCheckpoint } from '@sero/protocol';
import type { KeyValueStore } from '@sero/store';

/** Whole checkpoints by height. They are few and small, so all are kept: whoever was away for long starts from an old one. */
export interface CheckpointStore {
  /** Durable when it returns. @throws StoreError */
  put(checkpoint: Checkpoint): void;
  /** Its encoding. */
  get(height: bigint): Uint8Array | undefined;
  has(height: bigint): boolean;
  /** Encodings from a height on, ascending. Each is read when it is asked for. */
  from(height: bigint, count: number): Iterable<Uint8Array>;
  /** Height of the last one. */
  latest(): bigint | undefined;
}

const PREFIX = Uint8Array.of(0x63);

/** @param store which holds checkpoints alone, or other things under keys that begin with another byte than 0x63 */
export function checkpointStore(store: KeyValueStore): CheckpointStore {
  return {
    put: (checkpoint) =>
      store.write([{ key: keyOf(checkpoint.height), value: encodeCheckpoint(checkpoint) }]),
    get: (height) => store.get(keyOf(height))?.slice(),
    has: (height) => store.get(keyOf(height)) !== undefined,

    *from(height, count) {
      let next = keyOf(height);
      for (let i = 0; i < count; i++) {
        const [entry] = store.entries(PREFIX, { from: next });
        if (entry === undefined) return;
        const [key, value] = [entry[0].slice(), entry[1].slice()];
        yield value;
        next = Uint8Array.of(...key, 0);
      }
    },

    latest() {
      const [entry] = store.entries(PREFIX, { reverse: true });
      return entry === undefined ? undefined : heightOf(entry[0]);
    },
  };
}

/** Highest byte first: keys ascend as heights do. */
function keyOf(height: bigint): Uint8Array {
  return Uint8Array.of(...PREFIX, ...leBytes(height, 8).reverse());
}

function heightOf(key: Uint8Array): bigint {
  return key.slice(PREFIX.length).reduce((height, byte) => (height << 8n) | BigInt(byte), 0n);
}
