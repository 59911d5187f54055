import { equalBytes } from '@sero/crypto';
import {
  checkGenesis,
  type Genesis,
  genesisHash,
  type Header,
  HeaderType,
  hashNodesWith,
  headerHash,
  type Shake256,
} from '@sero/protocol';
import type { NoteHasher } from '@sero/prover';
import { type KeyValueStore, openChunk, overlay, type SnapshotManifest, updateStateTree } from '@sero/store';
import { ensure, LedgerError } from './errors.ts';
import { stateOf, TREE } from './state.ts';
import { type StateFault, stateAudit } from './state-audit.ts';
import { atOnce, clearStore, type Steps } from './steps.ts';

/** What a snapshot is loaded into, and what it must be. */
export interface SnapshotTarget {
  readonly genesis: Genesis;
  readonly hasher: NoteHasher;
  /** Default: the portable SHAKE256, at some 50 microseconds a nullifier. */
  readonly shake256?: Shake256 | undefined;
  /** An empty store, or one in which an earlier load did not end: what is left there is deleted. */
  readonly store: KeyValueStore;
  /** The block whose state it is. It says what the snapshot must be, so it comes from a source that is trusted: the own log. */
  readonly header: Header;
  readonly manifest: SnapshotManifest;
}

/** What loading a snapshot needs. */
export interface SnapshotLoad extends SnapshotTarget {
  /** The bytes of the manifest's chunks, in order. One is held in memory at a time. */
  readonly chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/**
 * Makes the state of a block out of a snapshot. Nothing is trusted but the header: keys must ascend, the state tree is built from its leaves and its
 * root compared, the nullifiers are hashed anew, shards and frontier must lead to the notes root. The head is written last, so
 * until all that holds the store is none that opens as a chain; where it does not, the store is left empty.
 *
 * The store then equals that of a node that lived through all blocks, but for the index of the log, which opening fills in.
 *
 * @throws LedgerError `store-not-empty`, `snapshot-of-another-block`, `snapshot-key`, `snapshot-state-root`,
 *   `snapshot-nullifiers`, `snapshot-notes-root`, `snapshot-shards`; StoreError `snapshot-damaged` for a chunk that is not
 *   the manifest's; whatever reading chunks throws
 */
export async function loadSnapshot({ chunks, ...target }: SnapshotLoad): Promise<void> {
  checkTarget(target);
  atOnce(clearStore(target.store));
  try {
    const loader = snapshotLoader(target);
    for await (const bytes of chunks) loader.add(bytes);
    loader.finish();
  } catch (error) {
    atOnce(clearStore(target.store));
    throw error;
  }
}

/** As `loadSnapshot`, a chunk a step. Ended early it leaves what is no chain, and what the next load deletes. */
export function* loadSnapshotInSteps(target: SnapshotTarget, chunks: Iterable<Uint8Array>): Steps<void> {
  checkTarget(target);
  yield* clearStore(target.store);
  try {
    const loader = snapshotLoader(target);
    for (const bytes of chunks) {
      loader.add(bytes);
      yield;
    }
    loader.finish();
  } catch (error) {
    yield* clearStore(target.store);
    throw error;
  }
}

/** Refuses before anything is deleted. */
function checkTarget({ genesis, store, header, manifest }: SnapshotTarget): void {
  checkGenesis(genesis);
  ensure(
    equalBytes(header.genesisHash, genesisHash(genesis)) &&
      manifest.height === header.height &&
      equalBytes(manifest.headerHash, headerHash(header)),
    'snapshot-of-another-block',
    'the snapshot is not of the block whose header is given, or that of another chain',
  );
  ensure(
    stateOf(overlay(store), genesis.anchor.window).head.get() === undefined,
    'store-not-empty',
    'the store holds a chain already: load the snapshot into an empty one',
  );
}

interface SnapshotLoader {
  /** Checks the next chunk and writes its entries. */
  add(bytes: Uint8Array): void;
  /** Compares all of it with the header and writes the head. */
  finish(): void;
}

function snapshotLoader(target: SnapshotTarget): SnapshotLoader {
  const { genesis, hasher, store, header, manifest } = target;
  const audit = stateAudit(refuse, target.shake256);
  let root: Uint8Array = new Uint8Array(32);
  let number = 0;
  return {
    add(bytes) {
      const view = overlay(store);
      for (const [key, value] of openChunk(manifest, number++, bytes)) {
        audit.add(key, value);
        view.put(key, value);
      }
      const leaves = view.changes().filter(({ key }) => key[0] === TREE[0]);
      root = updateStateTree(view, leaves);
      store.write(view.changes());
    },

    finish() {
      const state = stateOf(overlay(store), genesis.anchor.window);
      audit.finish(state, root, header, hashNodesWith(hasher));
      const view = overlay(store);
      stateOf(view, genesis.anchor.window).head.set(HeaderType.serialize(header));
      store.write(view.changes());
    },
  };
}

function refuse(fault: StateFault, message: string): never {
  throw new LedgerError(`snapshot-${fault}`, `${message}; take the snapshot from somewhere else`);
}
