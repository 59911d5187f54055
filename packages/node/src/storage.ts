import { existsSync, renameSync, rmSync } from 'node:fs';
import { checkLedger, type Ledger, LedgerError, type LedgerOptions, openLedger } from '@sero/ledger';
import { type AppendLog, type KeyValueStore, StoreError } from '@sero/store';
import { checkLmdbStore, openFileLog, openLmdbStore } from '@sero/store/node';
import type { NodeDirectory } from './directory.ts';
import { NodeError } from './errors.ts';

/** How a node reaches its disk. */
export interface StorageBackend {
  openState(directory: string): KeyValueStore;
  /** @param verify true to look at every record of the log on opening; default false */
  openBlocks(directory: string, verify?: boolean): AppendLog;
  /** Looks at every record of a state that may be damaged; false where it is. */
  isIntact(directory: string): Promise<boolean>;
}

/** lmdb for the state, files for the blocks. */
export const diskBackend: StorageBackend = {
  openState: (directory) => openLmdbStore(directory),
  openBlocks: (directory, verify = false) => openFileLog(directory, { verify }),
  async isIntact(directory) {
    const found = await checkLmdbStore(directory);
    // A node that was killed before its store was made left nothing to look at.
    if (found.ok || found.error.code === 'directory-unusable') return true;
    if (found.error.code !== 'store-damaged') throw found.error;
    return false;
  },
};

/** What opening tells people, in order. */
export type OpeningEvent =
  | { readonly type: 'checking' }
  /** The state is set aside and built again from the blocks. */
  | { readonly type: 'rebuilding'; readonly reason: string }
  /** A block is applied again; `last` is the one to reach. */
  | { readonly type: 'replaying'; readonly height: bigint; readonly last: bigint };

/** The open chain. */
export interface Storage {
  readonly ledger: Ledger;
  readonly store: KeyValueStore;
  close(): void;
}

/** What opening needs. */
export interface StorageOptions {
  readonly directory: NodeDirectory;
  readonly backend: StorageBackend;
  readonly ledger: Omit<LedgerOptions, 'store' | 'blocks' | 'replaying'>;
  /** When every record of the state is looked at before it is opened; with `always` every block too, and each against the other. */
  readonly check: 'unclean' | 'always' | 'never';
  readonly onEvent: (event: OpeningEvent) => void;
}

/**
 * Opens the chain in a directory, or begins it there. A damaged state is set aside and built again from the blocks; the last one set
 * aside is kept as `state.damaged`. Damaged blocks are the chain's own and nothing here can bring them back.
 *
 * @throws NodeError `other-genesis`, `chain-damaged`; StoreError of disk and directory; ProverError for keys
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { directory, check, backend, onEvent } = options;
  const wanted = check === 'always' || (check === 'unclean' && directory.unclean);
  if (wanted && existsSync(directory.state)) {
    onEvent({ type: 'checking' });
    if (!(await backend.isIntact(directory.state))) setAside(options, 'a record is not what was written');
  }
  try {
    return open(options);
  } catch (error) {
    if (!isStateDamage(error)) throw explained(error, directory);
    setAside(options, (error as Error).message);
  }
  try {
    return open(options);
  } catch (error) {
    throw explained(error, directory);
  }
}

function open({ directory, backend, ledger, onEvent, check }: StorageOptions): Storage {
  const blocks = backend.openBlocks(directory.blocks, check === 'always');
  let store: KeyValueStore | undefined;
  const close = (): void => {
    blocks.close();
    store?.close();
  };
  try {
    store = backend.openState(directory.state);
    const replaying = (height: bigint, last: bigint): void => onEvent({ type: 'replaying', height, last });
    const opened = openLedger({ ...ledger, store, blocks, replaying });
    if (check === 'always') checkLedger({ ...ledger, store, blocks });
    return { ledger: opened, store, close };
  } catch (error) {
    close();
    throw error;
  }
}

function setAside({ directory, onEvent }: StorageOptions, reason: string): void {
  onEvent({ type: 'rebuilding', reason });
  const aside = `${directory.state}.damaged`;
  rmSync(aside, { recursive: true, force: true });
  if (existsSync(directory.state)) renameSync(directory.state, aside);
}

/** Damage that building the state again may mend. A damaged block looks the same at first, and comes up again then. */
function isStateDamage(error: unknown): boolean {
  const codes = ['store-damaged', 'record-damaged'];
  return (error instanceof LedgerError || error instanceof StoreError) && codes.includes(error.code);
}

/** What cannot be mended here, with what to do. */
function explained(error: unknown, { blocks }: NodeDirectory): unknown {
  if (error instanceof LedgerError && error.code === 'store-of-another-genesis') {
    return new NodeError('other-genesis', error.message, { cause: error });
  }
  const ofDisk =
    error instanceof StoreError && !['log-damaged', 'record-damaged', 'store-damaged'].includes(error.code);
  if (ofDisk || !(error instanceof StoreError || error instanceof LedgerError)) return error;
  return new NodeError(
    'chain-damaged',
    `the chain in ${blocks} is damaged and cannot be built again from what is there: restore the data directory from a backup, or delete it to begin anew (${error.message})`,
    { cause: error },
  );
}
