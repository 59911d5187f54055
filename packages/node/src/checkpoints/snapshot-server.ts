import { join } from 'node:path';
import { equalBytes } from '@sero/crypto';
import { type Ledger, LedgerError } from '@sero/ledger';
import { CHECKPOINT_EVERY } from '@sero/protocol';
import { encodeManifest, StoreError } from '@sero/store';
import { readSnapshot, type StoredSnapshot } from '@sero/store/node';
import { snapshotNames } from '../snapshots.ts';

/** Snapshots that are told of, the newest: whoever begins wants one of the last. */
const MOST_OFFERED = 2;

/** Part of a snapshot that is the block whose state it is, with its receipts; part i + 1 is chunk i. */
export const BLOCK_PART = 0;

/** The node's snapshots, for others to begin with. */
export interface SnapshotServer {
  /** Manifests, newest first. */
  manifests(): Iterable<Uint8Array>;
  /** Part of the snapshot of a height: 0 is the block with its receipts, i + 1 is chunk i. Undefined where there is none, or not any more. */
  part(height: bigint, index: number): Uint8Array | undefined;
}

/** @param directory where `createSnapshots` writes them */
export function createSnapshotServer(
  directory: string,
  ledger: Pick<Ledger, 'blockHash' | 'executedBlock'>,
): SnapshotServer {
  /** The last that were asked for: a manifest may be long, and each chunk is asked for by itself. */
  const opened = new Map<string, StoredSnapshot>();

  /** A whole one of this chain, where somebody could begin. */
  function open(name: string): StoredSnapshot | undefined {
    const height = BigInt(name);
    if (height === 0n || height % CHECKPOINT_EVERY !== 0n) return undefined;
    const hash = ledger.blockHash(height);
    if (hash === undefined) return undefined;
    const stored = opened.get(name) ?? orNothing(() => readSnapshot(join(directory, name)));
    if (stored === undefined || !equalBytes(stored.manifest.headerHash, hash)) return undefined;
    opened.set(name, stored);
    for (const oldest of opened.keys()) if (opened.size > MOST_OFFERED) opened.delete(oldest);
    return stored;
  }

  return {
    *manifests() {
      let offered = 0;
      for (const name of snapshotNames(directory)) {
        if (offered === MOST_OFFERED) return;
        const stored = open(name);
        if (stored === undefined) continue;
        offered++;
        yield encodeManifest(stored.manifest);
      }
    },

    part(height, index) {
      const name = String(height);
      // Nobody is to read a manifest of MiBs by naming heights at random.
      if (!snapshotNames(directory).includes(name)) return undefined;
      const stored = open(name);
      if (stored === undefined) return undefined;
      if (index === BLOCK_PART) return orNothing(() => ledger.executedBlock(height));
      if (index > stored.manifest.chunks.length) return undefined;
      return orNothing(() => stored.chunkBytes(index - 1));
    },
  };
}

/** A snapshot that is removed meanwhile, or damaged, is none; a disk that fails is told. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const isGone =
      (error instanceof StoreError && error.code === 'snapshot-damaged') ||
      (error instanceof LedgerError && error.code === 'block-unknown');
    if (isGone) return undefined;
    throw error;
  }
}
