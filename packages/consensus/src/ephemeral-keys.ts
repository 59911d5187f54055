import { type Ed25519, equalBytes } from '@sero/crypto';
import { batchOf, type EphemeralSignature, LEAVES_PER_ROUND, leafOf, ROUNDS_PER_BATCH } from '@sero/protocol';
import { ensure } from './key-error.ts';
import {
  areaOf,
  type BatchLink,
  type BatchSlot,
  eraseArea,
  eraseBatch,
  eraseLeaves,
  isZero,
  type RoundRange,
  readArea,
  readBatch,
  readHead,
  readLeaf,
  writeArea,
  writeLeaf,
} from './key-file.ts';
import type { KeyStep } from './key-steps.ts';
import type { LeafName } from './leaf-slots.ts';
import { batchSigner, newLeaf } from './make-keys.ts';
import type { Done, SlotFile } from './slot-file.ts';

/**
 * The ephemeral keys of one stake record. Secrets stay in the file and are read for the moment of a signature.
 *
 * After opening, erase what the vote log names and what lies before the chain's round, before anything is signed. For every batch, in time
 * before its first round, run `prepare`.
 */
export interface EphemeralKeys {
  /** Rounds that the keys cover. */
  readonly range: RoundRange;
  /** The registered root, an Ed25519 key. */
  readonly root: Uint8Array;
  /**
   * Signs with the leaf of (round, period, step), which stays until it is erased.
   *
   * @returns undefined where the leaf was erased, is not made yet, or the round is not in the range
   */
  sign(round: bigint, period: number, step: number, message: Uint8Array): EphemeralSignature | undefined;
  /** Overwrites leaves, those that are not made yet too; durable with the next sync. Erased ones may be named again. */
  erase(leaves: readonly LeafName[]): void;
  /** Overwrites every key of the rounds before this one; durable with the next sync. */
  eraseBefore(round: bigint): void;
  /** Whether the leaves of a round's batch are made. */
  isReady(round: bigint): boolean;
  /**
   * Makes the leaves of a round's batch and then erases the batch's secret; for `runKeySteps`. Ends at once if there is nothing to do or
   * the batch is being made already, and early if the batch is over before it is ready. Other calls may come between its steps.
   *
   * @throws KeyError `batch-too-early` for a batch later than the one after that of the first round that is not erased, `key-file-damaged`
   */
  prepare(round: bigint): Generator<KeyStep, void>;
  /** Makes erasures durable. Until it is done nothing that was signed may be sent. */
  sync(done: Done): void;
}

/** What an area is used for. */
interface Area extends BatchLink {
  readonly batch: bigint;
  /** Its leaves are durable and the batch's secret is not there any more: only now may they sign. */
  ready: boolean;
}

/**
 * Opens a file of keys that was made before.
 *
 * @throws KeyError `key-file-damaged`, `key-file-size`
 */
