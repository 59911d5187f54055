import { SHAPE_A, SHAPE_B } from '@sero/circuits';
import { blsSecret, fieldToBytes, portableBls, portableEd25519 } from '@sero/crypto';
import { type Ledger, openLedger } from '@sero/ledger';
import {
  hashEd25519,
  hashVrf,
  type Participant,
  participant,
  trustingBls,
  withParticipants,
} from '@sero/ledger/test/participants';
import {
  anchorHeight,
  compareValues,
  DEVELOPMENT,
  decodeExecutedBlock,
  deriveSpendingKey,
  EphemeralSignatureType,
  encodeBlock,
  encodeEvidenceTransaction,
  encodeGenesis,
  encodeLightCertificate,
  encodeOneTimeAddress,
  type Genesis,
  HeaderType,
  headerHash,
  makeBundle,
  makeLightCertificate,
  ownAddress,
  proveRows,
  type Receipt,
  type RoundContext,
  SERO_ASSET,
  STEP,
  seedHeight,
  stakeRecordId,
  type Value,
  type VoteCrypto,
  valueOfHeader,
  verifyVote,
} from '@sero/protocol';
import { memoryLog, memoryStore } from '@sero/store';
import {
  type ChainSource,
  memoryWalletStore,
  openWallet,
  plan,
  prove,
  type ReadyTransaction,
  type Request,
  sign,
  submit,
  syncWallet,
  type ValidatorKeys,
} from '@sero/wallet';
import { demoGenesis } from '../../tools/demo/network.ts';
import {
  chosenBackend,
  provingToolsDouble,
  rememberingHasher,
  verifierDouble,
  verifyingKeyDouble,
} from './doubles.ts';
import type { Person } from './people.ts';

/**
 * People with wallets on a chain with participants. The ledger checks everything but the pairing and the proofs of seeds, which are hashes; possession
 * of BLS keys is real where wallets look.
 */

export interface StakeTown {
  readonly ledger: Ledger;
  readonly people: readonly Person[];
  /** Participants of the genesis file; the first is owned by the first person. */
  readonly participants: readonly Participant[];
  /** What wallets read the chain from. */
  readonly node: ChainSource;
  /** Transactions for the next block. Rejects with the ledger's typed error. */
  send(transaction: Uint8Array): Promise<void>;
  /** Evidence for the next block that a record of the head's table voted twice in the head's round. */
  accuse(id: Uint8Array): void;
  /** Makes the next block, proposed by this record, or by those of the genesis file in turn. Returns its receipts. */
  mine(by?: Proposer): Promise<readonly Receipt[]>;
}

/** Whoever can propose: a record, and the secret of its VRF key. */
export type Proposer = Pick<Participant, 'id' | 'secret'>;

const keyOf = (n: number) =>
  deriveSpendingKey(Uint8Array.from({ length: 32 }, (_, i) => (19 * n + 7 * i + 5) & 0xff));

/** The owner address number `index` of a person. */
export function ownerOf({ key }: Pick<Person, 'key'>, index: bigint): Uint8Array {
  return encodeOneTimeAddress(ownAddress(key.proof.viewing, DEVELOPMENT.chainId, 'owner', index));
}

/** Takes every vote: who certifies blocks, and whether evidence is true, is no matter here. */
export const TRUSTING: VoteCrypto = { vrf: hashVrf, ed25519: { ...hashEd25519, verify: () => true } };

/** A light certificate of the newest block, for which all of its round's table votes. */
function lightCertificate(ledger: Ledger, context: RoundContext): Uint8Array {
  const { round } = context;
  const table = ledger.stakeTable(round)!;
  const at = { round, period: 0, step: STEP.cert, value: valueOfHeader(ledger.head()) };
  const signature = EphemeralSignatureType.defaultValue();
  const votes = table.rows.map(({ id }) =>
    verifyVote(context, { ...at, sender: id, proof: [], signature }, TRUSTING),
  );
  const bundle = makeBundle(context.committees(STEP.cert).threshold, at, votes)!;
  const headers = [];
  for (let height = seedHeight(ledger.genesis.stake, round); height <= round; height++) {
    headers.push(ledger.header(height)!);
  }
  return encodeLightCertificate(makeLightCertificate(headers, bundle, table));
}

/** Evidence of two votes, with signatures that nobody looks at. */
function twoVotes(ledger: Ledger, record: Uint8Array): Uint8Array {
  const { genesis } = ledger;
  const round = ledger.head().height;
  const value = (n: number): Value => ({
    period: 0,
    proposer: new Uint8Array(32).fill(n),
    digest: new Uint8Array(32),
  });
  const signature = EphemeralSignatureType.defaultValue();
  return encodeEvidenceTransaction(
    {
      votes: [
        {
          record,
          round,
          period: 0,
          step: STEP.soft,
          values: [value(1), value(2)].sort(compareValues),
          signatures: [signature, signature],
          anchor: ledger.proveHeader(anchorHeight(round, genesis.stake.balanceLookback))!,
          row: proveRows(ledger.stakeTable(round)!, [record]),
        },
      ],
      checkpoint: [],
    },
    genesis.chainId,
  );
}

