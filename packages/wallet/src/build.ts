import type { JoinSplitAssignment } from '@sero/circuits';
import {
  equalBytes,
  fieldToBytes,
  hashCm,
  hashZpkr,
  pointToBytes,
  randomizePublic,
  toAffine,
} from '@sero/crypto';
import {
  decodeAddress,
  decodeOneTimeAddress,
  encryptOutput,
  noteCommitment,
  nullifier,
  type OutputPlan,
  type ProofKey,
  plannedNote,
  sealMemo,
  type Transaction,
  trace,
  transactionHash,
} from '@sero/protocol';
import { ensure } from './errors.ts';
import type { PlannedInput, TransactionPlan } from './plan.ts';

/** A plan's transaction, byte for byte, and what proving it takes. */
export interface BuiltTransaction {
  readonly tx: Transaction;
  readonly hashE: bigint;
  readonly assignment: JoinSplitAssignment;
}

/** Rebuilds everything from a plan and PAK. Throws `plan-of-another-account` where `from` is not this account's. */
export function buildTransaction(plan: TransactionPlan, key: ProofKey): BuiltTransaction {
  const { nk, viewing } = key;
  const { zpk } = viewing.address;
  const from = decodeOneTimeAddress(plan.tx.from);
  ensure(
    hashZpkr(zpk, plan.rFrom) === from.zpkr,
    'plan-of-another-account',
    'this plan was made for another account',
  );
  const spent = plan.inputs.map((input) => spend(input, nk, viewing.tk, zpk));
  const firstNullifier = spent[0]!.nil;
  const outputPlans = plan.outputs.map((output): OutputPlan => {
    const { asset, value, rseed, memoFiller } = output;
    const base = { to: decodeAddress(output.to), asset, value, rseed, memoFiller };
    return output.readsMemo && plan.memo !== undefined ? { ...base, memoKey: plan.memo.key } : base;
  });
  const rk = randomizePublic(viewing.ak, plan.alpha);
  const tx: Transaction = {
    ...plan.tx,
    version: 1,
    shielded: {
      anchor: plan.anchor.height,
      rk: pointToBytes(rk),
      nullifiers: spent.map(({ nil }) => fieldToBytes(nil)),
      traces: spent.map((input) => fieldToBytes(input.trace)),
      outputs: outputPlans.map((output, index) => encryptOutput(output, viewing.ovk, firstNullifier, index)),
    },
    memo: plan.memo === undefined ? new Uint8Array(0) : sealMemo(plan.memo.key, plan.memo.text),
    recipients: [],
  };
  const hashE = transactionHash(tx, plan.genesisHash);
  const notes = outputPlans.map((output, index) => plannedNote(output, firstNullifier, index).note);
  const { asset: assetBytes, pubOut } = plan.tx.pub;
  const assignment: JoinSplitAssignment = {
    spender: {
      ak: toAffine(viewing.ak),
      nk,
      tk: viewing.tk,
      qk: viewing.qk,
      alpha: plan.alpha,
      rFrom: plan.rFrom,
    },
    inputs: plan.inputs.map(({ position, ...input }) => ({ ...input, pos: position })),
    outputs: notes.map((note) => ({
      asset: note.asset,
      value: note.value,
      vpkrU: toAffine(note.owner.vpkr).u,
      zpkr: note.owner.zpkr,
      rcm: note.rcm,
    })),
    slotAssets: plan.slotAssets,
    publicValues: {
      root: plan.anchor.root,
      hashE,
      rk: toAffine(rk),
      zpkrFrom: from.zpkr,
      nil: spent.map(({ nil }) => nil),
      trace: spent.map((input) => input.trace),
      cm: notes.map(noteCommitment),
      assetPub: pubOut[1] === 0n ? 0n : plan.slotAssets[0]!,
      pubOut: [pubOut[0]!, pubOut[1]!],
    },
  };
  ensure(
    equalBytes(assetBytes, fieldToBytes(assignment.publicValues.assetPub)),
    'plan-malformed',
    'the plan’s public asset is not its slot’s',
  );
  return { tx, hashE, assignment };
}

function spend(input: PlannedInput, nk: bigint, tk: bigint, zpk: bigint): { nil: bigint; trace: bigint } {
  const cm = hashCm(input.asset, input.value, input.vpkrU, hashZpkr(zpk, input.r), input.rcm, 0n);
  const nil = nullifier(nk, cm, input.position);
  return { nil, trace: trace(tk, zpk, nil, input.position, input.value !== 0n) };
}
