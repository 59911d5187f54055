import { ContainerType, ListCompositeType, type ValueOf } from '@chainsafe/ssz';
import { concat, type Ed25519, equalBytes, utf8, type Vrf } from '@sero/crypto';
import {
  type EphemeralCache,
  type EphemeralSignature,
  EphemeralSignatureType,
  rememberBatchKey,
  verifyEphemeral,
} from './ephemeral.ts';
import { ensure } from './errors.ts';
import type { RoundContext } from './round-context.ts';
import { leaderValue, selectedUnits, sortitionInput } from './sortition.ts';
import { Bytes32, ByteVectorType, decodeStrict, u8, u32, u64 } from './ssz.ts';
import type { StakeRow } from './stake-table.ts';
import { isCanonicalChoice, STEP } from './steps.ts';
import { isBottom, type Value, ValueType } from './value.ts';

/** A VRF proof, or none where every unit is drawn. */
export const VoteProofType = new ListCompositeType(new ByteVectorType(80), 1);

/** One vote of one stake record; a proposal is a vote of step 0. */
export const VoteType = new ContainerType({
  /** Stake record. */
  sender: Bytes32,
  round: u64,
  period: u32,
  step: u8,
  value: ValueType,
  proof: VoteProofType,
  signature: EphemeralSignatureType,
});

/** What a leaf key signs, behind a tag and the genesis hash. */
const SignedVoteType = new ContainerType({
  sender: Bytes32,
  round: u64,
  period: u32,
  step: u8,
  value: ValueType,
});

export type Vote = ValueOf<typeof VoteType>;
export type SignedVote = ValueOf<typeof SignedVoteType>;

/** A vote from the wire: its structure is right, nothing else has been checked. */
export type UnverifiedVote = Vote;

/** A vote that counts. */
export interface WeighedVote {
  readonly vote: Vote;
  /** Units that were drawn, at least 1. */
  readonly weight: bigint;
  /** Leader value, 256 bits, of a proposal: the smallest leads. */
  readonly leader?: bigint;
}

/**
 * Last period of a round: weeks of a network that never agrees. Without a bound who holds enough keys of an old round could draw committees
 * of 2^32 periods and take the one that suits him.
 */
export const MAX_PERIOD = 1 << 20;

/** Longest encoding of a vote. */
export const MAX_VOTE_BYTES = VoteType.maxSize;

/** What verification of votes computes with. */
export interface VoteCrypto {
  readonly vrf: Vrf;
  readonly ed25519: Ed25519;
  /** Batch keys of votes that counted; bounded by who makes it. */
  readonly links?: EphemeralCache;
}

/** Bytes of a vote. */
export function encodeVote(vote: Vote): Uint8Array {
  return VoteType.serialize(vote);
}

/** Decodes a vote. Throws ProtocolError `too-large`, `malformed`, `not-canonical`. */
export function decodeVote(bytes: Uint8Array): UnverifiedVote {
  return decodeStrict(VoteType, bytes, MAX_VOTE_BYTES, 'vote');
}

/** The bytes that a leaf key signs: "sero/vote/1" || genesis hash || SSZ of the vote without proof and signature. */
export function voteMessage(
  genesisHash: Uint8Array,
  { sender, round, period, step, value }: SignedVote,
): Uint8Array {
  return concat(
    utf8('sero/vote/1'),
    genesisHash,
    SignedVoteType.serialize({ sender, round, period, step, value }),
  );
}

/** A sender's place in a round: what his signatures are for, besides the value. */
export interface Ballot {
  readonly sender: Uint8Array;
  readonly period: number;
  readonly step: number;
  /** A VRF proof, or none where every unit is drawn. */
  readonly proof: readonly Uint8Array[];
}

/**
 * Checks that a vote may say this at all.
 *
 * @throws ProtocolError `period-too-high`, `value-not-canonical`
 */
