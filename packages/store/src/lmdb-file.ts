import { fstatSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import {
  checkPage,
  childAt,
  expectHeader,
  intact,
  isLeafAt,
  isLongAt,
  keyAt,
  NODE_HEADER,
  nodeAt,
  PAGE_HEADER,
  type Piece,
  pieceOf,
  sizeAt,
  wordAt,
} from './lmdb-page.ts';

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

/** Bytes that say where a long value is: MDB_ovpage. */
const LONG = 24;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META_SIZE = 136;
const [P_OVERFLOW, P_META] = [4, 8];
const NO_PAGE = 2n ** 64n - 1n;

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

/** A branch or leaf page. The order of its keys is not looked at. @throws StoreError `store-damaged` */
export function readPage(file: number, page: number, meta: LmdbMeta): LmdbPage {
  const piece = pieceOf(readBytes(file, page * meta.pageSize, meta.pageSize));
  const count = checkPage(piece, 0, { page, kind: undefined, low: undefined, high: undefined }, meta);
  const places = Array.from({ length: count }, (_, i) => nodeAt(piece, 0, i));
  if (!isLeafAt(piece, 0)) {
    return {
      kind: 'branch',
      nodes: places.map((node) => ({ key: keyAt(piece, node), page: childAt(piece, node) })),
    };
  }
  return { kind: 'leaf', nodes: places.map((node) => leafNodeAt(piece, node)) };
}

/** A node of a leaf that was checked. */
export function leafNodeAt(piece: Piece, node: number): LmdbLeafNode {
  const [key, overflow, size] = [keyAt(piece, node), isLongAt(piece, node), sizeAt(piece, node)];
  const at = node + NODE_HEADER + key.length;
  return { key, data: piece.bytes.subarray(at, at + (overflow ? LONG : size)), overflow, size };
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
  // More where a batch put a longer value for the same key before: LMDB writes over that one in place.
  intact(
    page >= 2 && page + pages - 1 <= lastPage && pages >= needed,
    `a value of ${size} bytes has ${pages} pages`,
  );
  const bytes = readAt(file, page * pageSize, PAGE_HEADER + size);
  expectHeader(bytes, 0, page, transaction);
  const flags = bytes.getUint16(18, true);
  intact(flags === P_OVERFLOW && bytes.getUint32(20, true) === pages, `page ${page} starts no long value`);
  return { page, pages, value: new Uint8Array(bytes.buffer, PAGE_HEADER, size) };
}

/** Bytes of the file. */
export function fileSize(file: number): number {
  return fstatSync(file).size;
}

/** Bytes of the file. @throws StoreError `store-damaged` where it ends before them */
export function readBytes(file: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const read = readSync(file, bytes, done, length - done, at + done);
    intact(read > 0, `the file ends before byte ${at + length}`);
    done += read;
  }
  return bytes;
}

const readAside = promisify(read);

/** As `readBytes`, into a buffer that is as long or longer, while other work goes on. */
export async function readBytesAside(
  file: number,
  at: number,
  length: number,
  into: Uint8Array,
): Promise<Uint8Array> {
  for (let done = 0; done < length; ) {
    const { bytesRead } = await readAside(file, into, done, length - done, at + done);
    intact(bytesRead > 0, `the file ends before byte ${at + length}`);
    done += bytesRead;
  }
  return into;
}

function readAt(file: number, at: number, length: number): DataView {
  return new DataView(readBytes(file, at, length).buffer);
}
