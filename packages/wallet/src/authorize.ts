import { joinSplitWitness, shapeOf, type WitnessProgram } from '@sero/circuits';
import {
  equalBytes,
  fieldToBytes,
  pointToBytes,
  randomizePublic,
  randomizeSecret,
  SIGNING_RANDOMNESS,
  sign as signHash,
} from '@sero/crypto';
import {
  decodeStrict,
  encodeEnvelope,
  MAX_TRANSACTION_BYTES,
  PROOF_LENGTH,
  type ProofKey,
  type SpendingKey,
  type Transaction,
  TransactionType,
} from '@sero/protocol';
import type { Groth16Prover, ProvingKeySource } from '@sero/prover';
import { buildTransaction } from './build.ts';
import { ensure, WalletError } from './errors.ts';
import { fromForeignJson, MAX_PLAN_LENGTH, toJson } from './json.ts';
import type { Plan, PlannedInput } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import { type Random, systemRandom } from './random.ts';
import type { Dummy } from './records.ts';
import type { Wallet } from './wallet.ts';

/** The signature of a planned transaction, as text. */
export type SignedPart = string;

/** The proof of a planned transaction, with the transaction itself, as text. */
export type ProvedPart = string;

/** Bytes of a signature: R, s. */
const SIGNATURE_LENGTH = 64;

interface Signed {
  readonly txid: Uint8Array;
  readonly signature: Uint8Array;
}

interface Proved {
  readonly txid: Uint8Array;
  /** SSZ of the transaction. */
  readonly transaction: Uint8Array;
  readonly proof: Uint8Array;
}

/** What makes proofs: on the user's own device, always. */
export interface ProvingTools {
  readonly prover: Groth16Prover;
  /**
   * What proving one circuit takes. Asked for when a plan has to be proved, so that a wallet loads, or in development makes, no
   * more than it uses: shape A does for nearly everything.
   */
  circuit(id: number, signal?: AbortSignal): Promise<CircuitTools>;
}

/** What proving one circuit takes. */
export interface CircuitTools {
  readonly program: WitnessProgram;
  readonly provingKey: ProvingKeySource;
}

/**
 * Signs a plan: rebuilds the whole transaction from it, so that nothing is signed that the plan does not say. Needs the
 * spending key and nothing else: it may run on another device than `prove`.
 */
export function sign(plan: Plan, key: SpendingKey, random: Random = systemRandom): SignedPart {
  const planned = readPlan(plan);
  const { hashE } = buildTransaction(planned, key.proof);
  const rsk = randomizeSecret(key.ask, planned.alpha);
  const signature = signHash(rsk, hashE, random(SIGNING_RANDOMNESS));
  return toJson({ txid: fieldToBytes(hashE), signature } satisfies Signed);
}

/** Proves a plan with PAK: seconds of work. Throws CircuitError with the broken rule before anything is proved, ProverError after. */
export async function prove(
  plan: Plan,
  key: ProofKey,
  tools: ProvingTools,
  signal?: AbortSignal,
): Promise<ProvedPart> {
  const { tx, hashE, assignment } = buildTransaction(readPlan(plan), key);
  const { program, provingKey } = await tools.circuit(tx.circuit, signal);
  const { wtns } = await joinSplitWitness(program, shapeOf(tx.circuit)!, assignment);
  try {
    const proof = await tools.prover.prove(provingKey, wtns, signal);
    return toJson({
      txid: fieldToBytes(hashE),
      transaction: TransactionType.serialize(tx),
      proof,
    } satisfies Proved);
  } finally {
    wtns.fill(0);
  }
}

/** A transaction ready for the network. */
export interface ReadyTransaction {
  readonly txid: Uint8Array;
  readonly bytes: Uint8Array;
  readonly proof: Uint8Array;
}

