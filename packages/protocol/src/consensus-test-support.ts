import {
  type Bls,
  blake2b,
  blake2b256,
  blake2bOfLength,
  compareBytes,
  concat,
  type Ed25519,
  equalBytes,
  le32,
  le64,
  leBytes,
  leInteger,
  utf8,
  type Vrf,
} from '@sero/crypto';
import {
  appendHeader,
  type BundlePair,
  batchMessage,
  batchOf,
  type Checkpoint,
  type CheckpointSubject,
  type Committees,
  checkpointMessage,
  committeeOf,
  DEVELOPMENT,
  EMPTY_HISTORY,
  type EphemeralSignature,
  type Header,
  type HistoryPeaks,
  headerHash,
  historyNode,
  historyPath,
  leafMessage,
  leafOf,
  PRODUCTION,
  type ProvedHeader,
  pairOf,
  type RoundContext,
  STEP,
  type StakeRow,
  type StakeTable,
  signersOf,
  sortitionInput,
  stakeTable,
  type Value,
  type Vote,
  type VoteCrypto,
  verifyVote,
  voteMessage,
  type WeighedVote,
  type WholeStakeTable,
} from './index.ts';

/**
 * Honest participants, and stand-ins for the costly cryptography. The stand-ins check as much as the real ones do, each bit of
 * key, message and signature, but anybody can forge them: adversaries in tests change bytes, or sign as somebody.
 */

/** A VRF whose output is a hash of key and input. */
const stubVrf: Vrf = {
  publicKey: (secret) => blake2b256('STUB_VRF_KEY', secret),
  prove: (secret, alpha) => stubProof(stubVrf.publicKey(secret), alpha),
  verify: (publicKey, alpha, proof) =>
    equalBytes(stubProof(publicKey, alpha), proof) ? stubVrf.outputOf(proof) : undefined,
  outputOf: (proof) => blake2b('STUB_VRF_OUT', proof),
};

function stubProof(publicKey: Uint8Array, alpha: Uint8Array): Uint8Array {
  const start = blake2b('STUB_VRF_PROOF', publicKey, alpha);
  return concat(start, blake2b256('STUB_VRF_TAIL', start).slice(0, 16));
}

/** Signatures that are hashes of key and message. */
const stubEd25519: Ed25519 = {
  publicKey: (seed) => blake2b256('STUB_ED_KEY', seed),
  sign: (seed, message) => blake2b('STUB_ED_SIGN', stubEd25519.publicKey(seed), message),
  verify: (publicKey, message, signature) =>
    equalBytes(blake2b('STUB_ED_SIGN', publicKey, message), signature),
};

export const TEST_GENESIS = blake2b256('TEST_GENESIS');

/** Stand-ins for whatever votes need. */
export const STUB: VoteCrypto = { vrf: stubVrf, ed25519: stubEd25519 };

/** Who votes, with all his secrets. */
export interface Participant {
  readonly row: StakeRow;
  readonly vrfSecret: Uint8Array;
  readonly voteSeed: Uint8Array;
  readonly blsSecret: Uint8Array;
}

/** Participant number n. */
function participant(
  n: number,
  weight: bigint,
  { vrf, ed25519 }: VoteCrypto = STUB,
  bls: Bls = stubBls,
): Participant {
  const secret = (purpose: string): Uint8Array => blake2b256(`TEST_${purpose}`, le32(n));
  const [vrfSecret, voteSeed, blsSecret] = [secret('VRF'), secret('VOTE'), secret('BLS')];
  // Below the order of the real groups.
  blsSecret[0] = 1;
  return {
    row: {
      id: secret('ID'),
      vrfKey: vrf.publicKey(vrfSecret),
      voteRoot: ed25519.publicKey(voteSeed),
      blsKey: bls.publicKey(blsSecret),
      weight,
    },
    vrfSecret,
    voteSeed,
    blsSecret,
  };
}

