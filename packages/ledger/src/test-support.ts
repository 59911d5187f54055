import {
  type Bls,
  blake2b256,
  concat,
  type Ed25519,
  fieldFromBytes,
  fieldToBytes,
  multiply,
  pointToBytes,
  SIGNING_RANDOMNESS,
  SPEND_BASE,
  sign,
  toAffine,
  toHex,
  utf8,
  VIEW_BASE,
  type Vrf,
} from '@sero/crypto';
import {
  AssetBodyType,
  alias,
  type Block,
  type Call,
  DEVELOPMENT,
  decodeExecutedBlock,
  type ExecutedBlock,
  encodeBlock,
  encodeEnvelope,
  type Genesis,
  HeaderType,
  type Issue,
  intrinsicGas,
  KIND,
  NO_VALIDATORS,
  nameCommitment,
  namePrice,
  nextBaseFee,
  ProtocolError,
  type Receipt,
  type Shake256,
  type Transaction,
  transactionHash,
  type Version,
} from '@sero/protocol';
import {
  type KeyPointChecker,
  type NoteHasher,
  type SignatureVerifier,
  verifyingKeyHash,
} from '@sero/prover';
import { type AppendLog, type KeyValueStore, memoryLog, memoryStore, overlay, StoreError } from '@sero/store';
import {
  proofOf,
  type TestVerifier,
  testHasher,
  testVerifier,
  verifyingKey,
} from './doubles-test-support.ts';
import { LedgerError } from './errors.ts';
import { type Ledger, openLedger, type Proposal } from './ledger.ts';
import { type State, stateOf } from './state.ts';
import type { OfferedSnapshot, OpeningEvents } from './stored-chain.ts';

/** A chain whose proofs cost nothing (doubles-test-support.ts), and the transactions of honest and other people on it. */

/** Bytes that differ from those of another n. */
export function filler(n: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (101 * n + 7 * i + 1) & 0xff);
}

/** The same bytes with one bit changed. */
export function flipped(bytes: Uint8Array, index = 0): Uint8Array {
  const out = bytes.slice();
  out[index]! ^= 1;
  return out;
}

/** A PKr that nobody needs the keys of. */
function address(n: bigint): Uint8Array {
  return concat(pointToBytes(multiply(VIEW_BASE, n)), fieldToBytes(n));
}

export const ALICE = address(1001n);
export const BOB = address(1002n);
export const MALLORY = address(1003n);

/** All the SERO of a test chain. */
export const TOTAL = 10n ** 27n;

/** rsk of every transaction here. */
export const RSK = 0x0123456789abcdefn;
const RK = multiply(SPEND_BASE, RSK);
const RK_BYTES = pointToBytes(RK);
const { u: RK_U, v: RK_V } = toAffine(RK);
const VPKRS = [11n, 12n, 13n].map((n) => pointToBytes(multiply(VIEW_BASE, n)));

const KEY = verifyingKey();

/** A development network with one allocation of all its SERO. */
export function testGenesis(change: Partial<Genesis> = {}): Genesis {
  return {
    ...DEVELOPMENT,
    name: utf8('tests'),
    time: 1_700_000_000_000n,
    verifyingKeys: [{ circuit: 1, proofSystem: 1, hash: verifyingKeyHash(KEY) }],
    allocations: [{ pkr: ALICE, asset: fieldToBytes(1n), value: TOTAL }],
    derivation: utf8('made up'),
    ...NO_VALIDATORS,
    ...change,
  };
}

/** What a test says of a transaction; the rest is as an honest sender has it. */
export interface Draft extends Partial<Omit<Transaction, 'shielded'>> {
  readonly anchor?: bigint;
  readonly nullifiers?: readonly Uint8Array[];
  /** Name price that pubOut_0 holds beside fee and value. */
  readonly price?: bigint;
}

export interface TestChain {
  readonly genesis: Genesis;
  readonly ledger: Ledger;
  readonly store: KeyValueStore;
  readonly blocks: AppendLog;
  readonly verifier: TestVerifier;
  /** A transaction with gas and public amounts tied, not yet signed. */
  draft(draft?: Draft): Transaction;
  /** Proves and signs. @param proof bytes instead of the right ones */
  authorize(tx: Transaction, proof?: Uint8Array): Uint8Array;
  make(draft?: Draft): Uint8Array;
  /** The next block of exactly these transactions. Throws the first refusal. */
  block(...transactions: Uint8Array[]): Promise<Block>;
  mine(...transactions: Uint8Array[]): Promise<ExecutedBlock>;
  mineEmpty(count: number): Promise<void>;
  /** The state as it is now; what is set in it reaches nothing. */
  state(): State;
}

export interface ChainOptions {
  readonly genesis?: Partial<Genesis>;
  readonly store?: KeyValueStore;
  readonly blocks?: AppendLog;
  readonly hasher?: NoteHasher;
  readonly events?: OpeningEvents;
  readonly snapshots?: Iterable<OfferedSnapshot>;
  readonly verifier?: TestVerifier;
  readonly shake256?: Shake256;
  readonly signatures?: SignatureVerifier;
  readonly keyPoints?: KeyPointChecker;
  readonly bls?: Bls;
  readonly vrf?: Vrf;
  readonly ed25519?: Ed25519;
  readonly versions?: readonly Version[];
  /** Who proposes the next block, on a chain that has participants. */
  readonly proposal?: (ledger: Ledger) => Proposal;
}

