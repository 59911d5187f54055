import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32In } from './crc.ts';
import { diskError, onDisk } from './disk-errors.ts';
import { StoreError } from './errors.ts';
import {
  fileSize,
  type LmdbLeafNode,
  type LmdbMeta,
  type LmdbTree,
  leafNodeAt,
  readBytes,
  readBytesAside,
  readMeta,
  readOverflow,
} from './lmdb-file.ts';
import {
  type CompareIn,
  checkPage,
  childAt,
  compareIn,
  compareNumbersIn,
  intact,
  isLongAt,
  keyAt,
  NODE_HEADER,
  nodeAt,
  type Piece,
  pieceOf,
  sizeAt,
  wordAt,
} from './lmdb-page.ts';
import { CHECKSUM_SIZE, KEY_MARK, openRecord } from './lmdb-record.ts';

/** What a check of a whole store found. */
export type LmdbCheck =
  | {
      readonly ok: true;
      /** Entries, each of which matches its checksum. */
      readonly records: number;
    }
  | { readonly ok: false; readonly error: StoreError };

/** Bytes that are read at once, and between two looks at the signal and at everything else that waits. */
const PIECE = 2 ** 20;

/**
 * Checks a store that nobody has open: every page of its tree and of its list of free pages, the order of all keys, every
 * checksum, and that every page is either in use, once, or free, once. Reads the file itself, since LMDB ends the process where a page misleads it.
 * A store that passes reads as it was written. Branches are read first, down from the root; the leaves, which are nearly all
 * of it, then in the order in which they lie on the disk.
 *
 * @returns StoreError `store-damaged` with what was found, or a `disk-` code, as a value
 * @throws the signal's reason
 */