/** Participants of these weights, ascending by id as in a table. */
export function participants(
  weights: readonly bigint[],
  crypto: VoteCrypto = STUB,
  bls: Bls = stubBls,
): Participant[] {
  return weights
    .map((weight, n) => participant(n, weight, crypto, bls))
    .sort((a, b) => compareBytes(a.row.id, b.row.id));
}

/** The production profile's committees. */
export const DRAWN: Committees = PRODUCTION.committees;
/** Committees in which every unit votes. */
export const EVERYBODY: Committees = DEVELOPMENT.committees;

/** The facts of a round in which these vote. */
export function roundOf(
  all: readonly Participant[],
  committees: Committees = EVERYBODY,
  change: Partial<RoundContext> = {},
): RoundContext {
  const table = stakeTable(all.map(({ row }) => row));
  return {
    genesisHash: TEST_GENESIS,
    round: 1_000n,
    seed: blake2b256('TEST_SEED'),
    table,
    committees: (step) => committeeOf(committees, step, table.total),
    ...change,
  };
}

/** A value that somebody proposed in a period. */
export function proposed(proposer: Uint8Array, n: number, period = 0): Value {
  return { period, proposer, digest: blake2b256('TEST_BLOCK', le32(n)) };
}

/** The signature chain that an honest participant's keys give for (round, period, step). */
export function ephemeralSignature(
  voteSeed: Uint8Array,
  { round, period, step }: Pick<Vote, 'round' | 'period' | 'step'>,
  message: Uint8Array,
  ed25519: Ed25519 = stubEd25519,
): EphemeralSignature {
  const [batch, leaf] = [batchOf(round), leafOf(round, period, step)];
  const batchSeed = blake2b256('TEST_BATCH', voteSeed, le64(batch));
  const leafSeed = blake2b256('TEST_LEAF', batchSeed, le32(leaf));
  const [batchKey, leafKey] = [ed25519.publicKey(batchSeed), ed25519.publicKey(leafSeed)];
  return {
    batchKey,
    batchSignature: ed25519.sign(voteSeed, batchMessage(batch, batchKey)),
    leafKey,
    leafSignature: ed25519.sign(batchSeed, leafMessage(batch, leaf, leafKey)),
    signature: ed25519.sign(leafSeed, message),
  };
}

/** The vote of a participant, whether he was drawn or not. */
export function cast(
  { row, vrfSecret, voteSeed }: Participant,
  context: RoundContext,
  at: Pick<Vote, 'period' | 'step' | 'value'>,
  { vrf, ed25519 }: VoteCrypto = STUB,
): Vote {
  const { genesisHash, seed, round } = context;
  const { period, step, value } = at;
  const subject = { sender: row.id, round, period, step, value };
  const needsProof = step === STEP.propose || !context.committees(step).everyUnit;
  const alpha = sortitionInput(genesisHash, seed, round, period, step);
  return {
    ...subject,
    proof: needsProof ? [vrf.prove(vrfSecret, alpha)] : [],
    signature: ephemeralSignature(voteSeed, subject, voteMessage(genesisHash, subject), ed25519),
  };
}

/** A vote with its weight, as verification would give it. */
export function weigh(context: RoundContext, vote: Vote, crypto: VoteCrypto = STUB): WeighedVote {
  return verifyVote(context, vote, crypto);
}

/** What a participant gives away by voting for two values, numbers of `proposed`. */
export function pairFrom(
  who: Participant,
  context: RoundContext,
  at: Pick<Vote, 'period' | 'step'>,
  [one, other]: readonly [number, number],
  crypto: VoteCrypto = STUB,
): BundlePair {
  const vote = (n: number): Vote => cast(who, context, { ...at, value: proposed(who.row.id, n) }, crypto);
  return pairOf(vote(one), vote(other));
}

