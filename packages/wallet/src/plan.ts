import { fieldToBytes, randomizer, SIGNING_RANDOMNESS, toField } from '@sero/crypto';
import {
  type Address,
  encodeAddress,
  GROTH16_BLS12_381,
  MEMO_KEY_LENGTH,
  TREE_CAPACITY,
  type Transaction,
  type TreePath,
  VALUE_LIMIT,
} from '@sero/protocol';
import { type Choice, choose, payoutsOf } from './choose.ts';
import { ensure } from './errors.ts';
import { toJson } from './json.ts';
import { pick, type Random, shuffled, systemRandom } from './random.ts';
import type { OwnedNote } from './records.ts';
import { type Request, senderOf } from './request.ts';
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
  /** Assets of slots 1 and up; slot 0 is SERO. */
  readonly slotAssets: readonly bigint[];
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
 * Plans a transaction: chooses shape, notes, change, padding, fee and anchor by the network's uniform rules (design 2,
 * "Uniform looks"), so that one wallet's transactions look like another's. Throws WalletError.
 *
 * @param random source of random bytes; the system's unless given
 */
export async function plan(wallet: Wallet, request: Request, random: Random = systemRandom): Promise<Plan> {
  return toJson(await planTransaction(wallet, request, random));
}

async function planTransaction(wallet: Wallet, request: Request, random: Random): Promise<TransactionPlan> {
  wallet.expectSettled();
  const choice = choose(wallet, request);
  const { anchor, part, offer, notes, dummies, slots } = choice;
  const { shape, gasLimit, gasPrice, fee } = offer;
  const { genesis } = wallet;
  const callAmount = part.call?.amount ?? 0n;
  const pub = {
    asset: fieldToBytes(callAmount === 0n ? 0n : part.callAsset),
    pubOut: [fee + (part.call?.value ?? 0n), callAmount],
  };
  const inputs = notes.map((note) => plannedInput(wallet, note, anchor));
  const again = dummies.map((dummy) => ({ ...dummy, value: 0n, path: randomPath(shape.depth, random) }));
  inputs.push(...again);
  while (inputs.length < shape.inputs) inputs.push(dummyInput(shape.depth, pick(slots, random), random));
  const outputs = plannedOutputs(wallet, request, choice, random);
  const sender = await senderOf(wallet, part);
  const memo = request.type === 'pay' || request.type === 'payMany' ? request.memo : undefined;
  return {
    version: 1,
    genesisHash: wallet.genesisHash,
    tx: {
      kind: part.kind,
      proofSystem: GROTH16_BLS12_381,
      circuit: shape.id,
      chainId: genesis.chainId,
      expiry: anchor.height + genesis.anchor.expiry,
      gasPrice,
      call: part.call === undefined ? [] : [part.call],
      from: sender.bytes,
      body: part.bodyFrom(sender),
      gasLimit,
      pub,
    },
    anchor,
    rFrom: sender.r,
    alpha: randomizer(random(SIGNING_RANDOMNESS)),
    slotAssets: slots.slice(1),
    inputs: shuffled(inputs, random),
    outputs: shuffled(outputs, random),
    ...(memo === undefined ? {} : { memo: { text: memo, key: random(32) } }),
    spends: notes.map(({ position }) => position),
    fee: fee - part.staked,
  };
}

function randomPath(depth: number, random: Random): TreePath {
  const field = (): bigint => toField(random(64));
  return Array.from({ length: depth }, () => [field(), field(), field()] as const);
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
function dummyInput(depth: number, asset: bigint, random: Random): PlannedInput {
  const field = (): bigint => toField(random(64));
  return {
    asset,
    value: 0n,
    vpkrU: field(),
    r: field(),
    rcm: field(),
    position: field() % TREE_CAPACITY,
    path: randomPath(depth, random),
  };
}

/** What is paid, the change of each asset, and notes of value 0 to the account itself for the rest. */
function plannedOutputs(
  wallet: Wallet,
  request: Request,
  { notes, offer, slots }: Choice,
  random: Random,
): PlannedOutput[] {
  const { shape, needs } = offer;
  const left = new Map<bigint, bigint>();
  for (const { asset, value } of notes) left.set(asset, (left.get(asset) ?? 0n) + value);
  for (const [asset, amount] of needs) {
    if (amount > 0n) left.set(asset, (left.get(asset) ?? 0n) - amount);
  }
  const make = (to: Address, asset: bigint, value: bigint, readsMemo: boolean): PlannedOutput => ({
    to: encodeAddress(to),
    asset,
    value,
    rseed: random(32),
    readsMemo,
    memoFiller: random(MEMO_KEY_LENGTH),
  });
  const memo = request.type === 'pay' || request.type === 'payMany' ? request.memo : undefined;
  const self = wallet.key.address;
  const outputs = payoutsOf(request).map(({ to, asset, amount }) =>
    make(to, asset, amount, memo !== undefined),
  );
  for (const [asset, value] of left) {
    ensure(
      value >= 0n && value < VALUE_LIMIT,
      'amount-out-of-range',
      'the change does not fit into one note',
    );
    if (value > 0n) outputs.push(make(self, asset, value, false));
  }
  ensure(
    outputs.length <= shape.outputs,
    'request-invalid',
    `payments and change are ${outputs.length} notes, one transaction makes ${shape.outputs}: pay fewer at once`,
  );
  while (outputs.length < shape.outputs) outputs.push(make(self, pick(slots, random), 0n, false));
  return outputs;
}
