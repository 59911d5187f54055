import { joinSplitWitness, SHAPE_A } from '@sero/circuits';
import {
  fieldFromBytes,
  fieldToBytes,
  multiply,
  pointToBytes,
  randomizeSecret,
  SPEND_BASE,
  sign,
  toScalar,
} from '@sero/crypto';
import {
  decodeEnvelope,
  encodeEnvelope,
  genesisHash,
  type PrivateEnvelope,
  SERO_ASSET,
  type Transaction,
  trace,
  transactionHash,
  viewingKeyFromText,
} from '@sero/protocol';
import { buildTransaction, plan, readPlan, systemRandom } from '@sero/wallet';
import { type Actor, addressOf, type Prepared, prepare } from './actor.ts';
import type { DevelopmentTools } from './network.ts';
import type { AttackName } from './scenario.ts';

/** An attack that is ready to be sent. */
export interface Attack {
  readonly name: AttackName;
  readonly transaction: Uint8Array;
  /** Code of the rule that must refuse it. */
  readonly refusal: string;
}

/**
 * Prepares an attack with everything that a strong attacker could have: everything but the rule that stops it is
 * satisfied, signature included.
 *
 * @param include puts an honest transaction into the chain
 */
export async function prepareAttack(
  name: AttackName,
  attacker: Actor,
  victim: Actor,
  tools: DevelopmentTools,
  include: (honest: Prepared) => Promise<void>,
): Promise<Attack> {
  switch (name) {
    case 'double-spend':
      return {
        name,
        transaction: await doubleSpend(attacker, victim, tools, include),
        refusal: 'nullifier-spent',
      };
    case 'stolen-proof':
      return { name, transaction: await stolenProof(victim, tools), refusal: 'proof-invalid' };
    case 'framed-trace':
      return { name, transaction: await framedTrace(attacker, victim, tools), refusal: 'proof-invalid' };
  }
}

/** One unit of SERO to an actor. */
function oneUnitTo(actor: Actor): Parameters<typeof prepare>[1] {
  return { type: 'pay', to: addressOf(actor.address), asset: SERO_ASSET, amount: 1n };
}

/** The attacker pays the victim, and pays the very same notes to himself: both proofs are honest, one comes second. */
async function doubleSpend(
  attacker: Actor,
  victim: Actor,
  tools: DevelopmentTools,
  include: (honest: Prepared) => Promise<void>,
): Promise<Uint8Array> {
  const first = await prepare(attacker, oneUnitTo(victim), tools);
  const second = await prepare(attacker, oneUnitTo(attacker), tools);
  const shared = readPlan(first.plan).spends.some((position) =>
    readPlan(second.plan).spends.includes(position),
  );
  if (!shared) throw new Error('the two payments must spend one note for this attack');
  await include(first);
  return second.ready.bytes;
}

/**
 * A relayer takes a victim's transaction before it is in a block, puts his own one-time key into rk, changes the expiry and
 * signs it all correctly: only the proof, which is bound to hash_e and to the victim's rk, stands in his way.
 */
async function stolenProof(victim: Actor, tools: DevelopmentTools): Promise<Uint8Array> {
  const { ready } = await prepare(victim, oneUnitTo(victim), tools);
  const { tx, authorization } = privatePart(ready.bytes);
  const rsk = toScalar(systemRandom(64));
  const altered: Transaction = {
    ...tx,
    expiry: tx.expiry - 1n,
    shielded: { ...tx.shielded, rk: pointToBytes(multiply(SPEND_BASE, rsk)) },
  };
  return signed(altered, authorization.proof, rsk, victim);
}

/**
 * The attacker holds the victim's TK as text, and spends his own note with a TRACE that decodes under the victim's key: the
 * victim's auditor would see a spend that never was. No witness satisfies the circuit with that TRACE, so the attacker
 * proves this very transaction (its hash_e) with the honest one: the public inputs differ in nothing but TRACE.
 */
async function framedTrace(attacker: Actor, victim: Actor, tools: DevelopmentTools): Promise<Uint8Array> {
  const planned = readPlan(await plan(attacker.wallet, oneUnitTo(attacker)));
  const { tx, assignment } = buildTransaction(planned, attacker.key.proof);
  const { tk, address } = viewingKeyFromText(victim.viewingKey, 'development');
  const traces = tx.shielded.nullifiers.map((nil) =>
    fieldToBytes(trace(tk, address.zpk, fieldFromBytes(nil), 0n, true)),
  );
  const altered: Transaction = { ...tx, shielded: { ...tx.shielded, traces } };
  const hashE = transactionHash(altered, genesisHash(attacker.wallet.genesis));
  const honest = { ...assignment, publicValues: { ...assignment.publicValues, hashE } };
  const { program, provingKey } = await tools.circuit(SHAPE_A.id);
  const { wtns } = await joinSplitWitness(program, SHAPE_A, honest);
  const proof = await tools.prover.prove(provingKey, wtns);
  return signed(altered, proof, randomizeSecret(attacker.key.ask, planned.alpha), attacker);
}

function privatePart(bytes: Uint8Array): PrivateEnvelope {
  const envelope = decodeEnvelope(bytes);
  if (envelope.private === undefined) throw new Error('an own payment is a private transaction');
  return envelope.private;
}

function signed(tx: Transaction, proof: Uint8Array, secret: bigint, actor: Actor): Uint8Array {
  const hashE = transactionHash(tx, genesisHash(actor.wallet.genesis));
  const signature = sign(secret, hashE, systemRandom(80));
  return encodeEnvelope({ tx, authorization: { proof, signature } });
}