/** A header of a made-up chain: whatever no rule here looks at is zero. */
function madeHeader(height: bigint, parent: Uint8Array, validatorsRoot: Uint8Array): Header {
  const zero = new Uint8Array(32);
  return {
    version: 1,
    genesisHash: TEST_GENESIS,
    height,
    period: 0,
    parent,
    time: 1_000n * height,
    proposer: height === 0n ? [] : [blake2b256('TEST_PROPOSER')],
    vrfProof: height === 0n ? [] : [new Uint8Array(80).fill(3)],
    seed: blake2b256('TEST_SEED_OF', le64(height)),
    transactionsRoot: zero,
    receiptsRoot: zero,
    logsBloom: new Uint8Array(256),
    stateRoot: blake2b256('TEST_STATE', le64(height)),
    notesRoot: zero,
    validatorsRoot,
    gasUsed: 0n,
    gasLimit: 1n,
    baseFee: 1n,
    versionVote: [],
    disableVote: [],
    absent: [],
  };
}

/** A chain of headers that name one table all along, and what proves each of them. */
export interface MadeChain {
  readonly headers: readonly Header[];
  readonly history: HistoryPeaks;
  prove(height: bigint): ProvedHeader;
}

/** Headers 0 to `last`, linked. */
export function madeChain(last: number, table: StakeTable): MadeChain {
  const headers: Header[] = [];
  const hashes: Uint8Array[] = [];
  let history = EMPTY_HISTORY;
  for (let height = 0n; height <= last; height++) {
    const header = madeHeader(height, hashes.at(-1) ?? new Uint8Array(32), table.root());
    headers.push(header);
    hashes.push(headerHash(header));
    history = appendHeader(history, hashes.at(-1)!);
  }
  const nodes = new Map<string, Uint8Array>();
  const node = (height: number, place: bigint): Uint8Array => {
    const name = `${height}:${place}`;
    const known = nodes.get(name) ?? historyNode((position) => hashes[Number(position)]!, height, place);
    nodes.set(name, known);
    return known;
  };
  return {
    headers,
    history,
    prove: (height) => ({
      header: headers[Number(height)]!,
      path: historyPath(history.size, height, node),
    }),
  };
}

/** Signatures that are hashes of key and message, and their aggregates sums. */
export const stubBls: Bls = {
  publicKey: (secret) => blake2bOfLength('STUB_BLS_KEY', 48, [secret]),
  sign: (secret, message) => stubBlsSignature(stubBls.publicKey(secret), message),
  verify: (publicKey, message, signature) => equalBytes(stubBlsSignature(publicKey, message), signature),
  provePossession: (secret, holder) => stubBls.sign(secret, concat(utf8('possession'), holder)),
  verifyPossession: (publicKey, proof, holder) =>
    stubBls.verify(publicKey, concat(utf8('possession'), holder), proof),
  verifyAggregate: (keys, message, signature) =>
    keys.length > 0 &&
    equalBytes(stubBls.aggregate(keys.map((key) => stubBlsSignature(key, message))), signature),
  aggregate: (signatures) => {
    const sum = signatures.reduce((total, signature) => total + leInteger(signature), 0n);
    return leBytes(sum & ((1n << 768n) - 1n), 96);
  },
};

function stubBlsSignature(publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  return concat(blake2b('STUB_BLS_1', publicKey, message), blake2b256('STUB_BLS_2', publicKey, message));
}

/** A checkpoint of this header that these participants sign, under a table of all of them. */
export function checkpointOf(
  header: Header,
  table: WholeStakeTable,
  signers: readonly Participant[],
  change: Partial<CheckpointSubject> = {},
  bls: Bls = stubBls,
): Checkpoint {
  const subject: CheckpointSubject = {
    height: header.height,
    blockHash: headerHash(header),
    stateRoot: header.stateRoot,
    validatorsRoot: header.validatorsRoot,
    ...change,
  };
  const message = checkpointMessage(TEST_GENESIS, subject);
  return {
    ...subject,
    signers: signersOf(
      table.count,
      signers.map(({ row }) => table.position(row.id)!),
    ),
    signature: bls.aggregate(signers.map(({ blsSecret }) => bls.sign(blsSecret, message))),
  };
}
