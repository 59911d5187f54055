import type { Shape } from '@sero/circuits';
import { toHex } from '@sero/crypto';
import { SERO_ASSET } from '@sero/protocol';
import { mayEnter, tooManyMayEnter, WalletError } from './errors.ts';
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
 * Positions of one transaction that a node refused and could pass on all the same: whatever is made now spends one of them, so that
 * only one of the two can enter.
 */
export interface Refused {
  readonly txid: Uint8Array;
  readonly positions: readonly bigint[];
  readonly expiry: bigint;
}

/** The refused transactions that could enter beside one that spends these notes. */
export function unbound(refused: readonly Refused[], spent: readonly Coin[]): Refused[] {
  return refused.filter(({ positions }) => !spent.some(({ position }) => positions.includes(position)));
}

/**
 * Notes of SERO, as few as may be, that each of the refused transactions spends one of. Of SERO, for every transaction pays its fee from
 * one and has a slot for it. Throws `refused-may-enter` where all such notes of one of them are spent by something else.
 */
export function bindingNotes<N extends Coin>(notes: readonly N[], refused: readonly Refused[]): N[] {
  const binding: N[] = [];
  const candidates = ownOf(notes, SERO_ASSET).toReversed();
  for (let open = [...refused]; open.length > 0; open = unbound(open, binding)) {
    const lost = unbound(open, candidates).toSorted(byExpiry).at(-1);
    if (lost !== undefined) {
      throw new WalletError('refused-may-enter', mayEnter(toHex(lost.txid), lost.expiry));
    }
    const counts = candidates.map((note) => open.length - unbound(open, [note]).length);
    binding.push(candidates[counts.indexOf(Math.max(...counts))]!);
  }
  return binding;
}

const byExpiry = (a: Refused, b: Refused): number => (a.expiry < b.expiry ? -1 : 1);

/**
 * Throws `refused-may-enter` where no transaction has room to spend a note of each refused one, and says when enough of them have
 * expired.
 */
export function expectBindable(notes: readonly Coin[], refused: readonly Refused[], most: number): void {
  const open = refused.toSorted(byExpiry);
  let until: bigint | undefined;
  while (bindingNotes(notes, open).length > most) until = open.shift()!.expiry;
  if (until === undefined) return;
  throw new WalletError('refused-may-enter', tooManyMayEnter(refused.length, until));
}

/**
 * Chooses notes that cover every need, as many as a shape has room for at most. Two inputs: of all choices the one with the least
 * change, so that large notes stay whole. More inputs: the smallest notes that do, so that many become few; none of them
 * could be left out. Throws `insufficient-funds` where the account has too little, `needs-consolidation` where it has
 * enough in too many notes, or of too many assets for one transaction: merge some of them first.
 *
 * @param binding notes of SERO that are spent in any case
 */
export function selectNotes<N extends Coin>(
  notes: readonly N[],
  needs: Needs,
  room: Room,
  binding: readonly N[] = [],
): N[] {
  if (binding.length > 0) {
    expectRoom(binding, room.inputs);
    const due = new Map(needs);
    due.set(SERO_ASSET, atLeastZero((needs.get(SERO_ASSET) ?? 0n) - sumOf(binding)));
    const others = { inputs: room.inputs - binding.length, slots: room.slots };
    return [...binding, ...selectNotes(without(notes, binding), due, others)];
  }
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
 *
 * @param binding notes of SERO that are spent in any case
 */
export function selectMerge<N extends Coin>(
  notes: readonly N[],
  asset: bigint,
  fee: bigint,
  room: Room,
  binding: readonly N[] = [],
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
  const isSero = asset === SERO_ASSET;
  expectRoom(binding, isSero ? room.inputs : room.inputs - 2);
  const paying = isSero ? [] : selectFee(notes, fee, room.inputs - 2, binding);
  const first = isSero ? binding : [];
  const merged = [...first, ...without(largest, first)].slice(0, room.inputs - paying.length);
  if (asset === SERO_ASSET && merged.reduce((sum, { value }) => sum + value, 0n) < fee) {
    throw new WalletError('insufficient-funds', 'the notes do not cover the fee');
  }
  return [...merged, ...paying];
}

/** Notes of SERO for a fee beside other things. */
function selectFee<N extends Coin>(
  notes: readonly N[],
  fee: bigint,
  places: number,
  binding: readonly N[],
): N[] {
  checkCovered(notes, SERO_ASSET, fee);
  const coins = without(ownOf(notes, SERO_ASSET), binding);
  const due = atLeastZero(fee - sumOf(binding));
  if (due === 0n) return [...binding];
  const count = leastCount(coins, due);
  if (binding.length + count > places) throw tooMany();
  return [...binding, ...smallestCover(coins, due, count)];
}

function expectRoom(binding: readonly Coin[], places: number): void {
  if (binding.length > places) throw tooMany();
}

function tooMany(): WalletError {
  return new WalletError('needs-consolidation', 'SERO lies in too many small notes: consolidate it first');
}

function without<N extends Coin>(notes: readonly N[], taken: readonly N[]): N[] {
  return notes.filter((note) => !taken.includes(note));
}

const sumOf = (notes: readonly Coin[]): bigint => notes.reduce((sum, { value }) => sum + value, 0n);
const atLeastZero = (value: bigint): bigint => (value > 0n ? value : 0n);
