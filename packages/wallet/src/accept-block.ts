import { equalBytes, toHex } from '@sero/crypto';
import { COMMITMENT_MAX_AGE } from '@sero/protocol';
import type { Companion, KnownAsset, LostSpend, PendingSpend } from './records.ts';
import { entered } from './reservations.ts';
import type { ScanResult } from './scan.ts';
import { FORMER_BLOCKS, type Tip, type WalletState, written } from './state.ts';
import type { WalletChange } from './store.ts';

/** Anchors that are kept: the newest is used, the others are there to look at. */
const ANCHORS_KEPT = 16;

/** A block that was checked and scanned; its notes are in the tree already. */
export interface ScannedBlock {
  readonly tip: Tip;
  /** Notes root after it. */
  readonly root: bigint;
  readonly result: ScanResult;
  /** Of all its transactions, in hexadecimal. */
  readonly txids: ReadonlySet<string>;
  readonly registered: readonly KnownAsset[];
  /** Every so many blocks there is an anchor. */
  readonly anchorStep: bigint;
}

/** Takes a block's findings over into the state. Nothing in it can fail: it is the whole block. Returns what is to be written. */
export function acceptBlock(state: WalletState, block: ScannedBlock): WalletChange[] {
  const { tip, root, result, registered, anchorStep } = block;
  const { header } = tip;
  const { tree, notes, anchors } = state;
  const { height } = header;
  const changes: WalletChange[] = [];

  const spent = new Set(result.spentPositions);
  const received = result.received.map((note) =>
    spent.has(note.position) ? { ...note, spentAt: height } : note,
  );
  const touched = [...spent].flatMap((position) => {
    const note = notes.get(position);
    return note === undefined ? [] : [{ ...note, spentAt: height }];
  });
  for (const note of [...received, ...touched]) {
    notes.set(note.position, note);
    changes.push(written.note(note));
  }
  for (const asset of registered) {
    state.assets.set(asset.asset, asset);
    changes.push(written.asset(asset));
  }
  for (const entry of result.history) {
    changes.push(written.history(entry, state.history.length));
    state.history.push(entry);
  }
  for (const note of result.undisclosed) {
    changes.push(written.undisclosed(note, state.undisclosed.length));
    state.undisclosed.push(note);
  }
  const spentDummies = new Set(result.spentDummies);
  if (state.former !== undefined) {
    changes.push(...thinCompanions(state.former.companions, spent, spentDummies).map(written.former));
  }
  if (state.origin === undefined && height > 0n) {
    state.origin = { height, hash: tip.hash };
    changes.push(written.origin(state.origin));
  }
  changes.push(...settleFormer(state, tip), ...settlePending(state, height, spent, block.txids));
  for (const made of result.commitments) {
    state.commitments.set(toHex(made.hash), made);
    changes.push(written.commitment(made));
  }
  for (const [hash, made] of state.commitments) {
    if (made.height + COMMITMENT_MAX_AGE >= height) continue;
    state.commitments.delete(hash);
    changes.push(written.droppedCommitment(hash));
  }
  changes.push(...thinCompanions(state.companions, spent, spentDummies));
  if (height % anchorStep === 0n) {
    const anchor = { height, size: tree.size(), root };
    anchors.push(anchor);
    changes.push(written.anchor(anchor));
    const old = anchors.splice(0, Math.max(0, anchors.length - ANCHORS_KEPT));
    changes.push(...old.map(written.droppedAnchor));
    if (tree.isWorthPruning()) {
      const unspent = [...notes.values()].filter(({ spentAt }) => spentAt === undefined);
      tree.prune(
        anchor.size,
        unspent.map(({ position }) => position),
      );
    }
  }
  state.tip = tip;
  changes.push(written.head(header.genesisHash, tip, tree.size()));
  return changes;
}

/**
 * Forgets what was spent: a companion is there to be spent again beside its note, and a plan with a dummy whose nullifier is in a
 * block would be refused whenever it is made. A dummy is known by the position in its TRACE, one of 2^36.
 */
