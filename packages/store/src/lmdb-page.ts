import { ensure } from './errors.ts';

export const PAGE_HEADER = 24;
export const NODE_HEADER = 8;
const [P_BRANCH, P_LEAF] = [1, 2];
const F_BIGDATA = 1;

/** Throws StoreError `store-damaged` with what was found unless the condition holds. */
export function intact(condition: boolean, found: string): asserts condition {
  ensure(condition, 'store-damaged', `${found}; restore a backup or sync again`);
}

/** A 64-bit word as a number; one above 2^53 is no count or page of any file. */
export function wordAt(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  if (high >= 2 ** 21) intact(false, 'a count or page number is impossibly large');
  return view.getUint32(at, true) + high * 2 ** 32;
}

/**
 * A piece of the file, of one page or many, which are read where they lie: a check of a whole store looks at millions of
 * records and makes no object for any of them. `at` is where a page begins in its piece.
 */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** A piece of these bytes. */
export function pieceOf(bytes: Uint8Array): Piece {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** What a page of a tree must be. */
export interface Expected {
  readonly page: number;
  /** Undefined: either. */
  readonly kind: 'branch' | 'leaf' | undefined;
  /** Keys are at least `low` and below `high`. */
  readonly low: Uint8Array | undefined;
  readonly high: Uint8Array | undefined;
}

/** Compares keys: of `bytes`, each from a place on and so many. */
export type CompareIn = (
  a: Uint8Array,
  aAt: number,
  aLength: number,
  b: Uint8Array,
  bAt: number,
  bLength: number,
) => number;

/** The order of a store's keys. */
export const compareIn: CompareIn = (a, aAt, aLength, b, bAt, bLength) => {
  const shared = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < shared; i++) {
    const difference = a[aAt + i]! - b[bAt + i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
};

/** MDB_INTEGERKEY: the order of the keys of the list of free pages. */
export const compareNumbersIn: CompareIn = (a, aAt, aLength, b, bAt, bLength) => {
  const shared = aLength < bLength ? aLength : bLength;
  for (let i = 1; i <= shared; i++) {
    const difference = a[aAt + aLength - i]! - b[bAt + bLength - i]!;
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
};

/** Where a node begins. */
export function nodeAt({ view }: Piece, at: number, index: number): number {
  return at + PAGE_HEADER + view.getUint16(at + PAGE_HEADER + 2 * index, true);
}

/** The page that a node of a branch leads to. */
export function childAt({ view }: Piece, node: number): number {
  return view.getUint32(node, true) + view.getUint16(node + 4, true) * 2 ** 32;
}

/** A node's key, not copied. */
export function keyAt({ bytes, view }: Piece, node: number): Uint8Array {
  const key = node + NODE_HEADER;
  return bytes.subarray(key, key + view.getUint16(node + 6, true));
}

/** True for a node of a leaf whose value has pages of its own. */
export function isLongAt({ view }: Piece, node: number): boolean {
  return view.getUint16(node + 4, true) === F_BIGDATA;
}

/** Bytes of a node's value. */
export function sizeAt({ view }: Piece, node: number): number {
  return view.getUint32(node, true);
}

/** True for a leaf, false for a branch. */
export function isLeafAt({ view }: Piece, at: number): boolean {
  return view.getUint16(at + 18, true) === P_LEAF;
}

/**
 * Checks a branch or leaf: that it is the page that it should be, that its nodes lie in it one beside the other, and the order
 * of its keys. Not the values.
 *
 * @returns how many nodes it has
 * @throws StoreError `store-damaged`
 */
export function checkPage(
  piece: Piece,
  at: number,
  expected: Expected,
  { pageSize, transaction }: { readonly pageSize: number; readonly transaction: number },
  compare?: CompareIn,
): number {
  const { view, bytes } = piece;
  const { page, kind, low, high } = expected;
  expectHeader(view, at, page, transaction);
  const flags = view.getUint16(at + 18, true);
  const isLeaf = flags === P_LEAF;
  if (flags !== P_BRANCH && flags !== P_LEAF) intact(false, `page ${page} has flags ${flags}`);
  if (kind !== undefined && isLeaf !== (kind === 'leaf'))
    intact(false, `page ${page} lies in a place for a ${kind}`);
  // Places in a page are counted from the end of its header (PAGEBASE).
  const lower = PAGE_HEADER + view.getUint16(at + 20, true);
  const upper = PAGE_HEADER + view.getUint16(at + 22, true);
  const bounds = lower > PAGE_HEADER && lower % 2 === 0 && lower <= upper && upper <= pageSize;
  if (!bounds) intact(false, `page ${page} has bounds ${lower} and ${upper}`);
  const count = (lower - PAGE_HEADER) >> 1;
  const first = isLeaf ? 0 : 1; // the first key of a branch stands for all that are lower
  let used = 0;
  let before = 0;
  let beforeLength = -1;
  for (let i = 0; i < count; i++) {
    const place = PAGE_HEADER + view.getUint16(at + PAGE_HEADER + 2 * i, true);
    if (place < upper || place + NODE_HEADER > pageSize || place % 2 !== 0)
      intact(false, `page ${page} has a node at ${place}`);
    const node = at + place;
    const length = view.getUint16(node + 6, true);
    let stored = 0;
    if (isLeaf) {
      const nodeFlags = view.getUint16(node + 4, true);
      if (nodeFlags !== 0 && nodeFlags !== F_BIGDATA)
        intact(false, `page ${page} has a node with flags ${nodeFlags}`);
      stored = nodeFlags === F_BIGDATA ? 24 : view.getUint32(node, true);
    }
    if (place + NODE_HEADER + length + stored > pageSize)
      intact(false, `page ${page} has a node beyond its end`);
    used += (NODE_HEADER + length + stored + 1) & ~1;
    const key = node + NODE_HEADER;
    if (i >= first && compare !== undefined) {
      const rises =
        beforeLength >= 0
          ? compare(bytes, before, beforeLength, bytes, key, length) < 0
          : low === undefined || compare(low, 0, low.length, bytes, key, length) <= 0;
      if (!rises) intact(false, `page ${page} has keys out of order`);
      before = key;
      beforeLength = length;
    }
  }
  if (used !== pageSize - upper) intact(false, `page ${page} has nodes that overlap or leave room`);
  // They rise, so the last one stands for all.
  if (
    high !== undefined &&
    beforeLength >= 0 &&
    compare!(bytes, before, beforeLength, high, 0, high.length) >= 0
  )
    intact(false, `page ${page} has keys out of order`);
  return count;
}

/** A page knows its number and is no newer than the last commit: LMDB would write into a newer one in place. */
export function expectHeader(view: DataView, at: number, page: number, transaction: number): void {
  if (wordAt(view, at) !== page) intact(false, `page ${page} says that it is another`);
  if (wordAt(view, at + 8) > transaction) intact(false, `page ${page} is newer than the last commit`);
}
