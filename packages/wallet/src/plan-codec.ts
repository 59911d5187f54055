import { SHAPES, shapeOf } from '@sero/circuits';
import { isField, R_J } from '@sero/crypto';
import { KIND, MEMO_KEY_LENGTH } from '@sero/protocol';
import { WalletError } from './errors.ts';
import { fromForeignJson, MAX_PLAN_LENGTH } from './json.ts';
import type { Plan, TransactionPlan } from './plan.ts';
import { isStakeKind } from './stake-entry.ts';

/** Says whether a value that was read from text has a certain form. */
type Form = (value: unknown) => boolean;

const field: Form = (value) => typeof value === 'bigint' && isField(value);
const scalar: Form = (value) => typeof value === 'bigint' && value >= 0n && value < R_J;
const below =
  (bits: bigint): Form =>
  (value) =>
    typeof value === 'bigint' && value >= 0n && value >> bits === 0n;
const byte: Form = (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 256;
const flag: Form = (value) => typeof value === 'boolean';
const text: Form = (value) => typeof value === 'string';
const exactly =
  (expected: unknown): Form =>
  (value) =>
    value === expected;
const bytes =
  (length?: number): Form =>
  (value) =>
    value instanceof Uint8Array && (length === undefined || value.length === length);
const list =
  (item: Form, least: number, most: number): Form =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.length <= most && value.every(item);
const optional =
  (form: Form): Form =>
  (value) =>
    value === undefined || form(value);
/** An object with these fields and no others: nothing that a plan says goes unread. */
const object =
  (forms: Readonly<Record<string, Form>>): Form =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Uint8Array) &&
    Object.keys(value).every((key) => Object.hasOwn(forms, key)) &&
    Object.entries(forms).every(([key, form]) => form((value as Record<string, unknown>)[key]));

const u64 = below(64n);
const u128 = below(128n);
const triple = list(field, 3, 3);
/** Levels of the tree, the same for all shapes. */
const DEPTH = SHAPES[0]!.depth;

const call = object({ to: list(bytes(64), 0, 1), data: bytes(), value: u128, amount: u128 });

const input = object({
  asset: field,
  value: u128,
  vpkrU: field,
  r: field,
  rcm: field,
  position: u64,
  path: list(triple, DEPTH, DEPTH),
});

const output = object({
  to: bytes(64),
  asset: field,
  value: u128,
  rseed: bytes(32),
  readsMemo: flag,
  memoFiller: bytes(MEMO_KEY_LENGTH),
});

const plan = object({
  version: exactly(1),
  genesisHash: bytes(32),
  tx: object({
    kind: byte,
    proofSystem: byte,
    circuit: (value) => SHAPES.some(({ id }) => id === value),
    chainId: u64,
    expiry: u64,
    gasLimit: u64,
    gasPrice: u128,
    from: bytes(64),
    pub: object({ asset: bytes(32), pubOut: list(u128, 2, 2) }),
    call: list(call, 0, 1),
    body: bytes(),
  }),
  anchor: object({ height: u64, size: u64, root: field }),
  rFrom: field,
  alpha: scalar,
  slotAssets: list(field, 1, 2),
  inputs: list(input, 1, 8),
  outputs: list(output, 1, 16),
  memo: optional(object({ text, key: bytes(32) })),
  spends: list(u64, 0, 8),
  fee: u128,
});

const MALFORMED = 'this is not a plan that the wallet wrote';

/**
 * Reads a plan. Its form is checked to the last field, its counts against the shape that `tx.circuit` names, and that what it says
 * twice agrees: `fee` with the public amounts, `spends` with the inputs. What the numbers mean is checked when the transaction is built and proved. Throws `plan-malformed`.
 */
export function readPlan(text: Plan): TransactionPlan {
  const value = fromForeignJson(text, MAX_PLAN_LENGTH);
  if (!plan(value)) throw new WalletError('plan-malformed', MALFORMED);
  const read = value as TransactionPlan;
  if (!fitsShape(read)) throw new WalletError('plan-malformed', 'the plan’s counts are not its circuit’s');
  if (!agrees(read)) throw new WalletError('plan-malformed', 'the plan’s summary is not what it would do');
  return read;
}

function fitsShape({ tx, slotAssets, inputs, outputs }: TransactionPlan): boolean {
  const shape = shapeOf(tx.circuit)!;
  const counts = [slotAssets.length + 1, inputs.length, outputs.length];
  return counts.join() === [shape.slots, shape.inputs, shape.outputs].join();
}

function sorted(positions: readonly bigint[]): bigint[] {
  return positions.toSorted((a, b) => (a < b ? -1 : 1));
}

/** Who shows a plan's fee and spends before signing must not be shown another plan's. */
function agrees({ tx, fee, spends, inputs }: TransactionPlan): boolean {
  const sent = tx.call[0]?.value ?? 0n;
  const real = inputs.filter(({ value }) => value > 0n).map(({ position }) => position);
  // A fee of stake commands is gas alone, so what leaves beside it is what is staked: no part of it passes for a fee.
  if (isStakeKind(tx.kind) && fee !== tx.gasLimit * tx.gasPrice) return false;
  const paid = fee + sent + stakedBy({ tx, fee });
  return tx.pub.pubOut[0] === paid && sorted(real).join() === sorted(spends).join();
}

/** SERO that a plan puts into a stake record, in the smallest unit; 0 for all kinds but that of staking. */
export function stakedBy({
  tx,
  fee,
}: Pick<TransactionPlan, 'fee'> & { readonly tx: Pick<TransactionPlan['tx'], 'kind' | 'pub'> }): bigint {
  return tx.kind === KIND.stake && tx.pub.pubOut[0]! > fee ? tx.pub.pubOut[0]! - fee : 0n;
}
