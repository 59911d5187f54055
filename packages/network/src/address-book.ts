import { ByteListType, ContainerType, ListCompositeType } from '@chainsafe/ssz';
import { utf8 } from '@sero/crypto';
import { decodeStrict } from '@sero/protocol';
import type { Clock, Timer } from './clock.ts';
import type { NetworkLimits } from './limits.ts';

/** Where a node keeps the peers that it knows: one value, replaced whole. */
export interface PeerFile {
  /** The bytes saved last; undefined where there are none. */
  load(): Promise<Uint8Array | undefined>;
  save(bytes: Uint8Array): Promise<void>;
}

/** Peers that can be dialled, each with the record that it signed (libp2p/specs, RFC 0003: signed peer records). */
export interface AddressBook {
  /** Reads the file; what cannot be read, or does not verify, is left out. */
  load(): Promise<void>;
  /** Keeps a peer's record, the newest one. */
  add(id: string, record: Uint8Array): void;
  /** A dial succeeded, or failed: too often in a row, and the peer is forgotten. */
  dialled(id: string, success: boolean): void;
  remove(id: string): void;
  /** Ids, the one that was heard of last first. */
  ids(): string[];
  size(): number;
  /** Saves what changed. */
  close(): Promise<void>;
}

/** Most entries of a file, whoever wrote it. */
const MAX_ENTRIES = 16_384;
/** Longest record of a file. */
const MAX_RECORD_BYTES = 65_536;
/** Longest file, bytes: entries of usual size. */
const MAX_FILE_BYTES = 67_108_864;

const BookType = new ContainerType({
  /** The one heard of last first. */
  peers: new ListCompositeType(
    new ContainerType({
      /** The peer id's text, in ASCII. */
      id: new ByteListType(128),
      /** The envelope that it signed. */
      record: new ByteListType(MAX_RECORD_BYTES),
    }),
    MAX_ENTRIES,
  ),
});

/**
 * An address book.
 *
 * @param verify whether a peer signed this record; its addresses go where dials look for them
 */
export function createAddressBook({
  file,
  limits,
  clock,
  verify,
}: {
  readonly file: PeerFile | undefined;
  readonly limits: NetworkLimits['addressBook'];
  readonly clock: Clock;
  readonly verify: (id: string, record: Uint8Array) => Promise<boolean>;
}): AddressBook {
  /** In the order in which they were heard of. */
  const entries = new Map<string, { readonly record: Uint8Array; failures: number }>();
  let timer: Timer | undefined;
  let saving: Promise<void> = Promise.resolve();
  let dirty = false;
  let closed = false;

  const save = (): Promise<void> => {
    timer = undefined;
    if (!dirty || file === undefined) return saving;
    dirty = false;
    const bytes = BookType.serialize({
      peers: [...entries].reverse().map(([id, { record }]) => ({ id: utf8(id), record })),
    });
    saving = saving.then(() => file.save(bytes)).catch(() => {});
    return saving;
  };
  const changed = (): void => {
    dirty = true;
    if (!closed) timer ??= clock.setTimer(() => void save(), limits.saveMs);
  };
  const put = (id: string, record: Uint8Array): void => {
    entries.delete(id);
    entries.set(id, { record, failures: 0 });
    for (const [oldest] of entries) {
      if (entries.size <= limits.peers) break;
      entries.delete(oldest);
    }
  };

  return {
    async load() {
      let bytes: Uint8Array | undefined;
      try {
        bytes = await file?.load();
      } catch {
        return;
      }
      if (bytes === undefined) return;
      let peers: { readonly id: Uint8Array; readonly record: Uint8Array }[];
      try {
        ({ peers } = decodeStrict(BookType, bytes, MAX_FILE_BYTES, 'address book'));
      } catch {
        return;
      }
      for (const { id, record } of peers.slice(0, limits.peers).reverse()) {
        const name = new TextDecoder().decode(id);
        if (record.length <= limits.recordBytes && (await verify(name, record))) put(name, record);
      }
    },
    add(id, record) {
      if (record.length > limits.recordBytes) return;
      put(id, record);
      changed();
    },
    dialled(id, success) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      entry.failures = success ? 0 : entry.failures + 1;
      if (entry.failures < limits.failures) return;
      entries.delete(id);
      changed();
    },
    remove(id) {
      if (entries.delete(id)) changed();
    },
    ids: () => [...entries.keys()].reverse(),
    size: () => entries.size,
    async close() {
      closed = true;
      if (timer !== undefined) clock.clearTimer(timer);
      await save();
    },
  };
}
