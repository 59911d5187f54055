import type { Code } from './code.ts';

/** Code that was analysed, and perhaps translated, by its hash. */
export interface CodeCache {
  get(hash: Uint8Array): Code | undefined;
  set(hash: Uint8Array, code: Code): void;
}

/** @param limit bytes of code that are kept at most; what was asked for longest ago goes first */
export function createCodeCache(limit = 16 * 1024 * 1024): CodeCache {
  const codes = new Map<string, Code>();
  let size = 0;
  const nameOf = (hash: Uint8Array): string => String.fromCharCode(...hash);
  return {
    get(hash) {
      const name = nameOf(hash);
      const code = codes.get(name);
      if (code === undefined) return undefined;
      // A Map keeps the order in which keys came.
      codes.delete(name);
      codes.set(name, code);
      return code;
    },
    set(hash, code) {
      const name = nameOf(hash);
      if (codes.has(name)) return;
      codes.set(name, code);
      size += code.bytes.length;
      for (const [oldest, old] of codes) {
        if (size <= limit || old === code) break;
        codes.delete(oldest);
        size -= old.bytes.length;
      }
    },
  };
}

/** The one that all worlds share that are given no other. Whose code it is makes no difference: a hash has one code. */
export const sharedCodes: CodeCache = createCodeCache();
