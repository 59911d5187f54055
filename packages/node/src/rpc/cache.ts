/** Bytes that an entry takes beside its content. */
const ENTRY_OVERHEAD = 256;

/** So much of all is let go of at once. */
const ROOM_SHARE = 16;

/** Byte strings by name, bounded by their bytes; what was not asked for longest goes first. */
export interface ByteCache {
  /** The entry of this name, made where it is not there. What does not fit is made and not kept. */
  get(name: string, make: () => Buffer): Buffer;
  /** Bytes in use. */
  bytes(): number;
}

export function byteCache(maxBytes: number): ByteCache {
  const entries = new Map<string, Buffer>();
  let used = 0;
  /** Some at once: looking for the first of a map passes over all that were deleted before it. */
  function makeRoom(): void {
    const enough = maxBytes - maxBytes / ROOM_SHARE;
    for (const [oldest, { length }] of entries) {
      if (used <= enough || entries.size === 1) break;
      entries.delete(oldest);
      used -= length + ENTRY_OVERHEAD;
    }
  }

  return {
    get(name, make) {
      const known = entries.get(name);
      if (known !== undefined) {
        entries.delete(name);
        entries.set(name, known);
        return known;
      }
      const made = make();
      const size = made.length + ENTRY_OVERHEAD;
      if (size > maxBytes) return made;
      entries.set(name, made);
      used += size;
      if (used > maxBytes) makeRoom();
      return made;
    },
    bytes: () => used,
  };
}
