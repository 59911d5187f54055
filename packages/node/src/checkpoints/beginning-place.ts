import { existsSync, renameSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type AppendLog, StoreError } from '@sero/store';
import { readSnapshot } from '@sero/store/node';
import type { NodeDirectory } from '../directory.ts';
import { syncFolder } from '../snapshots.ts';

/** The block that came with a snapshot, beside its manifest and chunks. */
export const BLOCK_FILE = 'block';

/** Where a snapshot is received that a chain is to begin with. */
export function beginningPlace({ state }: Pick<NodeDirectory, 'state'>): string {
  return join(dirname(state), 'beginning');
}

/**
 * Puts away what a beginning left that was broken off. Without a block in the log its draft of a state is worth nothing; with one, what was received is a snapshot
 * like the node's own, from which a lost state can be built again.
 */
export async function tidyBeginning(directory: NodeDirectory, blocks: AppendLog): Promise<void> {
  const place = beginningPlace(directory);
  if (!existsSync(place)) return;
  if (blocks.length === blocks.first) {
    await rm(directory.rebuilt, { recursive: true, force: true });
    return;
  }
  const kept = join(directory.snapshots, String(blocks.first));
  if (existsSync(kept) || heightOf(place) !== BigInt(blocks.first)) {
    await rm(place, { recursive: true, force: true });
    return;
  }
  rmSync(join(place, BLOCK_FILE), { force: true });
  await mkdir(directory.snapshots, { recursive: true });
  renameSync(place, kept);
  await syncFolder(directory.snapshots);
  await syncFolder(dirname(place));
}

/** Undefined where no manifest was received. */
function heightOf(place: string): bigint | undefined {
  try {
    return readSnapshot(place).manifest.height;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'snapshot-damaged') return undefined;
    throw error;
  }
}
