import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  checkLedgerInSteps,
  type Ledger,
  LedgerError,
  type LedgerOptions,
  openLedgerInSteps,
  type Pace,
} from '@sero/ledger';
import { type AppendLog, type HeldWrites, heldWrites, type KeyValueStore, StoreError } from '@sero/store';
import { checkLmdbStore, openFileLog, openLmdbStore } from '@sero/store/node';
import { tidyBeginning } from './checkpoints/beginning-place.ts';
import type { NodeDirectory } from './directory.ts';
import { NodeError } from './errors.ts';
import { isVersionUnknown, versionUnknown } from './failures.ts';
import { offeredSnapshots, snapshotNames, syncFolder } from './snapshots.ts';

/** How a node reaches its disk. */
export interface StorageBackend {
  openState(directory: string): KeyValueStore;
  openBlocks(directory: string): AppendLog;
  /** Looks at every record of a state that may be damaged; false where it is. */
  isIntact(directory: string, signal?: AbortSignal): Promise<boolean>;
}

/** lmdb for the state, files for the blocks. */
export const diskBackend: StorageBackend = {
  openState: (directory) => openLmdbStore(directory),
  openBlocks: (directory) => openFileLog(directory),
  async isIntact(directory, signal) {
    const found = await checkLmdbStore(directory, signal === undefined ? {} : { signal });
    // A node that was killed before its store was made left nothing to look at.
    if (found.ok || found.error.code === 'directory-unusable') return true;
    if (found.error.code !== 'store-damaged') throw found.error;
    return false;
  },
};

/** Of lmdb, wherever it runs: 4 to 16 KiB. */
const MAX_PAGE_BYTES = 16_384;

/** What opening tells people, in order. */
export type OpeningEvent =
  | { readonly type: 'checking' }
  /** The state is damaged, for this reason, or missing; it is built again beside its place. */
  | { readonly type: 'rebuilding'; readonly reason: string | undefined }
  /** Building begins with the state of this snapshot. */
  | { readonly type: 'loading'; readonly height: bigint }
  /** A snapshot is not used. */
  | { readonly type: 'passed-over'; readonly snapshot: string; readonly reason: string }
  /** A block is applied again; `last` is the one to reach. */
  | { readonly type: 'replaying'; readonly height: bigint; readonly last: bigint };

/** The open chain. */
export interface Storage {
  readonly ledger: Ledger;
  readonly store: KeyValueStore;
  /** Holds the writes of many blocks together. */
  readonly writes: Pick<HeldWrites, 'hold' | 'flush' | 'held' | 'beforeWrite'>;
  /** True where the state was built again, because it was damaged or missing. */
  readonly rebuilt: boolean;
  close(): void;
}

