import {
  type Bls,
  blake2b256,
  concat,
  type Ed25519,
  equalBytes,
  portableBls,
  portableEd25519,
  toHex,
  utf8,
  type Vrf,
} from '@sero/crypto';
import { type Genesis, type GenesisValidator, stakeRecordId } from '@sero/protocol';
import type { Ledger, Proposal } from './ledger.ts';
import { ALICE, BOB, type ChainOptions, filler, startChain, type TestChain } from './test-support.ts';

/** A chain with participants whose keys cost little: points that nothing is computed with, hashes in the place of proofs. Anybody could forge them, and tests do where they want to. */

/** Its key is a point, its output a hash of key and input, its proof says so and no more. */
export const hashVrf: Vrf = {
  publicKey: pointOf,
  prove: (secret, alpha) => proofOf(hashVrf.publicKey(secret), alpha),
  verify(publicKey, alpha, proof) {
    return equalBytes(proof, proofOf(publicKey, alpha)) ? hashVrf.outputOf(proof) : undefined;
  },
  outputOf: (proof) => concat(blake2b256('test vrf out', proof), blake2b256('test vrf out 2', proof)),
};

/** Whoever has a BLS key may say so, whatever his proof. */
export const trustingBls: Bls = { ...portableBls, verifyPossession: () => true };

/** Genesis takes nothing but points. */
function pointOf(secret: Uint8Array): Uint8Array {
  const name = toHex(secret);
  const known = points.get(name) ?? portableEd25519.publicKey(secret);
  points.set(name, known);
  return known;
}

const points = new Map<string, Uint8Array>();

function proofOf(publicKey: Uint8Array, alpha: Uint8Array): Uint8Array {
  const digest = blake2b256('test vrf proof', publicKey, alpha);
  return concat(digest, digest, digest.subarray(0, 16));
}

/** Its signature is a hash of key and message, twice. */
export const hashEd25519: Ed25519 = {
  publicKey: (seed) => pointOf(blake2b256('test root', seed)),
  sign: (seed, message) => signatureOf(hashEd25519.publicKey(seed), message),
  verify: (publicKey, message, signature) => equalBytes(signature, signatureOf(publicKey, message)),
};

function signatureOf(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  const digest = blake2b256('test signature', publicKey, message);
  return concat(digest, digest);
}

export interface Participant {
  readonly secret: Uint8Array;
  readonly id: Uint8Array;
  readonly genesis: GenesisValidator;
}

/** The n-th participant; odd ones belong to Bob, even ones to Alice. */
export function participant(n: number, change: Partial<GenesisValidator> = {}): Participant {
  const secret = filler(700 + n, 32);
  const genesis: GenesisValidator = {
    owner: n % 2 === 0 ? ALICE : BOB,
    vrfKey: hashVrf.publicKey(secret),
    voteRoot: hashEd25519.publicKey(secret),
    blsKey: filler(800 + n, 48),
    blsProof: filler(900 + n, 96),
    firstRound: 1n,
    lastRound: 1_000_000n,
    commission: 0,
    units: 10n,
    ...change,
  };
  return { secret, genesis, id: stakeRecordId(genesis.owner, genesis.vrfKey, genesis.voteRoot) };
}

export interface NetworkOptions extends Omit<ChainOptions, 'proposal' | 'vrf' | 'ed25519'> {
  readonly participants?: readonly Participant[];
  /** Who proposes a round; default: one after another. */
  readonly turn?: (round: bigint) => Participant;
  /** Period of proposals and votes of the header. */
  readonly terms?: (round: bigint) => Partial<Omit<Proposal, 'proposer' | 'vrfProof'>>;
}

export interface TestNetwork extends TestChain {
  readonly participants: readonly Participant[];
  /** What a participant says with a block of the next round. */
  proposal(by: Participant, rest?: Partial<Omit<Proposal, 'proposer'>>): Proposal;
}

export const SEED = utf8('thirty-two bytes of shared seed.');

/** Four participants of ten units each, unless told otherwise. */
export function startNetwork(options: NetworkOptions = {}): TestNetwork {
  const { participants = [0, 1, 2, 3].map((n) => participant(n)), turn, terms, genesis, ...rest } = options;
  const proposalOf = (
    ledger: Ledger,
    by: Participant,
    said: Partial<Omit<Proposal, 'proposer'>>,
  ): Proposal => {
    const { period = 0 } = said;
    const vrfProof = hashVrf.prove(by.secret, ledger.seedInput(ledger.head().height + 1n));
    return { proposer: by.id, period, ...(period === 0 ? { vrfProof } : {}), ...said };
  };
  const chain = startChain({
    bls: trustingBls,
    ...rest,
    vrf: hashVrf,
    ed25519: hashEd25519,
    genesis: { ...withParticipants(participants), ...genesis },
    proposal: (ledger) => {
      const round = ledger.head().height + 1n;
      const by = turn?.(round) ?? participants[Number(round % BigInt(participants.length))]!;
      return proposalOf(ledger, by, terms?.(round) ?? {});
    },
  });
  return { ...chain, participants, proposal: (by, said = {}) => proposalOf(chain.ledger, by, said) };
}

/** The part of a genesis file that names them. */
export function withParticipants(participants: readonly Participant[]): Pick<Genesis, 'seed' | 'validators'> {
  return { seed: SEED, validators: participants.map(({ genesis }) => genesis) };
}
