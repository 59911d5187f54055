import { join } from 'node:path';
import { createClient } from '@sero/api';
import { cacheDirectory } from '@sero/circuits/node';
import { utf8 } from '@sero/crypto';
import { encodeGenesis } from '@sero/protocol';
import type { ProverBackend, Scanner } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import type { KeyValueStore } from '@sero/store';
import { openLmdbStore } from '@sero/store/node';
import {
  accountFromWords,
  createKeystore,
  encryptedWalletStore,
  newWords,
  openKeystore,
  openWallet,
  rpcSource,
  syncWallet,
  type Wallet,
  type WalletStore,
} from '@sero/wallet';
import {
  type Comparison,
  type Figure,
  type Measurement,
  measure,
  type Suite,
  sampled,
  timed,
} from './harness.ts';
import { writeNodeDirectory } from './made-node.ts';
import { type ServerProcess, startNodeProcess } from './processes.ts';
import { temporaryDirectories } from './temporary.ts';
import { BLOCK_OUTPUTS, type ChainSize, syntheticChain } from './wallet-chain.ts';

/** Blocks of payments that a restore reads, for the runs that are compared and for the long one. */
const BLOCKS = 17;
const MANY_BLOCKS = 334;

/** Blocks without a transaction, as most of a young chain is. */
const EMPTY_BLOCKS = 500;

const KEY = accountFromWords(newWords()).proof.viewing;
const STORE_KEY = new Uint8Array(32).fill(7);

/** Finds nothing and costs nothing. */
const noScanner: Scanner = { scan: async () => [] };

const AS_USERS =
  'by the command line’s way: over RPC from a node in its own process, with the native prover on all cores, into an encrypted store in lmdb, each batch of blocks synced';

const directories = temporaryDirectories();
const nodes: ServerProcess[] = [];

let opened: Promise<ProverBackend> | undefined;

/** As the command line opens it; by its name, so that a figure is never another backend's. */
function nativeBackend(): Promise<ProverBackend> {
  opened ??= openBackend({ backend: 'native', images: join(cacheDirectory(), 'ready') });
  return opened;
}

/** A node that serves a chain with some notes of ours. */
interface Chain {
  readonly genesis: Uint8Array;
  readonly node: ServerProcess;
}

async function servedChain(size: ChainSize): Promise<Chain> {
  const directory = directories.make();
  const chain = syntheticChain(size, KEY.address);
  writeNodeDirectory(directory, chain);
  const node = await startNodeProcess(directory);
  nodes.push(node);
  return { genesis: encodeGenesis(chain.genesis), node };
}

/** What `@sero/cli` puts between a wallet and lmdb. */
function keyValueWalletStore(store: KeyValueStore): WalletStore {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return {
    get: async (key) => {
      const value = store.get(utf8(key));
      return value === undefined ? undefined : text(value);
    },
    entries: async (prefix) =>
      [...store.entries(utf8(prefix))].map(([key, value]) => [text(key), text(value)] as const),
    write: async (changes) => {
      store.write(
        changes.map(({ key, value }) => ({
          key: utf8(key),
          value: value === undefined ? undefined : utf8(value),
        })),
      );
    },
  };
}

/** Whether outputs are tried, or nothing is found and everything else remains. */
type Scanned = 'outputs' | 'nothing';

/** Opens a wallet on disk, lets it do something, and closes it. */
async function withWallet(
  directory: string,
  genesis: Uint8Array,
  scanned: Scanned,
  work: (wallet: Wallet) => Promise<void>,
): Promise<void> {
  const { scanner, traces, noteHasher: hasher } = await nativeBackend();
  const lmdb = openLmdbStore(join(directory, 'account-0'));
  try {
    const store = await encryptedWalletStore(keyValueWalletStore(lmdb), STORE_KEY);
    const tried = scanned === 'outputs' ? scanner : noScanner;
    await work(await openWallet({ key: KEY, genesis, store, scanner: tried, traces, hasher }));
  } finally {
    lmdb.close();
  }
}