/** Joins the parts. Throws `parts-do-not-fit` where signature and proof are of different transactions. */
export function assemble(signed: SignedPart, proved: ProvedPart): ReadyTransaction {
  return join(signed, readProved(proved));
}

function join(signed: SignedPart, { txid, tx, proof }: ProvedTransaction): ReadyTransaction {
  const part = readPart(signed, { txid: 32, signature: SIGNATURE_LENGTH });
  ensure(
    equalBytes(part.txid, txid),
    'parts-do-not-fit',
    'signature and proof are of different transactions',
  );
  return { txid, bytes: encodeEnvelope({ tx, authorization: { proof, signature: part.signature } }), proof };
}

/**
 * Gives a transaction to a node. Resolves to the node's Error where it says that it did not take it, to anything else where the node
 * took it; rejects where the outcome is not known (a lost connection), and the transaction may be on its way.
 */
export type Send = (transaction: Uint8Array) => Promise<unknown>;

/**
 * Hands a transaction to the network and keeps its notes from being spent again. Where the node refuses it
 * the refusal is thrown, and the next plan spends one of them again: only one of the two can enter. If the node lied and the first one
 * enters before there is a second, nothing is planned until that is acknowledged. Where the outcome is not known the notes stay reserved
 * until the transaction expires, also where the same parts are submitted again and refused then. Throws `parts-do-not-fit` where the parts
 * are of another plan, `already-spending` where another transaction spends one of the notes, `refused-may-enter` where it spends none of a
 * refused transaction's, and what `Wallet.expectSettled` throws.
 */
export async function submit(
  wallet: Wallet,
  plan: Plan,
  signed: SignedPart,
  proved: ProvedPart,
  send: Send,
): Promise<ReadyTransaction> {
  const transaction = readProved(proved);
  const ready = join(signed, transaction);
  const { spends, tx, alpha, inputs } = readPlan(plan);
  // rk is fresh in every plan: the notes that are reserved must be those that the transaction spends.
  ensure(
    equalBytes(transaction.tx.shielded.rk, pointToBytes(randomizePublic(wallet.key.ak, alpha))),
    'parts-do-not-fit',
    'signature and proof are of another plan',
  );
  const dummies = inputs.filter(({ value }) => value === 0n).map(dummyOf);
  const first = await wallet.reserve({ txid: ready.txid, positions: spends, expiry: tx.expiry, dummies });
  const refusal = await send(ready.bytes);
  if (refusal instanceof Error) {
    if (first) await wallet.refuse(ready.txid);
    throw refusal;
  }
  return ready;
}

function dummyOf({ asset, vpkrU, r, rcm, position }: PlannedInput): Dummy {
  return { asset, vpkrU, r, rcm, position };
}

interface ProvedTransaction {
  readonly txid: Uint8Array;
  readonly tx: Transaction;
  readonly proof: Uint8Array;
}

function readProved(text: ProvedPart): ProvedTransaction {
  const { txid, transaction, proof } = readPart(text, {
    txid: 32,
    transaction: undefined,
    proof: PROOF_LENGTH,
  });
  return {
    txid,
    tx: decodeStrict(TransactionType, transaction, MAX_TRANSACTION_BYTES, 'transaction'),
    proof,
  };
}

/** Reads named byte strings, each of its length where one is given. */
function readPart<T extends string>(
  text: string,
  lengths: Readonly<Record<T, number | undefined>>,
): Record<T, Uint8Array> {
  const value = fromForeignJson(text, MAX_PLAN_LENGTH);
  const part = (typeof value === 'object' ? value : undefined) as Record<string, unknown> | null | undefined;
  for (const [name, length] of Object.entries<number | undefined>(lengths)) {
    const bytes = part?.[name];
    if (!(bytes instanceof Uint8Array) || (length !== undefined && bytes.length !== length)) {
      throw new WalletError('plan-malformed', 'this is not a part of a transaction that the wallet wrote');
    }
  }
  return part as Record<T, Uint8Array>;
}
