import { equalBytes, fieldFromBytes, fieldToBytes, leInteger, utf8 } from '@sero/crypto';
import {
  alias,
  type Call,
  type CheckedTransaction,
  type Genesis,
  noteCommitment,
  type PublicOutput,
  publicOutputNote,
  type Receipt,
  SERO_ASSET,
} from '@sero/protocol';
import { commitName, issueAsset } from './assets.ts';
import { ensure } from './errors.ts';
import {
  type Command,
  claimAll,
  registerRecord,
  type StakeResult,
  stakeUnits,
  switchRecord,
  unlockUnits,
} from './stake-commands.ts';
import type { State } from './state.ts';

/** The block that transactions are applied in. */
export interface BlockContext {
  readonly genesis: Genesis;
  readonly height: bigint;
  readonly baseFee: bigint;
  /** Of the header, ms. */
  readonly time: bigint;
  /** As in `Command`. */
  readonly othersStand: (record: Uint8Array) => boolean;
  readonly seenBefore: (record: Uint8Array) => bigint | undefined;
}

/** What a transaction did: its receipt, and the leaves that it appends to the note tree, in order. */
export interface Applied {
  readonly receipt: Receipt;
  readonly leaves: readonly bigint[];
  /** What the gas price has above the base fee, for the gas used; it is in the reward pool with the rest of the fee. */
  readonly priorityFee: bigint;
}

/** Aliases below this belong to precompiled contracts and native code. */
const FIRST_FREE_ALIAS = 0x10000n;

/**
 * Every check of a transaction that needs the state. Returns the notes root that its proof must use.
 * Throws LedgerError with the rule's code.
 */
export function checkAgainstState(state: State, checked: CheckedTransaction, block: BlockContext): bigint {
  const { tx } = checked;
  const { anchor } = tx.shielded;
  ensure(tx.expiry >= block.height, 'expired', `the transaction expired at height ${tx.expiry}`);
  ensure(
    anchor < block.height,
    'anchor-in-future',
    `the anchor ${anchor} is not below height ${block.height}`,
  );
  const root = anchor + block.genesis.anchor.window >= block.height ? state.anchorRoot(anchor) : undefined;
  ensure(root !== undefined, 'anchor-stale', `the anchor ${anchor} has left the window`);
  ensure(
    tx.gasPrice >= block.baseFee,
    'gas-price-below-base-fee',
    `the gas price ${tx.gasPrice} is below the base fee ${block.baseFee}`,
  );
  for (const nullifier of tx.shielded.nullifiers) {
    ensure(
      !state.hasNullifier(nullifier),
      'nullifier-spent',
      'a note that this transaction spends is spent already',
    );
  }
  if (checked.publicAsset !== 0n) {
    ensure(
      state.asset(checked.publicAsset).get() !== undefined,
      'public-asset-unknown',
      'the public asset is not registered',
    );
  }
  checkFromAlias(state, checked);
  ensure(
    (state.turnstile(SERO_ASSET).get() ?? 0n) >= tx.pub.pubOut[0]!,
    'turnstile',
    'more SERO would leave the pool than entered it',
  );
  ensure(
    (state.turnstile(checked.publicAsset).get() ?? 0n) >= tx.pub.pubOut[1]!,
    'turnstile',
    'more of the public asset would leave the pool than entered it',
  );
  return fieldFromBytes(root);
}

const aliases = new WeakMap<CheckedTransaction, Uint8Array>();

/** The alias of a transaction's `from`, worked out once: it is checked anew in each block that the transaction may stand in. */
function aliasOf(checked: CheckedTransaction): Uint8Array {
  let own = aliases.get(checked);
  if (own === undefined) {
    own = alias(checked.tx.from);
    aliases.set(checked, own);
  }
  return own;
}

function checkFromAlias(state: State, checked: CheckedTransaction): void {
  const { from } = checked.tx;
  const own = aliasOf(checked);
  const known = state.alias(own).get();
  ensure(
    bigEndian(own) >= FIRST_FREE_ALIAS && (known === undefined || equalBytes(known, from)),
    'from-alias',
    'the alias of `from` is reserved or belongs to another address: use another one-time address',
  );
}

function bigEndian(bytes: Uint8Array): bigint {
  return leInteger(bytes.toReversed());
}

/**
 * Applies a transaction whose checks and proof have passed: setup, call, settle. Setup is never undone; what the action
 * does is undone as a whole when it fails, and its money comes back as public outputs to `from`.
 *
 * @param attempt runs the action, undoing its writes where it returns a failure
 */