export function startChain(options: ChainOptions = {}): TestChain {
  const genesis = testGenesis(options.genesis);
  const store = options.store ?? memoryStore();
  const blocks = options.blocks ?? memoryLog();
  const verifier = options.verifier ?? testVerifier();
  const ledger = openLedger({
    genesis,
    store,
    blocks,
    verifyingKeys: genesis.verifyingKeys.length === 0 ? [] : [KEY],
    verifier,
    hasher: options.hasher ?? testHasher,
    ...(options.signatures === undefined ? {} : { signatures: options.signatures }),
    ...(options.keyPoints === undefined ? {} : { keyPoints: options.keyPoints }),
    ...(options.bls === undefined ? {} : { bls: options.bls }),
    ...(options.events === undefined ? {} : { events: options.events }),
    ...(options.vrf === undefined ? {} : { vrf: options.vrf }),
    ...(options.ed25519 === undefined ? {} : { ed25519: options.ed25519 }),
    ...(options.versions === undefined ? {} : { versions: options.versions }),
    ...(options.snapshots === undefined ? {} : { snapshots: options.snapshots }),
    ...(options.shake256 === undefined ? {} : { shake256: options.shake256 }),
  });
  let made = ledger.head().height << 32n;
  const fresh = (): Uint8Array => fieldToBytes(++made);

  const chain: TestChain = {
    genesis,
    ledger,
    store,
    blocks,
    verifier,

    draft({ anchor = ledger.head().height, nullifiers = [fresh(), fresh()], price = 0n, ...rest } = {}) {
      const tx: Transaction = {
        version: 1,
        kind: KIND.pay,
        proofSystem: 1,
        circuit: 1,
        chainId: genesis.chainId,
        expiry: anchor + genesis.anchor.expiry,
        gasLimit: 0n,
        gasPrice: nextBaseFee(genesis.fees, ledger.head()),
        from: ALICE,
        shielded: {
          anchor,
          rk: RK_BYTES,
          nullifiers: [...nullifiers],
          traces: [fresh(), fresh()],
          outputs: VPKRS.map((vpkr) => ({
            cm: fresh(),
            vpkr,
            tag: filler(1, 2),
            enc: filler(2, 97),
            out: filler(3, 112),
            memoKey: filler(4, 48),
          })),
        },
        memo: new Uint8Array(0),
        pub: { asset: new Uint8Array(32), pubOut: [0n, 0n] },
        call: [],
        recipients: [],
        body: new Uint8Array(0),
        ...rest,
      };
      return rest.pub === undefined ? tied(tx, genesis, price) : tx;
    },

    authorize(tx, proof) {
      const hashE = transactionHash(tx, ledger.genesisHash);
      const signature = sign(RSK, hashE, new Uint8Array(SIGNING_RANDOMNESS));
      const right = proof ?? proofOf(publicInputsOf(ledger, tx, hashE));
      return encodeEnvelope({ tx, authorization: { proof: right, signature } });
    },

    make: (draft) => chain.authorize(chain.draft(draft)),

    async block(...transactions) {
      const time = ledger.head().time + 5_000n;
      const { block, rejected } = await ledger.propose(transactions, time, options.proposal?.(ledger));
      if (rejected[0] !== undefined) throw rejected[0].error;
      return block;
    },

    mine: async (...transactions) => ledger.apply(encodeBlock(await chain.block(...transactions))),

    async mineEmpty(count) {
      for (let i = 0; i < count; i++) await chain.mine();
    },

    state: () => stateOf(overlay(store), genesis.anchor.window),
  };
  return chain;
}

/** Fills in gas limit (where it is 0), public amounts and public asset as the rules want them. */
function tied(tx: Transaction, genesis: Genesis, price = 0n): Transaction {
  const gasLimit = tx.gasLimit === 0n ? intrinsicGas(genesis.gas, tx) : tx.gasLimit;
  const [call] = tx.call;
  const pubOut = [gasLimit * tx.gasPrice + (call?.value ?? 0n) + price, call?.amount ?? 0n];
  return { ...tx, gasLimit, pub: { ...tx.pub, pubOut } };
}

/** The design's order of public inputs, by hand. */
function publicInputsOf(ledger: Ledger, tx: Transaction, hashE: bigint): bigint[] {
  const { anchor, nullifiers, traces, outputs } = tx.shielded;
  const known = anchor <= ledger.head().height;
  const root = known ? fieldFromBytes(blockAt(ledger, anchor).block.header.notesRoot) : 0n;
  const zpkrFrom = fieldFromBytes(tx.from.subarray(32));
  const shielded = [...nullifiers, ...traces, ...outputs.map(({ cm }) => cm)].map(fieldFromBytes);
  const pub = [fieldFromBytes(tx.pub.asset), ...tx.pub.pubOut];
  return [root, hashE, RK_U, RK_V, zpkrFrom, ...shielded, ...pub];
}

