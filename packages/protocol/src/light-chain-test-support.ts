import { blake2b256, compareBytes, le32, le64, utf8 } from '@sero/crypto';
import { cast, type Participant, participants, STUB, stubBls } from './consensus-test-support.ts';
import {
  type Bundle,
  committeeOf,
  DEVELOPMENT,
  deriveSpendingKey,
  encodeOneTimeAddress,
  type Genesis,
  type GenesisValidator,
  genesisHash,
  genesisTable,
  type Header,
  HeaderType,
  headerHash,
  type LightCertificate,
  makeBundle,
  makeLightCertificate,
  ownAddress,
  type RoundContext,
  receiptsRoot,
  recordOfValidator,
  STEP,
  seedHeight,
  transactionsRoot,
  type VoteCrypto,
  valueOfHeader,
  verifyVote,
  type WholeStakeTable,
} from './index.ts';

/** Chains of headers with those who certify them: what light clients are shown, and what forgers make of it. */

/** First participants, and their part of a genesis file. */
export interface Founders {
  readonly all: readonly Participant[];
  readonly genesis: Pick<Genesis, 'seed' | 'validators'>;
}

/** Founders with stake of these units. */
export function founders(units: readonly bigint[], crypto: VoteCrypto = STUB, bls = stubBls): Founders {
  const owner = encodeOneTimeAddress(
    ownAddress(deriveSpendingKey(blake2b256('TEST_OWNER')).proof.viewing, DEVELOPMENT.chainId, 'owner', 0n),
  );
  const made = participants(units, crypto, bls).map((one) => {
    const { vrfKey, voteRoot, blsKey, weight } = one.row;
    const validator: GenesisValidator = {
      owner,
      vrfKey,
      voteRoot,
      blsKey,
      blsProof: new Uint8Array(96),
      firstRound: 1n,
      lastRound: 1_000_000n,
      commission: 0,
      units: weight,
    };
    return { validator, one: { ...one, row: { ...one.row, id: recordOfValidator(validator) } } };
  });
  return {
    all: made.map(({ one }) => one).sort((a, b) => compareBytes(a.row.id, b.row.id)),
    genesis: { seed: blake2b256('TEST_FIRST_SEED'), validators: made.map(({ validator }) => validator) },
  };
}

/** A genesis file of the small profile that names them. */
export function foundedGenesis({ genesis }: Founders, change: Partial<Genesis> = {}): Genesis {
  return {
    ...DEVELOPMENT,
    name: utf8('tests'),
    time: 1_700_000_000_000n,
    verifyingKeys: [],
    allocations: [],
    derivation: new Uint8Array(0),
    ...genesis,
    ...change,
  };
}

/** Block 0 as its genesis file has it, as far as light clients look. */
export function firstHeader(genesis: Genesis): Header {
  return {
    ...HeaderType.defaultValue(),
    version: genesis.version,
    genesisHash: genesisHash(genesis),
    time: genesis.time,
    seed: genesis.seed,
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    validatorsRoot: genesisTable(genesis).root(),
    gasLimit: genesis.fees.gasLimit,
    baseFee: genesis.fees.baseFeeStart,
  };
}

/** A header on top of another one; what makes it another block than its siblings is its branch. */
export function nextHeader(parent: Header, branch = 0, change: Partial<Header> = {}): Header {
  const height = parent.height + 1n;
  return {
    ...parent,
    height,
    parent: headerHash(parent),
    time: parent.time + 5_000n,
    proposer: [blake2b256('TEST_PROPOSER')],
    vrfProof: [new Uint8Array(80).fill(3)],
    seed: blake2b256('TEST_SEED_OF', le64(height), le32(branch)),
    stateRoot: blake2b256('TEST_STATE', le64(height), le32(branch)),
    ...change,
  };
}

/** Headers up to `last` on top of those given, of one branch. `root` names the table that each header carries; default: its parent's. */
export function grown(
  headers: readonly Header[],
  last: number,
  branch = 0,
  root: (height: bigint) => Uint8Array | undefined = () => undefined,
): Header[] {
  const all = [...headers];
  while (all.length <= last) {
    const parent = all[all.length - 1]!;
    const validatorsRoot = root(parent.height + 1n) ?? parent.validatorsRoot;
    all.push(nextHeader(parent, branch, { validatorsRoot }));
  }
  return all;
}

/** What judges the votes for a header, on a chain of headers from block 0 on. */
function contextFor(
  genesis: Genesis,
  headers: readonly Header[],
  height: number,
  table: WholeStakeTable,
): RoundContext {
  const round = BigInt(height);
  return {
    genesisHash: genesisHash(genesis),
    round,
    seed: headers[Number(seedHeight(genesis.stake, round))]!.seed,
    table,
    committees: (step) => committeeOf(genesis.committees, step, table.total),
  };
}

/** Who certifies, and how. */
export interface Certifying {
  readonly who: readonly Participant[];
  /** Of the round; default: that of all who certify. */
  readonly table: WholeStakeTable;
  readonly crypto?: VoteCrypto;
  /** Weight at which the bundle is full; default: the committee's threshold. */
  readonly threshold?: bigint;
  readonly step?: number;
}

/** A bundle for the block of a header: a certificate where they are a quorum. */
export function certificateFor(
  genesis: Genesis,
  headers: readonly Header[],
  height: number,
  { who, table, crypto = STUB, threshold, step = STEP.cert }: Certifying,
): Bundle {
  const context = contextFor(genesis, headers, height, table);
  const at = { round: context.round, period: 0, step, value: valueOfHeader(headers[height]!) };
  const votes = who.map((one) => verifyVote(context, cast(one, context, at, crypto), crypto));
  const bundle = makeBundle(threshold ?? context.committees(step).threshold, at, votes);
  if (bundle === undefined) throw new Error('they are no quorum');
  return bundle;
}

/** A light certificate of the block of a header, on a chain of headers from block 0 on. */
export function lightFor(
  genesis: Genesis,
  headers: readonly Header[],
  height: number,
  certifying: Certifying,
): LightCertificate {
  const first = Number(seedHeight(genesis.stake, BigInt(height)));
  const bundle = certificateFor(genesis, headers, height, certifying);
  return makeLightCertificate(headers.slice(first, height + 1), bundle, certifying.table);
}
