import { SHAPE_A, SHAPE_B, SHAPE_C, type Shape } from '@sero/circuits';
import { GROTH16_BLS12_381, intrinsicGas, ladderGasPrice, nextBaseFee, SERO_ASSET } from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import type { Dummy, OwnedNote } from './records.ts';
import { publicPart, type Request, type RequestPart } from './request.ts';
import {
  bindingNotes,
  type Coin,
  expectBindable,
  type Needs,
  ownOf,
  provableNotes,
  type Refused,
  selectMerge,
  selectNotes,
  unbound,
} from './select.ts';
import type { Anchor } from './state.ts';
import type { Wallet } from './wallet.ts';

/** What a request takes under one shape. */
export interface Offer {
  readonly shape: Shape;
  readonly gasLimit: bigint;
  readonly gasPrice: bigint;
  /** SERO that the network takes at most: gas, name price, and what is staked. */
  readonly fee: bigint;
  /** What leaves the account: fee, payments, a call's value and amount. */
  readonly needs: Needs;
}

/** A request's open part, the shape that it takes and the notes that it spends. */
export interface Choice {
  readonly anchor: Anchor;
  readonly part: RequestPart;
  readonly offer: Offer;
  readonly notes: readonly OwnedNote[];
  /** Dummies that were submitted beside these notes before. */
  readonly dummies: readonly Dummy[];
  /** Assets of the slots, SERO in the first. */
  readonly slots: readonly bigint[];
}

/**
 * Decides what a request is made of. A person's transactions keep to shape A, so that they look alike; B stands in where the money
 * lies in more notes than A spends, C pays many. A network that names no key for a circuit does without it.
 */
export function choose(wallet: Wallet, request: Request): Choice {
  const anchor = wallet.anchor();
  ensure(anchor !== undefined, 'no-anchor', 'the wallet has not seen the chain yet');
  const part = publicPart(wallet, request);
  const offers = offersOf(wallet, request, part);
  const notes = provableNotes(wallet, anchor);
  const chosen =
    part.merge === undefined
      ? chooseNotes(wallet, notes, offers)
      : selectFor(notes, offers, part.merge, refusedOf(wallet), widest(wallet));
  const payouts = payoutsOf(request).length;
  return { anchor, part, ...withCompanions(wallet, notes, offers, chosen, payouts) };
}

/** SERO that the network takes at most for a request if it is planned now, what is staked among it: shown before anything is sent. */
export function feeOf(wallet: Wallet, request: Request): bigint {
  ensure(wallet.anchor() !== undefined, 'no-anchor', 'the wallet has not seen the chain yet');
  const [first] = offersOf(wallet, request, publicPart(wallet, request));
  try {
    return choose(wallet, request).offer.fee;
  } catch (error) {
    // What cannot be paid has a price all the same.
    if (error instanceof WalletError) return first!.fee;
    throw error;
  }
}

/** What a request takes under each shape that it can have, the smallest first. Throws where the network has none. */
export function offersOf(wallet: Wallet, request: Request, part: RequestPart): Offer[] {
  const { genesis } = wallet;
  const tip = wallet.tip();
  ensure(tip !== undefined, 'no-anchor', 'the wallet has not seen the chain yet');
  const gasPrice = ladderGasPrice(nextBaseFee(genesis.fees, tip.header));
  const shapes = (request.type === 'payMany' ? [SHAPE_C] : [SHAPE_A, SHAPE_B]).filter(({ id }) =>
    genesis.verifyingKeys.some(({ circuit }) => circuit === id),
  );
  ensure(shapes.length > 0, 'request-invalid', 'this network has no circuit for such a request');
  const offers = shapes.map((shape): Offer => {
    const gasLimit = gasLimitOf(wallet, shape, part);
    const fee = gasLimit * gasPrice + part.price;
    return { shape, gasLimit, gasPrice, fee, needs: needsOf(request, part, fee) };
  });
  const possible = offers.filter(({ gasLimit }) => gasLimit <= genesis.fees.gasLimit);
  ensure(possible.length > 0, 'request-invalid', 'the gas of this request is above a block’s');
  return possible;
}