export function blockAt(ledger: Ledger, height: bigint): ExecutedBlock {
  return decodeExecutedBlock(ledger.executedBlock(height));
}

/** Writes to a running chain's store behind the ledger's back. */
export function tampered(chain: TestChain, change: (state: State) => void): TestChain {
  const view = overlay(chain.store);
  change(stateOf(view, chain.genesis.anchor.window));
  chain.store.write(view.changes());
  return chain;
}

/** Everything that a store holds. */
export function contents(store: KeyValueStore): (readonly [key: string, value: string])[] {
  return [...store.entries(new Uint8Array(0))].map(([key, value]) => [toHex(key), toHex(value)]);
}

/** The code of the typed error that something throws, or "fine". */
export function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof LedgerError || error instanceof ProtocolError || error instanceof StoreError))
      throw error;
    return error.code;
  }
  return 'fine';
}

/** A digest of all that a refusal must leave alone: store, head, root. */
function snapshot({ ledger, store }: TestChain): string {
  const entries = [...store.entries(new Uint8Array(0))].flat();
  const head = HeaderType.serialize(ledger.head());
  return toHex(blake2b256('', head, ledger.stateRoot(), ...entries));
}

/**
 * The code under which an attempt is refused, or "accepted". Throws where the refusal is no typed error of the rules, and
 * where it left a trace.
 */
export async function refusalOf(chain: TestChain, attempt: () => Promise<unknown>): Promise<string> {
  const before = snapshot(chain);
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof LedgerError || error instanceof ProtocolError)) throw error;
    if (snapshot(chain) !== before) throw new Error(`the refusal ${error.code} changed the state`);
    return error.code;
  }
  return 'accepted';
}

/**
 * The code under which a transaction is refused at each of the three doors, check, propose and apply: once where they agree. Nothing
 * is left in the chain, even where all three take it.
 */
export async function refusalOfTransaction(chain: TestChain, transaction: Uint8Array): Promise<string> {
  const block = await chain.block();
  const codes = [
    await refusalOf(chain, () => chain.ledger.check(transaction)),
    await refusalOf(chain, () => chain.block(transaction)),
    // The header of an empty block: a block that is otherwise right falls at its transactions root.
    await refusalOf(chain, () => chain.ledger.apply(encodeBlock({ ...block, transactions: [transaction] }))),
  ];
  if (codes[2] === 'header-transactionsRoot') codes[2] = 'accepted';
  return [...new Set(codes)].join(' / ');
}

export function failureOf(receipt: Receipt | undefined): string {
  return receipt === undefined ? 'no receipt' : String.fromCharCode(...receipt.failure);
}

/** A call of an address, with 200,000 gas for its code. */
export function callDraft(chain: TestChain, change: Partial<Call> = {}, rest: Draft = {}): Draft {
  const call: Call = { to: [filler(40, 64)], data: filler(41, 100), value: 0n, amount: 0n, ...change };
  const draft: Draft = { ...rest, kind: KIND.call, call: [call] };
  const gasLimit = rest.gasLimit ?? chain.draft(draft).gasLimit + 200_000n;
  return { ...draft, gasLimit };
}

/** A call that takes an amount of an asset out of the pool in the open. */
export function takingOut(
  chain: TestChain,
  asset: bigint,
  amount: bigint,
  rest: Partial<Call> = {},
): Uint8Array {
  const tx = chain.draft(callDraft(chain, { ...rest, amount }));
  return chain.authorize({ ...tx, pub: { ...tx.pub, asset: fieldToBytes(asset) } });
}

const SALT = filler(51, 32);

/** Commits to a name for an issuer. */
export function commitDraft(name: string, from = ALICE, salt = SALT): Draft {
  const hash = nameCommitment(name, salt, alias(from));
  return { kind: KIND.asset, from, body: AssetBodyType.serialize({ commit: [{ hash }], issue: [] }) };
}

/** Issues a token of 1,000 unless changed, with its price. */
export function issueDraft(
  chain: TestChain,
  name: string,
  change: Partial<Omit<Issue, 'name'>> & { from?: Uint8Array } = {},
): Draft {
  const { from = ALICE, salt = SALT, supply = 1_000n, kind = 1 } = change;
  const body = AssetBodyType.serialize({ commit: [], issue: [{ name: utf8(name), salt, supply, kind }] });
  const free = kind === 2 && supply === 1n;
  return { kind: KIND.asset, from, body, price: free ? 0n : namePrice(name, chain.genesis.namePrices) };
}

/** Commits, waits, issues; returns the receipt of the issue. */
export async function registered(
  chain: TestChain,
  name: string,
  change: Parameters<typeof issueDraft>[2] = {},
) {
  await chain.mine(chain.make(commitDraft(name, change.from, change.salt)));
  await chain.mineEmpty(1);
  const { receipts } = await chain.mine(chain.make(issueDraft(chain, name, change)));
  return receipts[0]!;
}
