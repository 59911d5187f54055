import { equalBytes, toHex } from '@sero/crypto';
import { SERO_ASSET } from '@sero/protocol';
import { ensure, mayEnter, WalletError } from './errors.ts';
import type { Companion, EnteredSpend, OwnedNote, PendingSpend } from './records.ts';
import { type WalletState, written } from './state.ts';
import type { WalletChange, WalletStore } from './store.ts';
import type { Balance } from './wallet-interface.ts';

/** Positions of notes that a submitted transaction spends. Those of one that was refused are not held back: the next one spends them. */
export function reservedNotes({ pending }: Pick<WalletState, 'pending'>): Set<bigint> {
  const held = [...pending.values()].filter(({ refused }) => refused === undefined);
  return new Set(held.flatMap(({ positions }) => positions));
}

/** See `Wallet.reserve`. */
export async function reserve(state: WalletState, store: WalletStore, spend: PendingSpend): Promise<boolean> {
  const known = state.pending.get(toHex(spend.txid));
  if (known !== undefined && known.refused === undefined) return false;
  expectSettled(state);
  const held = reservedNotes(state);
  ensure(
    spend.positions.every(
      (position) => !held.has(position) && state.notes.get(position)?.spentAt === undefined,
    ),
    'already-spending',
    'a note of this plan is spent, or another submitted transaction spends it: plan again',
  );
  const beside = [...state.pending.values()].filter(
    ({ refused, positions }) =>
      refused !== undefined && !spend.positions.some((position) => positions.includes(position)),
  );
  const last = beside.toSorted((a, b) => (a.expiry < b.expiry ? -1 : 1)).at(-1);
  if (last !== undefined) {
    throw new WalletError('refused-may-enter', mayEnter(toHex(last.txid), last.expiry));
  }
  const companions = companionsOf(spend, state.companions);
  await store.write([
    written.pending(spend),
    ...companions.map(([position, companion]) => written.companion(position, companion)),
  ]);
  state.pending.set(toHex(spend.txid), spend);
  for (const [position, companion] of companions) state.companions.set(position, companion);
  return true;
}

/** See `Wallet.expectSettled`. */
export function expectSettled({ entered, former }: Pick<WalletState, 'entered' | 'former'>): void {
  const found = [...entered.values()].find(({ acknowledged }) => acknowledged === undefined);
  if (found !== undefined) throw new WalletError('refused-entered', enteredText(found));
  if (former === undefined || former.pending.length === 0) return;
  const heights = former.blocks.map(({ height }) => height).toSorted((a, b) => (a < b ? -1 : 1));
  throw new WalletError(
    'repair-unfinished',
    `before the repair ${former.pending.length} transactions were on their way, and whether this is the chain that they are for is not known before block ${heights.join(' or ')} is read: read the chain as far as that, for something could be paid twice`,
  );
}

function enteredText({ txid, height, payments }: EnteredSpend): string {
  const paid = payments.map(
    ({ asset, value }) =>
      `${value} ${asset === SERO_ASSET ? 'of the smallest unit of SERO' : `of asset ${asset}`}`,
  );
  return `transaction ${toHex(txid)}, which a node said that it refused, is in block ${height} and paid ${paid.length === 0 ? 'nobody else' : paid.join(', ')}; nothing was sent now: look at it, acknowledge it, and send again only what is still to be paid`;
}

/** Records that a block holds what a node had refused. @returns what is to be written */
export function entered(
  state: WalletState,
  { txid, sent }: Pick<PendingSpend, 'txid' | 'sent'>,
  height: bigint,
): WalletChange {
  // The chain's own copy, where this account's key opens it.
  const entry = state.history.findLast((line) => line.own && equalBytes(line.txid, txid));
  const paid = entry?.payments ?? sent?.payments ?? [];
  const payments = paid.map(({ to, asset, value }) => ({ to, asset, value }));
  const spend: EnteredSpend = { txid, height, payments };
  state.entered.set(toHex(txid), spend);
  return written.entered(spend);
}

/** See `Wallet.refuse`. */
export async function refuse(state: WalletState, store: WalletStore, txid: Uint8Array): Promise<void> {
  if (state.pending.has(toHex(txid))) return amend(state, store, txid, { refused: true });
  // Its block was read before the answer of the node: the refusal is a lie that is known already.
  const entry = state.history.findLast((line) => line.own && equalBytes(line.txid, txid));
  if (entry === undefined || state.entered.has(toHex(txid))) return;
  await store.write([entered(state, { txid }, entry.height)]);
}

/** See `Wallet.acknowledge`. */
export async function acknowledge(state: WalletState, store: WalletStore, txid: Uint8Array): Promise<void> {
  const spend = state.entered.get(toHex(txid));
  if (spend === undefined) return;
  const known: EnteredSpend = { ...spend, acknowledged: true };
  await store.write([written.entered(known)]);
  state.entered.set(toHex(txid), known);
}

/** Adds to the record of a submitted transaction; nothing where there is none. */
export async function amend(
  state: WalletState,
  store: WalletStore,
  txid: Uint8Array,
  change: Pick<PendingSpend, 'sent' | 'refused'>,
): Promise<void> {
  const spend = state.pending.get(toHex(txid));
  if (spend === undefined) return;
  const amended = { ...spend, ...change };
  await store.write([written.pending(amended)]);
  state.pending.set(toHex(txid), amended);
}

/** What unspent notes come to, by asset: those that a submitted transaction spends apart, and those that no anchor covers. */
export function balancesOf(state: WalletState, unspent: readonly OwnedNote[]): Balance[] {
  const held = reservedNotes(state);
  const covered = state.anchors.at(-1)?.size ?? 0n;
  const sums = new Map<bigint, { spendable: bigint; waiting: bigint; pending: bigint }>();
  for (const { asset, value, position } of unspent) {
    const sum = sums.get(asset) ?? { spendable: 0n, waiting: 0n, pending: 0n };
    sum[held.has(position) ? 'pending' : position < covered ? 'spendable' : 'waiting'] += value;
    sums.set(asset, sum);
  }
  return [...sums]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([asset, { spendable, waiting, pending }]) => ({
      asset,
      name: state.assets.get(asset)?.name,
      spendable,
      waiting,
      pending,
      total: spendable + waiting + pending,
    }));
}

/** Each note of a submitted transaction with what stood beside it, now and in earlier ones. */
function companionsOf(
  { positions, dummies }: PendingSpend,
  earlier: ReadonlyMap<bigint, Companion>,
): [bigint, Companion][] {
  return positions.map((position) => {
    const before = earlier.get(position);
    const beside = new Set([...(before?.positions ?? []), ...positions]);
    beside.delete(position);
    const all = new Map([...(before?.dummies ?? []), ...dummies].map((dummy) => [dummy.rcm, dummy]));
    return [position, { positions: [...beside], dummies: [...all.values()] }];
  });
}
