import { type Limbs, push } from './values.ts';
import { access, type Body, emit, get, I32, I64, i32, LOAD_I64, local, OP, STORE_I64, set } from './wasm.ts';

/** A word: in locals and constants once it was needed, else where it stood when the function began. */
interface Entry {
  /** Its place in memory, in words from the stack's height when the function began; undefined where it has none. */
  readonly place: number | undefined;
  limbs: Limbs | undefined;
}

/**
 * The top of the stack while a function is translated: what DUP, SWAP, POP and PUSH do costs nothing then. Memory has it
 * after `flush` only.
 */
export interface VirtualStack {
  /** Height in words above the function's beginning. */
  height(): number;
  pop(): Limbs;
  push(limbs: Limbs): void;
  /** Pushes a word that stands in memory at the new height already. */
  pushPlaced(): void;
  /** Takes words off unread. */
  drop(count: number): void;
  duplicate(depth: number): void;
  swap(depth: number): void;
  /** Writes everything to where it belongs. */
  flush(): void;
}

/** @param pointer local with the address after the topmost word when the function began */
export function createVirtualStack(body: Body, pointer: number): VirtualStack {
  let base = 0;
  let entries: Entry[] = [];

  const read = (entry: Entry): Limbs => {
    if (entry.limbs === undefined) entry.limbs = loadWord(body, pointer, (entry.place as number) * 32);
    return entry.limbs;
  };
  const reach = (depth: number): void => {
    while (entries.length < depth) entries.unshift({ place: --base, limbs: undefined });
  };
  return {
    height: () => base + entries.length,
    pop() {
      reach(1);
      return read(entries.pop() as Entry);
    },
    push(limbs) {
      entries.push({ place: undefined, limbs });
    },
    pushPlaced() {
      entries.push({ place: base + entries.length, limbs: undefined });
    },
    drop(count) {
      reach(count);
      entries.length -= count;
    },
    duplicate(depth) {
      reach(depth);
      entries.push(entries[entries.length - depth] as Entry);
    },
    swap(depth) {
      reach(depth + 1);
      const [top, other] = [entries.length - 1, entries.length - 1 - depth];
      [entries[top], entries[other]] = [entries[other] as Entry, entries[top] as Entry];
    },
    flush() {
      entries.forEach((entry, i) => {
        if (entry.place !== base + i) read(entry);
      });
      entries.forEach((entry, i) => {
        if (entry.place !== base + i) storeWord(body, pointer, (base + i) * 32, read(entry));
      });
      // What was elsewhere stands where it belongs now, and in locals too.
      entries = entries.map((entry, i) => ({ place: base + i, limbs: entry.limbs }));
    },
  };
}

/** Loads four limbs from an address in a local and an offset that may be negative. */
export function loadWord(body: Body, address: number, offset: number): Limbs {
  const base = offset < 0 ? shifted(body, address, offset) : address;
  return [0, 8, 16, 24].map((more) => {
    get(body, base);
    access(body, LOAD_I64, offset < 0 ? more : offset + more);
    const index = local(body, I64);
    set(body, index);
    return index;
  }) as unknown as Limbs;
}

function storeWord(body: Body, address: number, offset: number, limbs: Limbs): void {
  const base = offset < 0 ? shifted(body, address, offset) : address;
  limbs.forEach((limb, i) => {
    get(body, base);
    push(body, limb);
    access(body, STORE_I64, (offset < 0 ? 0 : offset) + 8 * i);
  });
}

/** A new local with an address and what is added to it. */
function shifted(body: Body, address: number, offset: number): number {
  const index = local(body, I32);
  get(body, address);
  i32(body, offset);
  emit(body, OP.i32Add);
  set(body, index);
  return index;
}