export async function checkLmdbStore(
  directory: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<LmdbCheck> {
  const { signal } = options;
  const turn = async (): Promise<void> => {
    signal?.throwIfAborted();
    await nextTurn();
  };
  try {
    signal?.throwIfAborted();
    return { ok: true, records: await walkStore(directory, turn) };
  } catch (error) {
    signal?.throwIfAborted();
    return { ok: false, error: found(diskError(error, `store ${directory}`)) };
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

/** Lets everything that waits have its turn, or throws the signal's reason. */
type Turn = () => Promise<void>;

async function walkStore(directory: string, turn: Turn): Promise<number> {
  const file = onDisk(`store ${directory}`, () => openSync(join(directory, 'data.mdb'), 'r'));
  try {
    return await walkFile(file, turn);
  } finally {
    closeSync(file);
  }
}

const USED = 1;
const FREE = 2;

interface Walk {
  readonly file: number;
  readonly meta: LmdbMeta;
  /** By page: `USED`, `FREE`, or 0 where nothing that was read says what it is. */
  readonly pages: Uint8Array;
  readonly turn: Turn;
}

async function walkFile(file: number, turn: Turn): Promise<number> {
  const meta = readMeta(file);
  const walk = { file, meta, pages: new Uint8Array(meta.lastPage + 1), turn };
  use(walk, 0, 2);
  const { main, free } = meta;
  intact(main.flags === 0 && free.flags === 8, `the trees have flags ${main.flags} and ${free.flags}`);
  await walkTree(walk, main, compareIn, (piece, node) => {
    if (isLongAt(piece, node)) return checkLong(walk, leafNodeAt(piece, node));
    checkRecord(piece, node);
    return 0;
  });
  const lists: Uint8Array[] = [];
  await walkTree(walk, free, compareNumbersIn, (piece, node) => {
    const { key, data, overflow, size } = leafNodeAt(piece, node);
    intact(key.length === 8 && key.some((byte) => byte !== 0), 'a list of free pages has no transaction');
    // The piece is read over, so what is kept is copied.
    const long = overflow ? readLong(walk, { key, data, overflow, size }) : undefined;
    lists.push(long?.value ?? data.slice());
    return long?.pages ?? 0;
  });
  for (const list of lists) markFree(walk, list);
  const lost = walk.pages.indexOf(0);
  intact(lost < 0, `page ${lost} is neither in use nor free`);
  return main.entries;
}

/** A record that stands in its leaf. */
function checkRecord(piece: Piece, node: number): void {
  const { bytes, view } = piece;
  const at = node + NODE_HEADER;
  const length = view.getUint16(node + 6, true);
  const value = at + length;
  const size = sizeAt(piece, node);
  if (length === 0 || bytes[at] !== KEY_MARK) intact(false, 'a key is none of a store');
  const sound =
    size >= CHECKSUM_SIZE &&
    crc32In(bytes, value + CHECKSUM_SIZE, value + size, crc32In(bytes, at + 1, value)) ===
      view.getUint32(value, true);
  if (!sound) openRecord(bytes.slice(at + 1, value), bytes.subarray(value, value + size), size);
}

/** A record whose value has pages of its own. @returns how many */
function checkLong(walk: Walk, node: LmdbLeafNode): number {
  intact(node.key[0] === KEY_MARK, 'a key is none of a store');
  const { value, pages } = readLong(walk, node);
  openRecord(node.key.subarray(1), value, value.length);
  return pages;
}

function readLong(walk: Walk, node: LmdbLeafNode): { value: Uint8Array; pages: number } {
  const { page, pages, value } = readOverflow(walk.file, node, walk.meta);
  use(walk, page, pages);
  return { value, pages };
}

/** A branch that was read, and the bounds of its keys. */
interface Branch {
  readonly piece: Piece;
  readonly count: number;
  readonly low: Uint8Array | undefined;
  readonly high: Uint8Array | undefined;
}

/** Where the leaves of a tree are, and which node of which branch leads to each. */
interface Leaves {
  readonly branches: Branch[];
  /** By page: one more than the branch's place among them; 0 where no leaf is. */
  readonly branch: Uint32Array;
  /** By page: which of the branch's nodes. */
  readonly node: Uint16Array;
}

/**
 * Visits every entry of a tree, leaf by leaf.
 *
 * @param visit is given an entry where it stands, and returns on how many pages of its own the value is
 */
async function walkTree(
  walk: Walk,
  tree: LmdbTree,
  compare: CompareIn,
  visit: (piece: Piece, node: number) => number,
): Promise<void> {
  const { file, meta } = walk;
  const { pageSize } = meta;
  const pages = meta.lastPage + 1;
  const leaves = { branches: [], branch: new Uint32Array(pages), node: new Uint16Array(pages) };
  const counts = { branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0 };
  if (tree.root !== undefined) counts.branchPages = await walkBranches(walk, tree, compare, leaves);
  const most = Math.max(1, Math.floor(PIECE / pageSize));
  const read = async (range: Range, buffer: Uint8Array): Promise<Piece> => {
    const length = (range.end - range.first) * pageSize;
    return pieceOf(await readBytesAside(file, range.first * pageSize, length, buffer));
  };
  let [spare, buffer] = [new Uint8Array(most * pageSize), new Uint8Array(most * pageSize)];
  let range = rangeOf(leaves, 0, most);
  let ahead = read(range, buffer);
  try {
    while (range.first < pages) {
      const piece = await ahead;
      const { first, end } = range;
      range = rangeOf(leaves, end, most);
      [spare, buffer] = [buffer, spare];
      // The disk is at the next piece while this one is looked at.
      ahead = read(range, buffer);
      for (let page = first; page < end; page++) {
        if (leaves.branch[page] === 0) continue;
        const at = (page - first) * pageSize;
        const count = checkPage(piece, at, { page, kind: 'leaf', ...boundsOf(leaves, page) }, meta, compare);
        for (let i = 0; i < count; i++) counts.overflowPages += visit(piece, nodeAt(piece, at, i));
        counts.leafPages++;
        counts.entries += count;
      }
      await walk.turn();
    }
  } finally {
    // It reads by number from a file that is closed next.
    await ahead.catch(() => undefined);
  }
  for (const name of ['branchPages', 'leafPages', 'overflowPages', 'entries'] as const) {
    intact(counts[name] === tree[name], `the tree has ${counts[name]} ${name}, it says ${tree[name]}`);
  }
}

/** Pages from `first` on and below `end` that are read at once; empty at the end of the file. */
interface Range {
  readonly first: number;
  readonly end: number;
}

/** The next leaves: from the first one on, up to the last one within so many pages. */
function rangeOf({ branch }: Leaves, from: number, most: number): Range {
  let first = from;
  while (first < branch.length && branch[first] === 0) first++;
  let end = first;
  for (let page = first; page < Math.min(branch.length, first + most); page++) {
    if (branch[page] !== 0) end = page + 1;
  }
  return { first, end };
}

/** Reads all branches of a tree and notes its leaves. @returns how many branches there are */
async function walkBranches(walk: Walk, tree: LmdbTree, compare: CompareIn, leaves: Leaves): Promise<number> {
  const { file, meta } = walk;
  const { pageSize } = meta;
  const { branches } = leaves;
  // What leads to the root is a branch of one node that stands nowhere.
  branches.push({ piece: pieceOf(new Uint8Array(0)), count: 1, low: undefined, high: undefined });
  const isAbove = (depth: number): boolean => depth < tree.depth;
  let level: { readonly page: number; readonly branch: number; readonly node: number }[] = [];
  const lead = (page: number, depth: number, branch: number, node: number): void => {
    use(walk, page, 1);
    if (isAbove(depth)) {
      level.push({ page, branch, node });
      return;
    }
    leaves.branch[page] = branch + 1;
    leaves.node[page] = node;
  };
  lead(tree.root!, 1, 0, 0);
  for (let depth = 1; isAbove(depth); depth++) {
    const here = level;
    level = [];
    for (const { page, branch, node } of here) {
      const bounds = boundsIn(branches[branch]!, node);
      const piece = pieceOf(readBytes(file, page * pageSize, pageSize));
      const count = checkPage(piece, 0, { page, kind: 'branch', ...bounds }, meta, compare);
      const place = branches.push({ piece, count, ...bounds }) - 1;
      for (let i = 0; i < count; i++) lead(childAt(piece, nodeAt(piece, 0, i)), depth + 1, place, i);
      if (place % 256 === 0) await walk.turn();
    }
  }
  return branches.length - 1;
}

type Bounds = Pick<Branch, 'low' | 'high'>;

function boundsOf({ branches, branch, node }: Leaves, page: number): Bounds {
  return boundsIn(branches[branch[page]! - 1]!, node[page]!);
}

/** Bounds of the keys below a node of a branch. */
function boundsIn({ piece, count, low, high }: Branch, node: number): Bounds {
  return {
    low: node === 0 ? low : keyAt(piece, nodeAt(piece, 0, node)),
    high: node + 1 === count ? high : keyAt(piece, nodeAt(piece, 0, node + 1)),
  };
}

/** Marks pages as in use, each once. */
function use({ pages }: Walk, first: number, count: number): void {
  for (let page = first; page < first + count; page++) {
    intact(page < pages.length, `page ${page} lies behind the last one`);
    intact(pages[page] === 0, `page ${page} is in two places`);
    pages[page] = USED;
  }
}

/**
 * A list of free pages: how many entries count, then each a page, or minus the length of a run and its first page, or 0.
 * Marks them, each once: a later commit would write over what stands in one that is in use, and give one that is named twice
 * to two.
 */
function markFree({ pages, meta }: Walk, list: Uint8Array): void {
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
      intact(pages[page] !== USED, `page ${page} is free and in use`);
      intact(pages[page] === 0, `page ${page} is free twice`);
      pages[page] = FREE;
    }
  }
}
