/** A set of states that keeps each whole, in the order in which they came: no two are ever taken for one. */
export interface StateSet {
  readonly size: number;
  /** Adds a state of `width` words and says whether it is new; `from` is the index of the state that it was reached from. */
  add(state: Int32Array, from: number): boolean;
  /** Writes the state of this index into `state`. */
  read(index: number, state: Int32Array): void;
  /** Whether the state of this index is `state`. */
  isAt(index: number, state: Int32Array): boolean;
  fromOf(index: number): number;
}

const FIRST_ROOM = 1 << 14;

/** An empty set of states of so many words. */
export function newStateSet(width: number): StateSet {
  let size = 0;
  let words = new Int32Array(width * FIRST_ROOM);
  let from = new Uint32Array(FIRST_ROOM);
  // Open addressing; a place holds a state's index plus one.
  let places = new Uint32Array(2 * FIRST_ROOM);

  function isAt(index: number, state: Int32Array): boolean {
    const at = width * index;
    for (let i = 0; i < width; i++) if (words[at + i] !== state[i]) return false;
    return true;
  }

  function placeOf(state: Int32Array): number {
    const mask = places.length - 1;
    for (let place = mixed(state) & mask; ; place = (place + 1) & mask) {
      const index = places[place]! - 1;
      if (index < 0 || isAt(index, state)) return place;
    }
  }

  function grow(): void {
    const room = 2 * from.length;
    const [oldWords, oldFrom] = [words, from];
    words = new Int32Array(width * room);
    words.set(oldWords);
    from = new Uint32Array(room);
    from.set(oldFrom);
    places = new Uint32Array(2 * room);
    for (let index = 0; index < size; index++) {
      places[placeOf(words.subarray(width * index, width * (index + 1)))] = index + 1;
    }
  }

  return {
    get size() {
      return size;
    },
    add(state, source) {
      const place = placeOf(state);
      if (places[place] !== 0) return false;
      words.set(state, width * size);
      from[size] = source;
      size++;
      places[place] = size;
      // Half of the places stay free.
      if (size === from.length) grow();
      return true;
    },
    read(index, state) {
      for (let i = 0; i < width; i++) state[i] = words[width * index + i]!;
    },
    isAt,
    fromOf: (index) => from[index]!,
  };
}

/** Spreads a state over one word, by shifts and sums (after R. Jenkins' one-at-a-time, a word at a time). */
function mixed(state: Int32Array): number {
  let hash = 0;
  for (let i = 0; i < state.length; i++) {
    hash = (hash + state[i]!) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >>> 6;
    hash = (hash + (hash << 15)) | 0;
    hash ^= hash >>> 11;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >>> 11;
  return (hash + (hash << 15)) | 0;
}
