import { SHAPE_A, type Shape } from '@sero/circuits';
import { fieldToBytes, randomizer, SIGNING_RANDOMNESS, toField } from '@sero/crypto';
import {
  type Address,
  encodeAddress,
  GROTH16_BLS12_381,
  intrinsicGas,
  ladderGasPrice,
  MEMO_KEY_LENGTH,
  nextBaseFee,
  SERO_ASSET,
  TREE_CAPACITY,
  type Transaction,
  type TreePath,
  VALUE_LIMIT,
} from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import { toJson } from './json.ts';
import { type Random, shuffled, systemRandom } from './random.ts';
import type { OwnedNote } from './records.ts';
import { publicPart, type Request, type RequestPart, senderOf } from './request.ts';
import { type Needs, provableNotes, selectNotes } from './select.ts';
import type { Anchor } from './state.ts';
import type { Wallet } from './wallet.ts';

/** A note to spend, with everything that proving it takes; a dummy has value 0 and random parts. */
export interface PlannedInput {
  readonly asset: bigint;
  readonly value: bigint;
  readonly vpkrU: bigint;
  readonly r: bigint;
  readonly rcm: bigint;
  readonly position: bigint;
  readonly path: TreePath;
}

/** A note to make. */
export interface PlannedOutput {
  /** PK, 64 bytes. */
  readonly to: Uint8Array;
  readonly asset: bigint;
  readonly value: bigint;
  readonly rseed: Uint8Array;
  /** True where the output's owner may read the memo. */
  readonly readsMemo: boolean;
  /** 48 random bytes in the memo key's place elsewhere. */
  readonly memoFiller: Uint8Array;
}

/**
 * A transaction before signature and proof: all that it will say, in clear, and all its randomness. Whoever signs
 * rebuilds every byte from it, so what is shown is what is signed; whoever proves needs PAK beside it.
 */
export interface TransactionPlan {
  readonly version: 1;
  readonly genesisHash: Uint8Array;
  /** The transaction's public part; its shielded lists, memo and hash follow from the rest. */
  readonly tx: Pick<
    Transaction,
    | 'kind'
    | 'proofSystem'
    | 'circuit'
    | 'chainId'
    | 'expiry'
    | 'gasLimit'
    | 'gasPrice'
    | 'from'
    | 'pub'
    | 'call'
    | 'body'
  >;
  readonly anchor: Anchor;
  /** Opens `from`. */
  readonly rFrom: bigint;
  /** alpha: re-randomises the spend key. */
  readonly alpha: bigint;
  /** Asset of slot 1; slot 0 is SERO. */
  readonly slotAsset: bigint;
  readonly inputs: readonly PlannedInput[];
  readonly outputs: readonly PlannedOutput[];
  readonly memo?: { readonly text: string; readonly key: Uint8Array };
  /** Positions that it spends. */
  readonly spends: readonly bigint[];
  /** SERO that the network takes at most: gas and name price. */
  readonly fee: bigint;
}

/** A plan as text: JSON that `readPlan` takes. It shows what is paid to whom; it cannot spend anything. */
export type Plan = string;

/**
 * Plans a transaction of shape A: chooses notes, change, padding, fee and anchor by the network's uniform rules (design 2,
 * "Uniform looks"), so that one wallet's transactions look like another's. Throws WalletError.
 *
 * @param random source of random bytes; the system's unless given
 */
export async function plan(wallet: Wallet, request: Request, random: Random = systemRandom): Promise<Plan> {
  return toJson(await planTransaction(wallet, request, random));
}

/** SERO that the network takes at most for a request if it is planned now: shown before anything is sent. */
export function feeOf(wallet: Wallet, request: Request): bigint {
  return openPart(wallet, request).fee;
}

/** The open part of a transaction but for its sender. */
function openPart(wallet: Wallet, request: Request) {
  const { genesis } = wallet;
  const tip = wallet.tip();
  const anchor = wallet.anchor();
  ensure(tip !== undefined && anchor !== undefined, 'no-anchor', 'the wallet has not seen the chain yet');
  const part = publicPart(wallet, request);
  const gasPrice = ladderGasPrice(nextBaseFee(genesis.fees, tip.header));
  const head = {
    kind: part.kind,
    proofSystem: GROTH16_BLS12_381,
    circuit: SHAPE_A.id,
    chainId: genesis.chainId,
    expiry: anchor.height + genesis.anchor.expiry,
    gasPrice,
    call: part.call === undefined ? [] : [part.call],
  };
  const gasLimit = gasLimitOf(wallet, head, part);
  ensure(gasLimit <= genesis.fees.gasLimit, 'request-invalid', 'the gas of this request is above a block’s');
  return { anchor, part, head, gasLimit, fee: gasLimit * gasPrice + part.price };
}

