/** Bytes that an entry takes beside its content. */
const ENTRY_OVERHEAD = 256;

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
      for (const [oldest, { length }] of entries) {
        if (used <= maxBytes) break;
        entries.delete(oldest);
        used -= length + ENTRY_OVERHEAD;
      }
      return made;
    },
    bytes: () => used,
  };
}
