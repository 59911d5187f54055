import { SHAPES } from '@sero/circuits';
import { concat, fieldFromBytes, fieldToBytes, le32, le64, utf8 } from '@sero/crypto';
import {
  allocationNote,
  appendLeaves,
  assetId,
  DEVELOPMENT,
  decodeEnvelope,
  deriveSpendingKey,
  EMPTY_FRONTIER,
  encodeExecutedBlock,
  encodeGenesis,
  encodeOneTimeAddress,
  type Frontier,
  frontierRoot,
  type Genesis,
  GROTH16_BLS12_381,
  genesisHash,
  genesisTable,
  type Header,
  HeaderType,
  hashNodesWith,
  headerHash,
  NO_VALIDATORS,
  name32,
  nextBaseFee,
  noteCommitment,
  ownAddress,
  type ProtocolErrorCode,
  publicOutputNote,
  type Receipt,
  receiptsRoot,
  SERO_UNIT,
  type SpendingKey,
  type Transaction,
  transactionId,
  transactionsRoot,
  type VoteCrypto,
  witnessTransactionId,
} from '@sero/protocol';
import { createPortableScanner, createReferenceTraceOpener, type Scanner } from '@sero/prover';
import { provingToolsDouble, rememberingHasher } from '../../../test/wallet/doubles.ts';
import {
  assemble,
  memoryWalletStore,
  openWallet,
  type Plan,
  plan,
  prove,
  type ReadyTransaction,
  type Request,
  sign,
  type TreeState,
  type Wallet,
  type WalletErrorCode,
  type WalletStart,
  type WalletStore,
} from './index.ts';

/**
 * A chain that believes every transaction: what wallets make of blocks stands alone here. test/wallet plays the same with the
 * ledger, which believes nothing.
 */

export function filler(n: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (101 * n + 7 * i + 1) & 0xff);
}

export const [ALICE, BOB, CAROL] = [1, 2, 3].map((n) => deriveSpendingKey(filler(n, 32))) as [
  SpendingKey,
  SpendingKey,
  SpendingKey,
];

/** Matches a refusal with this code and nothing else. */
export function refusal(code: WalletErrorCode): { name: string; code: string } {
  return { name: 'WalletError', code };
}

export function protocolRefusal(code: ProtocolErrorCode): { name: string; code: string } {
  return { name: 'ProtocolError', code };
}

export const HASHER = rememberingHasher();
const hashNodes = hashNodesWith(HASHER);

/** Money of a test's genesis file: to own address number `index` of a class. */
export interface TestAllocation {
  readonly key: SpendingKey;
  readonly value: bigint;
  readonly index?: bigint;
}

/** 1,000 SERO for Alice. */
export const ALICES_MONEY: readonly TestAllocation[] = [{ key: ALICE, value: 1_000n * SERO_UNIT }];

/** What a receipt says beyond the ordinary. */
export type ReceiptChange = (tx: Transaction) => Partial<Receipt>;

export interface TestChain {
  readonly genesis: Genesis;
  readonly genesisBytes: Uint8Array;
  readonly genesisHash: Uint8Array;
  /** Every block with its receipts, serialised. */
  readonly blocks: readonly Uint8Array[];
  /** The next block, with these transactions in it; `header` changes are made after everything was worked out. */
  next(transactions: readonly Uint8Array[], receipt?: ReceiptChange, header?: Partial<Header>): Uint8Array;
  /** The next block, put into the chain. */
  add(transactions?: readonly Uint8Array[], receipt?: ReceiptChange, header?: Partial<Header>): Uint8Array;
  /** The note tree after a block, as a node tells it. */
  treeState(height: bigint): TreeState;
}

/** Every circuit has a key here. */
const KEYS: Genesis['verifyingKeys'] = SHAPES.map(({ id }) => ({
  circuit: id,
  proofSystem: GROTH16_BLS12_381,
  hash: filler(9 + id, 32),
}));

/** A network on which only shape A can be proved. */
export const ONLY_SHAPE_A: Partial<Genesis> = { verifyingKeys: KEYS.slice(0, 1) };