/** Without a call the exact intrinsic gas; with one, what the caller gives, rounded up to a multiple of 100,000. */
function gasLimitOf(wallet: Wallet, { id, inputs, outputs }: Shape, part: RequestPart): bigint {
  const empty = new Uint8Array(32);
  const blank = { cm: empty, vpkr: empty, tag: empty, enc: empty, out: empty, memoKey: empty };
  const intrinsic = intrinsicGas(wallet.genesis.gas, {
    version: 1,
    kind: part.kind,
    proofSystem: GROTH16_BLS12_381,
    circuit: id,
    chainId: wallet.genesis.chainId,
    expiry: 0n,
    gasPrice: 0n,
    gasLimit: 0n,
    from: empty,
    shielded: {
      anchor: 0n,
      rk: empty,
      nullifiers: Array.from({ length: inputs }, () => empty),
      traces: Array.from({ length: inputs }, () => empty),
      outputs: Array.from({ length: outputs }, () => blank),
    },
    memo: new Uint8Array(part.memoLength),
    pub: { asset: empty, pubOut: [0n, 0n] },
    call: part.call === undefined ? [] : [part.call],
    recipients: [],
    body: empty,
  });
  if (part.call === undefined) return intrinsic;
  const unit = 100_000n;
  return ((intrinsic + part.callGas + unit - 1n) / unit) * unit;
}

function needsOf(request: Request, part: RequestPart, fee: bigint): Needs {
  const needs = new Map<bigint, bigint>([[SERO_ASSET, fee + (part.call?.value ?? 0n)]]);
  const add = (asset: bigint, amount: bigint): void => {
    needs.set(asset, (needs.get(asset) ?? 0n) + amount);
  };
  for (const { asset, amount } of payoutsOf(request)) add(asset, amount);
  if (part.call !== undefined) add(part.callAsset, part.call.amount);
  return needs;
}

/** What a request pays to whom. */
export function payoutsOf(request: Request): Extract<Request, { type: 'payMany' }>['payments'] {
  return request.type === 'pay' ? [request] : request.type === 'payMany' ? request.payments : [];
}

/** An offer, and notes that it can be made with. */
export interface Selection<N extends Coin> {
  readonly offer: Offer;
  readonly notes: readonly N[];
}

/**
 * The first offer that the notes can make. A merge of a token, or of more than two notes, prefers the largest shape. Where none can, throws what stood
 * in the way of the one it tried first: `insufficient-funds`, `needs-consolidation`, for a merge `request-invalid`.
 *
 * @param refused of each of these one note is spent, or `refused-may-enter` is thrown
 * @param most notes that any transaction of the network spends: where a note of each of the refused is more, no merging helps
 */
export function selectFor<N extends Coin>(
  notes: readonly N[],
  offers: readonly Offer[],
  merge: bigint | undefined,
  refused: readonly Refused[],
  most: number,
): Selection<N> {
  // Beside the fee of a token shape A has no room for two notes of it.
  const large = merge !== undefined && (merge !== SERO_ASSET || ownOf(notes, merge).length > SHAPE_A.inputs);
  let refusal: unknown;
  for (const offer of large ? offers.toReversed() : offers) {
    const { shape, needs, fee } = offer;
    const select = (binding: readonly N[]): N[] =>
      merge === undefined
        ? selectNotes(notes, needs, shape, binding)
        : selectMerge(notes, merge, fee, shape, binding);
    try {
      const chosen = select([]);
      const isBound = unbound(refused, chosen).length === 0;
      return { offer, notes: isBound ? chosen : select(bindingNotes(notes, refused)) };
    } catch (error) {
      if (!(error instanceof WalletError)) throw error;
      refusal ??= error;
    }
  }
  if (refusal instanceof WalletError && refusal.code === 'needs-consolidation') {
    expectBindable(notes, refused, most);
  }
  throw refusal;
}

/** Notes that the widest transaction of a network spends. */
export function widest({ genesis }: Wallet): number {
  const shapes = [SHAPE_A, SHAPE_B].filter(({ id }) =>
    genesis.verifyingKeys.some(({ circuit }) => circuit === id),
  );
  return Math.max(...shapes.map(({ inputs }) => inputs));
}

/** Submitted transactions that were refused and may still enter. */
export function refusedOf(wallet: Wallet): Refused[] {
  return wallet.pending().filter(({ refused }) => refused !== undefined);
}

