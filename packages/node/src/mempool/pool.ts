import { toHex } from '@sero/crypto';
import type { Entry } from './entry.ts';
import { MempoolError } from './errors.ts';

/** Bounds of the pool. */
export interface PoolOptions {
  /** Most bytes of waiting transactions. Default 33,554,432 (32 MiB). */
  readonly maxBytes?: number;
  /** Most waiting registrations: a block takes few of them, whatever room it has. Default 256. */
  readonly maxRegistrations?: number;
  /** Valid replacements of the transactions that spend one nullifier. Default 3. */
  readonly maxReplacements?: number;
  /** Blocks after which a nullifier's replacements are forgotten though it is unspent. Default 1,024n. */
  readonly rememberReplacements?: bigint;
  /** Nullifiers whose replacements are remembered; the one replaced longest ago is forgotten first. Default 65,536. */
  readonly maxRemembered?: number;
  /** Blocks in a row whose base fee may be above a transaction's gas price before it leaves. Default 64n. */
  readonly maxUnderpriced?: bigint;
}

/** Why a transaction left the pool. */
export type Departure =
  | 'included'
  | 'replaced'
  | 'evicted'
  | 'expired'
  | 'anchor-stale'
  | 'nullifier-spent'
  | 'underpriced'
  | 'refused';

/** A transaction that left. */
export interface Departed {
  readonly entry: Entry;
  readonly reason: Departure;
}

/** What the next block may hold. */
export interface SelectionLimits {
  readonly gas: bigint;
  readonly bytes: number;
  /** What more there is stays behind, and leaves its room to others. */
  readonly registrations: number;
  /** Transactions that pay less a gas stay behind. */
  readonly baseFee: bigint;
}

/** A block as the pool sees it. */
export interface BlockEvent {
  readonly height: bigint;
  /** Base fee of the next block. */
  readonly nextBaseFee: bigint;
  /** W: anchors older than the next block by more are stale. */
  readonly anchorWindow: bigint;
  /** txids of its transactions, in hex: one may have come in with another proof than the one that waits here. */
  readonly txids: ReadonlySet<string>;
  /** Nullifiers that it spent, in hex. */
  readonly nullifiers: readonly string[];
}

/**
 * Transactions that wait for a block, each one valid when it came in. Plain data: no clock, no promises, no checks but the
 * pool's own rules (design 3, "Mempool"):
 *
 * - one transaction a nullifier; what shares nullifiers with waiting ones replaces all of them, for a tenth more gas price than
 *   each, at most three times a nullifier;
 * - bounded by bytes: the lowest gas price leaves first, the youngest of equal ones before the others;
 * - registrations bounded by number, in the same order among themselves.
 */
export interface Pool {
  /** Throws MempoolError where `admit` would. Changes nothing. */
  examine(entry: Entry): void;
  /** Takes a transaction in. Returns what had to leave for it, or throws MempoolError and changes nothing. */
  admit(entry: Entry): Departed[];
  /** Takes one out by the name of its bytes, in hex. */
  remove(wtxid: string): Entry | undefined;
  /** Takes out what the block included or made invalid. */
  advance(block: BlockEvent): Departed[];
  /** Transactions for the next block, best gas price first, that together keep the limits. */
  select(limits: SelectionLimits): Entry[];
  /** The transaction that pays most a gas. */
  best(): Entry | undefined;
  /** A waiting transaction by txid, in hex. */
  get(txid: string): Entry | undefined;
  /** Valid replacements so far of those that spend this nullifier. */
  replacements(nullifier: string): number;
  stats(): { readonly transactions: number; readonly bytes: number };
  /** Gas limits of all that wait. */
  gas(): bigint;
}

interface Waiting {
  readonly entry: Entry;
  readonly wtxid: string;
  readonly txid: string;
  /** Order of arrival. */
  readonly arrived: number;
  /** Height since which every base fee was above its price. */
  underpricedSince: bigint | undefined;
}

/** What admitting an entry comes to. */
interface Plan {
  readonly replaced: readonly Waiting[];
  readonly evicted: readonly Waiting[];
  /** Nullifiers that it takes over from others. */
  readonly contested: readonly string[];
}

