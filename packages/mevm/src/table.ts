// A table from keys of a few 32-bit words to the numbers 0, 1, 2, ... in the order in which keys came. Contracts choose
// the keys, so that Map over bigints, which hashes their lowest 64 bits alone, would be slow at will.

/** Words of the longest key: an account's number and a slot. */
const LONGEST = 9;

/** Keys by number, and numbers by key. Nothing that it answers depends on its seed or on the order of its places. */
export interface WordTable {
  /** 32-bit words of a key, at most 9. */
  readonly width: number;
  /** How many keys there are. */
  count: number;
  /** Key number i is at i * width. */
  keys: Int32Array;
  /** Number of a key plus 1, or 0, by place. */
  places: Int32Array;
  /** Two multipliers a word (multilinear hashing; Dietzfelbinger 1996), unknown to whoever chooses keys. */
  readonly multipliers: Int32Array;
  readonly key: Int32Array;
}

/**
 * @param seed at least 18 words that nobody who chooses keys knows; any will do where nobody attacks
 */
export function createTable(width: number, seed: Int32Array): WordTable {
  return {
    width,
    count: 0,
    keys: new Int32Array(width * 64),
    places: new Int32Array(256),
    multipliers: seed.slice(0, 2 * LONGEST),
    key: new Int32Array(width),
  };
}

/** The number of the key that stands in `table.key`; -1 where it is not there. */
export function find(table: WordTable): number {
  const { key, keys, places, width } = table;
  const mask = places.length - 1;
  for (let place = placeOf(table, key, 0); ; place = (place + 1) & mask) {
    const number = (places[place] as number) - 1;
    if (number < 0) return -1;
    let i = 0;
    const at = number * width;
    while (i < width && keys[at + i] === key[i]) i++;
    if (i === width) return number;
  }
}

/** Adds the key in `table.key`, which is not there yet; its number. */
export function add(table: WordTable): number {
  const { key, width } = table;
  const number = table.count++;
  if (number * width + width > table.keys.length) table.keys = doubled(table.keys);
  table.keys.set(key, number * width);
  if (table.count * 2 > table.places.length) rebuild(table);
  else put(table, key, 0, number);
  return number;
}

/** An array of twice the length that begins with the same. */
export function doubled(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}

/** Takes all keys out. */
export function clear(table: WordTable): void {
  if (table.count === 0) return;
  table.count = 0;
  if (table.places.length > 1024) table.places = new Int32Array(256);
  else table.places.fill(0);
}

function rebuild(table: WordTable): void {
  table.places = new Int32Array(table.places.length * 4);
  for (let number = 0; number < table.count; number++) put(table, table.keys, number * table.width, number);
}

function put(table: WordTable, from: Int32Array, at: number, number: number): void {
  const { places } = table;
  const mask = places.length - 1;
  let place = placeOf(table, from, at);
  while (places[place] !== 0) place = (place + 1) & mask;
  places[place] = number + 1;
}

function placeOf(table: WordTable, from: Int32Array, at: number): number {
  const { multipliers, width } = table;
  let hash = 0;
  for (let i = 0; i < width; i++) {
    const word = from[at + i] as number;
    hash =
      (hash +
        Math.imul(multipliers[2 * i] as number, word & 0xffff) +
        Math.imul(multipliers[2 * i + 1] as number, word >>> 16)) |
      0;
  }
  // The highest bits are those that two keys share with no more than chance; below them come the others.
  return ((hash >>> 15) | (hash << 17)) & (table.places.length - 1);
}
