import { toHex } from '@sero/crypto';
import { ensure, mayEnter, WalletError } from './errors.ts';
import type { Companion, OwnedNote, PendingSpend } from './records.ts';
import { type WalletState, written } from './state.ts';
import type { WalletStore } from './store.ts';
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
  const held = reservedNotes(state);
  ensure(
    spend.positions.every(
      (position) => !held.has(position) && state.notes.get(position)?.spentAt === undefined,
    ),
    'already-spending',
    'a note of this plan is spent, or another submitted transaction spends it: plan again',
  );
  for (const { txid, positions, expiry, refused } of state.pending.values()) {
    const conflicts = spend.positions.some((position) => positions.includes(position));
    if (refused === undefined || conflicts) continue;
    throw new WalletError('refused-may-enter', mayEnter(toHex(txid), expiry));
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