/** What opening needs. */
export interface StorageOptions {
  readonly directory: NodeDirectory;
  readonly backend: StorageBackend;
  readonly ledger: Omit<LedgerOptions, 'store' | 'blocks' | 'events' | 'snapshots'>;
  /** When every record of the state is looked at before it is opened; with `always` every block too, and each against the other. */
  readonly check: 'unclean' | 'always' | 'never';
  readonly onEvent: (event: OpeningEvent) => void;
  /** Breaks it off between two blocks. What was built until then stays: the next opening goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the chain in a directory, or begins it there. A damaged state is set aside as `state.damaged` and built again from the blocks, beginning with
 * the newest snapshot that holds. It is built beside its place and takes it when it is whole: however often that is broken off, what was set aside stays, and
 * only another whole state that was found damaged takes its place. Damaged blocks are the chain's own and nothing here can bring them back: they are
 * named before anything is set aside or built, and so are blocks that are gone where anything else is left of their chain.
 *
 * @throws NodeError `other-genesis`, `chain-damaged`, `version-unknown`; StoreError of disk and directory; ProverError for keys; the
 *   signal's reason
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  let blocks: AppendLog | undefined;
  try {
    blocks = options.backend.openBlocks(options.directory.blocks);
    if (options.check === 'always') await readAll(blocks, options);
    return await openState(options, blocks);
  } catch (error) {
    blocks?.close();
    throw explained(error, options.directory);
  }
}

async function openState(options: StorageOptions, blocks: AppendLog): Promise<Storage> {
  const { state, rebuilt } = options.directory;
  const begins = blocks.length === blocks.first;
  await tidyBeginning(options.directory, blocks);
  if (begins) expectNoneLost(options.directory);
  else if (!heldABlock(state)) expectWhole(options.directory, blocks);
  let reason = await damageOf(options, state);
  if (reason === undefined && (begins || existsSync(state))) {
    try {
      const opened = await open(options, blocks, state);
      // Begun for a state that somebody put back meanwhile. Where it cannot be removed it only takes room.
      await rm(rebuilt, { recursive: true, force: true }).catch(() => undefined);
      return { ...opened, rebuilt: false };
    } catch (error) {
      if (!isStateDamage(error)) throw error;
      reason = error.message;
    }
  }
  if (begins) {
    // Half of a file that a node left which was killed before its first block: not to be taken for evidence of one.
    await rm(state, { recursive: true, force: true });
    return { ...(await open(options, blocks, state)), rebuilt: false };
  }
  expectWhole(options.directory, blocks);
  await readAll(blocks, options);
  await rebuild(options, blocks, reason);
  return { ...(await open(options, blocks, state)), rebuilt: true };
}

/**
 * Refuses to begin a chain where there was one: a state is filled, set aside, built again and cut into snapshots only once
 * there are blocks, and a second chain from the same genesis would pay again what the first one paid.
 */
export function expectNoneLost({ state, damaged, rebuilt, snapshots, blocks }: NodeDirectory): void {
  const left = [damaged, rebuilt].filter((place) => existsSync(place));
  if (heldABlock(state)) left.push(state);
  left.push(...snapshotNames(snapshots).map((name) => join(snapshots, name)));
  if (left.length === 0) return;
  throw new StoreError('log-damaged', `${left.join(', ')} came of blocks that are gone from ${blocks}`);
}

/** Refuses to build a state from a log that ends before a snapshot of it: blocks that were final are gone, and the chain would go on without them. */
function expectWhole({ snapshots, blocks: log }: NodeDirectory, blocks: AppendLog): void {
  const ahead = snapshotNames(snapshots).filter((name) => BigInt(name) >= BigInt(blocks.length));
  if (ahead.length === 0) return;
  const places = ahead.map((name) => join(snapshots, name)).join(', ');
  throw new StoreError(
    'log-damaged',
    `${log} ends with block ${blocks.length - 1}, and the state of a later one was kept as ${places}: delete that only where the blocks were put back from a backup on purpose`,
  );
}

/** A file of nothing but lmdb's first two pages is what a node left that was killed before its first block. */
function heldABlock(state: string): boolean {
  const file = statSync(join(state, 'data.mdb'), { throwIfNoEntry: false });
  return file !== undefined && file.size > 2 * MAX_PAGE_BYTES;
}

/** What a look at every record finds, where one is wanted. */
async function damageOf(
  { directory, check, backend, onEvent, signal }: StorageOptions,
  place: string,
): Promise<string | undefined> {
  const wanted = check === 'always' || (check === 'unclean' && directory.unclean);
  if (!wanted || !existsSync(place)) return undefined;
  onEvent({ type: 'checking' });
  const intact = await backend.isIntact(place, signal);
  signal?.throwIfAborted();
  return intact ? undefined : 'a record is not what was written';
}

/** Reads every record of the log, which finds those that are damaged. */
async function readAll(blocks: AppendLog, { signal }: StorageOptions): Promise<void> {
  for (let height = blocks.first; height < blocks.length; height++) {
    signal?.throwIfAborted();
    blocks.get(height);
    if (height % 16 === 0) await nextTurn();
  }
}

/** Builds the state beside its place, or goes on with what stands there, and puts it where it belongs. */
async function rebuild(
  options: StorageOptions,
  blocks: AppendLog,
  reason: string | undefined,
): Promise<void> {
  const { state, rebuilt, damaged } = options.directory;
  options.onEvent({ type: 'rebuilding', reason });
  if (existsSync(state)) {
    rmSync(damaged, { recursive: true, force: true });
    renameSync(state, damaged);
    await syncFolder(dirname(state));
  }
  const begun = existsSync(rebuilt) && (await damageOf(options, rebuilt)) === undefined;
  if (!(begun && (await tryBuild(options, blocks)))) {
    rmSync(rebuilt, { recursive: true, force: true });
    await build(options, blocks);
  }
  renameSync(rebuilt, state);
  await syncFolder(dirname(state));
}

/** False where what was begun is damaged itself, or was begun over another log: a draft is no evidence of anything. */
async function tryBuild(options: StorageOptions, blocks: AppendLog): Promise<boolean> {
  try {
    await build(options, blocks);
    return true;
  } catch (error) {
    // One that is ahead of the log is no such thing: blocks that were final are gone.
    const isOfOtherLog = error instanceof LedgerError && error.code === 'block-log-mismatch';
    if (isStateDamage(error) || isOfOtherLog) return false;
    throw error;
  }
}

async function build(options: StorageOptions, blocks: AppendLog): Promise<void> {
  const { store } = await open({ ...options, check: 'never' }, blocks, options.directory.rebuilt);
  store.close();
}

/** Opens log and state of a place as a chain. The log stays open where that fails. */
async function open(
  { directory, backend, ledger, onEvent, check, signal }: StorageOptions,
  blocks: AppendLog,
  place: string,
): Promise<Omit<Storage, 'rebuilt'>> {
  const writes = heldWrites(backend.openState(place), blocks);
  const { store } = writes;
  const pace: Pace = { pause: () => nextTurn(), signal };
  try {
    const passedOver = (snapshot: string, reason: Error): void =>
      onEvent({ type: 'passed-over', snapshot, reason: reason.message });
    const opened = await openLedgerInSteps(
      {
        ...ledger,
        store,
        blocks: writes.log,
        snapshots: offeredSnapshots(directory.snapshots, passedOver),
        events: {
          replaying: (height, last) => onEvent({ type: 'replaying', height, last }),
          loading: (height) => onEvent({ type: 'loading', height }),
          passedOver: (height, reason) => passedOver(String(height), reason),
        },
      },
      pace,
    );
    if (check === 'always') await checkLedgerInSteps({ ...ledger, store, blocks }, pace);
    const close = (): void => {
      try {
        writes.log.close();
      } finally {
        store.close();
      }
    };
    return { ledger: opened, store, writes, close };
  } catch (error) {
    store.close();
    throw error;
  }
}

const DAMAGE: readonly string[] = ['log-damaged', 'record-damaged', 'store-damaged'];

/** Damage that building the state again mends. A damaged block has the same name at first: reading the log tells it apart. */
function isStateDamage(error: unknown): error is Error {
  const codes = ['store-damaged', 'record-damaged'];
  return (error instanceof LedgerError || error instanceof StoreError) && codes.includes(error.code);
}

/** What cannot be mended here, with what to do. */
function explained(error: unknown, { blocks }: NodeDirectory): unknown {
  if (error instanceof LedgerError && error.code === 'store-of-another-genesis') {
    return new NodeError('other-genesis', error.message, { cause: error });
  }
  // Nothing is wrong with what is stored: another release opens it.
  if (isVersionUnknown(error)) return versionUnknown(error);
  const ofDisk = error instanceof StoreError && !DAMAGE.includes(error.code);
  if (ofDisk || !(error instanceof StoreError || error instanceof LedgerError)) return error;
  return new NodeError(
    'chain-damaged',
    `the chain in ${blocks} is damaged and cannot be built again from what is there: restore the data directory from a backup, or delete it to begin anew (${error.message})`,
    { cause: error },
  );
}