/** A new wallet reads the chain to its head. Returns where it is kept. */
async function restore({ genesis, node }: Chain, scanned: Scanned = 'outputs'): Promise<string> {
  const directory = directories.make();
  await withWallet(directory, genesis, scanned, async (wallet) => {
    await syncWallet(wallet, rpcSource(createClient({ url: node.url })));
    if (scanned === 'outputs' && wallet.balances()[0] === undefined) {
      throw new Error('the restored wallet has no balance');
    }
  });
  return directory;
}

/** First balance after a restore; then opening what was restored. */
async function restoreFigures(): Promise<Measurement[]> {
  const chain = await servedChain({ blocks: BLOCKS });
  const operations = BLOCK_OUTPUTS * BLOCKS;
  let kept = '';
  const figure = await measure({
    what: `A new wallet’s first balance on a chain of ${operations} outputs, one in a thousand its own, ${AS_USERS}. Beside it the same without trying outputs: all that is hashing, decoding, checking and writing.`,
    unit: 'outputs/s',
    better: 'higher',
    runs: 3,
    warmUp: false,
    subject: {
      name: 'wallet.restore5k',
      operations,
      run: async () => {
        kept = await restore(chain);
      },
    },
    beside: { name: 'without trying outputs', operations, run: () => restore(chain, 'nothing') },
  });
  return [
    { figure },
    {
      what: 'Opening that wallet again from its encrypted store on disk.',
      unit: 'ms',
      better: 'lower',
      runs: 7,
      subject: {
        name: 'wallet.open',
        operations: 1,
        run: () => withWallet(kept, chain.genesis, 'nothing', async () => {}),
      },
    },
  ];
}

/** Minutes, so once. */
async function longRestore(): Promise<Figure> {
  const chain = await servedChain({ blocks: MANY_BLOCKS });
  const what = `The time to the first balance on a chain of ${BLOCK_OUTPUTS * MANY_BLOCKS} outputs, ${AS_USERS}.`;
  return sampled({ name: 'wallet.restore100k', what }, [(await timed(() => restore(chain))) / 1_000], 's');
}

async function emptyBlocksComparison(): Promise<Comparison> {
  const chain = await servedChain({ emptyBlocks: EMPTY_BLOCKS });
  return {
    what: `Blocks without a transaction, ${EMPTY_BLOCKS} of them, read by a new wallet ${AS_USERS}.`,
    unit: 'blocks/s',
    better: 'higher',
    runs: 5,
    subject: { name: 'wallet.emptyBlocks', operations: EMPTY_BLOCKS, run: () => restore(chain, 'nothing') },
  };
}

async function keystoreComparison(): Promise<Comparison> {
  const content = { secret: { words: newWords() }, birthday: 0n, accounts: [{ index: 0, name: 'bench' }] };
  const file = await createKeystore(content, 'bench');
  return {
    what: 'A keystore opened with its password: scrypt, and decryption.',
    unit: 'ms',
    better: 'lower',
    runs: 5,
    subject: { name: 'wallet.keystore', operations: 1, run: () => openKeystore(file, 'bench') },
  };
}

/** What a wallet does between two payments. */
export const walletSuite: Suite = {
  prefix: 'wallet.',
  async prepare({ wants }) {
    const restored = wants('wallet.restore5k') || wants('wallet.open');
    return [
      ...(restored ? await restoreFigures() : []),
      ...(wants('wallet.emptyBlocks') ? [await emptyBlocksComparison()] : []),
      ...(wants('wallet.keystore') ? [await keystoreComparison()] : []),
      ...(wants('wallet.restore100k') ? [{ figure: await longRestore() }] : []),
    ];
  },
  async close() {
    for (const node of nodes.splice(0)) await node.stop();
    await (await opened)?.close();
    directories.clear();
  },
};