async function planTransaction(wallet: Wallet, request: Request, random: Random): Promise<TransactionPlan> {
  const { anchor, part, head, gasLimit, fee } = openPart(wallet, request);
  const callAmount = part.call?.amount ?? 0n;
  const pub = {
    asset: fieldToBytes(callAmount === 0n ? 0n : part.callAsset),
    pubOut: [fee + (part.call?.value ?? 0n), callAmount],
  };
  const needs = needsOf(request, part, pub.pubOut[0]!);
  const notes = provableNotes(wallet, anchor);
  const chosen = part.merge ? twoLargest(notes, pub.pubOut[0]!) : chooseNotes(wallet, notes, needs);
  const spent = withPartner(wallet, chosen, notes, needs);
  const slotAsset =
    [...needs.keys(), ...spent.map(({ asset }) => asset)].find((asset) => asset !== SERO_ASSET) ?? SERO_ASSET;
  const inputs = spent.map((note) => plannedInput(wallet, note, anchor));
  const again = spent.length === 1 ? dummyAgain(wallet, spent[0]!.position, slotAsset, random) : undefined;
  if (again !== undefined) inputs.push(again);
  while (inputs.length < SHAPE_A.inputs) inputs.push(dummyInput(SHAPE_A, slotAsset, random));
  const outputs = plannedOutputs(wallet, request, spent, pub.pubOut, slotAsset, random);
  const sender = await senderOf(wallet, part);
  return {
    version: 1,
    genesisHash: wallet.genesisHash,
    tx: { ...head, from: sender.bytes, body: part.bodyFrom(sender), gasLimit, pub },
    anchor,
    rFrom: sender.r,
    alpha: randomizer(random(SIGNING_RANDOMNESS)),
    slotAsset,
    inputs: shuffled(inputs, random),
    outputs: shuffled(outputs, random),
    ...(request.type === 'pay' && request.memo !== undefined
      ? { memo: { text: request.memo, key: random(32) } }
      : {}),
    spends: spent.map(({ position }) => position),
    fee,
  };
}

/** Without a call the exact intrinsic gas; with one, what the caller gives, rounded up to a multiple of 100,000. */
function gasLimitOf(
  wallet: Wallet,
  head: Omit<TransactionPlan['tx'], 'gasLimit' | 'pub' | 'from' | 'body'>,
  part: RequestPart,
): bigint {
  const { inputs, outputs } = SHAPE_A;
  const empty = new Uint8Array(32);
  const blank = { cm: empty, vpkr: empty, tag: empty, enc: empty, out: empty, memoKey: empty };
  const intrinsic = intrinsicGas(wallet.genesis.gas, {
    ...head,
    version: 1,
    from: empty,
    body: empty,
    gasLimit: 0n,
    shielded: {
      anchor: 0n,
      rk: empty,
      nullifiers: Array.from({ length: inputs }, () => empty),
      traces: Array.from({ length: inputs }, () => empty),
      outputs: Array.from({ length: outputs }, () => blank),
    },
    memo: new Uint8Array(part.memoLength),
    pub: { asset: empty, pubOut: [0n, 0n] },
    recipients: [],
  });
  if (part.call === undefined) return intrinsic;
  const unit = 100_000n;
  return ((intrinsic + part.callGas + unit - 1n) / unit) * unit;
}

function needsOf(request: Request, part: RequestPart, pubSero: bigint): Needs {
  const needs = new Map<bigint, bigint>([[SERO_ASSET, pubSero]]);
  const add = (asset: bigint, amount: bigint): void => {
    needs.set(asset, (needs.get(asset) ?? 0n) + amount);
  };
  if (request.type === 'pay') add(request.asset, request.amount);
  if (part.call !== undefined) add(part.callAsset, part.call.amount);
  return needs;
}

/** Chooses notes; says so where the account has enough, but in notes that no anchor covers yet. */
function chooseNotes(wallet: Wallet, notes: readonly OwnedNote[], needs: Needs): OwnedNote[] {
  try {
    return selectNotes(notes, needs);
  } catch (error) {
    if (!(error instanceof WalletError && error.code === 'insufficient-funds')) throw error;
    if (!covers(wallet.spendableNotes(), needs)) throw error;
    throw new WalletError(
      'notes-too-new',
      'the newest notes wait for an anchor: try again after the next blocks',
    );
  }
}

function covers(notes: readonly OwnedNote[], needs: Needs): boolean {
  return [...needs].every(
    ([asset, amount]) =>
      notes.filter((note) => note.asset === asset).reduce((sum, { value }) => sum + value, 0n) >= amount,
  );
}

