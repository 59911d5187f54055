import { concat, toHex } from '@sero/crypto';
import {
  type CheckContext,
  type CheckedTransaction,
  checkTransaction,
  decodeEnvelope,
  type PreparedTransaction,
  ProtocolError,
  prepareTransaction,
  witnessTransactionId,
} from '@sero/protocol';
import type { KeyPoint, KeyPointChecker } from '@sero/prover';
import { type BatchWork, gathered } from './gather.ts';

/** Wire bytes of the transactions that are remembered, at most: a full mempool and a block. */
const REMEMBERED_BYTES = 37_748_736;

/** Transactions of a block whose points are checked while the next ones are decoded. */
const SLICE = 128;
/** Points of one batch of single transactions: some sixty of these. */
const GATHERED = 320;

/**
 * Transactions that are decoded and whose signature and proof were seen to hold, by wtxid: by their very bytes, proof and
 * signature included. So a transaction is decoded and its signature verified once on its way from `check` into a block.
 * What was refused is not remembered: who sends rubbish drives nobody else's transactions out.
 */
export interface KnownTransactions {
  /**
   * Decodes a transaction and checks all that needs no state, but for the signature; at once, points on big integers. Throws
   * ProtocolError.
   */
  decode(bytes: Uint8Array): CheckedTransaction;
  /** The same, points in a batch that is shared with whoever else asks. Throws what the checker of points throws, too. */
  decodeShared(bytes: Uint8Array): Promise<CheckedTransaction>;
  /**
   * The same for those of a block, refusals as values; their points wait for no others. Throws what the checker of points throws: no
   * verdict then.
   */
  decodeAll(transactions: readonly Uint8Array[]): Promise<(CheckedTransaction | ProtocolError)[]>;
  /** Whether the signature is known to be good. */
  isSigned(transaction: CheckedTransaction): boolean;
  /** Remembers a transaction whose signature holds. */
  keep(transaction: CheckedTransaction): void;
  /** Forgets a transaction that is in a block: it cannot come again. */
  forget(transaction: CheckedTransaction): void;
}

/** Nothing remembered yet. @param limit wire bytes at most; default 36 MiB */
export function knownTransactions(
  context: CheckContext,
  keyPoints: KeyPointChecker,
  limit = REMEMBERED_BYTES,
): KnownTransactions {
  const known = new Map<string, CheckedTransaction>();
  const checkPoints: BatchWork<Uint8Array, KeyPoint> = (points) => keyPoints.check(concat(...points));
  const checkShared = gathered(checkPoints, GATHERED);
  let size = 0;
  const drop = (name: string): void => {
    size -= known.get(name)?.size ?? 0;
    known.delete(name);
  };

  /** What is known, or could be checked but for points, or what refused it. */
  function begin(bytes: Uint8Array): CheckedTransaction | PreparedTransaction | ProtocolError {
    const wtxid = witnessTransactionId(bytes);
    return refusalAsValue(
      () => known.get(toHex(wtxid)) ?? prepareTransaction(decodeEnvelope(bytes), bytes, context, wtxid),
    );
  }

  async function decodeSome(
    transactions: readonly Uint8Array[],
    check: BatchWork<Uint8Array, KeyPoint>,
  ): Promise<(CheckedTransaction | ProtocolError)[]> {
    const begun = transactions.map(begin);
    const points = begun.flatMap((one) => ('points' in one ? one.points : []));
    const found = points.length === 0 ? [] : await check(points);
    let first = 0;
    return begun.map((one) => {
      if (!('points' in one)) return one;
      const from = first;
      first += one.points.length;
      return refusalAsValue(() => one.finish((index) => found[from + index]!));
    });
  }

  return {
    decode(bytes) {
      const wtxid = witnessTransactionId(bytes);
      return (
        known.get(toHex(wtxid)) ??
        checkTransaction(decodeEnvelope(bytes), bytes, context, { signature: false, wtxid })
      );
    },

    async decodeShared(bytes) {
      const [outcome] = await decodeSome([bytes], checkShared);
      if (outcome instanceof Error) throw outcome;
      return outcome!;
    },

    async decodeAll(transactions) {
      const slices: Promise<(CheckedTransaction | ProtocolError)[]>[] = [];
      for (let at = 0; at < transactions.length; at += SLICE) {
        slices.push(decodeSome(transactions.slice(at, at + SLICE), checkPoints));
      }
      return (await Promise.all(slices)).flat();
    },

    isSigned: ({ wtxid }) => known.has(toHex(wtxid)),

    keep(transaction) {
      const name = toHex(transaction.wtxid);
      drop(name);
      known.set(name, transaction);
      size += transaction.size;
      // A map gives its keys in the order in which they were set: the first is the one that was not used the longest.
      for (const oldest of known.keys()) {
        if (size <= limit) break;
        drop(oldest);
      }
    },

    forget: ({ wtxid }) => drop(toHex(wtxid)),
  };
}

function refusalAsValue<T>(job: () => T): T | ProtocolError {
  try {
    return job();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}