function thinCompanions(
  companions: Map<bigint, Companion>,
  spent: ReadonlySet<bigint>,
  spentDummies: ReadonlySet<bigint>,
): WalletChange[] {
  if (spent.size === 0 && spentDummies.size === 0) return [];
  const changes: WalletChange[] = [];
  for (const [position, old] of companions) {
    const positions = old.positions.filter((other) => !spent.has(other));
    const dummies = old.dummies.filter((dummy) => !spentDummies.has(dummy.position));
    const left = positions.length + dummies.length;
    if (spent.has(position)) {
      companions.delete(position);
      changes.push(written.droppedCompanion(position));
    } else if (left < old.positions.length + old.dummies.length) {
      companions.set(position, { positions, dummies });
      changes.push(written.companion(position, { positions, dummies }));
    }
  }
  return changes;
}

/**
 * Ends what a repair left open, once a block comes by that was read before it: if this is the chain of old, what was on its way holds
 * again from there on. If it was begun anew, the same positions are other notes, and it is forgotten. Where reading began above both
 * blocks nobody can tell, and what could still enter counts as if it did.
 */
function settleFormer(state: WalletState, { header, hash }: Tip): WalletChange[] {
  const { former } = state;
  if (former === undefined) return [];
  const { height } = header;
  const answers = former.blocks.flatMap((block) => {
    if (block.height === height) return [equalBytes(hash, block.hash)];
    return block.height === height - 1n ? [equalBytes(header.parent, block.hash)] : [];
  });
  const isPassed = former.blocks.every((block) => block.height < height - 1n);
  if (answers.length === 0 && !isPassed) return [];
  state.former = undefined;
  const stored = [
    ...former.pending.map(written.pending),
    ...former.lost.map(written.lost),
    ...[...former.companions].map(([position, companion]) => written.companion(position, companion)),
  ];
  const dropped = [
    { key: FORMER_BLOCKS, value: undefined },
    ...stored.map(({ key }) => written.former({ key, value: undefined })),
  ];
  if (answers.includes(false)) return dropped;
  const seen = answers.length > 0;
  const pending = former.pending.flatMap((spend): PendingSpend[] => {
    if (seen) return [spend];
    return spend.expiry > height ? [{ ...spend, unseen: true }] : [];
  });
  for (const spend of pending) state.pending.set(toHex(spend.txid), spend);
  for (const spend of former.lost) state.lost.set(toHex(spend.txid), spend);
  for (const [position, companion] of former.companions) state.companions.set(position, companion);
  return [
    ...dropped,
    ...pending.map(written.pending),
    ...former.lost.map(written.lost),
    ...[...former.companions].map(([position, companion]) => written.companion(position, companion)),
  ];
}

/** Ends what waited for its block: it is in this one, or in none any more. */
function settlePending(
  state: WalletState,
  height: bigint,
  spent: ReadonlySet<bigint>,
  txids: ReadonlySet<string>,
): WalletChange[] {
  const changes: WalletChange[] = [];
  for (const [txid, spend] of state.pending) {
    const { positions, expiry, txid: bytes, sent, refused, unseen } = spend;
    const replaced = positions.some((position) => spent.has(position));
    if (!replaced && expiry > height && !txids.has(txid)) continue;
    state.pending.delete(txid);
    changes.push(written.droppedPending(txid));
    if (txids.has(txid)) {
      // Whoever was told that it was refused may be about to pay again: nothing binds the next payment any more.
      if (refused !== undefined) changes.push(entered(state, spend, height));
      continue;
    }
    // Whoever submitted what was refused knows that it was.
    if (refused !== undefined || (unseen !== undefined && !replaced)) continue;
    const outcome = replaced ? 'replaced' : 'expired';
    const lost: LostSpend = { txid: bytes, outcome, height, ...(sent === undefined ? {} : { sent }) };
    state.lost.set(txid, lost);
    changes.push(written.lost(lost));
  }
  return changes;
}
