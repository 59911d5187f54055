import { concat, fieldToBytes, randomizeSecret, sign } from '@sero/crypto';
import { type Ledger, LedgerError, openLedger } from '@sero/ledger';
import {
  DEVELOPMENT,
  decodeEnvelope,
  decodeExecutedBlock,
  decodeGenesis,
  encodeBlock,
  encodeEnvelope,
  ProtocolError,
  SERO_ASSET,
  SERO_UNIT,
  type Transaction,
  transactionHash,
} from '@sero/protocol';
import { createPortableNoteHasher, createPortableVerifier } from '@sero/prover';
import { type KeyValueStore, memoryLog, memoryStore } from '@sero/store';
import { type Request, readPlan, systemRandom } from '@sero/wallet';
import {
  type Actor,
  addressOf,
  allocationAddress,
  keysFromWords,
  openActor,
  type Prepared,
  prepare,
} from '../../tools/demo/actor.ts';
import { type DevelopmentTools, developmentTools, startNetwork } from '../../tools/demo/network.ts';

/** Name and supply of the token that the first person issues. */
export const TOKEN = { name: 'HEPTANE', supply: 1_000n, paid: 400n } as const;

/** A ledger of its own for one test. */
export interface OwnLedger {
  readonly ledger: Ledger;
  readonly store: KeyValueStore;
}

/** A short chain with real proofs, and two honest transactions that are in no block yet. */
export interface Scene {
  readonly tools: DevelopmentTools;
  readonly alice: Actor;
  readonly bob: Actor;
  /** Alice issued it to one public output. */
  readonly token: bigint;
  /** Alice pays Bob in her token, with a memo: spends the public output, and SERO for the fee. */
  readonly payment: Prepared;
  /** Secret of the payment's rk: whoever signs with it is Alice herself. */
  readonly secret: bigint;
  /** Bob pays Alice in SERO, out of a genesis allocation. */
  readonly foreign: Prepared;
  /** Opens a copy of the chain: what a test does to it no other sees. */
  open(): Promise<OwnLedger>;
  close(): Promise<void>;
}

/** Makes four proofs. */
export async function setScene(): Promise<Scene> {
  const tools = await developmentTools();
  const [hers, his] = [keysFromWords('new'), keysFromWords('new')];
  const allocations = [hers, hers, his].map(({ key }) => ({
    pkr: allocationAddress(key, DEVELOPMENT.chainId),
    asset: fieldToBytes(SERO_ASSET),
    value: 100n * SERO_UNIT,
  }));
  const network = startNetwork([tools.verifyingKey], allocations);
  const alice = await openActor('alice', hers.words, network.genesis);
  const bob = await openActor('bob', his.words, network.genesis);
  const deliver = async (block: Uint8Array): Promise<void> => {
    for (const { wallet } of [alice, bob]) await wallet.addBlock(block.slice());
  };
  const include = async (request: Request): Promise<void> => {
    await (await prepare(alice, request, tools)).send(network.send);
    await deliver(await network.mine());
  };
  await deliver(network.ledger.executedBlock(0n));
  await include({ type: 'commit', name: TOKEN.name });
  await deliver(await network.mine());
  await include({ type: 'issue', name: TOKEN.name, kind: 1, supply: TOKEN.supply });
  const { asset: token } = alice.wallet.asset(TOKEN.name)!;
  const payment = await prepare(
    alice,
    { type: 'pay', to: addressOf(bob.address), asset: token, amount: TOKEN.paid, memo: 'thank you' },
    tools,
  );
  const foreign = await prepare(
    bob,
    { type: 'pay', to: addressOf(alice.address), asset: SERO_ASSET, amount: SERO_UNIT },
    tools,
  );
  const height = network.ledger.head().height;
  const blocks = Array.from({ length: Number(height) }, (_, i) =>
    encodeBlock(decodeExecutedBlock(network.ledger.executedBlock(BigInt(i + 1))).block),
  );
  return {
    tools,
    alice,
    bob,
    token,
    payment,
    secret: randomizeSecret(alice.key.ask, readPlan(payment.plan).alpha),
    foreign,
    async open() {
      const store = memoryStore();
      const ledger = openLedger({
        genesis: decodeGenesis(network.genesis),
        store,
        blocks: memoryLog(),
        verifyingKeys: [tools.verifyingKey],
        verifier: createPortableVerifier(),
        hasher: createPortableNoteHasher(),
      });
      for (const block of blocks) await ledger.apply(block);
      return { ledger, store };
    },
    close: () => tools.close(),
  };
}

/** The parts of a prepared transaction. */
export function partsOf(prepared: Prepared) {
  return decodeEnvelope(prepared.ready.bytes).private!;
}

/** A transaction under any proof, signed with the secret of its rk. */
export function signedWith(
  { ledger }: OwnLedger,
  tx: Transaction,
  proof: Uint8Array,
  secret: bigint,
): Uint8Array {
  const signature = sign(secret, transactionHash(tx, ledger.genesisHash), systemRandom(80));
  return encodeEnvelope({ tx, authorization: { proof, signature } });
}

/** How a refusal looks from outside. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/**
 * Offers a transaction to a ledger, alone and in a block. Returns the refusal, the same at both doors, or undefined where both take
 * it; throws where a refusal has no type, where the doors disagree or where anything of it stayed.
 */
export async function offer(own: OwnLedger, transaction: Uint8Array): Promise<Refusal | undefined> {
  const { ledger, store } = own;
  const before = concat(...[...store.entries(new Uint8Array(0))].flat());
  const { block } = await ledger.propose([], ledger.head().time + 5_000n);
  const alone = await refusalOf(() => ledger.check(transaction));
  const inBlock = await refusalOf(() => ledger.apply(encodeBlock({ ...block, transactions: [transaction] })));
  const after = concat(...[...store.entries(new Uint8Array(0))].flat());
  if (Buffer.compare(before, after) !== 0) throw new Error('a refusal changed the state');
  // The header is an empty block's: a transaction that passes is stopped there, and leaves nothing.
  const codes = [alone?.code, inBlock?.code === 'header-transactionsRoot' ? undefined : inBlock?.code];
  if (codes[0] !== codes[1]) throw new Error(`check says ${codes[0]}, apply says ${codes[1]}`);
  return alone;
}

async function refusalOf(attempt: () => Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (error instanceof LedgerError || error instanceof ProtocolError) return error;
    throw error;
  }
}
