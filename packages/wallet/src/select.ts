import type { Shape } from '@sero/circuits';
import { SERO_ASSET } from '@sero/protocol';
import { WalletError } from './errors.ts';
import type { OwnedNote } from './records.ts';

/** What leaves the account in a transaction, by asset. */
export type Needs = ReadonlyMap<bigint, bigint>;

/** What the choice looks at. */
export type Coin = Pick<OwnedNote, 'asset' | 'value' | 'position'>;

/** Room for notes in a transaction: `inputs` of at most `slots` assets. */
export type Room = Pick<Shape, 'inputs' | 'slots'>;

/** The notes that can be spent under an anchor: a younger one is in no tree that the proof could name. */
export function provableNotes(
  wallet: { spendableNotes(): OwnedNote[] },
  anchor: { readonly size: bigint },
): OwnedNote[] {
  return wallet.spendableNotes().filter(({ position }) => position < anchor.size);
}

/**
 * Chooses notes that cover every need, as many as a shape has room for at most. Two inputs: of all choices the one with the least
 * change, so that large notes stay whole. More inputs: the smallest notes that do, so that many become few; none of them
 * could be left out. Throws `insufficient-funds` where the account has too little, `needs-consolidation` where it has
 * enough in too many notes, or of too many assets for one transaction: merge some of them first.
 */
export function selectNotes<N extends Coin>(notes: readonly N[], needs: Needs, room: Room): N[] {
  const wanted = [...needs].filter(([, amount]) => amount > 0n);
  // First of all assets: notes must not be merged for a payment that cannot be made.
  for (const [asset, amount] of wanted) checkCovered(notes, asset, amount);
  const least = wanted.map(([asset, amount]) => leastCount(ownOf(notes, asset), amount));
  const assets = new Set([SERO_ASSET, ...wanted.map(([asset]) => asset)]);
  let spare = room.inputs - least.reduce((sum, count) => sum + count, 0);
  if (spare < 0 || assets.size > room.slots) {
    const worst = wanted[least.indexOf(Math.max(...least))]![0];
    throw new WalletError(
      'needs-consolidation',
      `${named(worst)} lies in too many small notes for one transaction: consolidate it first`,
    );
  }
  return wanted.flatMap(([asset, amount], i) => {
    const places = least[i]! + spare;
    const cover = smallestCover(ownOf(notes, asset), amount, places);
    spare -= cover.length - least[i]!;
    return cover;
  });
}

/** Throws `insufficient-funds` where the notes of an asset sum to less than an amount. */
function checkCovered(notes: readonly Coin[], asset: bigint, amount: bigint): void {
  const total = ownOf(notes, asset).reduce((sum, { value }) => sum + value, 0n);
  if (total >= amount) return;
  throw new WalletError('insufficient-funds', `${named(asset)}: ${amount} needed, ${total} can be spent now`);
}

function named(asset: bigint): string {
  return asset === SERO_ASSET ? 'SERO' : `asset ${asset}`;
}

/** The notes of an asset, smallest first. */
export function ownOf<N extends Coin>(notes: readonly N[], asset: bigint): N[] {
  return notes.filter((note) => note.asset === asset).toSorted(byValue);
}

function byValue(a: Coin, b: Coin): number {
  return a.value < b.value ? -1 : a.value > b.value ? 1 : a.position < b.position ? -1 : 1;
}

/** How many of the largest notes cover an amount that all of them cover. */
function leastCount(ascending: readonly Coin[], amount: bigint): number {
  let [count, sum] = [0, 0n];
  while (sum < amount) sum += ascending[ascending.length - 1 - count++]!.value;
  return count;
}

/** Notes that cover an amount, at most `places` of them, where that many can. */
function smallestCover<N extends Coin>(ascending: readonly N[], amount: bigint, places: number): N[] {
  const one = ascending.find(({ value }) => value >= amount);
  if (places === 1) return [one!];
  if (places === 2) return leastChange(one && [one], leastPair(ascending, amount))!;
  const length = Math.min(places, ascending.length);
  const sumOf = (part: readonly Coin[]): bigint => part.reduce((sum, { value }) => sum + value, 0n);
  let from = 0;
  while (sumOf(ascending.slice(from, from + length)) < amount) from++;
  let cover = ascending.slice(from, from + length);
  let spare = sumOf(cover) - amount;
  // From the largest down: what is left over in the end is as little as these notes allow.
  for (const note of cover.toReversed()) {
    if (note.value > spare) continue;
    cover = cover.filter((other) => other !== note);
    spare -= note.value;
  }
  return cover;
}

/** Of two choices the one with the smaller sum; the first where they are equal, so that a note more stays whole. */
function leastChange<N extends Coin>(one: N[] | undefined, pair: N[] | undefined): N[] | undefined {
  if (one === undefined || pair === undefined) return one ?? pair;
  return pair[0]!.value + pair[1]!.value < one[0]!.value ? pair : one;
}

/** The pair with the smallest sum that reaches the amount; the notes ascend by value. */
function leastPair<N extends Coin>(notes: readonly N[], amount: bigint): N[] | undefined {
  let best: N[] | undefined;
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

/**
 * Chooses the notes of one asset that are merged into one: the largest, as many as there is room for beside the notes of SERO that
 * pay the fee. Throws `request-invalid` where there are not two of them or no room for two beside the fee, `needs-consolidation` where the
 * fee lies in too many notes, `insufficient-funds` where it is not covered.
 */
export function selectMerge<N extends Coin>(
  notes: readonly N[],
  asset: bigint,
  fee: bigint,
  room: Room,
): N[] {
  const largest = ownOf(notes, asset).toReversed();
  if (largest.length < 2) {
    throw new WalletError('request-invalid', `there are no two notes of ${named(asset)} to merge`);
  }
  if (asset !== SERO_ASSET && room.inputs < 3) {
    throw new WalletError(
      'request-invalid',
      'merging a token takes shape B, for which this network has no key',
    );
  }
  const paying = asset === SERO_ASSET ? [] : selectFee(notes, fee, room.inputs - 2);
  const merged = largest.slice(0, room.inputs - paying.length);
  if (asset === SERO_ASSET && merged.reduce((sum, { value }) => sum + value, 0n) < fee) {
    throw new WalletError('insufficient-funds', 'the notes do not cover the fee');
  }
  return [...merged, ...paying];
}

/** Notes of SERO for a fee beside other things. */
function selectFee<N extends Coin>(notes: readonly N[], fee: bigint, places: number): N[] {
  checkCovered(notes, SERO_ASSET, fee);
  const coins = ownOf(notes, SERO_ASSET);
  const count = leastCount(coins, fee);
  if (count > places) {
    throw new WalletError('needs-consolidation', 'SERO lies in too many small notes: consolidate it first');
  }
  return smallestCover(coins, fee, count);
}