export function openEphemeralKeys(file: SlotFile, ed25519: Ed25519): EphemeralKeys {
  const { range, root } = readHead(file);
  const areas: (Area | undefined)[] = [0, 1].map((area) => openArea(file, range, area));
  /** Rounds before it are erased. */
  let floor = range.first;
  /** Leaves that were erased before they were made. */
  const unmade = new Map<bigint, Set<number>>();
  /** Batches whose leaves are being made. */
  const making = new Set<bigint>();

  const readyArea = (round: bigint): Area | undefined => {
    const area = areas[areaOf(batchOf(round))];
    const holds = round >= floor && round <= range.last && area?.batch === batchOf(round);
    return holds && area.ready ? area : undefined;
  };

  /** Makes the leaves of a round, but those that were erased in advance. */
  const makeRound = (round: bigint, secret: Uint8Array, signer: Uint8Array): void => {
    const batch = batchOf(round);
    const first = leafIn(round, 0);
    eraseLeaves(file, batch, first, LEAVES_PER_ROUND);
    if (round < floor || round > range.last) return;
    for (let leaf = 0; leaf < LEAVES_PER_ROUND; leaf++) {
      if (unmade.get(round)?.has(leaf) === true) continue;
      const made = newLeaf(secret, signer, batch, first + leaf, ed25519);
      writeLeaf(file, batch, first + leaf, made);
      made.secret.fill(0);
    }
  };

  function* prepare(round: bigint): Generator<KeyStep, void> {
    const batch = batchOf(round);
    if (round < range.first || round > range.last || batch < batchOf(floor)) return;
    ensure(
      batch <= batchOf(floor) + 1n,
      'batch-too-early',
      `the batch of round ${round} has to wait until an earlier one is over`,
    );
    if (making.has(batch) || areas[areaOf(batch)]?.ready === true) return;
    const slot = readBatch(file, range, batch);
    // Erased without leaves: the keys were once used for rounds beyond this batch.
    if (isZero(slot.secret)) return;
    const signer = batchSigner(slot.secret);
    making.add(batch);
    try {
      if (equalBytes(ed25519.publicKey(signer), slot.batchKey)) yield* makeLeaves(batch, slot, signer);
      if (batch < batchOf(floor)) return;
      const area = areas[areaOf(batch)];
      // A crash leaves half a secret only where the leaves are durable.
      ensure(
        area?.batch === batch,
        'key-file-damaged',
        `the key of the batch of round ${round} is damaged: register new keys`,
      );
      eraseBatch(file, range, batch);
      yield 'sync';
      area.ready = true;
    } finally {
      making.delete(batch);
      slot.secret.fill(0);
      signer.fill(0);
    }
  }

  /** Makes all leaves of a batch durable, or stops where the batch is over. */
  function* makeLeaves(batch: bigint, slot: BatchSlot, signer: Uint8Array): Generator<KeyStep, void> {
    const { secret, batchKey, batchSignature } = slot;
    areas[areaOf(batch)] = { batch, batchKey, batchSignature, ready: false };
    for (let i = 0n; i < ROUNDS_PER_BATCH; i++) {
      yield 'pause';
      if (batch < batchOf(floor)) return;
      makeRound(batch * ROUNDS_PER_BATCH + i, secret, signer);
    }
    writeArea(file, batch, slot);
    yield 'sync';
  }

  return {
    range,
    root,

    sign(round, period, step, message) {
      const area = readyArea(round);
      if (area === undefined) return undefined;
      const slot = readLeaf(file, area.batch, leafOf(round, period, step));
      if (slot === undefined) return undefined;
      const { secret, leafSignature } = slot;
      const { batchKey, batchSignature } = area;
      const leafKey = ed25519.publicKey(secret);
      const signature = ed25519.sign(secret, message);
      secret.fill(0);
      return { batchKey, batchSignature, leafKey, leafSignature, signature };
    },

    erase(leaves) {
      for (const { round, leaf } of leaves) {
        if (round < floor || round > range.last) continue;
        const batch = batchOf(round);
        const area = areas[areaOf(batch)];
        if (area?.batch === batch) eraseLeaves(file, batch, leafIn(round, leaf), 1);
        if (area?.batch === batch && area.ready) continue;
        unmade.set(round, (unmade.get(round) ?? new Set()).add(leaf));
      }
    },

    eraseBefore(round) {
      if (round <= floor) return;
      const from = floor;
      floor = round;
      const live = round > range.last ? batchOf(range.last) + 1n : batchOf(round);
      for (let batch = batchOf(from); batch < live; batch++) eraseBatch(file, range, batch);
      for (const [index, area] of areas.entries()) {
        if (area === undefined || area.batch > live) continue;
        if (area.batch < live) {
          eraseArea(file, index);
          areas[index] = undefined;
        } else {
          const start = live * ROUNDS_PER_BATCH;
          const first = from > start ? from : start;
          eraseLeaves(file, live, leafIn(first, 0), Number(round - first) * LEAVES_PER_ROUND);
        }
      }
      for (const old of unmade.keys()) if (old < floor) unmade.delete(old);
    },

    isReady: (round) => readyArea(round) !== undefined,
    prepare,
    sync: (done) => file.sync(done),
  };
}

/** Number of a leaf of a round in its batch. */
function leafIn(round: bigint, leaf: number): number {
  return leafOf(round, 0, 0) + leaf;
}

/** Takes over the leaves in an area. What has no whole head is left of a batch that is over, or is made anew: it is overwritten. */
function openArea(file: SlotFile, range: RoundRange, index: number): Area | undefined {
  const head = readArea(file, index);
  const isOurs =
    head !== undefined &&
    areaOf(head.batch) === index &&
    head.batch >= batchOf(range.first) &&
    head.batch <= batchOf(range.last);
  if (!isOurs) {
    eraseArea(file, index);
    return undefined;
  }
  return { ...head, ready: isZero(readBatch(file, range, head.batch).secret) };
}
