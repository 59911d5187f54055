import { ContainerType, ListCompositeType, type ValueOf, VectorCompositeType } from '@chainsafe/ssz';
import { compareBytes, toHex } from '@sero/crypto';
import type { Committee } from './committee.ts';
import { type EphemeralSignature, EphemeralSignatureType, rememberBatchKey } from './ephemeral.ts';
import { ensure } from './errors.ts';
import type { RoundContext } from './round-context.ts';
import { Bytes32, decodeStrict, u8, u32, u64 } from './ssz.ts';
import type { StakeRow } from './stake-table.ts';
import { STEP } from './steps.ts';
import { type Value, ValueType } from './value.ts';
import {
  type Ballot,
  checkChoice,
  rowOfSender,
  type Vote,
  type VoteCrypto,
  VoteProofType,
  verifyDraw,
  verifyVoteSignature,
  type WeighedVote,
} from './vote.ts';

/** Most votes and pairs of one bundle, together. */
export const MAX_BUNDLE_VOTES = 8_192;

/** One sender's vote; round, period, step and value stand in the bundle. */
const BundleVoteType = new ContainerType({
  sender: Bytes32,
  proof: VoteProofType,
  signature: EphemeralSignatureType,
});

/** One sender's votes for two values, ascending by their bytes: he counts for every value. */
const BundlePairType = new ContainerType({
  sender: Bytes32,
  proof: VoteProofType,
  values: new VectorCompositeType(ValueType, 2),
  signatures: new VectorCompositeType(EphemeralSignatureType, 2),
});

/** Votes of one step for one value that weigh a quorum together. */
export const BundleType = new ContainerType({
  round: u64,
  period: u32,
  step: u8,
  value: ValueType,
  /** Strictly ascending by sender. */
  votes: new ListCompositeType(BundleVoteType, MAX_BUNDLE_VOTES),
  /** Strictly ascending by sender; nobody stands in both lists. */
  equivocations: new ListCompositeType(BundlePairType, MAX_BUNDLE_VOTES),
});

export type BundleVote = ValueOf<typeof BundleVoteType>;
export type BundlePair = ValueOf<typeof BundlePairType>;
export type Bundle = ValueOf<typeof BundleType>;

/** Longest encoding of a bundle, whatever the committee: its members are as many as a list has, in both lists together. */
export const MAX_BUNDLE_BYTES = maxBundleBytes(BigInt(MAX_BUNDLE_VOTES));

/**
 * Longest encoding of a bundle of a committee: it has no more members than the threshold has units, nor than a list has, and a pair is the
 * longest of them. What is longer need not be read.
 *
 * @param threshold T, units
 */
export function maxBundleBytes(threshold: bigint): number {
  const members = threshold < BigInt(MAX_BUNDLE_VOTES) ? Number(threshold) : MAX_BUNDLE_VOTES;
  // An element of a list of such has an offset of 4 bytes before it.
  return BundleType.minSize + members * (BundlePairType.maxSize + 4);
}

/** Bytes of a bundle. */
export function encodeBundle(bundle: Bundle): Uint8Array {
  return BundleType.serialize(bundle);
}

/**
 * Decodes a bundle; nothing but its structure is checked. Throws ProtocolError `too-large`, `malformed`, `not-canonical`.
 *
 * @param most longest that is read: `maxBundleBytes` of the highest threshold that the round has. Default: that of any round
 */
export function decodeBundle(bytes: Uint8Array, most = MAX_BUNDLE_BYTES): Bundle {
  return decodeStrict(BundleType, bytes, most, 'bundle');
}

/** A sender's votes for two values, and what they weigh. */
export interface WeighedPair {
  readonly pair: BundlePair;
  /** At least 1. */
  readonly weight: bigint;
}

/** A bundle that is a quorum. */
export interface WeighedBundle {
  readonly bundle: Bundle;
  /** Sum of the weights, at least the step's threshold. */
  readonly weight: bigint;
  /** Weights of `bundle.votes` and of `bundle.equivocations`, in their order. */
  readonly votes: readonly bigint[];
  readonly equivocations: readonly bigint[];
}

/** What all votes of a bundle are about. */
export type BundleSubject = Pick<Bundle, 'round' | 'period' | 'step' | 'value'>;

