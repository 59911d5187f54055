import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { concat, type Ed25519, le32, le64, utf8 } from '@sero/crypto';
import { ensure } from './errors.ts';
import { Bytes32, Bytes64 } from './ssz.ts';
import { STEP } from './steps.ts';

/** Rounds that one batch key covers. */
export const ROUNDS_PER_BATCH = 256n;

/** Leaves of one round: four classes in each of the periods 0, 1, 2 and "3 and later". */
export const LEAVES_PER_ROUND = 16;

/** Periods from this one on share their leaves. */
export const LAST_LEAF_PERIOD = 3;

/** A signature under a registered vote root: root -> batch key -> leaf key -> message; 256 bytes, each part Ed25519. */
export const EphemeralSignatureType = new ContainerType({
  batchKey: Bytes32,
  /** By the root over `batchMessage`. */
  batchSignature: Bytes64,
  leafKey: Bytes32,
  /** By the batch key over `leafMessage`. */
  leafSignature: Bytes64,
  /** By the leaf key over the message itself. */
  signature: Bytes64,
});

export type EphemeralSignature = ValueOf<typeof EphemeralSignatureType>;

/** Class of a step: 0 propose, 1 soft, 2 cert, 3 whatever ends a period. Each has its own leaf, so that a leaf can be erased with its vote. */
function stepClass(step: number): number {
  return step > STEP.cert ? 3 : step;
}

/** Number of a round's batch: floor(round / 256). */
export function batchOf(round: bigint): bigint {
  return round / ROUNDS_PER_BATCH;
}

/** Number of a leaf in its round, 0..15: 4 min(period, 3) + class. */
export function leafInRound(period: number, step: number): number {
  return 4 * (period < LAST_LEAF_PERIOD ? period : LAST_LEAF_PERIOD) + stepClass(step);
}

/** Number of a leaf in its batch, 0..4095. */
export function leafOf(round: bigint, period: number, step: number): number {
  return Number(round % ROUNDS_PER_BATCH) * LEAVES_PER_ROUND + leafInRound(period, step);
}

/** What the root signs for a batch. No genesis hash: the root itself stands in one genesis file or one registration. */
export function batchMessage(batch: bigint, batchKey: Uint8Array): Uint8Array {
  return concat(utf8('sero/batch/1'), le64(batch), batchKey);
}

/** What a batch key signs for a leaf. */
export function leafMessage(batch: bigint, leaf: number, leafKey: Uint8Array): Uint8Array {
  return concat(utf8('sero/leaf/1'), le64(batch), le32(leaf), leafKey);
}

/**
 * Links of key chains that verified before, each under everything that its verdict depends on, so that a node with a
 * full cache and one with an empty cache agree on every signature.
 */
export interface EphemeralCache {
  has(link: string): boolean;
  add(link: string): void;
}

/** A cache of at most `capacity` links: two generations, the older dropped when the younger is full. @param capacity at least 2 */
export function ephemeralCache(capacity: number): EphemeralCache {
  let [young, old] = [new Set<string>(), new Set<string>()];
  return {
    has: (link) => young.has(link) || old.has(link),
    add: (link) => {
      if (2 * (young.size + 1) > capacity) [young, old] = [new Set(), young];
      young.add(link);
    },
  };
}

/** One link of a chain, by cache or by verification. */
function verifyLink(
  key: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  ed25519: Ed25519,
  cache: EphemeralCache | undefined,
): boolean {
  if (cache === undefined) return ed25519.verify(key, message, signature);
  // The tags in the messages keep the two kinds of links apart; all three parts have one length a kind.
  const name = String.fromCharCode(...key, ...signature, ...message);
  if (cache.has(name)) return true;
  if (!ed25519.verify(key, message, signature)) return false;
  cache.add(name);
  return true;
}

/**
 * Checks a signature of the leaf that belongs to (round, period, step) under a vote root.
 *
 * @param root Ed25519 key of the record's row in the round's table
 * @param cache links that verified before; no verdict depends on it
 * @throws ProtocolError `batch-signature`, `leaf-signature`, `vote-signature`
 */
export function verifyEphemeral(
  root: Uint8Array,
  at: { readonly round: bigint; readonly period: number; readonly step: number },
  message: Uint8Array,
  { batchKey, batchSignature, leafKey, leafSignature, signature }: EphemeralSignature,
  ed25519: Ed25519,
  cache?: EphemeralCache,
): void {
  const batch = batchOf(at.round);
  ensure(
    verifyLink(root, batchMessage(batch, batchKey), batchSignature, ed25519, cache),
    'batch-signature',
    'the root has not signed this batch key for this batch of rounds',
  );
  const leaf = leafOf(at.round, at.period, at.step);
  ensure(
    verifyLink(batchKey, leafMessage(batch, leaf, leafKey), leafSignature, ed25519, cache),
    'leaf-signature',
    'the batch key has not signed this leaf for this round, period and step',
  );
  ensure(
    ed25519.verify(leafKey, message, signature),
    'vote-signature',
    'the leaf has not signed this vote on this chain',
  );
}
