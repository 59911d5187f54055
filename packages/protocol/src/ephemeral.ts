import { ContainerType, type ValueOf } from '@chainsafe/ssz';
import { concat, type Ed25519, equalBytes, le32, le64, utf8 } from '@sero/crypto';
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
 * Batch keys that came with what counted: of each place (a root and a batch) one, under everything that the verdict depends on, so that a node
 * with a full cache and one with an empty cache agree on every signature. Leaves are not kept: each comes once or twice.
 */
export interface EphemeralCache {
  /** @param place root and batch @param link batch key and the root's signature */
  has(place: string, link: string): boolean;
  /** In the place of what was kept there before. */
  add(place: string, link: string): void;
}

/**
 * A cache of at most `capacity` places: two generations, the older dropped when the younger is full. A place stays where it is: a batch is over
 * after 256 rounds, and a place that moved when it was used would push out others that are used as often.
 *
 * @param capacity at least 2
 */
export function ephemeralCache(capacity: number): EphemeralCache {
  let [young, old] = [new Map<string, string>(), new Map<string, string>()];
  return {
    has: (place, link) => (young.get(place) ?? old.get(place)) === link,
    add: (place, link) => {
      if (old.has(place)) {
        old.set(place, link);
        return;
      }
      if (!young.has(place) && 2 * (young.size + 1) > capacity) [young, old] = [new Map(), young];
      young.set(place, link);
    },
  };
}

/** Where a batch key is kept, and as what. Every part has one length. */
function namesOf(
  root: Uint8Array,
  round: bigint,
  { batchKey, batchSignature }: EphemeralSignature,
): [place: string, link: string] {
  return [
    String.fromCharCode(...root, ...le64(batchOf(round))),
    String.fromCharCode(...batchKey, ...batchSignature),
  ];
}

/**
 * Remembers the batch key of a signature that verified. Only once what was signed counts: else whoever has a row, and signs batch keys without
 * end for votes that do not, would push out everybody else's. One is kept for each root and batch, so nobody pushes out any but his own.
 */
export function rememberBatchKey(
  root: Uint8Array,
  round: bigint,
  signature: EphemeralSignature,
  cache: EphemeralCache | undefined,
): void {
  cache?.add(...namesOf(root, round, signature));
}

/** What need not be verified again; no verdict depends on it. */
interface KnownLinks {
  /** Batch keys of what counted. */
  readonly links?: EphemeralCache | undefined;
  /** A signature under the same root for the same (round, period, step) that verified: what the two share. */
  readonly before?: EphemeralSignature | undefined;
}

/**
 * Checks a signature of the leaf that belongs to (round, period, step) under a vote root.
 *
 * @param root Ed25519 key of the record's row in the round's table
 * @throws ProtocolError `batch-signature`, `leaf-signature`, `vote-signature`
 */
export function verifyEphemeral(
  root: Uint8Array,
  at: { readonly round: bigint; readonly period: number; readonly step: number },
  message: Uint8Array,
  own: EphemeralSignature,
  ed25519: Ed25519,
  { links, before }: KnownLinks = {},
): void {
  const { batchKey, batchSignature, leafKey, leafSignature, signature } = own;
  const batch = batchOf(at.round);
  const isSameBatch =
    before !== undefined &&
    equalBytes(batchKey, before.batchKey) &&
    equalBytes(batchSignature, before.batchSignature);
  ensure(
    isSameBatch ||
      links?.has(...namesOf(root, at.round, own)) === true ||
      ed25519.verify(root, batchMessage(batch, batchKey), batchSignature),
    'batch-signature',
    'the root has not signed this batch key for this batch of rounds',
  );
  const leaf = leafOf(at.round, at.period, at.step);
  const isSameLeaf =
    isSameBatch && equalBytes(leafKey, before.leafKey) && equalBytes(leafSignature, before.leafSignature);
  ensure(
    isSameLeaf || ed25519.verify(batchKey, leafMessage(batch, leaf, leafKey), leafSignature),
    'leaf-signature',
    'the batch key has not signed this leaf for this round, period and step',
  );
  ensure(
    ed25519.verify(leafKey, message, signature),
    'vote-signature',
    'the leaf has not signed this vote on this chain',
  );
}
