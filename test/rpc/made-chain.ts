import { blake2b256, concat, toHex } from '@sero/crypto';
import type { ListedAsset } from '@sero/ledger';
import { NO_PEERS, type RpcLedger, type RpcSource, soloStatus } from '@sero/node';
import {
  appendLeaves,
  DEVELOPMENT,
  decodeExecutedBlock,
  EMPTY_FRONTIER,
  type ExecutedBlock,
  encodeBareEnvelope,
  encodeEnvelope,
  encodeExecutedBlock,
  encodeFrontier,
  encodeGenesis,
  type Frontier,
  type Genesis,
  type Header,
  headerHash,
  KIND,
  NO_VALIDATORS,
  type Receipt,
  stakeTable,
  type Transaction,
} from '@sero/protocol';
import { memoryStore, overlay, proveState, updateStateTree } from '@sero/store';

/** A chain of blocks that nobody checked: well-formed bytes in every field, so that each answer can be compared with its block. */

/** Bytes that differ from those of another name (xorshift32 from a hash of the name, FNV-1a). */
export function filler(name: string, length: number): Uint8Array {
  let state = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** A key of the state that is there, and one that is not. */
export const PRESENT_KEY = concat(Uint8Array.of(0x74), filler('key', 8));
export const ABSENT_KEY = concat(Uint8Array.of(0x74), filler('absent', 8));

/** What a test says of a transaction. */
export interface MadeTransaction {
  readonly kind?: number;
  readonly inputs?: number;
  readonly outputs?: number;
  readonly publicOutputs?: number;
  readonly recipients?: number;
  readonly logs?: number;
  readonly failure?: string;
}

function field(name: string): Uint8Array {
  return concat(filler(name, 31), Uint8Array.of(0));
}

/** The bytes of a transaction and its receipt. */
function madeTransaction(
  name: string,
  made: MadeTransaction,
): { readonly bytes: Uint8Array; readonly receipt: Receipt } {
  const {
    kind = KIND.pay,
    inputs = 2,
    outputs = 3,
    publicOutputs = 0,
    recipients = 0,
    logs = 0,
    failure,
  } = made;
  const count = <T>(n: number, item: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => item(i));
  const tx: Transaction = {
    version: 1,
    kind,
    proofSystem: 1,
    circuit: 1,
    chainId: 31_938n,
    expiry: 600n,
    gasLimit: 1_000_000n,
    gasPrice: 10n ** 9n,
    from: filler(`${name}/from`, 64),
    shielded: {
      anchor: 0n,
      rk: filler(`${name}/rk`, 32),
      nullifiers: count(inputs, (i) => field(`${name}/nil/${i}`)),
      traces: count(inputs, (i) => field(`${name}/trace/${i}`)),
      outputs: count(outputs, (i) => ({
        cm: field(`${name}/cm/${i}`),
        vpkr: filler(`${name}/vpkr/${i}`, 32),
        tag: filler(`${name}/tag/${i}`, 2),
        enc: filler(`${name}/enc/${i}`, 97),
        out: filler(`${name}/out/${i}`, 112),
        memoKey: filler(`${name}/memoKey/${i}`, 48),
      })),
    },
    memo: filler(`${name}/memo`, inputs % 2 === 0 ? 0 : 528),
    pub: { asset: new Uint8Array(32), pubOut: [0n, 0n] },
    call:
      kind === KIND.call
        ? [{ to: [filler(`${name}/to`, 64)], data: filler(`${name}/data`, 10), value: 0n, amount: 0n }]
        : [],
    recipients: count(recipients, (i) => filler(`${name}/recipient/${i}`, 64)),
    body: filler(`${name}/body`, 5),
  };
  const bytes =
    kind >= KIND.evidence
      ? encodeBareEnvelope({ version: 1, kind, proofSystem: 0, circuit: 0, chainId: 31_938n, body: tx.body })
      : encodeEnvelope({
          tx,
          authorization: { proof: filler(`${name}/proof`, 192), signature: filler(`${name}/sig`, 64) },
        });
  const receipt: Receipt = {
    txid: filler(`${name}/txid`, 32),
    status: failure === undefined ? 1 : 0,
    failure: new TextEncoder().encode(failure ?? ''),
    gasUsed: 189_200n,
    publicOutputs: count(publicOutputs, (i) => ({
      asset: field(`${name}/asset/${i}`),
      value: BigInt(i) + (1n << 100n),
      pkr: filler(`${name}/pkr/${i}`, 64),
    })),
    logs: count(logs, (i) => ({
      address: filler(`${name}/address/${i}`, 20),
      topics: count(i % 5, (j) => filler(`${name}/topic/${i}/${j}`, 32)),
      data: filler(`${name}/log/${i}`, 7 * i),
    })),
  };
  return { bytes, receipt };
}

/** The chain, and how to make it longer. */
export interface MadeChain {
  readonly ledger: RpcLedger;
  /** Adds a block. Returns its header. */
  add(transactions?: readonly MadeTransaction[]): Header;
  block(height: bigint): ExecutedBlock;
  /** Blocks that were read from it so far. */
  reads(): number;
}

const none = new Uint8Array(0);

const GENESIS: Genesis = {
  ...DEVELOPMENT,
  name: none,
  time: 1_700_000_000_000n,
  verifyingKeys: [],
  allocations: [],
  derivation: none,
  ...NO_VALIDATORS,
};

const HEADER: Omit<Header, 'height' | 'time' | 'genesisHash' | 'parent' | 'stateRoot' | 'notesRoot'> = {
  version: 1,
  period: 0,
  proposer: [],
  vrfProof: [],
  seed: new Uint8Array(32),
  transactionsRoot: filler('transactionsRoot', 32),
  receiptsRoot: filler('receiptsRoot', 32),
  logsBloom: new Uint8Array(256),
  validatorsRoot: new Uint8Array(32),
  gasUsed: 0n,
  gasLimit: 60_000_000n,
  baseFee: 10n ** 9n,
  versionVote: [],
  disableVote: [],
  absent: [],
};

/** Parents of made notes: no proof is checked against them. */
const hashTuples = (children: readonly bigint[]): bigint[] =>
  Array.from({ length: children.length >> 2 }, (_, i) => 1n + children[4 * i]!);

/** A chain with its genesis block. */
export function madeChain(assets: readonly ListedAsset[] = []): MadeChain {
  const genesis = GENESIS;
  const genesisHash = filler('genesisHash', 32);
  const headers: Header[] = [];
  const executed: Uint8Array[] = [];
  const places = new Map<string, { height: bigint; index: number }>();
  const checkpoints: Uint8Array[] = [];
  const store = memoryStore();
  const view = overlay(store);
  const stateRoot = updateStateTree(view, [{ key: PRESENT_KEY, value: filler('value', 8) }]);
  store.write(view.changes());
  let frontier: Frontier = EMPTY_FRONTIER;
  let reads = 0;

  function add(transactions: readonly MadeTransaction[] = []): Header {
    const height = BigInt(headers.length);
    const header: Header = {
      ...HEADER,
      stateRoot,
      genesisHash,
      height,
      parent: height === 0n ? new Uint8Array(32) : headerHash(headers.at(-1)!),
      time: genesis.time + 5_000n * height,
      notesRoot: filler(`notesRoot/${height}`, 32),
    };
    const made = transactions.map((transaction, i) => madeTransaction(`${height}/${i}`, transaction));
    const leaves = transactions.reduce(
      (sum, { kind = 0, outputs = 3, publicOutputs = 0 }) => sum + (kind >= 9 ? 0 : outputs) + publicOutputs,
      0,
    );
    frontier = appendLeaves(frontier, Array(leaves).fill(1n), hashTuples).frontier;
    if (height % 256n === 0n) checkpoints.push(encodeFrontier(frontier));
    for (const [index, { receipt }] of made.entries()) places.set(toHex(receipt.txid), { height, index });
    headers.push(header);
    executed.push(
      encodeExecutedBlock({
        block: { header, transactions: made.map(({ bytes }) => bytes) },
        receipts: made.map(({ receipt }) => receipt),
      }),
    );
    return header;
  }
  add();

  const ledger: RpcLedger = {
    genesis,
    genesisHash,
    head: () => headers.at(-1)!,
    header: (height) => headers[Number(height)],
    earliest: () => 0n,
    blockHash: (height) =>
      headers[Number(height)] === undefined ? undefined : headerHash(headers[Number(height)]!),
    executedBlock(height) {
      reads++;
      const bytes = executed[Number(height)];
      if (bytes === undefined) throw new Error(`there is no block ${height}`);
      return bytes;
    },
    findTransaction: (txid) => places.get(toHex(txid)),
    treeState(height) {
      const last = BigInt(headers.length - 1);
      const at = Number((height < last ? height : last) / 256n);
      return { height: 256n * BigInt(at), header: headers[256 * at]!, frontier: checkpoints[at]! };
    },
    shardRoot: (index) => (index < 3n ? index + 7n : undefined),
    assets: (from = 0n) => assets.filter(({ asset }) => asset >= from),
    pooled: (asset) => 1_000n * asset,
    rewardPool: () => 77n,
    prove: (asked) => proveState(store, asked),
    // Nobody staked: every table is known, and empty.
    stakeTable: () => stakeTable([]),
    keysEnd: () => undefined,
    stakeRecords: () => [],
    stakePositions: () => [],
    stakeTotals: () => ({ staked: 0n, burned: 0n, issued: 0n, proposedBlocks: 0n }),
  };
  return {
    ledger,
    add,
    block: (height) => decodeExecutedBlock(executed[Number(height)]!),
    reads: () => reads,
  };
}

/** A source over a made chain. */
export interface MadeSource extends RpcSource {
  readonly chain: MadeChain;
  /** Adds a block and tells of it. */
  grow(transactions?: readonly MadeTransaction[]): Header;
  /** What was handed in, with who did. */
  readonly submitted: { readonly bytes: Uint8Array; readonly source: string }[];
}

export type Submit = RpcSource['mempool']['submit'];

export function madeSource(
  change: Partial<RpcSource> & { chain?: MadeChain; submit?: Submit } = {},
): MadeSource {
  const { chain = madeChain(), submit, ...rest } = change;
  const listeners = new Set<(head: Header) => void>();
  const submitted: { bytes: Uint8Array; source: string }[] = [];
  return {
    chain,
    ledger: chain.ledger,
    genesisBytes: encodeGenesis(chain.ledger.genesis),
    mempool: {
      submit:
        submit ??
        (async (bytes, source) => {
          submitted.push({ bytes, source });
          return { txid: blake2b256('TEST_TXID', bytes), wtxid: blake2b256('TEST_WTXID', bytes) };
        }),
      has: (txid) => toHex(txid) === toHex(filler('pending', 32)),
      stats: () => ({ transactions: submitted.length, bytes: 1_234, checking: 0 }),
    },
    agreement: { status: () => soloStatus(chain.ledger.head().height) },
    peers: () => NO_PEERS,
    onHead(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    version: '0.0.0-test',
    ready: () => true,
    grow(transactions) {
      const header = chain.add(transactions);
      for (const listener of listeners) listener(header);
      return header;
    },
    submitted,
    ...rest,
  };
}
