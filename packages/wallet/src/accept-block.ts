import { toHex } from '@sero/crypto';
import { COMMITMENT_MAX_AGE, type Header, headerHash } from '@sero/protocol';
import type { KnownAsset, LostSpend } from './records.ts';
import type { ScanResult } from './scan.ts';
import { type Tip, type WalletState, written } from './state.ts';
import type { WalletChange } from './store.ts';

/** Anchors that are kept: the newest is used, the others are there to look at. */
const ANCHORS_KEPT = 16;

/** A block that was checked and scanned; its notes are in the tree already. */
export interface ScannedBlock {
  readonly header: Header;
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
  const { header, root, result, registered, anchorStep } = block;
  const { tree, notes, anchors } = state;
  const { height } = header;
  const tip: Tip = { header, hash: headerHash(header) };
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
  changes.push(...settlePending(state, height, spent, block.txids));
  for (const made of result.commitments) {
    state.commitments.set(toHex(made.hash), made);
    changes.push(written.commitment(made));
  }
  for (const [hash, made] of state.commitments) {
    if (made.height + COMMITMENT_MAX_AGE >= height) continue;
    state.commitments.delete(hash);
    changes.push(written.droppedCommitment(hash));
  }
  for (const position of spent) {
    if (state.companions.delete(position)) changes.push(written.droppedCompanion(position));
  }
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

/** Ends what waited for its block: it is in this one, or in none any more. */
function settlePending(
  state: WalletState,
  height: bigint,
  spent: ReadonlySet<bigint>,
  txids: ReadonlySet<string>,
): WalletChange[] {
  const changes: WalletChange[] = [];
  for (const [txid, { positions, expiry, txid: bytes, sent }] of state.pending) {
    const replaced = positions.some((position) => spent.has(position));
    if (!replaced && expiry > height && !txids.has(txid)) continue;
    state.pending.delete(txid);
    changes.push(written.droppedPending(txid));
    if (txids.has(txid)) continue;
    const outcome = replaced ? 'replaced' : 'expired';
    const lost: LostSpend = { txid: bytes, outcome, height, ...(sent === undefined ? {} : { sent }) };
    state.lost.set(txid, lost);
    changes.push(written.lost(lost));
  }
  return changes;
}