export function testChain(
  allocations: readonly TestAllocation[] = ALICES_MONEY,
  change: Partial<Genesis> = {},
): TestChain {
  const genesis: Genesis = {
    ...DEVELOPMENT,
    name: utf8('tests'),
    time: 1_700_000_000_000n,
    verifyingKeys: KEYS,
    allocations: allocations.map(({ key, value, index = 0n }) => ({
      pkr: encodeOneTimeAddress(ownAddress(key.proof.viewing, DEVELOPMENT.chainId, 'owner', index)),
      asset: fieldToBytes(1n),
      value,
    })),
    derivation: utf8('made up'),
    ...NO_VALIDATORS,
    ...change,
  };
  const hash = genesisHash(genesis);
  const first = genesis.allocations.map((allocation, n) =>
    noteCommitment(allocationNote(allocation, hash, n)),
  );
  let { frontier } = appendLeaves(EMPTY_FRONTIER, first, hashNodes);
  let head: Header = {
    ...HeaderType.defaultValue(),
    version: 1,
    genesisHash: hash,
    time: genesis.time,
    seed: genesis.seed,
    validatorsRoot: genesis.validators.length === 0 ? new Uint8Array(32) : genesisTable(genesis).root(),
    transactionsRoot: transactionsRoot([]),
    receiptsRoot: receiptsRoot([]),
    notesRoot: fieldToBytes(frontierRoot(frontier, hashNodes)),
    gasLimit: genesis.fees.gasLimit,
    baseFee: genesis.fees.baseFeeStart,
  };
  const blocks = [encodeExecutedBlock({ block: { header: head, transactions: [] }, receipts: [] })];
  const states = [{ header: head, frontier }];

  const make = (
    transactions: readonly Uint8Array[],
    receipt: ReceiptChange = () => ({}),
    change: Partial<Header> = {},
  ) => {
    const leaves: bigint[] = [];
    const receipts = transactions.map((bytes): Receipt => {
      const { tx } = decodeEnvelope(bytes).private!;
      const made: Receipt = {
        txid: transactionId(tx, hash),
        status: 1,
        failure: new Uint8Array(0),
        gasUsed: tx.gasLimit,
        publicOutputs: [],
        logs: [],
        ...receipt(tx),
      };
      leaves.push(...tx.shielded.outputs.map(({ cm }) => fieldFromBytes(cm)));
      for (const [i, output] of made.publicOutputs.entries()) {
        leaves.push(noteCommitment(publicOutputNote(output, fieldFromBytes(made.txid), i)));
      }
      return made;
    });
    const grown = appendLeaves(frontier, leaves, hashNodes).frontier;
    const header: Header = {
      ...head,
      height: head.height + 1n,
      parent: headerHash(head),
      time: head.time + 5_000n,
      transactionsRoot: transactionsRoot(transactions.map(witnessTransactionId)),
      receiptsRoot: receiptsRoot(receipts),
      notesRoot: fieldToBytes(frontierRoot(grown, hashNodes)),
      gasUsed: receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0n),
      baseFee: nextBaseFee(genesis.fees, head),
      ...change,
    };
    const block = { header, transactions: [...transactions] };
    return { header, grown, bytes: encodeExecutedBlock({ block, receipts }) };
  };

  return {
    genesis,
    genesisBytes: encodeGenesis(genesis),
    genesisHash: hash,
    blocks,
    next: (transactions, receipt, change) => make(transactions, receipt, change).bytes,
    add(transactions = [], receipt, change) {
      const { header, grown, bytes } = make(transactions, receipt, change);
      head = header;
      frontier = grown;
      blocks.push(bytes);
      states.push({ header, frontier });
      return bytes;
    },
    treeState(height) {
      const state = states[Number(height)]!;
      return {
        height,
        header: HeaderType.serialize(state.header),
        frontier: encodeFrontier(state.frontier),
      };
    },
  };
}