/** An empty pool. @param height of the chain's head */
export function createPool(options: PoolOptions = {}, height = 0n): Pool {
  const { maxBytes = 33_554_432, maxReplacements = 3, maxUnderpriced = 64n } = options;
  const { maxRegistrations = 256 } = options;
  const { rememberReplacements = 1_024n, maxRemembered = 65_536 } = options;
  /** Best first: gas price descending, then arrival. */
  const order: Waiting[] = [];
  const byWtxid = new Map<string, Waiting>();
  const byTxid = new Map<string, Waiting>();
  const byNullifier = new Map<string, Waiting>();
  /** In the order of their arrival. */
  const registrations = new Set<Waiting>();
  /** Ascending by height of the last replacement, since every replacement moves its nullifier to the end. */
  const replacements = new Map<string, { readonly count: number; readonly height: bigint }>();
  let bytes = 0;
  let gas = 0n;
  let arrivals = 0;

  function place({ entry, arrived }: Waiting): number {
    let [low, high] = [0, order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = order[middle]!;
      const before =
        other.entry.gasPrice > entry.gasPrice ||
        (other.entry.gasPrice === entry.gasPrice && other.arrived < arrived);
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function insert(waiting: Waiting): void {
    order.splice(place(waiting), 0, waiting);
    byWtxid.set(waiting.wtxid, waiting);
    byTxid.set(waiting.txid, waiting);
    for (const nullifier of waiting.entry.nullifiers) byNullifier.set(nullifier, waiting);
    if (waiting.entry.registers) registrations.add(waiting);
    bytes += waiting.entry.bytes.length;
    gas += waiting.entry.gasLimit;
  }

  function take(waiting: Waiting): void {
    order.splice(place(waiting), 1);
    byWtxid.delete(waiting.wtxid);
    byTxid.delete(waiting.txid);
    for (const nullifier of waiting.entry.nullifiers) byNullifier.delete(nullifier);
    registrations.delete(waiting);
    bytes -= waiting.entry.bytes.length;
    gas -= waiting.entry.gasLimit;
  }

  /** The registration that has to leave where another one comes in: the lowest gas price, the youngest of equal ones. */
  function crowdedOut(entry: Entry, replaced: readonly Waiting[]): Waiting[] {
    if (!entry.registers) return [];
    const staying = [...registrations].filter((other) => !replaced.includes(other));
    if (staying.length < maxRegistrations) return [];
    const lowest = staying.reduceRight<Waiting | undefined>(
      (low, other) => (low === undefined || other.entry.gasPrice < low.entry.gasPrice ? other : low),
      undefined,
    );
    if (lowest === undefined || lowest.entry.gasPrice >= entry.gasPrice) {
      throw new MempoolError(
        'registrations-full',
        `${staying.length} registrations wait already, and a block takes few: pay more a gas, or try again later`,
      );
    }
    return [lowest];
  }

  function plan(entry: Entry): Plan {
    if (byTxid.has(toHex(entry.txid))) {
      throw new MempoolError('already-known', 'this transaction waits already: nothing is left to do');
    }
    const contested = entry.nullifiers.filter((nullifier) => byNullifier.has(nullifier));
    const replaced = [...new Set(contested.map((nullifier) => byNullifier.get(nullifier)!))];
    if (replaced.some((other) => entry.gasPrice * 10n < other.entry.gasPrice * 11n)) {
      throw new MempoolError(
        'replacement-underpriced',
        'it spends a note of a waiting transaction: to replace that one, pay at least a tenth more a gas',
      );
    }
    if (contested.some((nullifier) => (replacements.get(nullifier)?.count ?? 0) >= maxReplacements)) {
      throw new MempoolError(
        'replacement-limit',
        `transactions of one of its notes were replaced ${maxReplacements} times: wait for the one that is there`,
      );
    }
    const evicted = crowdedOut(entry, replaced);
    let excess = bytes + entry.bytes.length - maxBytes;
    for (const other of [...replaced, ...evicted]) excess -= other.entry.bytes.length;
    for (let at = order.length - 1; excess > 0; at--) {
      const lowest = order[at];
      if (lowest === undefined || lowest.entry.gasPrice >= entry.gasPrice) {
        throw new MempoolError('mempool-full', 'the mempool is full: pay more a gas, or try again later');
      }
      if (replaced.includes(lowest) || evicted.includes(lowest)) continue;
      evicted.push(lowest);
      excess -= lowest.entry.bytes.length;
    }
    return { replaced, evicted, contested };
  }

  function countReplacement(nullifier: string): void {
    const count = (replacements.get(nullifier)?.count ?? 0) + 1;
    replacements.delete(nullifier);
    replacements.set(nullifier, { count, height });
    if (replacements.size > maxRemembered) replacements.delete(replacements.keys().next().value!);
  }

  function forgetOldReplacements(): void {
    for (const [nullifier, last] of replacements) {
      if (last.height + rememberReplacements >= height) return;
      replacements.delete(nullifier);
    }
  }

  /** Why a waiting transaction cannot enter the block after this one, nor soon. */
  function invalidity(waiting: Waiting, block: BlockEvent): Departure | undefined {
    const { entry } = waiting;
    const next = block.height + 1n;
    if (entry.expiry < next) return 'expired';
    if (entry.anchor + block.anchorWindow < next) return 'anchor-stale';
    if (entry.gasPrice >= block.nextBaseFee) waiting.underpricedSince = undefined;
    else waiting.underpricedSince ??= block.height;
    const since = waiting.underpricedSince;
    return since !== undefined && block.height - since >= maxUnderpriced ? 'underpriced' : undefined;
  }

  return {
    examine: (entry) => void plan(entry),

    admit(entry) {
      const { replaced, evicted, contested } = plan(entry);
      for (const other of [...replaced, ...evicted]) take(other);
      for (const nullifier of contested) countReplacement(nullifier);
      insert({
        entry,
        wtxid: toHex(entry.wtxid),
        txid: toHex(entry.txid),
        arrived: arrivals++,
        underpricedSince: undefined,
      });
      return [
        ...replaced.map((other): Departed => ({ entry: other.entry, reason: 'replaced' })),
        ...evicted.map((other): Departed => ({ entry: other.entry, reason: 'evicted' })),
      ];
    },

    remove(wtxid) {
      const waiting = byWtxid.get(wtxid);
      if (waiting !== undefined) take(waiting);
      return waiting?.entry;
    },

    advance(block) {
      height = block.height;
      const departed: Departed[] = [];
      const leave = (waiting: Waiting, reason: Departure): void => {
        take(waiting);
        departed.push({ entry: waiting.entry, reason });
      };
      for (const nullifier of block.nullifiers) {
        replacements.delete(nullifier);
        const waiting = byNullifier.get(nullifier);
        if (waiting === undefined) continue;
        leave(waiting, block.txids.has(waiting.txid) ? 'included' : 'nullifier-spent');
      }
      for (const waiting of [...order]) {
        const reason = invalidity(waiting, block);
        if (reason !== undefined) leave(waiting, reason);
      }
      forgetOldReplacements();
      return departed;
    },

    select({ gas: space, bytes: room, registrations: most, baseFee }) {
      const chosen: Entry[] = [];
      let [gasLeft, bytesLeft, registrationsLeft] = [space, room, most];
      for (const { entry } of order) {
        if (entry.gasPrice < baseFee) break;
        if (entry.gasLimit > gasLeft || entry.bytes.length > bytesLeft) continue;
        if (entry.registers && registrationsLeft === 0) continue;
        chosen.push(entry);
        if (entry.registers) registrationsLeft--;
        gasLeft -= entry.gasLimit;
        bytesLeft -= entry.bytes.length;
      }
      return chosen;
    },

    best: () => order[0]?.entry,
    get: (txid) => byTxid.get(txid)?.entry,
    replacements: (nullifier) => replacements.get(nullifier)?.count ?? 0,
    stats: () => ({ transactions: order.length, bytes }),
    gas: () => gas,
  };
}
