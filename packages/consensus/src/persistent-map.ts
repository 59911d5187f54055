/**
 * A map that is never changed: `with` gives another one, which shares all but one path with it. States of the machine are values, so a
 * restart, a simulator and an explorer keep old ones for nothing; a vote among thousands copies a few small arrays.
 *
 * Keys are strings in which the first characters tell most keys apart, such as hashes in hexadecimal. A 16-way trie over their character codes.
 */
export interface PersistentMap<V> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  /** The map with this entry, in place of one of the same key. */
  with(key: string, value: V): PersistentMap<V>;
  /** The map without this key. */
  without(key: string): PersistentMap<V>;
  /** Entries in an order that follows from the keys alone. */
  entries(): Iterable<readonly [string, V]>;
  values(): Iterable<V>;
}

interface Leaf<V> {
  readonly key: string;
  readonly value: V;
}

type Branch<V> = readonly (Node<V> | undefined)[];
type Node<V> = Leaf<V> | Branch<V>;

const WIDTH = 16;

const NO_CHILDREN: Branch<never> = Array.from({ length: WIDTH }, () => undefined);

/** Digits of a key: two of four bits for each character. A key that is another's beginning goes on with zeros. */
function digit(key: string, depth: number): number {
  const at = depth >> 1;
  if (at >= key.length) return 0;
  const code = key.charCodeAt(at);
  // Otherwise two keys could have the same digits for ever.
  if (code === 0 || code > 0xff) throw new RangeError('a key is made of characters U+0001 to U+00FF');
  return depth % 2 === 0 ? code & 15 : code >> 4;
}

function isBranch<V>(node: Node<V>): node is Branch<V> {
  return Array.isArray(node);
}

function find<V>(root: Node<V> | undefined, key: string): Leaf<V> | undefined {
  let node = root;
  for (let depth = 0; node !== undefined && isBranch(node); depth++) node = node[digit(key, depth)];
  return node !== undefined && !isBranch(node) && node.key === key ? node : undefined;
}

function insert<V>(node: Node<V> | undefined, leaf: Leaf<V>, depth: number): Node<V> {
  if (node === undefined) return leaf;
  if (!isBranch(node)) {
    if (node.key === leaf.key) return leaf;
    return insert(replaced(NO_CHILDREN, digit(node.key, depth), node), leaf, depth);
  }
  const at = digit(leaf.key, depth);
  return replaced(node, at, insert(node[at], leaf, depth + 1));
}

/** A branch that is left with one leaf becomes that leaf, so that equal contents have equal shapes. */
function remove<V>(node: Node<V> | undefined, key: string, depth: number): Node<V> | undefined {
  if (node === undefined) return undefined;
  if (!isBranch(node)) return node.key === key ? undefined : node;
  const at = digit(key, depth);
  const after = remove(node[at], key, depth + 1);
  if (after === node[at]) return node;
  const branch = replaced(node, at, after);
  const children = branch.filter((child) => child !== undefined);
  const only = children[0];
  if (only === undefined) return undefined;
  return children.length === 1 && !isBranch(only) ? only : branch;
}

function replaced<V>(branch: Branch<V>, at: number, child: Node<V> | undefined): Branch<V> {
  const copy = branch.slice();
  copy[at] = child;
  return copy;
}

function* leaves<V>(node: Node<V> | undefined): Generator<Leaf<V>> {
  if (node === undefined) return;
  if (!isBranch(node)) yield node;
  else for (const child of node) yield* leaves(child);
}

function mapOver<V>(root: Node<V> | undefined, size: number): PersistentMap<V> {
  return {
    size,
    get: (key) => find(root, key)?.value,
    has: (key) => find(root, key) !== undefined,
    with(key, value) {
      const isNew = find(root, key) === undefined;
      return mapOver(insert(root, { key, value }, 0), isNew ? size + 1 : size);
    },
    without(key) {
      if (find(root, key) === undefined) return this;
      return mapOver(remove(root, key, 0), size - 1);
    },
    *entries() {
      for (const { key, value } of leaves(root)) yield [key, value] as const;
    },
    *values() {
      for (const { value } of leaves(root)) yield value;
    },
  };
}

/** The map without entries. */
export function emptyMap<V>(): PersistentMap<V> {
  return mapOver<V>(undefined, 0);
}
