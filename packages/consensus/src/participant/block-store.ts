import { fromHex, toHex } from '@sero/crypto';
import type { NamedBlock } from '../abstractions.ts';

/** Blocks that came before their proposals are kept up to this number, the oldest go. */
const MOST_WAITING = 4;

/**
 * The blocks of a round by hash. What the player wants is kept until it does not any more; what it may want soon waits in a few places, so a
 * flood of blocks takes no more memory than these.
 */
export interface BlockStore {
  /** @returns false where it was there already */
  add(block: NamedBlock): boolean;
  get(digest: Uint8Array): NamedBlock | undefined;
  /** Keeps what is wanted and drops what was. @returns wanted hashes whose blocks are missing */
  sort(wanted: ReadonlySet<string>): readonly Uint8Array[];
  /** Blocks that are wanted, each told once. */
  newlyWanted(): readonly NamedBlock[];
  /** Drops everything but what waits: that may be the next round's. */
  nextRound(): void;
}

export function createBlockStore(): BlockStore {
  const kept = new Map<string, NamedBlock>();
  const waiting = new Map<string, NamedBlock>();
  let fresh: NamedBlock[] = [];
  let wantedNow: ReadonlySet<string> = new Set();

  function keep(key: string, block: NamedBlock): void {
    waiting.delete(key);
    kept.set(key, block);
    fresh.push(block);
  }

  return {
    add(block) {
      const key = toHex(block.digest);
      if (kept.has(key) || waiting.has(key)) return false;
      if (wantedNow.has(key)) keep(key, block);
      else waiting.set(key, block);
      for (const oldest of waiting.keys()) {
        if (waiting.size <= MOST_WAITING) break;
        waiting.delete(oldest);
      }
      return true;
    },

    get: (digest) => kept.get(toHex(digest)) ?? waiting.get(toHex(digest)),

    sort(wanted) {
      wantedNow = wanted;
      for (const key of kept.keys()) if (!wanted.has(key)) kept.delete(key);
      for (const [key, block] of waiting) if (wanted.has(key)) keep(key, block);
      return [...wanted].filter((key) => !kept.has(key)).map(fromHex);
    },

    newlyWanted() {
      const blocks = fresh;
      fresh = [];
      return blocks;
    },

    nextRound() {
      kept.clear();
      fresh = [];
      wantedNow = new Set();
    },
  };
}
