import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beginAtSnapshot, LedgerError } from '@sero/ledger';
import { readSnapshot, type StoredSnapshot } from '@sero/store/node';
import { syncFolder } from '../snapshots.ts';
import { expectNoneLost, type StorageOptions } from '../storage.ts';
import { beginningPlace, tidyBeginning } from './beginning-place.ts';
import { isFalseSnapshot, type ReceivedSnapshot } from './snapshot-receiver.ts';

/** What beginning needs of what opening needs. */
export type BeginOptions = Pick<StorageOptions, 'directory' | 'backend' | 'ledger' | 'signal'>;

/** Whether a directory holds no chain yet, so that one may begin there at a snapshot. */
export function isUnbegun({ directory, backend }: Pick<StorageOptions, 'directory' | 'backend'>): boolean {
  const blocks = backend.openBlocks(directory.blocks);
  try {
    return blocks.length === blocks.first;
  } finally {
    blocks.close();
  }
}

/**
 * Begins a chain in an empty directory with a snapshot that was received; `openStorage` then opens it. The state is made beside its place and the log is
 * written once it holds; until then there is no chain. Killed in between, the next call begins anew, or the next opening finishes it. A snapshot
 * that does not hold is deleted (`isFalseSnapshot` tells that from a failure of this machine).
 *
 * @throws as `beginAtSnapshot`; StoreError `log-damaged` where a chain was lost from the directory; the signal's reason
 */
export async function beginStorage(options: BeginOptions, received: ReceivedSnapshot): Promise<void> {
  const { directory, backend, signal } = options;
  const place = beginningPlace(directory);
  const { genesis, hasher, shake256 } = options.ledger;
  const blocks = backend.openBlocks(directory.blocks);
  try {
    if (blocks.length > blocks.first) {
      throw new LedgerError('log-not-empty', `there is a chain in ${directory.blocks} already: open it`);
    }
    await tidyBeginning(directory, blocks);
    expectNoneLost(directory);
    // What a node left there that was killed before its first block.
    await rm(directory.state, { recursive: true, force: true });
    const store = backend.openState(directory.rebuilt);
    try {
      const snapshot = readSnapshot(place);
      const { manifest } = snapshot;
      const chunks = chunksOf(snapshot);
      const parts = { genesis, hasher, shake256, store, blocks, ...received, manifest, chunks };
      await beginAtSnapshot(parts, { pause: () => nextTurn(), signal });
    } finally {
      store.close();
    }
    await tidyBeginning(directory, blocks);
    renameSync(directory.rebuilt, directory.state);
    await syncFolder(dirname(directory.state));
  } catch (error) {
    if (isFalseSnapshot(error)) {
      // The draft first: without what was received it would look like what is left of a chain.
      await rm(directory.rebuilt, { recursive: true, force: true });
      await rm(place, { recursive: true, force: true });
    }
    throw error;
  } finally {
    blocks.close();
  }
}

function* chunksOf({ manifest, chunkBytes }: StoredSnapshot): Generator<Uint8Array> {
  for (const number of manifest.chunks.keys()) yield chunkBytes(number);
}
