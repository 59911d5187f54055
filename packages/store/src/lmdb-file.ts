import { fstatSync, readSync } from 'node:fs';
import { ensure } from './errors.ts';

/**
 * The file format of LMDB, read without LMDB: it maps the file and trusts it, so that a damaged page number ends the process.
 * Structures as in liblmdb/mdb.c of lmdb-js 3.5 (MDB_DATA_VERSION 2), little-endian, page numbers of 64 bits.
 */
export interface LmdbMeta {
  /** Of the last commit. */
  readonly transaction: number;
  readonly pageSize: number;
  /** The file has all pages up to this one: `openRoom` makes them before LMDB takes them. */
  readonly lastPage: number;
  readonly free: LmdbTree;
  readonly main: LmdbTree;
}

/** MDB_db. */
export interface LmdbTree {
  readonly flags: number;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly overflowPages: number;
  readonly entries: number;
  /** Undefined: the tree is empty. */
  readonly root: number | undefined;
}

/** A node of a leaf. */
export interface LmdbLeafNode {
  readonly key: Uint8Array;
  /** The value, or where it is: MDB_ovpage. */
  readonly data: Uint8Array;
  readonly overflow: boolean;
  /** Bytes of the value. */
  readonly size: number;
}

export interface LmdbBranchNode {
  readonly key: Uint8Array;
  readonly page: number;
}

export type LmdbPage =
  | { readonly kind: 'branch'; readonly nodes: readonly LmdbBranchNode[] }
  | { readonly kind: 'leaf'; readonly nodes: readonly LmdbLeafNode[] };

const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const PAGE_HEADER = 24;
const NODE_HEADER = 8;
const META_SIZE = 136;
const [P_BRANCH, P_LEAF, P_OVERFLOW, P_META] = [1, 2, 4, 8];
const F_BIGDATA = 1;
const NO_PAGE = 2n ** 64n - 1n;

/** Throws StoreError `store-damaged` with what was found unless the condition holds. */
export function intact(condition: boolean, found: string): asserts condition {
  ensure(condition, 'store-damaged', `${found}; restore a backup or sync again`);
}

/** The newer of the two pages that name a tree, after both were looked at. @throws StoreError `store-damaged` */
export function readMeta(file: number): LmdbMeta {
  const head = readAt(file, 0, PAGE_HEADER + META_SIZE);
  const pageSize = head.getUint32(PAGE_HEADER + 24, true);
  intact(
    pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0,
    'the size of pages is none',
  );
  const metas = [
    decodeMeta(head, 0),
    decodeMeta(readAt(file, pageSize, PAGE_HEADER + META_SIZE), 1),
  ] as const;
  intact(metas[1].pageSize === pageSize, 'the two meta pages differ in the size of pages');
  const [even, odd] = [metas[0].transaction, metas[1].transaction];
  // Commits write them in turn, page 0 the even ones; a new file has 0 in both.
  const inTurn = even % 2 === 0 && (odd % 2 === 1 ? Math.abs(even - odd) === 1 : odd === 0 && even === 0);
  intact(inTurn, `the meta pages are of transactions ${even} and ${odd}, which do not follow each other`);
  const newest = metas[even >= odd ? 0 : 1];
  const pages = Math.floor(fileSize(file) / pageSize);
  intact(
    newest.lastPage >= 1 && newest.lastPage < pages,
    `the file has ${pages} pages and names ${newest.lastPage}`,
  );
  for (const { root } of [newest.free, newest.main]) {
    intact(root === undefined || (root >= 2 && root <= newest.lastPage), `page ${root} cannot be a root`);
  }
  return newest;
}

function decodeMeta(view: DataView, page: number): LmdbMeta {
  const flags = view.getUint16(18, true);
  const known =
    view.getUint32(PAGE_HEADER, true) === MAGIC && view.getUint32(PAGE_HEADER + 4, true) === DATA_VERSION;
  intact(
    known && flags === P_META && wordAt(view, 0) === page,
    `meta page ${page} is none of LMDB data version 2`,
  );
  return {
    transaction: wordAt(view, PAGE_HEADER + 128),
    pageSize: view.getUint32(PAGE_HEADER + 24, true),
    lastPage: wordAt(view, PAGE_HEADER + 120),
    free: decodeTree(view, PAGE_HEADER + 24, 'the list of free pages'),
    main: decodeTree(view, PAGE_HEADER + 24 + 48, 'the tree'),
  };
}

function decodeTree(view: DataView, at: number, what: string): LmdbTree {
  const root = view.getBigUint64(at + 40, true);
  const tree = {
    flags: view.getUint16(at + 4, true),
    depth: view.getUint16(at + 6, true),
    branchPages: wordAt(view, at + 8),
    leafPages: wordAt(view, at + 16),
    overflowPages: wordAt(view, at + 24),
    entries: wordAt(view, at + 32),
    root: root === NO_PAGE ? undefined : wordAt(view, at + 40),
  };
  intact((tree.depth === 0) === (tree.root === undefined), `${what} has a depth of ${tree.depth}`);
  return tree;
}