/** Two votes of one sender at one (round, period, step) for different values, in the form of bundles and evidence. */
export function pairOf(one: Vote, other: Vote): BundlePair {
  const [first, second] = compareValues(one.value, other.value) < 0 ? [one, other] : [other, one];
  return {
    sender: one.sender,
    proof: one.proof,
    values: [first.value, second.value],
    signatures: [first.signature, second.signature],
  };
}

/** Orders values by their bytes. */
export function compareValues(one: Value, other: Value): number {
  return compareBytes(ValueType.serialize(one), ValueType.serialize(other));
}

/**
 * A bundle of the fewest of these that weigh the threshold, the heaviest first; votes before pairs of equal weight, since
 * they are shorter.
 *
 * @param votes for the subject, one a sender
 * @param pairs of the subject's step, one a sender; a vote of such a sender is left out, since he counts once
 * @returns undefined where they weigh less, or where a bundle does not hold as many as it takes
 */
export function makeBundle(
  threshold: bigint,
  { round, period, step, value }: BundleSubject,
  votes: readonly WeighedVote[],
  pairs: readonly WeighedPair[] = [],
): Bundle | undefined {
  const equivocators = new Set(pairs.map(({ pair }) => toHex(pair.sender)));
  const members = [
    ...votes
      .filter(({ vote }) => !equivocators.has(toHex(vote.sender)))
      .map(({ vote, weight }) => ({ sender: vote.sender, weight, vote, pair: undefined })),
    ...pairs.map(({ pair, weight }) => ({ sender: pair.sender, weight, vote: undefined, pair })),
  ];
  members.sort((a, b) => {
    if (a.weight !== b.weight) return a.weight > b.weight ? -1 : 1;
    if ((a.pair === undefined) !== (b.pair === undefined)) return a.pair === undefined ? -1 : 1;
    return compareBytes(a.sender, b.sender);
  });
  let sum = 0n;
  const enough = members.findIndex(({ weight }) => {
    sum += weight;
    return sum >= threshold;
  });
  if (enough < 0) return undefined;
  const taken = members.slice(0, enough + 1).sort((a, b) => compareBytes(a.sender, b.sender));
  const bundle: Bundle = { round, period, step, value, votes: [], equivocations: [] };
  for (const { vote, pair } of taken) {
    if (pair !== undefined) bundle.equivocations.push(pair);
    else if (vote !== undefined) {
      bundle.votes.push({ sender: vote.sender, proof: vote.proof, signature: vote.signature });
    }
  }
  return taken.length <= MAX_BUNDLE_VOTES ? bundle : undefined;
}

/**
 * Checks that a bundle is a quorum of its step in its round, and no more: its form and the weights of its senders' rows first, then every
 * signature and every draw.
 *
 * "No more" means that without its lightest member it were no quorum: so it has at most as many members as the threshold has units, whoever
 * sends it, and none is verified for nothing.
 *
 * @throws ProtocolError `vote-round`, `step-not-canonical`, `period-too-high`, `value-not-canonical`, `bundle-order`, `bundle-pair`,
 *   `bundle-weight`, `bundle-not-trimmed` and the codes of a vote: `sender-unknown`, `proof-missing`, `proof-unexpected`, `batch-signature`, `leaf-signature`,
 *   `vote-signature`, `vrf-proof`, `not-selected`
 */