/** Chooses notes; says so where the account has enough, but in notes that no anchor covers yet. */
function chooseNotes(
  wallet: Wallet,
  notes: readonly OwnedNote[],
  offers: readonly Offer[],
): Selection<OwnedNote> {
  try {
    return selectFor(notes, offers, undefined, refusedOf(wallet), widest(wallet));
  } catch (error) {
    if (!(error instanceof WalletError && error.code === 'insufficient-funds')) throw error;
    if (!covers(wallet.spendableNotes(), offers[0]!.needs)) throw error;
    throw new WalletError(
      'notes-too-new',
      'the newest notes wait for an anchor: try again after the next blocks',
    );
  }
}

function covers(notes: readonly Coin[], needs: Needs): boolean {
  return [...needs].every(
    ([asset, amount]) => ownOf(notes, asset).reduce((sum, { value }) => sum + value, 0n) >= amount,
  );
}

/** Whether notes that cover the needs hold more of an asset than leaves the account. */
function leavesChange(notes: readonly Coin[], needs: Needs, asset: bigint): boolean {
  return covers(notes, new Map([[asset, (needs.get(asset) ?? 0n) + 1n]]));
}

/**
 * What was submitted beside a note before, notes and dummies, is spent beside it again: two transactions that share one nullifier and
 * differ in another would show which notes are real and belong together. Where the earlier transaction had more inputs
 * than this one needs, this one takes its shape. What has no room stays away: an input or a slot for itself, or an output for its change.
 */
function withCompanions(
  wallet: Wallet,
  notes: readonly OwnedNote[],
  offers: readonly Offer[],
  chosen: Selection<OwnedNote>,
  payouts: number,
): Omit<Choice, 'anchor' | 'part'> {
  const companions = companionsOf(wallet, notes, chosen.notes);
  const whole = chosen.notes.length + companions.notes.length + companions.dummies.length;
  const larger = offers.find(
    ({ shape, needs }) =>
      companions.largest > chosen.offer.shape.inputs &&
      shape.inputs >= whole &&
      covers([...chosen.notes, ...companions.notes], needs),
  );
  const offer = larger ?? chosen.offer;
  const { shape, needs } = offer;
  const spent = [...chosen.notes];
  const slots = new Set([SERO_ASSET, ...needs.keys(), ...spent.map(({ asset }) => asset)]);
  const hasRoom = (asset: bigint, count: number): boolean =>
    count < shape.inputs && (slots.has(asset) || slots.size < shape.slots);
  const change = new Set(
    spent.map(({ asset }) => asset).filter((asset) => leavesChange(spent, needs, asset)),
  );
  for (const note of companions.notes) {
    const { asset } = note;
    const returns = change.has(asset) || payouts + change.size < shape.outputs;
    if (!returns || !hasRoom(asset, spent.length)) continue;
    slots.add(asset);
    change.add(asset);
    spent.push(note);
  }
  const dummies: Dummy[] = [];
  for (const dummy of companions.dummies) {
    if (!hasRoom(dummy.asset, spent.length + dummies.length)) continue;
    slots.add(dummy.asset);
    dummies.push(dummy);
  }
  const padding = Array.from({ length: shape.slots - slots.size }, () => SERO_ASSET);
  return { offer, notes: spent, dummies, slots: [...slots, ...padding] };
}

/** Everything that was submitted beside these notes, or beside those found so; `largest` is the size of one such group. */
function companionsOf(
  wallet: Wallet,
  notes: readonly OwnedNote[],
  chosen: readonly OwnedNote[],
): { readonly notes: readonly OwnedNote[]; readonly dummies: readonly Dummy[]; readonly largest: number } {
  const spent = [...chosen];
  const dummies = new Map<bigint, Dummy>();
  let largest = 0;
  for (const note of spent) {
    const companion = wallet.companion(note.position);
    if (companion === undefined) continue;
    largest = Math.max(largest, 1 + companion.positions.length + companion.dummies.length);
    for (const position of companion.positions) {
      const other = notes.find((candidate) => candidate.position === position);
      if (other !== undefined && !spent.includes(other)) spent.push(other);
    }
    for (const dummy of companion.dummies) dummies.set(dummy.rcm, dummy);
  }
  return { notes: spent.slice(chosen.length), dummies: [...dummies.values()], largest };
}
