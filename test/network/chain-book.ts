import { createHash } from 'node:crypto';
import {
  faultOf,
  type Participant,
  readCertificate,
  readHeader,
  type SeenHeader,
} from './outside-objects.ts';

/** A block that some node called final. */
export interface SeenBlock {
  readonly header: SeenHeader;
  /** ms since 1970 when each node showed it first while it was its newest; nodes that caught up are left out. */
  readonly told: ReadonlyMap<string, number>;
  /** Nodes that have shown its header. */
  readonly shownBy: ReadonlySet<string>;
  /** Nodes that have shown a certificate of it. */
  readonly certifiedBy: ReadonlySet<string>;
}

/** Everything that nodes said of their chains, and what of it cannot be. */
export interface ChainBook {
  /** A node says what its head is. */
  head(node: string, height: number, hash: string, at: number): void;
  /** A node shows the header of a height. */
  header(node: string, height: number, bytes: Buffer): void;
  /** A node shows the certificate of a height whose header it has shown. */
  certificate(node: string, height: number, bytes: Buffer): void;
  /** From here on a node may begin again below its head: its disk lost something on purpose. */
  forgive(node: string): void;
  /** Height of a node's head as it said last, -1 where it said nothing. */
  headOf(node: string): number;
  /** Height up to which a node has shown every header, -1 for none. */
  shownTo(node: string): number;
  readonly blocks: ReadonlyMap<number, SeenBlock>;
  /** Heights of a range, ascending, that a node has shown no certificate for: neither of the block nor of one up to a stride after it, which shows it final by the links between them. A node that catches up reads no others. Genesis needs none. */
  uncertified(node: string, first: number, last: number): number[];
  /** What cannot be, in words. Empty while all is well. */
  readonly violations: readonly string[];
  /** Calls back after each head that a node names. */
  onHead(listener: () => void): () => void;
}

interface Entry {
  readonly header: SeenHeader;
  readonly bytes: Buffer;
  readonly told: Map<string, number>;
  readonly shownBy: Set<string>;
  readonly certifiedBy: Set<string>;
}

/** Blocks between two certificates that a node reads while it catches up, in the small profile. */
const STRIDE = 8;

/** Violations that are kept: after so many nothing is right. */
const MOST_VIOLATIONS = 200;

/**
 * Begins a book of a chain.
 *
 * @param participants of the genesis file; undefined where nobody votes, and no certificate is looked at
 */
export function createChainBook(genesisHash: string, participants?: readonly Participant[]): ChainBook {
  const blocks = new Map<number, Entry>();
  /** Hashes that nodes named as final before anybody showed the header. */
  const named = new Map<number, { readonly hash: string; readonly by: string }>();
  const heads = new Map<string, { readonly height: number; readonly hash: string }>();
  const shown = new Map<string, number>();
  const verdicts = new Map<string, string | undefined>();
  /** When nodes named blocks whose headers nobody has shown yet. */
  const earlier = new Map<number, Map<string, number>>();
  const violations = new Set<string>();
  const listeners = new Set<() => void>();
  const broken = (text: string): void => {
    if (violations.size < MOST_VIOLATIONS) violations.add(text);
  };

  /** Two hashes for one height are the worst that can be. */
  const expectHash = (node: string, height: number, hash: string): void => {
    const known = blocks.get(height)?.header.hash ?? named.get(height)?.hash;
    if (known === undefined) named.set(height, { hash, by: node });
    else if (known !== hash) {
      broken(`TWO BLOCKS at height ${height}: ${node} calls ${hash} final, others ${known}`);
    }
  };

  const early = (height: number): Map<string, number> => {
    const told = earlier.get(height) ?? new Map<string, number>();
    earlier.set(height, told);
    return told;
  };

  const checkLink = (header: SeenHeader, before: SeenHeader): void => {
    const { height } = header;
    if (header.parent !== before.hash) broken(`block ${height} does not follow block ${before.height}`);
    if (header.time <= before.time) broken(`block ${height} is not later than its parent`);
  };

  return {
    head(node, height, hash, at) {
      const before = heads.get(node);
      if (before !== undefined && height < before.height) {
        broken(`${node} went back from block ${before.height} to ${height}`);
      }
      expectHash(node, height, hash);
      const isNew = before === undefined || height > before.height;
      if (isNew) {
        heads.set(node, { height, hash });
        // Who catches up names blocks that others have had for long, and the first word of a node may be of an old one.
        const isBehind = [...heads.values()].some((other) => other.height > height);
        if (before !== undefined && !isBehind) {
          const told = blocks.get(height)?.told ?? early(height);
          if (!told.has(node)) told.set(node, at);
        }
      }
      for (const listener of listeners) listener();
    },

    header(node, height, bytes) {
      let header: SeenHeader;
      try {
        header = readHeader(bytes);
      } catch (error) {
        broken(`${node} shows a header of block ${height} that cannot be read: ${(error as Error).message}`);
        return;
      }
      if (header.height !== height) broken(`${node} shows block ${header.height} as ${height}`);
      if (height > 0 && header.genesisHash !== genesisHash)
        broken(`${node} shows a block of another network`);
      expectHash(node, height, header.hash);
      const known = blocks.get(height);
      if (known === undefined) {
        blocks.set(height, {
          header,
          bytes: Buffer.from(bytes),
          told: early(height),
          shownBy: new Set([node]),
          certifiedBy: new Set(),
        });
        earlier.delete(height);
        const [before, after] = [blocks.get(height - 1), blocks.get(height + 1)];
        if (before !== undefined) checkLink(header, before.header);
        if (after !== undefined) checkLink(after.header, header);
      } else known.shownBy.add(node);
      if ((shown.get(node) ?? -1) === height - 1) shown.set(node, height);
    },

    certificate(node, height, bytes) {
      const block = blocks.get(height);
      if (block === undefined || participants === undefined) return;
      const key = `${height} ${createHash('sha256').update(bytes).digest('hex')}`;
      if (!verdicts.has(key)) verdicts.set(key, verdictOf(bytes, block.header, participants));
      const fault = verdicts.get(key);
      if (fault === undefined) block.certifiedBy.add(node);
      else broken(`${node} shows a bad certificate of block ${height}: ${fault}`);
    },

    forgive(node) {
      heads.delete(node);
      shown.delete(node);
    },
    headOf: (node) => heads.get(node)?.height ?? -1,
    shownTo: (node) => shown.get(node) ?? -1,
    uncertified(node, first, last) {
      const missing: number[] = [];
      if (participants === undefined) return missing;
      let shownAt = Number.POSITIVE_INFINITY;
      for (let height = last + STRIDE; height >= Math.max(1, first); height--) {
        if (blocks.get(height)?.certifiedBy.has(node) === true) shownAt = height;
        if (height <= last && shownAt - height >= STRIDE) missing.push(height);
      }
      return missing.reverse();
    },
    blocks,
    get violations() {
      return [...violations];
    },
    onHead(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function verdictOf(
  bytes: Buffer,
  header: SeenHeader,
  participants: readonly Participant[],
): string | undefined {
  try {
    return faultOf(readCertificate(bytes), header, participants);
  } catch (error) {
    return `it cannot be read: ${(error as Error).message}`;
  }
}