export function checkChoice(period: number, step: number, value: Value): void {
  ensure(period <= MAX_PERIOD, 'period-too-high', `no round has a period ${period}`);
  ensure(
    isCanonicalChoice(step, isBottom(value)),
    'value-not-canonical',
    'a vote of this step is not for such a value',
  );
  ensure(value.period <= period, 'value-not-canonical', 'the value was first proposed in a later period');
}

/**
 * The row of a sender whose vote has a proof exactly if it needs one: what a vote costs to refuse without any cryptography.
 *
 * @throws ProtocolError `sender-unknown`, `proof-missing`, `proof-unexpected`
 */
export function rowOfSender(context: RoundContext, { sender, step, proof }: Ballot): StakeRow {
  const row = context.table.row(sender);
  ensure(row !== undefined, 'sender-unknown', 'the sender has no weight in this round');
  if (step === STEP.propose || !context.committees(step).everyUnit) {
    ensure(proof.length === 1, 'proof-missing', 'a vote that was drawn shows its proof');
  } else {
    ensure(proof.length === 0, 'proof-unexpected', 'where every unit votes there is nothing to prove');
  }
  return row;
}

/**
 * Checks a sender's signature for one value. Who finds that the vote counts remembers its batch key.
 *
 * @param before the same sender's signature for another value at this place, that verified
 * @throws ProtocolError `batch-signature`, `leaf-signature`, `vote-signature`
 */
export function verifyVoteSignature(
  context: RoundContext,
  row: StakeRow,
  { period, step }: Ballot,
  value: Value,
  signature: EphemeralSignature,
  { ed25519, links }: VoteCrypto,
  before?: EphemeralSignature,
): void {
  const { genesisHash, round } = context;
  const message = voteMessage(genesisHash, { sender: row.id, round, period, step, value });
  verifyEphemeral(row.voteRoot, { round, period, step }, message, signature, ed25519, { links, before });
}

/**
 * What a sender was drawn for: his weight at this step, and his leader value at the step of proposals.
 *
 * @throws ProtocolError `vrf-proof`, `not-selected`
 */
export function verifyDraw(
  context: RoundContext,
  row: StakeRow,
  { period, step, proof: [proof] }: Ballot,
  vrf: Vrf,
): { weight: bigint; leader?: bigint } {
  if (proof === undefined) return { weight: row.weight };
  const { genesisHash, seed, round } = context;
  const output = vrf.verify(row.vrfKey, sortitionInput(genesisHash, seed, round, period, step), proof);
  ensure(output !== undefined, 'vrf-proof', "the proof is not that of the sender's key for this step");
  const weight = selectedUnits(output, row.id, row.weight, context.table.total, context.committees(step));
  ensure(weight > 0n, 'not-selected', 'no unit of the sender was drawn');
  return step === STEP.propose ? { weight, leader: leaderValue(output, row.id, weight) } : { weight };
}

/**
 * Checks a vote against the facts of its round, cheapest rules first.
 *
 * @throws ProtocolError `vote-round`, `period-too-high`, `value-not-canonical`, `proposer-mismatch` and the codes of the three checks above
 */
export function verifyVote(context: RoundContext, vote: UnverifiedVote, crypto: VoteCrypto): WeighedVote {
  const { sender, round, period, step, value, signature } = vote;
  ensure(round === context.round, 'vote-round', `a vote of round ${round} in round ${context.round}`);
  checkChoice(period, step, value);
  // Whoever proposes again keeps the first proposer; what is new is its sender's own.
  ensure(
    step !== STEP.propose || value.period < period || equalBytes(value.proposer, sender),
    'proposer-mismatch',
    'a new block is proposed in the name of somebody else',
  );
  const row = rowOfSender(context, vote);
  verifyVoteSignature(context, row, vote, value, signature, crypto);
  const drawn = verifyDraw(context, row, vote, crypto.vrf);
  rememberBatchKey(row.voteRoot, round, signature, crypto.links);
  return { vote, ...drawn };
}