/** A node of the chain, as wallets ask it. */
function nodeOf(ledger: Ledger, certificates: ReadonlyMap<bigint, Uint8Array>): ChainSource {
  const heights = (from: bigint, limit: number): bigint[] => {
    const found: bigint[] = [];
    for (let height = from; height <= ledger.head().height && found.length < limit; height++)
      found.push(height);
    return found;
  };
  return {
    async status() {
      const head = ledger.head();
      const { genesisHash } = ledger;
      return { genesisHash, head: { height: head.height, hash: headerHash(head), notes: 0n } };
    },
    blocks: async (from, limit) => ({
      from,
      blocks: heights(from, limit).map((height) => ledger.executedBlock(height)),
    }),
    treeState: () => Promise.reject(new Error('nobody asks for it')),
    assets: async () => ({ assets: [], next: null }),
    finality: {
      headers: async (from, limit) =>
        heights(from, limit).map((height) => HeaderType.serialize(ledger.header(height)!)),
      lightCertificate: async (height) => certificates.get(height),
    },
  };
}

/** @param amounts SERO of each person in the genesis block, in the smallest unit */
export async function foundStakeTown(
  amounts: readonly bigint[],
  change: Partial<Genesis['stake']> = {},
): Promise<StakeTown> {
  const keys = amounts.map((_, n) => keyOf(n));
  const hasher = rememberingHasher();
  const { scanner, traces, signatures, keyPoints } = await chosenBackend();
  const verifyingKeys = [SHAPE_A, SHAPE_B].map(verifyingKeyDouble);
  const allocations = amounts.map((value, n) => ({
    pkr: ownerOf({ key: keys[n]! }, 0n),
    asset: fieldToBytes(SERO_ASSET),
    value,
  }));
  const participants = [0, 1, 2].map((n) =>
    participant(n, { units: 2n, ...(n === 0 ? { owner: ownerOf({ key: keys[0]! }, 7n) } : {}) }),
  );
  const made = demoGenesis(
    new Map([SHAPE_A, SHAPE_B].map(({ id }, i) => [id, verifyingKeys[i]!])),
    allocations,
  );
  const genesis: Genesis = {
    ...made,
    ...withParticipants(participants),
    stake: { ...made.stake, ...change },
  };
  const ledger = openLedger({
    genesis,
    store: memoryStore(),
    blocks: memoryLog(),
    verifyingKeys,
    verifier: verifierDouble,
    signatures,
    keyPoints,
    hasher,
    vrf: hashVrf,
    ed25519: TRUSTING.ed25519,
    bls: trustingBls,
  });
  const bytes = encodeGenesis(genesis);
  const people: Person[] = [];
  for (const key of keys) {
    const { viewing } = key.proof;
    const store = memoryWalletStore();
    people.push({
      key,
      wallet: await openWallet({
        key: viewing,
        genesis: bytes.slice(),
        store,
        scanner,
        traces,
        hasher,
        votes: TRUSTING,
      }),
    });
  }
  const certificates = new Map<bigint, Uint8Array>();
  const node = nodeOf(ledger, certificates);
  const deliver = async (): Promise<readonly Receipt[]> => {
    for (const { wallet } of people) await syncWallet(wallet, node);
    return decodeExecutedBlock(ledger.executedBlock(ledger.head().height)).receipts;
  };
  let waiting: Uint8Array[] = [];
  await deliver();
  return {
    ledger,
    people,
    participants,
    node,
    async send(transaction) {
      await ledger.check(transaction);
      waiting.push(transaction);
    },
    accuse(record) {
      waiting.push(twoVotes(ledger, record));
    },
    async mine(by) {
      const { height, time } = ledger.head();
      const round = height + 1n;
      const proposer = by ?? participants[Number(round % BigInt(participants.length))]!;
      const { block, rejected } = await ledger.propose(waiting, time + 5_000n, {
        proposer: proposer.id,
        period: 0,
        vrfProof: hashVrf.prove(proposer.secret, ledger.seedInput(round)),
      });
      waiting = [];
      if (rejected[0] !== undefined) throw rejected[0].error;
      const context = ledger.roundContext(round)!;
      await ledger.apply(encodeBlock(block));
      certificates.set(round, lightCertificate(ledger, context));
      return deliver();
    },
  };
}

/** Plans, signs, proves and submits a request. */
export async function command(
  town: StakeTown,
  { wallet, key }: Person,
  request: Request,
): Promise<ReadyTransaction> {
  const planned = await plan(wallet, request);
  const proved = await prove(planned, key.proof, provingToolsDouble);
  return submit(wallet, planned, sign(planned, key), proved, (bytes) =>
    town.send(bytes).catch((error) => error),
  );
}

/** Keys of a validator, and the secret by which he proposes. */
export interface TestKeys extends ValidatorKeys {
  readonly secret: Uint8Array;
}

/** Keys number `n` for an owner. */
export function keysFor(owner: Uint8Array, n: number, change: Partial<ValidatorKeys> = {}): TestKeys {
  const seed = (salt: number): Uint8Array => new Uint8Array(32).fill(salt + n);
  const secret = blsSecret(seed(0x60));
  return {
    secret: seed(0x10),
    owner,
    vrfKey: hashVrf.publicKey(seed(0x10)),
    voteRoot: portableEd25519.publicKey(seed(0x30)),
    blsKey: portableBls.publicKey(secret),
    blsProof: portableBls.provePossession(secret, owner),
    firstRound: 1n,
    lastRound: 1_000_000n,
    ...change,
  };
}

/** The record that keys register, as somebody who proposes. */
export function proposerOf(keys: TestKeys): Proposer {
  return { id: stakeRecordId(keys.owner, keys.vrfKey, keys.voteRoot), secret: keys.secret };
}
