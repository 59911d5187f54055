import { blake2b256, compareBytes, le32, le64 } from '@sero/crypto';
import { fastEd25519, fastVrf } from '@sero/node';
import {
  anchorHeight,
  batchMessage,
  batchOf,
  committeeOf,
  type EphemeralSignature,
  encodeVote,
  type Header,
  headerHash,
  type LightTrust,
  leaderValue,
  leafMessage,
  leafOf,
  PRODUCTION,
  type RoundContext,
  STEP,
  type StakeTable,
  selectedUnits,
  sortitionInput,
  stakeTable,
  type Value,
  type Vote,
  valueOfHeader,
  voteMessage,
  type WeighedVote,
  type WholeStakeTable,
} from '@sero/protocol';
import { type Scale, type User, usersOf } from './consensus-users.ts';

/** The steps of a round that nothing disturbs. */
const STEPS = [STEP.propose, STEP.soft, STEP.cert] as const;

/** Their votes, in the order in which they come to a node. */
export interface ByStep<T> {
  readonly proposals: readonly T[];
  readonly soft: readonly T[];
  readonly cert: readonly T[];
}

/** A round in which everybody who is drawn says what he has to, and nothing is lost. */
export interface MadeRound {
  readonly scale: Scale;
  readonly users: readonly User[];
  readonly table: WholeStakeTable;
  readonly context: RoundContext;
  /** From that of the seed to that of the block that is agreed on. */
  readonly headers: readonly Header[];
  /** What a client without state holds already. */
  readonly trust: LightTrust;
  /** What the leader proposed. */
  readonly value: Value;
  readonly weighed: ByStep<WeighedVote>;
  /** The same votes as they are sent. */
  readonly bytes: ByStep<Uint8Array>;
}

const ROUND = 1_000n;
const GENESIS = blake2b256('BENCH_GENESIS');
const ZERO = new Uint8Array(32);

/** A header of which only links, seed and proposer matter. */
function headerOf(
  height: bigint,
  parent: Uint8Array,
  { proposer, vrfProof }: { proposer: Uint8Array; vrfProof: Uint8Array },
): Header {
  return {
    version: 1,
    genesisHash: GENESIS,
    height,
    period: 0,
    parent,
    time: 3_000n * height,
    proposer: [proposer],
    vrfProof: [vrfProof],
    seed: blake2b256('BENCH_SEED', le64(height)),
    transactionsRoot: ZERO,
    receiptsRoot: ZERO,
    logsBloom: new Uint8Array(256),
    stateRoot: ZERO,
    notesRoot: ZERO,
    validatorsRoot: ZERO,
    gasUsed: 0n,
    gasLimit: PRODUCTION.fees.gasLimit,
    baseFee: PRODUCTION.fees.baseFeeStart,
    versionVote: [],
    disableVote: [],
    absent: [],
  };
}

function contextOf(table: StakeTable, seed: Uint8Array): RoundContext {
  const committees = (step: number) => committeeOf(PRODUCTION.committees, step, table.total);
  return { genesisHash: GENESIS, round: ROUND, seed, table, committees };
}

/** A user who is drawn at a step. */
interface Drawn {
  readonly user: User;
  readonly step: number;
  readonly proof: Uint8Array;
  readonly weight: bigint;
  /** Of proposers. */
  readonly leader?: bigint;
}

/** What a user does at a step to learn whether he is drawn; undefined where he is not. */
export function drawOf(context: RoundContext, user: User, step: number): Drawn | undefined {
  const { genesisHash, seed, round, table } = context;
  const { id, weight } = user.row;
  const proof = fastVrf.prove(user.vrfSecret, sortitionInput(genesisHash, seed, round, 0, step));
  const output = fastVrf.outputOf(proof);
  const units = selectedUnits(output, id, weight, table.total, context.committees(step));
  if (units === 0n) return undefined;
  const drawn = { user, step, proof, weight: units };
  return step === STEP.propose ? { ...drawn, leader: leaderValue(output, id, units) } : drawn;
}

/** A signature with the keys that a user has for a step: the root signed the batch key, and that the leaf. */
function chainOf(voteSeed: Uint8Array, step: number, message: Uint8Array): EphemeralSignature {
  const [batch, leaf] = [batchOf(ROUND), leafOf(ROUND, 0, step)];
  const batchSeed = blake2b256('BENCH_BATCH', voteSeed);
  const leafSeed = blake2b256('BENCH_LEAF', voteSeed, le32(leaf));
  const [batchKey, leafKey] = [fastEd25519.publicKey(batchSeed), fastEd25519.publicKey(leafSeed)];
  return {
    batchKey,
    batchSignature: fastEd25519.sign(voteSeed, batchMessage(batch, batchKey)),
    leafKey,
    leafSignature: fastEd25519.sign(batchSeed, leafMessage(batch, leaf, leafKey)),
    signature: fastEd25519.sign(leafSeed, message),
  };
}

/** The vote of a drawn user. */
function voteOf({ user, step, proof, weight, leader }: Drawn, value: Value): WeighedVote {
  const ballot = { sender: user.row.id, round: ROUND, period: 0, step, value };
  const signature = chainOf(user.voteSeed, step, voteMessage(GENESIS, ballot));
  const vote: Vote = { ...ballot, proof: [proof], signature };
  return leader === undefined ? { vote, weight } : { vote, weight, leader };
}

/** Makes a round: keys and proofs of all users, signatures of those who are drawn. */
export function makeRound(scale: Scale): MadeRound {
  const users = usersOf(scale);
  const table = stakeTable(users.map(({ row }) => row));
  const nobody = { proposer: ZERO, vrfProof: new Uint8Array(80) };
  const first = headerOf(ROUND - 2n, ZERO, nobody);
  const second = headerOf(ROUND - 1n, headerHash(first), nobody);
  const context = contextOf(table, first.seed);
  // Proofs are as good as random, so the order of their bytes is one in which votes may arrive.
  const [proposers, soft, cert] = STEPS.map((step) =>
    users.flatMap((user) => drawOf(context, user, step) ?? []).sort((a, b) => compareBytes(a.proof, b.proof)),
  ) as [Drawn[], Drawn[], Drawn[]];
  const blockOf = ({ user, proof }: Drawn): Header =>
    headerOf(ROUND, headerHash(second), { proposer: user.row.id, vrfProof: proof });
  const leader = proposers.reduce((a, b) => (a.leader! < b.leader! ? a : b));
  const third = blockOf(leader);
  const value = valueOfHeader(third);
  const weighed = {
    proposals: proposers.map((drawn) => voteOf(drawn, valueOfHeader(blockOf(drawn)))),
    soft: soft.map((drawn) => voteOf(drawn, value)),
    cert: cert.map((drawn) => voteOf(drawn, value)),
  };
  const sent = (votes: readonly WeighedVote[]): Uint8Array[] => votes.map(({ vote }) => encodeVote(vote));
  const { committees, stake } = PRODUCTION;
  const anchor = { height: anchorHeight(ROUND, stake.balanceLookback), validatorsRoot: table.root() };
  return {
    scale,
    users,
    table,
    context,
    headers: [first, second, third],
    trust: {
      genesisHash: GENESIS,
      committees,
      seedRule: stake,
      balanceLookback: stake.balanceLookback,
      anchor,
    },
    value,
    weighed,
    bytes: { proposals: sent(weighed.proposals), soft: sent(weighed.soft), cert: sent(weighed.cert) },
  };
}