export function applyTransaction(
  state: State,
  checked: CheckedTransaction,
  block: BlockContext,
  attempt: (action: () => Outcome) => Outcome,
): Applied {
  const { tx } = checked;
  debit(state, SERO_ASSET, tx.pub.pubOut[0]!);
  debit(state, checked.publicAsset, tx.pub.pubOut[1]!);
  if (checked.action.type === 'call') countCall(state, tx.from);
  const outcome = attempt(() => runAction(state, checked, block));
  const gasUsed = outcome.gasUsed;
  const returned = (tx.gasLimit - gasUsed) * tx.gasPrice;
  const kept = gasUsed * tx.gasPrice + outcome.toPool;
  state.rewardPool.set((state.rewardPool.get() ?? 0n) + kept);
  const outputs: PublicOutput[] = [...outcome.outputs];
  if (returned > 0n) outputs.push(publicOutput(SERO_ASSET, returned, tx.from));
  const publicLeaves = outputs.map((output, index) => {
    credit(state, fieldFromBytes(output.asset), output.value);
    return noteCommitment(publicOutputNote(output, checked.hashE, index));
  });
  return {
    receipt: {
      txid: fieldToBytes(checked.hashE),
      status: outcome.failure === undefined ? 1 : 0,
      failure: utf8(outcome.failure ?? ''),
      gasUsed,
      publicOutputs: outputs,
      logs: [],
    },
    leaves: [...checked.commitments, ...publicLeaves],
    priorityFee: gasUsed * (tx.gasPrice - block.baseFee),
  };
}

/** The machine knows a caller by its alias from its first included call on, and counts its calls as a nonce. */
function countCall(state: State, from: Uint8Array): void {
  const own = alias(from);
  state.alias(own).set(from);
  const nonce = state.nonce(own);
  nonce.set((nonce.get() ?? 0n) + 1n);
}

/** What the middle part of a transaction came to. */
export interface Outcome {
  /** Undefined on success. */
  readonly failure?: string;
  readonly gasUsed: bigint;
  /** SERO for the reward pool beside the fee. */
  readonly toPool: bigint;
  readonly outputs: readonly PublicOutput[];
}

function runAction(state: State, checked: CheckedTransaction, block: BlockContext): Outcome {
  const { tx, action } = checked;
  const gasUsed = checked.intrinsicGas;
  const nothing: Outcome = { gasUsed, toPool: 0n, outputs: [] };
  const command: Command = { ...block, from: tx.from };
  switch (action.type) {
    case 'pay':
      return nothing;
    case 'call':
      return callWithoutCode(tx.from, action.call, checked.publicAsset, nothing);
    case 'commit': {
      const result = commitName(state, action.hash, block.height);
      return result.ok ? nothing : { ...nothing, failure: result.failure };
    }
    case 'issue': {
      const result = issueAsset(state, action, alias(tx.from), block.genesis.chainId, block.height);
      if (!result.ok) {
        return { ...nothing, failure: result.failure, outputs: purse([[SERO_ASSET, action.price]], tx.from) };
      }
      const made = result.made;
      return {
        ...nothing,
        toPool: action.price,
        outputs: made === undefined ? [] : purse([[made.asset, made.supply]], tx.from),
      };
    }
    case 'stake':
      return stakeOutcome(stakeUnits(state, action.body, command), action.amount, tx.from, nothing);
    case 'register':
      return stakeOutcome(registerRecord(state, action.body, command), 0n, tx.from, nothing);
    case 'online':
      return stakeOutcome(switchRecord(state, action.body, command), 0n, tx.from, nothing);
    case 'unlock':
      return stakeOutcome(unlockUnits(state, action.body, command), 0n, tx.from, nothing);
    case 'claim':
      return stakeOutcome(claimAll(state, action.body, command), 0n, tx.from, nothing);
  }
}

/** @param brought SERO that left the pool for the action, which comes back where it failed */
function stakeOutcome(result: StakeResult, brought: bigint, from: Uint8Array, nothing: Outcome): Outcome {
  return result.ok
    ? { ...nothing, outputs: purse([[SERO_ASSET, result.paid]], from) }
    : { ...nothing, failure: result.failure, outputs: purse([[SERO_ASSET, brought]], from) };
}

/**
 * A call before the virtual machine exists: no address has code, so every call fails as the design says of an address without
 * code. The fee for what was used is paid, the purse and the unused gas come back.
 */
function callWithoutCode(from: Uint8Array, call: Call, asset: bigint, nothing: Outcome): Outcome {
  return {
    ...nothing,
    failure: 'no-code',
    outputs: purse(
      [
        [SERO_ASSET, call.value],
        [asset, call.amount],
      ],
      from,
    ),
  };
}

/** One public output for each amount that is not 0, in order. */
function purse(amounts: readonly (readonly [bigint, bigint])[], to: Uint8Array): PublicOutput[] {
  return amounts.filter(([, value]) => value > 0n).map(([asset, value]) => publicOutput(asset, value, to));
}

function publicOutput(asset: bigint, value: bigint, pkr: Uint8Array): PublicOutput {
  return { asset: fieldToBytes(asset), value, pkr };
}

/** Counts what enters the pool. */
export function credit(state: State, asset: bigint, value: bigint): void {
  const turnstile = state.turnstile(asset);
  turnstile.set((turnstile.get() ?? 0n) + value);
}

function debit(state: State, asset: bigint, value: bigint): void {
  if (value === 0n) return;
  const turnstile = state.turnstile(asset);
  turnstile.set((turnstile.get() ?? 0n) - value);
}