/**
 * A note that was submitted before beside another is spent beside it again: two transactions that share one nullifier and
 * differ in the other would show which notes are real and belong together.
 */
function withPartner(
  wallet: Wallet,
  chosen: readonly OwnedNote[],
  notes: readonly OwnedNote[],
  needs: Needs,
): readonly OwnedNote[] {
  const companion = chosen.length === 1 ? wallet.companion(chosen[0]!.position) : undefined;
  if (companion === undefined || !('position' in companion)) return chosen;
  const partner = notes.find(({ position }) => position === companion.position);
  const assets = new Set([SERO_ASSET, ...needs.keys(), ...(partner === undefined ? [] : [partner.asset])]);
  return partner === undefined || assets.size > SHAPE_A.slots ? chosen : [...chosen, partner];
}

/** The dummy that was submitted beside this note before, if its asset has a slot: its nullifier is then the same again. */
function dummyAgain(
  wallet: Wallet,
  position: bigint,
  slotAsset: bigint,
  random: Random,
): PlannedInput | undefined {
  const companion = wallet.companion(position);
  if (companion === undefined || !('dummy' in companion)) return undefined;
  const { dummy } = companion;
  if (dummy.asset !== SERO_ASSET && dummy.asset !== slotAsset) return undefined;
  return { ...dummy, value: 0n, path: randomPath(SHAPE_A.depth, random) };
}

function randomPath(depth: number, random: Random): TreePath {
  const field = (): bigint => toField(random(64));
  return Array.from({ length: depth }, () => [field(), field(), field()] as const);
}

function twoLargest(notes: readonly OwnedNote[], fee: bigint): OwnedNote[] {
  const chosen = notes
    .filter(({ asset }) => asset === SERO_ASSET)
    .toSorted((a, b) => (a.value > b.value ? -1 : 1))
    .slice(0, 2);
  ensure(chosen.length === 2, 'request-invalid', 'there are no two SERO notes to merge');
  ensure(chosen[0]!.value + chosen[1]!.value >= fee, 'insufficient-funds', 'the notes do not cover the fee');
  return chosen;
}

function plannedInput(wallet: Wallet, note: OwnedNote, anchor: Anchor): PlannedInput {
  return {
    asset: note.asset,
    value: note.value,
    vpkrU: note.vpkrU,
    r: note.r,
    rcm: note.rcm,
    position: note.position,
    path: wallet.tree.pathAt(note.position, anchor.size),
  };
}

/** Value 0 and fresh random everything else: its nullifier and TRACE look like any other's. */
function dummyInput(shape: Shape, slotAsset: bigint, random: Random): PlannedInput {
  const field = (): bigint => toField(random(64));
  return {
    asset: coin(random) ? SERO_ASSET : slotAsset,
    value: 0n,
    vpkrU: field(),
    r: field(),
    rcm: field(),
    position: field() % TREE_CAPACITY,
    path: randomPath(shape.depth, random),
  };
}

function plannedOutputs(
  wallet: Wallet,
  request: Request,
  spent: readonly OwnedNote[],
  pubOut: readonly bigint[],
  slotAsset: bigint,
  random: Random,
): PlannedOutput[] {
  const left = new Map<bigint, bigint>();
  for (const { asset, value } of spent) left.set(asset, (left.get(asset) ?? 0n) + value);
  const take = (asset: bigint, amount: bigint): void => {
    if (amount > 0n) left.set(asset, (left.get(asset) ?? 0n) - amount);
  };
  take(SERO_ASSET, pubOut[0]!);
  take(slotAsset, pubOut[1]!);
  const self = wallet.key.address;
  const make = (to: Address, asset: bigint, value: bigint, readsMemo: boolean): PlannedOutput => ({
    to: encodeAddress(to),
    asset,
    value,
    rseed: random(32),
    readsMemo,
    memoFiller: random(MEMO_KEY_LENGTH),
  });
  const outputs: PlannedOutput[] = [];
  if (request.type === 'pay') {
    take(request.asset, request.amount);
    outputs.push(make(request.to, request.asset, request.amount, request.memo !== undefined));
  }
  for (const [asset, value] of left) {
    ensure(
      value >= 0n && value < VALUE_LIMIT,
      'amount-out-of-range',
      'the change does not fit into one note',
    );
    if (value > 0n) outputs.push(make(self, asset, value, false));
  }
  while (outputs.length < SHAPE_A.outputs) {
    outputs.push(make(self, coin(random) ? SERO_ASSET : slotAsset, 0n, false));
  }
  return outputs;
}

function coin(random: Random): boolean {
  return (random(1)[0]! & 1) === 1;
}