/** A branch or leaf page. @throws StoreError `store-damaged` */
export function readPage(file: number, page: number, { pageSize, transaction }: LmdbMeta): LmdbPage {
  const view = readAt(file, page * pageSize, pageSize);
  const flags = view.getUint16(18, true);
  // Places in a page are counted from the end of its header (PAGEBASE).
  const [lower, upper] = [PAGE_HEADER + view.getUint16(20, true), PAGE_HEADER + view.getUint16(22, true)];
  expectHeader(view, page, transaction);
  intact(flags === P_BRANCH || flags === P_LEAF, `page ${page} has flags ${flags}`);
  const bounds = lower > PAGE_HEADER && lower % 2 === 0 && lower <= upper && upper <= pageSize;
  intact(bounds, `page ${page} has bounds ${lower} and ${upper}`);
  const count = (lower - PAGE_HEADER) >> 1;
  let used = 0;
  const offsets = Array.from(
    { length: count },
    (_, i) => PAGE_HEADER + view.getUint16(PAGE_HEADER + 2 * i, true),
  );
  const node = (at: number) => {
    intact(at >= upper && at + NODE_HEADER <= pageSize && at % 2 === 0, `page ${page} has a node at ${at}`);
    const size = view.getUint32(at, true);
    const nodeFlags = view.getUint16(at + 4, true);
    const keySize = view.getUint16(at + 6, true);
    return { size, nodeFlags, keySize, keyAt: at + NODE_HEADER };
  };
  const take = (at: number, length: number): Uint8Array => {
    intact(at + length <= pageSize, `page ${page} has a node beyond its end`);
    return new Uint8Array(view.buffer, at, length);
  };
  const packed = <T extends LmdbPage>(result: T): T => {
    intact(used === pageSize - upper, `page ${page} has nodes that overlap or leave room`);
    return result;
  };
  if (flags === P_BRANCH) {
    const nodes = offsets.map((at) => {
      const { size, nodeFlags, keySize, keyAt } = node(at);
      used += (NODE_HEADER + keySize + 1) & ~1;
      return { key: take(keyAt, keySize), page: size + nodeFlags * 2 ** 32 };
    });
    return packed({ kind: 'branch', nodes });
  }
  const nodes = offsets.map((at) => {
    const { size, nodeFlags, keySize, keyAt } = node(at);
    intact(nodeFlags === 0 || nodeFlags === F_BIGDATA, `page ${page} has a node with flags ${nodeFlags}`);
    const overflow = nodeFlags === F_BIGDATA;
    const stored = overflow ? 24 : size;
    used += (NODE_HEADER + keySize + stored + 1) & ~1;
    return { key: take(keyAt, keySize), data: take(keyAt + keySize, stored), overflow, size };
  });
  return packed({ kind: 'leaf', nodes });
}

/** A value on pages of its own, and how many they are. @throws StoreError `store-damaged` */
export function readOverflow(
  file: number,
  { data, size }: LmdbLeafNode,
  { pageSize, transaction, lastPage }: LmdbMeta,
): { page: number; pages: number; value: Uint8Array } {
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [page, pages] = [wordAt(view, 0), wordAt(view, 16)];
  const needed = Math.ceil((PAGE_HEADER + size) / pageSize);
  intact(
    page >= 2 && page + pages - 1 <= lastPage && pages === needed,
    `a value of ${size} bytes has ${pages} pages`,
  );
  const bytes = readAt(file, page * pageSize, PAGE_HEADER + size);
  expectHeader(bytes, page, transaction);
  const flags = bytes.getUint16(18, true);
  intact(flags === P_OVERFLOW && bytes.getUint32(20, true) === pages, `page ${page} starts no long value`);
  return { page, pages, value: new Uint8Array(bytes.buffer, PAGE_HEADER, size) };
}

/** A page knows its number and is no newer than the last commit: LMDB would write into a newer one in place. */
function expectHeader(view: DataView, page: number, transaction: number): void {
  intact(wordAt(view, 0) === page, `page ${page} says that it is another`);
  intact(wordAt(view, 8) <= transaction, `page ${page} is newer than the last commit`);
}

/** Bytes of the file. */
export function fileSize(file: number): number {
  return fstatSync(file).size;
}

function readAt(file: number, at: number, length: number): DataView {
  const bytes = new Uint8Array(length);
  intact(readSync(file, bytes, 0, length, at) === length, `the file ends before byte ${at + length}`);
  return new DataView(bytes.buffer);
}

/** A 64-bit word as a number; one above 2^53 is no count or page of any file. */
export function wordAt(view: DataView, at: number): number {
  const word = view.getBigUint64(at, true);
  intact(word <= BigInt(Number.MAX_SAFE_INTEGER), 'a count or page number is impossibly large');
  return Number(word);
}
