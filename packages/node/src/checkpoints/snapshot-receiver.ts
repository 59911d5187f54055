import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { equalBytes } from '@sero/crypto';
import { LedgerError, readBeginning } from '@sero/ledger';
import {
  decodeManifest,
  encodeManifest,
  openChunk,
  SNAPSHOT_CHUNK_BYTES,
  type SnapshotManifest,
  StoreError,
} from '@sero/store';
import { writeFileDurably } from '@sero/store/node';
import type { NodeDirectory } from '../directory.ts';
import { syncFolder } from '../snapshots.ts';
import { BLOCK_FILE, beginningPlace } from './beginning-place.ts';
import { BLOCK_PART } from './snapshot-server.ts';

/** A block that is known to be the chain's. */
export interface TrustedBlock {
  readonly height: bigint;
  readonly blockHash: Uint8Array;
}

/** What is fetched, and where it is put. */
export interface SnapshotRequest {
  readonly genesisHash: Uint8Array;
  /** What certificates or a checkpoint say. */
  readonly trusted: TrustedBlock;
  /** A peer's manifest, as it came. */
  readonly manifest: Uint8Array;
  /** The node's. What was received there of the same snapshot before is gone on with, of another one deleted. */
  readonly directory: Pick<NodeDirectory, 'state'>;
  /** Bytes of all chunks, at most; a MiB each is counted. Default: 64 GiB. */
  readonly maxBytes?: number;
}

/** A snapshot that comes part by part, from as many peers as have it, in any order. */
export interface SnapshotReceiver {
  /** Parts that are not there yet, ascending: 0 is the block, i + 1 chunk i. Ends where all are. */
  missing(): Iterable<number>;
  /** How many parts there are. */
  readonly parts: number;
  /**
   * Keeps a part, durably, where it is what the manifest and the trusted block say.
   *
   * @throws LedgerError `begin-block`, `begin-height`; StoreError `snapshot-damaged`: whoever sent it lied; StoreError of the disk
   */
  add(index: number, bytes: Uint8Array): void;
  /** All that was received, for `beginStorage`. Throws StoreError `snapshot-damaged` where a part is missing. */
  received(): ReceivedSnapshot;
}

/** A snapshot that is there as a whole. That its entries are the state of the block shows when it is loaded. */
export interface ReceivedSnapshot {
  readonly trusted: TrustedBlock;
  /** The block with its receipts. */
  readonly executed: Uint8Array;
}

const DEFAULT_MAX_BYTES = 2 ** 36;

const MANIFEST = 'manifest';

const chunkName = (number: number): string => `${number.toString().padStart(8, '0')}.chunk`;

/** Of the store: the last two where what came is larger than anything true. */
const FALSE_CODES: readonly string[] = ['snapshot-damaged', 'out-of-range', 'value-too-long', 'key-too-long'];

/** Whether an error of a receiver, or of beginning with what it received, says that peers lied, and not that this machine failed. */
export function isFalseSnapshot(error: unknown): boolean {
  if (error instanceof LedgerError)
    return error.code.startsWith('begin-') || error.code.startsWith('snapshot-');
  return error instanceof StoreError && FALSE_CODES.includes(error.code);
}

/**
 * Prepares to receive a snapshot. Everything is bounded before it is read and checked before it is kept: the manifest against the trusted block, each part by
 * itself, so the first false one shows who lied.
 *
 * @throws LedgerError `snapshot-of-another-block`; StoreError `snapshot-damaged` for bytes that are no manifest, `value-too-long` for a snapshot that is too
 *   large; StoreError of the disk
 */
export async function receiveSnapshot(request: SnapshotRequest): Promise<SnapshotReceiver> {
  const { genesisHash, trusted, directory, maxBytes = DEFAULT_MAX_BYTES } = request;
  const folder = beginningPlace(directory);
  const manifest = decodeManifest(request.manifest);
  if (manifest.height !== trusted.height || !equalBytes(manifest.headerHash, trusted.blockHash)) {
    throw new LedgerError('snapshot-of-another-block', 'the manifest is not of the block that is trusted');
  }
  if (manifest.chunks.length * SNAPSHOT_CHUNK_BYTES > maxBytes) {
    throw new StoreError(
      'value-too-long',
      `the snapshot has up to ${manifest.chunks.length} MiB, more than the ${maxBytes} bytes that are allowed`,
    );
  }
  await prepare(folder, manifest);
  const there = new Set<number>();

  function check(index: number, bytes: Uint8Array): void {
    if (index === BLOCK_PART) {
      readBeginning(genesisHash, trusted, bytes);
      return;
    }
    // Cut as everybody cuts, none is longer: no entry of a state is as long as a chunk.
    if (bytes.length > SNAPSHOT_CHUNK_BYTES) throw damaged(`chunk ${index - 1} is too long`);
    openChunk(manifest, index - 1, bytes);
  }

  const fileOf = (index: number): string => (index === BLOCK_PART ? BLOCK_FILE : chunkName(index - 1));
  const parts = manifest.chunks.length + 1;
  for (let index = 0; index < parts; index++) {
    const file = join(folder, fileOf(index));
    if (!existsSync(file)) continue;
    // A MiB is hashed in some milliseconds: others have their turn between two.
    await nextTurn();
    try {
      check(index, new Uint8Array(readFileSync(file)));
      there.add(index);
    } catch (error) {
      if (!isFalseSnapshot(error)) throw error;
      rmSync(file);
    }
  }

  return {
    parts,

    *missing() {
      for (let index = 0; index < parts; index++) if (!there.has(index)) yield index;
    },

    add(index, bytes) {
      check(index, bytes);
      if (there.has(index)) return;
      writeFileDurably(folder, fileOf(index), bytes);
      there.add(index);
    },

    received() {
      if (there.size !== parts) throw damaged('a part is missing');
      return { trusted, executed: new Uint8Array(readFileSync(join(folder, BLOCK_FILE))) };
    },
  };
}

/** Makes the folder one of this snapshot: what is there of another one goes. */
async function prepare(folder: string, manifest: SnapshotManifest): Promise<void> {
  const encoded = encodeManifest(manifest);
  const file = join(folder, MANIFEST);
  const isSame = existsSync(file) && equalBytes(new Uint8Array(readFileSync(file)), encoded);
  if (!isSame) {
    rmSync(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await syncFolder(dirname(folder));
    writeFileDurably(folder, MANIFEST, encoded);
  }
  for (const name of readdirSync(folder)) if (name.endsWith('.new')) rmSync(join(folder, name));
}

function damaged(what: string): StoreError {
  return new StoreError('snapshot-damaged', `${what}; fetch it from another peer`);
}
