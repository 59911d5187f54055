import { blake2b256, compareBytes, concat, equalBytes, le32, le64 } from '@sero/crypto';
import {
  type Bundle,
  batchMessage,
  batchOf,
  type Committees,
  committeeOf,
  DEVELOPMENT,
  leafMessage,
  leafOf,
  makeBundle,
  PRODUCTION,
  ProtocolError,
  pairOf,
  type RoundContext,
  STEP,
  type StakeRow,
  sortitionInput,
  stakeTable,
  type Value,
  type Vote,
  type VoteCrypto,
  verifyBundle,
  verifyVote,
  voteMessage,
  type WeighedVote,
} from '@sero/protocol';
import { fastEd25519, fastVrf } from '../../fast-signatures.ts';

/** Rounds of honest voters with real keys. */

const CRYPTO: VoteCrypto = { vrf: fastVrf, ed25519: fastEd25519 };
const EVERYBODY: Committees = DEVELOPMENT.committees;
export const DRAWN: Committees = PRODUCTION.committees;

export interface Voter {
  readonly row: StakeRow;
  readonly vrfSecret: Uint8Array;
  readonly voteSeed: Uint8Array;
}

/** So many voters of one weight, ascending by id. */
export function votersOf(count: number, weight: bigint): Voter[] {
  return Array.from({ length: count }, (_, n) => voter(n, weight)).sort((a, b) =>
    compareBytes(a.row.id, b.row.id),
  );
}

function voter(n: number, weight: bigint): Voter {
  const secret = (purpose: string): Uint8Array => blake2b256(`TEST_${purpose}`, le32(n));
  const [vrfSecret, voteSeed] = [secret('VRF'), secret('VOTE')];
  const [vrfKey, voteRoot] = [fastVrf.publicKey(vrfSecret), fastEd25519.publicKey(voteSeed)];
  return {
    row: { id: secret('ID'), vrfKey, voteRoot, blsKey: new Uint8Array(48), weight },
    vrfSecret,
    voteSeed,
  };
}

export function roundOf(
  voters: readonly Voter[],
  committees: Committees = EVERYBODY,
  change: Partial<RoundContext> = {},
): RoundContext {
  const table = stakeTable(voters.map(({ row }) => row));
  return {
    genesisHash: blake2b256('TEST_GENESIS'),
    round: 1_000n,
    seed: blake2b256('TEST_SEED'),
    table,
    committees: (step) => committeeOf(committees, step, table.total),
    ...change,
  };
}

export function valueNo(n: number, proposer: Uint8Array = blake2b256('TEST_PROPOSER')): Value {
  return { period: 0, proposer, digest: blake2b256('TEST_BLOCK', le32(n)) };
}

/** The vote of a voter, whether he was drawn or not. */
export function cast(
  { row, vrfSecret, voteSeed }: Voter,
  context: RoundContext,
  { period = 0, step = STEP.soft as number, value = valueNo(1) } = {},
): Vote {
  const { genesisHash, seed, round } = context;
  const subject = { sender: row.id, round, period, step, value };
  const isDrawn = step === STEP.propose || !context.committees(step).everyUnit;
  const alpha = sortitionInput(genesisHash, seed, round, period, step);
  const [batch, leaf] = [batchOf(round), leafOf(round, period, step)];
  const batchSeed = blake2b256('TEST_BATCH', voteSeed, le64(batch));
  const leafSeed = blake2b256('TEST_LEAF', batchSeed, le32(leaf));
  const [batchKey, leafKey] = [fastEd25519.publicKey(batchSeed), fastEd25519.publicKey(leafSeed)];
  return {
    ...subject,
    proof: isDrawn ? [fastVrf.prove(vrfSecret, alpha)] : [],
    signature: {
      batchKey,
      batchSignature: fastEd25519.sign(voteSeed, batchMessage(batch, batchKey)),
      leafKey,
      leafSignature: fastEd25519.sign(batchSeed, leafMessage(batch, leaf, leafKey)),
      signature: fastEd25519.sign(leafSeed, voteMessage(genesisHash, subject)),
    },
  };
}

/** Votes of all that were drawn, with what they weigh. */
export function castAll(
  voters: readonly Voter[],
  context: RoundContext,
  at: { period?: number; step?: number; value?: Value } = {},
): WeighedVote[] {
  return voters.flatMap((one) => judged(context, cast(one, context, at)) ?? []);
}

/** What @sero/protocol says of a vote. */
export function judged(context: RoundContext, vote: Vote): WeighedVote | undefined {
  return refusable(() => verifyVote(context, vote, CRYPTO));
}

/** Whether @sero/protocol takes a bundle. */
export function isQuorum(context: RoundContext, bundle: Bundle): boolean {
  return refusable(() => verifyBundle(context, bundle, CRYPTO)) !== undefined;
}

function refusable<T>(check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** A quorum of these, with pairs of the first `paired` of them. */
export function bundleOf(
  voters: readonly Voter[],
  context: RoundContext,
  { step = STEP.soft as number, paired = 0 } = {},
): Bundle {
  const value = valueNo(1);
  const all = castAll(voters, context, { step, value });
  const others = castAll(voters, context, { step, value: valueNo(2) });
  const pairs = all.slice(0, paired).map(({ vote, weight }) => {
    const other = others.find((one) => equalBytes(one.vote.sender, vote.sender))!;
    return { pair: pairOf(vote, other.vote), weight };
  });
  const subject = { round: context.round, period: 0, step, value };
  const { threshold } = context.committees(step);
  // As few votes as make a quorum with the pairs, else these are left out.
  let [weight, count] = [0n, 0];
  while (weight < threshold && count < all.length) weight += all[count++]!.weight;
  const made = makeBundle(threshold, subject, all.slice(paired, count), pairs);
  if (made === undefined) throw new Error('these voters are no quorum');
  return made;
}

/** The bytes with one bit changed. */
export function flipped(bytes: Uint8Array, bit = 0): Uint8Array {
  const changed = concat(bytes);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}
