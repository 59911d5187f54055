import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes } from '@sero/crypto';
import { diskError, onDisk } from './disk-errors.ts';
import { StoreError } from './errors.ts';
import {
  fileSize,
  intact,
  type LmdbMeta,
  type LmdbTree,
  readMeta,
  readOverflow,
  readPage,
  wordAt,
} from './lmdb-file.ts';
import { KEY_MARK, openRecord } from './lmdb-record.ts';

/** What a check of a whole store found. */
export type LmdbCheck =
  | {
      readonly ok: true;
      /** Entries, each of which matches its checksum. */
      readonly records: number;
    }
  | { readonly ok: false; readonly error: StoreError };

/** Pages between two looks at the signal and at everything else that waits. */
const TURN = 256;

/**
 * Checks a store that nobody has open: every page of its tree and of its list of free pages, the order of all keys, every
 * checksum, and that no page in use is free. Reads the file itself, since LMDB ends the process where a page misleads it.
 * A store that passes reads as it was written.
 *
 * @returns StoreError `store-damaged` with what was found, or a `disk-` code, as a value
 * @throws the signal's reason
 */
export async function checkLmdbStore(
  directory: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<LmdbCheck> {
  options.signal?.throwIfAborted();
  const walk = walkStore(directory);
  try {
    for (;;) {
      const step = walk.next();
      if (step.done) return { ok: true, records: step.value };
      options.signal?.throwIfAborted();
      await nextTurn();
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    return { ok: false, error: found(diskError(error, `store ${directory}`)) };
  } finally {
    walk.return(0);
  }
}

/** A damaged record is damage of the store that holds it. */
function found(error: StoreError): StoreError {
  return error.code === 'record-damaged'
    ? new StoreError('store-damaged', error.message, { cause: error })
    : error;
}

/**
 * Refuses what LMDB cannot open safely: it maps the file, and where a page that it is led to lies beyond the end, the
 * process ends. Only the two meta pages are read.
 *
 * @throws StoreError `store-damaged`
 */
export function expectOpenable(directory: string): void {
  const file = openSync(join(directory, 'data.mdb'), 'r');
  try {
    if (fileSize(file) > 0) readMeta(file); // an empty one was made by an open that was cut short
  } finally {
    closeSync(file);
  }
}

function* walkStore(directory: string): Generator<void, number> {
  const file = onDisk(`store ${directory}`, () => openSync(join(directory, 'data.mdb'), 'r'));
  try {
    return yield* walkFile(file);
  } finally {
    closeSync(file);
  }
}

interface Walk {
  readonly file: number;
  readonly meta: LmdbMeta;
  /** 1 where a page is in use. */
  readonly used: Uint8Array;
}

interface Counts {
  branchPages: number;
  leafPages: number;
  overflowPages: number;
  entries: number;
}

function* walkFile(file: number): Generator<void, number> {
  const meta = readMeta(file);
  const walk = { file, meta, used: new Uint8Array(meta.lastPage + 1) };
  use(walk, 0, 2);
  const { main, free } = meta;
  intact(main.flags === 0 && free.flags === 8, `the trees have flags ${main.flags} and ${free.flags}`);
  yield* walkTree(walk, main, compareBytes, (key, value) => {
    intact(key[0] === KEY_MARK, 'a key is none of a store');
    openRecord(key.subarray(1), value, value.length);
  });
  const lists: Uint8Array[] = [];
  yield* walkTree(walk, free, compareNumbers, (key, value) => {
    intact(key.length === 8 && compareNumbers(key, ZERO) > 0, 'a list of free pages has no transaction');
    lists.push(value);
  });
  for (const list of lists) expectUnused(walk, list);
  return main.entries;
}

const ZERO = new Uint8Array(8);

/** MDB_INTEGERKEY. */
function compareNumbers(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a.toReversed(), b.toReversed());
}

type Compare = (a: Uint8Array, b: Uint8Array) => number;

/** Visits every entry of a tree in the order of its keys. */
function* walkTree(
  walk: Walk,
  tree: LmdbTree,
  compare: Compare,
  visit: (key: Uint8Array, value: Uint8Array) => void,
): Generator<void, void> {
  const counts: Counts = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
  let visited = 0;

  /** Keys of the page are at least `low` and below `high`. */
  function* descend(
    page: number,
    depth: number,
    low: Uint8Array | undefined,
    high: Uint8Array | undefined,
  ): Generator<void, void> {
    use(walk, page, 1);
    if (++visited % TURN === 0) yield;
    const { kind, nodes } = readPage(walk.file, page, walk.meta);
    intact((kind === 'leaf') === (depth === tree.depth), `page ${page} lies ${depth} deep`);
    const first = kind === 'branch' ? 1 : 0; // the first key of a branch stands for all that are lower
    for (let at = first; at < nodes.length; at++) {
      const { key } = nodes[at]!;
      const before = at === first ? low : nodes[at - 1]!.key;
      const rises = before === undefined || compare(before, key) < (at === first ? 1 : 0);
      intact(rises && (high === undefined || compare(key, high) < 0), `page ${page} has keys out of order`);
    }
    if (kind === 'branch') {
      counts.branchPages++;
      for (const [at, node] of nodes.entries()) {
        yield* descend(node.page, depth + 1, at === 0 ? low : node.key, nodes[at + 1]?.key ?? high);
      }
      return;
    }
    counts.leafPages++;
    for (const node of nodes) {
      counts.entries++;
      if (!node.overflow) {
        visit(node.key, node.data);
        continue;
      }
      const { page: start, pages, value } = readOverflow(walk.file, node, walk.meta);
      use(walk, start, pages);
      counts.overflowPages += pages;
      visit(node.key, value);
    }
  }

  if (tree.root !== undefined) yield* descend(tree.root, 1, undefined, undefined);
  for (const name of ['branchPages', 'leafPages', 'overflowPages', 'entries'] as const) {
    intact(counts[name] === tree[name], `the tree has ${counts[name]} ${name}, it says ${tree[name]}`);
  }
}

/** Marks pages as in use, each once. */
function use({ used }: Walk, first: number, count: number): void {
  for (let page = first; page < first + count; page++) {
    intact(page < used.length, `page ${page} lies behind the last one`);
    intact(used[page] === 0, `page ${page} is in two places`);
    used[page] = 1;
  }
}

/**
 * A list of free pages: how many entries count, then each a page, or minus the length of a run and its first page, or 0.
 * A later commit would write over what stands in it.
 */
function expectUnused({ used, meta }: Walk, list: Uint8Array): void {
  const view = new DataView(list.buffer, list.byteOffset, list.length);
  intact(list.length >= 8 && list.length % 8 === 0, 'a list of free pages has a broken end');
  const count = wordAt(view, 0);
  intact(count <= list.length / 8 - 1, 'a list of free pages is longer than its record');
  for (let at = 1; at <= count; at++) {
    const entry = view.getBigInt64(8 * at, true);
    if (entry === 0n) continue;
    const run = entry < 0n ? Number(-entry) : 1;
    if (entry < 0n) at++;
    intact(at <= count, 'a list of free pages has a broken end');
    const first = wordAt(view, 8 * at);
    intact(first >= 2 && first + run - 1 <= meta.lastPage, `page ${first} cannot be free`);
    for (let page = first; page < first + run; page++) {
      intact(used[page] !== 1, `page ${page} is free and in use`);
    }
  }
}