export function verifyBundle(context: RoundContext, bundle: Bundle, crypto: VoteCrypto): WeighedBundle {
  ensure(
    bundle.round === context.round,
    'vote-round',
    `a bundle of round ${bundle.round} in round ${context.round}`,
  );
  checkBundleForm(bundle, context.committees(bundle.step).threshold);
  const { period, step, value } = bundle;
  const ballot = ({ sender, proof }: Pick<Ballot, 'sender' | 'proof'>): Ballot => ({
    sender,
    period,
    step,
    proof,
  });
  const committee = context.committees(step);
  const rows = [...bundle.votes, ...bundle.equivocations].map((item) => rowOfSender(context, ballot(item)));
  checkRowWeights(
    committee,
    rows.map(({ weight }) => weight),
  );

  const drawn = (row: StakeRow, member: Pick<Ballot, 'sender' | 'proof'>, signed: EphemeralSignature) => {
    const { weight } = verifyDraw(context, row, ballot(member), crypto.vrf);
    rememberBatchKey(row.voteRoot, context.round, signed, crypto.links);
    return weight;
  };
  const votes = bundle.votes.map((vote, i) => {
    verifyVoteSignature(context, rows[i]!, ballot(vote), value, vote.signature, crypto);
    return drawn(rows[i]!, vote, vote.signature);
  });
  const equivocations = bundle.equivocations.map((pair, i) => {
    const row = rows[bundle.votes.length + i]!;
    const [first, second] = pair.signatures;
    verifyVoteSignature(context, row, ballot(pair), pair.values[0]!, first!, crypto);
    verifyVoteSignature(context, row, ballot(pair), pair.values[1]!, second!, crypto, first);
    return drawn(row, pair, second!);
  });
  const weight = checkQuorum(committee.threshold, [...votes, ...equivocations]);
  return { bundle, weight, votes, equivocations };
}

/**
 * What the rows of a bundle's senders must weigh, before any of it is verified: a draw never gives more units than the row has, and where every
 * unit votes it gives just those.
 *
 * @param weights of all members, in any order
 * @throws ProtocolError `bundle-weight`, `bundle-not-trimmed`
 */
export function checkRowWeights({ threshold, everyUnit }: Committee, weights: readonly bigint[]): void {
  if (everyUnit) checkQuorum(threshold, weights);
  else ensure(sumOf(weights) >= threshold, 'bundle-weight', 'all units of these senders are no quorum');
}

/**
 * What the members weigh together: a quorum, and without the lightest of them none.
 *
 * @param threshold T, units
 * @param weights what each was drawn with, at least one member
 * @throws ProtocolError `bundle-weight`, `bundle-not-trimmed`
 */
export function checkQuorum(threshold: bigint, weights: readonly bigint[]): bigint {
  const weight = sumOf(weights);
  ensure(weight >= threshold, 'bundle-weight', `${weight} units, the quorum is ${threshold}`);
  const lightest = weights.reduce((a, b) => (a < b ? a : b));
  ensure(
    weight - lightest < threshold,
    'bundle-not-trimmed',
    'without its lightest member it were a quorum still',
  );
  return weight;
}

function sumOf(weights: readonly bigint[]): bigint {
  return weights.reduce((sum, units) => sum + units, 0n);
}

/**
 * What a bundle's form must be, whoever voted: all that costs nothing.
 *
 * @param threshold of its step
 * @throws ProtocolError `step-not-canonical`, `period-too-high`, `value-not-canonical`, `bundle-order`, `bundle-pair`, `bundle-not-trimmed`
 */
export function checkBundleForm(
  { period, step, value, votes, equivocations }: Bundle,
  threshold: bigint,
): void {
  ensure(step !== STEP.propose, 'step-not-canonical', 'proposals make no quorum');
  const members = votes.length + equivocations.length;
  ensure(
    BigInt(members) <= threshold && members <= MAX_BUNDLE_VOTES,
    'bundle-not-trimmed',
    'more members than the quorum has units',
  );
  checkChoice(period, step, value);
  checkAscending(votes);
  checkAscending(equivocations);
  const senders = new Set(votes.map(({ sender }) => toHex(sender)));
  for (const { sender, values } of equivocations) {
    ensure(!senders.has(toHex(sender)), 'bundle-order', 'a sender stands in both lists');
    checkPair(period, step, values);
  }
}

/** Checks the values of a pair. Throws ProtocolError `bundle-pair`, `value-not-canonical`. */
export function checkPair(period: number, step: number, values: readonly Value[]): void {
  ensure(
    compareValues(values[0]!, values[1]!) < 0,
    'bundle-pair',
    'the values of a pair differ and ascend by their bytes',
  );
  for (const value of values) checkChoice(period, step, value);
}

function checkAscending(items: readonly { readonly sender: Uint8Array }[]): void {
  for (let i = 1; i < items.length; i++) {
    ensure(
      compareBytes(items[i - 1]!.sender, items[i]!.sender) < 0,
      'bundle-order',
      'senders are not strictly ascending',
    );
  }
}
