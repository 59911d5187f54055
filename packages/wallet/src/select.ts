import { SERO_ASSET } from '@sero/protocol';
import { WalletError } from './errors.ts';
import type { OwnedNote } from './records.ts';

/** What leaves the account in a transaction, by asset. */
export type Needs = ReadonlyMap<bigint, bigint>;

/** Notes that one transaction spends at most (shape A). */
const MAX_INPUTS = 2;

/** The notes that can be spent under an anchor: a younger one is in no tree that the proof could name. */
export function provableNotes(
  wallet: { spendableNotes(): OwnedNote[] },
  anchor: { readonly size: bigint },
): OwnedNote[] {
  return wallet.spendableNotes().filter(({ position }) => position < anchor.size);
}

/**
 * Chooses at most two notes that cover every need: one per asset, or two of one asset. Of the choices it takes the one
 * with the least change, so that large notes stay whole. Throws `insufficient-funds` where the account has too little,
 * `needs-consolidation` where it has enough in too many notes: merge two of them first.
 */
export function selectNotes(notes: readonly OwnedNote[], needs: Needs): OwnedNote[] {
  const wanted = [...needs].filter(([, amount]) => amount > 0n);
  const ownOf = (asset: bigint): OwnedNote[] =>
    notes.filter((note) => note.asset === asset).toSorted(byValue);
  // First of all assets: notes must not be merged for a payment that cannot be made.
  for (const [asset, amount] of wanted) {
    const total = ownOf(asset).reduce((sum, { value }) => sum + value, 0n);
    if (total < amount) {
      throw new WalletError(
        'insufficient-funds',
        `${named(asset)}: ${amount} needed, ${total} can be spent now`,
      );
    }
  }
  const chosen: OwnedNote[] = [];
  for (const [asset, amount] of wanted) {
    const own = ownOf(asset);
    const places = MAX_INPUTS - (wanted.length - 1);
    const covering = own.find(({ value }) => value >= amount);
    const cover = leastChange(covering && [covering], places > 1 ? leastPair(own, amount) : undefined);
    if (cover === undefined) {
      throw new WalletError(
        'needs-consolidation',
        `${named(asset)} lies in too many small notes: consolidate it first`,
      );
    }
    chosen.push(...cover);
  }
  return chosen;
}

function named(asset: bigint): string {
  return asset === SERO_ASSET ? 'SERO' : `asset ${asset}`;
}

function byValue(a: OwnedNote, b: OwnedNote): number {
  return a.value < b.value ? -1 : a.value > b.value ? 1 : a.position < b.position ? -1 : 1;
}

/** Of two choices the one with the smaller sum; the first where they are equal, so that a note more stays whole. */
function leastChange(one: OwnedNote[] | undefined, pair: OwnedNote[] | undefined): OwnedNote[] | undefined {
  if (one === undefined || pair === undefined) return one ?? pair;
  return pair[0]!.value + pair[1]!.value < one[0]!.value ? pair : one;
}

/** The pair with the smallest sum that reaches the amount; the notes ascend by value. */
function leastPair(notes: readonly OwnedNote[], amount: bigint): OwnedNote[] | undefined {
  let best: OwnedNote[] | undefined;
  let bestSum = 0n;
  let low = 0;
  let high = notes.length - 1;
  while (low < high) {
    const sum = notes[low]!.value + notes[high]!.value;
    if (sum < amount) {
      low++;
      continue;
    }
    if (best === undefined || sum < bestSum) {
      best = [notes[low]!, notes[high]!];
      bestSum = sum;
    }
    high--;
  }
  return best;
}

/** The account's largest note of an asset. Throws `insufficient-funds` where it has none. */
export function largestNote(notes: readonly OwnedNote[], asset: bigint): OwnedNote {
  const largest = notes
    .filter((note) => note.asset === asset)
    .toSorted(byValue)
    .at(-1);
  if (largest === undefined)
    throw new WalletError('insufficient-funds', `${named(asset)}: nothing can be spent`);
  return largest;
}
