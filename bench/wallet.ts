import { createPortableNoteHasher, createPortableScanner, type Scanner } from '@sero/prover';
import {
  accountFromWords,
  createKeystore,
  memoryWalletStore,
  newWords,
  openKeystore,
  openWallet,
  type Wallet,
  type WalletStore,
} from '@sero/wallet';
import { type Comparison, type Figure, type Suite, sampled } from './harness.ts';
import { type SyntheticChain, syntheticChain } from './wallet-chain.ts';

/** Outputs that a restore reads: by default, and with --large. */
const OUTPUTS = 5_000;
const LARGE = 100_000;

/** Blocks without a transaction, as most of a young chain is. */
const EMPTY_BLOCKS = 500;

/** Blocks that are handed over at a time, as `syncWallet` does. */
const BATCH = 32;

const KEY = accountFromWords(newWords()).proof.viewing;

/** Finds nothing and costs nothing: what remains is everything but scanning. */
const noScanner: Scanner = { scan: async () => [] };

/** A wallet restored from its key: every block read, its balance known. */
async function restored(
  { genesis, blocks }: SyntheticChain,
  scanner: Scanner,
  store: WalletStore = memoryWalletStore(),
): Promise<Wallet> {
  const wallet = await openWallet({ key: KEY, genesis, store, scanner, hasher: createPortableNoteHasher() });
  for (let at = 0; at < blocks.length; at += BATCH) await wallet.addBlocks(blocks.slice(at, at + BATCH));
  return wallet;
}

/** First balance after a restore, in outputs a second; beside it the part that is not scanning. */
function restoreComparison(): Comparison {
  const chain = syntheticChain(OUTPUTS, 0, KEY.address);
  return {
    unit: 'outputs/s',
    better: 'higher',
    runs: 1,
    subject: {
      name: 'wallet.restore5k',
      operations: OUTPUTS,
      run: () => firstBalance(chain),
    },
    beside: {
      name: 'the same without scanning: hashing, decoding, checking',
      operations: OUTPUTS,
      run: () => restored(chain, noScanner),
    },
  };
}

async function firstBalance(chain: SyntheticChain): Promise<void> {
  const wallet = await restored(chain, createPortableScanner());
  if (wallet.balances()[0] === undefined) throw new Error('the restored wallet has no balance');
}

/** Minutes: once, and without a run before it. */
async function largeRestore(): Promise<Figure> {
  const chain = syntheticChain(LARGE, 0, KEY.address);
  const start = performance.now();
  await firstBalance(chain);
  return sampled('wallet.restore100k', [(performance.now() - start) / 1_000], 's');
}

function emptyBlocksComparison(): Comparison {
  const chain = syntheticChain(0, EMPTY_BLOCKS, KEY.address);
  return {
    unit: 'blocks/s',
    better: 'higher',
    runs: 5,
    subject: { name: 'wallet.emptyBlocks', operations: EMPTY_BLOCKS, run: () => restored(chain, noScanner) },
  };
}

async function openComparison(): Promise<Comparison> {
  const chain = syntheticChain(OUTPUTS, 0, KEY.address);
  const store = memoryWalletStore();
  await restored(chain, createPortableScanner(), store);
  const hasher = createPortableNoteHasher();
  return {
    unit: 'ms',
    better: 'lower',
    runs: 7,
    subject: {
      name: 'wallet.open',
      operations: 1,
      run: () => openWallet({ key: KEY, genesis: chain.genesis, store, scanner: noScanner, hasher }),
    },
  };
}

async function keystoreComparison(): Promise<Comparison> {
  const content = { secret: { words: newWords() }, birthday: 0n, accounts: [{ index: 0, name: 'bench' }] };
  const file = await createKeystore(content, 'bench');
  return {
    unit: 'ms',
    better: 'lower',
    runs: 5,
    subject: { name: 'wallet.keystore', operations: 1, run: () => openKeystore(file, 'bench') },
  };
}

/** What a wallet does between two payments. */
export const walletSuite: Suite = {
  prefix: 'wallet.',
  prepare: async ({ large }) => [
    restoreComparison(),
    emptyBlocksComparison(),
    await openComparison(),
    await keystoreComparison(),
    ...(large ? [{ figure: await largeRestore() }] : []),
  ],
};
