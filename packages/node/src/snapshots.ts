import { readdirSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ledger, OfferedSnapshot } from '@sero/ledger';
import { type Header, headerHash } from '@sero/protocol';
import { cutSnapshot, encodeManifest, SNAPSHOT_VERSION, type SnapshotChunk, StoreError } from '@sero/store';
import { readSnapshot, type StoredSnapshot } from '@sero/store/node';

/** What snapshots are made of, and when. */
export interface SnapshotOptions {
  readonly ledger: Pick<Ledger, 'snapshot'>;
  /** One folder a snapshot below it, named after its height; `readSnapshot` of @sero/store/node reads them. */
  readonly directory: string;
  /** One at each multiple of this height (genesis: snapshotEvery). */
  readonly every: bigint;
  /** How many are kept, the last; 0: none is made but on demand. */
  readonly keep: number;
  /** ms, for durations. */
  readonly now: () => number;
  readonly written: (height: bigint, ms: number) => void;
  readonly failed: (error: unknown) => void;
}

/** Snapshots of the state as the chain goes on. */
export interface Snapshots {
  /** Begins one where the head's height asks for it. One at a time: a height that comes meanwhile is left out. */
  onHead(head: Header): void;
  /** Writes one of the present state, or waits for the one that is being written. Resolves with its height. */
  take(): Promise<bigint>;
  /** Gives up the one that is being written. */
  close(): Promise<void>;
}

/**
 * Snapshots in slices of at most a chunk (about 1 MiB), between which everything else has its turn: the ledger keeps what
 * later blocks overwrite. A snapshot is there whole and durable under its name, or not at all.
 */
export function createSnapshots(options: SnapshotOptions): Snapshots {
  const { directory, every, keep } = options;
  let running: Promise<bigint> | undefined;
  let closed = false;

  function start(): Promise<bigint> {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function run(): Promise<bigint> {
    const began = options.now();
    const snapshot = options.ledger.snapshot();
    const { height } = snapshot.header;
    const target = join(directory, String(height));
    const draft = `${target}.new`;
    try {
      await rm(draft, { recursive: true, force: true });
      await mkdir(draft, { recursive: true });
      const chunks: SnapshotChunk[] = [];
      for (const { chunk, bytes } of cutSnapshot(snapshot.entries)) {
        if (closed) throw new Error('the node is stopping: the snapshot was given up');
        const name = `${String(chunks.length).padStart(8, '0')}.chunk`;
        await writeFile(join(draft, name), bytes, { flush: true });
        chunks.push(chunk);
        await nextTurn();
      }
      const manifest = { version: SNAPSHOT_VERSION, height, headerHash: headerHash(snapshot.header), chunks };
      await writeFile(join(draft, 'manifest'), encodeManifest(manifest), { flush: true });
      await syncFolder(draft);
      // An earlier one of this height is the same.
      await rm(target, { recursive: true, force: true });
      await rename(draft, target);
      await syncFolder(directory);
      await prune(height);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    } finally {
      snapshot.close();
    }
    options.written(height, options.now() - began);
    return height;
  }

  /**
   * Removes all but the one of this height and those next below it, and what a crash left half done. One that is higher is of
   * blocks that this chain does not have.
   */
  async function prune(height: bigint): Promise<void> {
    const names = await readdir(directory);
    const below = newestFirst(names).filter((name) => BigInt(name) < height);
    const kept = [String(height), ...below.slice(0, Math.max(0, keep - 1))];
    for (const name of names) {
      if (!kept.includes(name)) await rm(join(directory, name), { recursive: true, force: true });
    }
  }

  return {
    onHead({ height }) {
      if (closed || keep === 0 || running !== undefined || height % every !== 0n) return;
      start().catch((error: unknown) => {
        if (!closed) options.failed(error);
      });
    },
    take: start,
    async close() {
      closed = true;
      await running?.catch(() => undefined);
    },
  };
}

/** The names of whole snapshots. */
function newestFirst(names: readonly string[]): string[] {
  return names.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a));
}

/** The names of the node's snapshots, newest first; whether they can be read is not looked at. */
export function snapshotNames(directory: string): string[] {
  return newestFirst(namesIn(directory));
}

/**
 * The node's own snapshots, newest first, to be looked at by whoever loads them. Each is read when it is asked for.
 *
 * @param unusable told of one whose manifest cannot be read
 */
export function* offeredSnapshots(
  directory: string,
  unusable: (name: string, reason: Error) => void,
): Generator<OfferedSnapshot> {
  for (const name of snapshotNames(directory)) {
    const stored = readOrTell(directory, name, unusable);
    if (stored !== undefined) yield { manifest: stored.manifest, chunks: chunksOf(stored) };
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readOrTell(
  directory: string,
  name: string,
  unusable: (name: string, reason: Error) => void,
): StoredSnapshot | undefined {
  try {
    return readSnapshot(join(directory, name));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    unusable(name, error);
    return undefined;
  }
}

/** A chunk that the disk does not give is as bad as a damaged one: there are other snapshots, and the blocks. */
function* chunksOf({ manifest, chunkBytes }: StoredSnapshot): Generator<Uint8Array> {
  for (const number of manifest.chunks.keys()) {
    let bytes: Uint8Array;
    try {
      bytes = chunkBytes(number);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      throw new StoreError('snapshot-damaged', error.message, { cause: error });
    }
    yield bytes;
  }
}

/** Makes what was created or renamed in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