/** SSZ of { size: u64, levels: List[List[Bytes32, 3], 19] }, written out. */
function encodeFrontier({ size, levels }: Frontier): Uint8Array {
  const lists = levels.map((nodes) => concat(...nodes.map(fieldToBytes)));
  let at = 4 * lists.length;
  const offsets = lists.map((list) => {
    at += list.length;
    return le32(at - list.length);
  });
  return concat(le64(size), le32(12), ...offsets, ...lists);
}

export interface OpenOptions {
  readonly store?: WalletStore;
  readonly audit?: boolean;
  readonly start?: WalletStart;
  /** What verifies votes; real cryptography unless given. */
  readonly votes?: VoteCrypto;
  /** The portable one unless given. */
  readonly scanner?: Scanner;
  /** Blocks to feed; all of the chain's unless given. */
  readonly blocks?: readonly Uint8Array[];
}

/** A wallet that has read the chain. */
export async function openOn(chain: TestChain, key: SpendingKey, options: OpenOptions = {}): Promise<Wallet> {
  const wallet = await openWallet({
    key: key.proof.viewing,
    genesis: chain.genesisBytes,
    store: options.store ?? memoryWalletStore(),
    scanner: options.scanner ?? createPortableScanner(),
    traces: createReferenceTraceOpener(),
    hasher: HASHER,
    audit: options.audit ?? false,
    ...(options.start === undefined ? {} : { start: options.start }),
    ...(options.votes === undefined ? {} : { votes: options.votes }),
  });
  for (const block of options.blocks ?? chain.blocks) await wallet.addBlock(block);
  return wallet;
}

/** Signs and proves a plan with the doubles. */
export async function ready(planned: Plan, key: SpendingKey): Promise<ReadyTransaction> {
  return assemble(sign(planned, key), await prove(planned, key.proof, provingToolsDouble));
}

/** A transaction for the chain that believes everything. */
export async function transaction(wallet: Wallet, key: SpendingKey, request: Request): Promise<Uint8Array> {
  return (await ready(await plan(wallet, request), key)).bytes;
}

/** Alice’s wallet on a chain whose genesis file gives her notes of these values. */
export async function chainWithNotes(
  values: readonly bigint[],
  change: Partial<Genesis> = {},
): Promise<{ chain: TestChain; wallet: Wallet }> {
  const allocations = values.map((value, n) => ({ key: ALICE, value, index: BigInt(n) }));
  const chain = testChain(allocations, change);
  return { chain, wallet: await openOn(chain, ALICE) };
}

/** Everything that a wallet shows. */
export function view(wallet: Wallet) {
  const { balances, notes, history, undisclosed, anchor, tip, tree } = wallet;
  return {
    balances: balances(),
    notes: notes(),
    history: [...history()],
    undisclosed: [...undisclosed()],
    anchor: anchor(),
    height: tip()?.header.height,
    size: tree.size(),
    root: tree.rootAt(tree.size()),
  };
}

/** The token that `issueToken` issues. */
export const TOKEN = assetId(DEVELOPMENT.chainId, 1, name32('HEPTANE'));

/** Puts a commitment to a name into the chain, and the block after which the name can be issued. */
export async function commitName(
  chain: TestChain,
  wallet: Wallet,
  key: SpendingKey,
  name: string,
): Promise<void> {
  await wallet.addBlock(chain.add([await transaction(wallet, key, { type: 'commit', name })]));
  await wallet.addBlock(chain.add());
}

/** Puts a block into the chain in which the wallet's account issues HEPTANE, in public notes of these values. */
export async function issueToken(
  chain: TestChain,
  wallet: Wallet,
  key: SpendingKey,
  values: readonly bigint[],
): Promise<void> {
  const supply = values.reduce((sum, value) => sum + value, 0n);
  await commitName(chain, wallet, key, 'HEPTANE');
  const issue = await transaction(wallet, key, { type: 'issue', name: 'HEPTANE', kind: 1, supply });
  await wallet.addBlock(
    chain.add([issue], ({ from }) => ({
      publicOutputs: values.map((value) => ({ asset: fieldToBytes(TOKEN), value, pkr: from })),
    })),
  );
}
