import { join } from 'node:path';
import { RpcError, type SeroClient, TransportError } from '@sero/api';
import { decodeGenesis, type Genesis, genesisHash, type Network, type SpendingKey } from '@sero/protocol';
import { createPortableNoteHasher, createPortableScanner } from '@sero/prover';
import { openLmdbStore } from '@sero/store/node';
import {
  type ChainSource,
  type Contacts,
  contacts,
  encryptedWalletStore,
  type KeystoreAccount,
  openWallet,
  resetWallet,
  rpcSource,
  type Send,
  sendViaRpc,
  startAt,
  syncWallet,
  type Wallet,
  WalletError,
} from '@sero/wallet';
import { nodeClient } from './chain.ts';
import type { Cli } from './command.ts';
import { CliError } from './errors.ts';
import { readIfThere, writePrivate } from './files.ts';
import { type UnlockedWallet, withKeys } from './keys.ts';
import { networkOf } from './names.ts';
import { keyValueWalletStore } from './wallet-store.ts';

/** An open wallet. */
export interface Session {
  readonly cli: Cli;
  readonly wallet: Wallet;
  readonly network: Network;
  readonly account: KeystoreAccount;
  readonly contacts: Contacts;
  readonly client: SeroClient;
  readonly source: ChainSource;
  /** Gives a transaction to the node. */
  readonly send: Send;
  /** Throws where the wallet is watch-only. */
  spendingKey(): SpendingKey;
}

export interface SessionOptions {
  /**
   * `required`: the chain is read to its head first. `preferred`: the same, but where the node does not answer, what was read before
   * is shown, with a warning. `stored`: the node is not asked, but for the genesis file the first time.
   */
  readonly chain: 'required' | 'preferred' | 'stored';
}

/** Opens the wallet and one account of it, brings it to the head of the chain as far as is wanted, and closes it afterwards. */
export function useWallet<T>(
  cli: Cli,
  { chain }: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withSession(cli, undefined, async (session) => {
    if (chain === 'required') await readChain(session);
    if (chain === 'preferred') await readChainIfPossible(session);
    return work(session);
  });
}

/**
 * Empties the account's store of what the chain gives back, and reads the chain again.
 *
 * @param birthday the wallet's from now on, once the chain is read; undefined for the one that it has
 */
export function repairWallet<T>(
  cli: Cli,
  birthday: bigint | undefined,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withSession(cli, { birthday }, async (session, { rewrite }) => {
    await readChain(session);
    if (birthday !== undefined) await rewrite({ birthday });
    return work(session);
  });
}

function withSession<T>(
  cli: Cli,
  repair: { readonly birthday: bigint | undefined } | undefined,
  work: (session: Session, unlocked: UnlockedWallet) => Promise<T>,
): Promise<T> {
  return withKeys(cli, async (unlocked) => {
    const { directory, account, keystore, settings } = unlocked;
    const birthday = repair?.birthday ?? keystore.content.birthday;
    const client = nodeClient(cli, settings.node);
    const source = rpcSource(client);
    const genesis = await genesisOf(cli, unlocked, client);
    const store = openLmdbStore(join(directory.path, `account-${account.index}`));
    try {
      const records = await encryptedWalletStore(
        keyValueWalletStore(store),
        keystore.storeKey(account.index),
        { repair: repair !== undefined },
      );
      if (repair !== undefined) await resetWallet(records);
      const options = {
        key: unlocked.viewingKey,
        genesis: genesis.bytes,
        store: records,
        scanner: createPortableScanner(),
        hasher: createPortableNoteHasher(),
      };
      let wallet = await openWallet(options);
      if (wallet.tip() === undefined && birthday > 0n) {
        const start = await startAt(source, genesis.file, birthday, cli.io.signal);
        if (start !== undefined) wallet = await openWallet({ ...options, start });
      }
      const session = {
        cli,
        wallet,
        network: settings.network,
        account,
        contacts: contacts(records, settings.network),
        client,
        source,
        send: sendingTo(client, cli),
        spendingKey: unlocked.spendingKey,
      };
      return await work(session, unlocked);
    } finally {
      store.close();
    }
  });
}

/** Says of a lost connection what it means for money: the outcome is not known. */
function sendingTo(client: SeroClient, cli: Cli): Send {
  const send = sendViaRpc(client, cli.io.signal);
  return async (transaction) => {
    try {
      return await send(transaction);
    } catch (error) {
      if (!(error instanceof TransportError || error instanceof RpcError)) throw error;
      throw new CliError(
        'unknown',
        'outcome-unknown',
        `whether the node took the transaction is not known: ${error.message}`,
        'do not pay again: see in a few blocks whether it is there, with {sero} history; else its notes are free after it expires',
        { cause: error },
      );
    }
  };
}

/** The genesis file that this wallet belongs to: kept since the first contact, afterwards the only one that it takes. */
async function genesisOf(
  cli: Cli,
  { directory, settings }: UnlockedWallet,
  client: SeroClient,
): Promise<{ readonly bytes: Uint8Array; readonly file: Genesis }> {
  const path = join(directory.path, 'genesis.ssz');
  const kept = await readIfThere(path);
  const bytes = kept ?? (await client.request('sero_getGenesis', {}, cli.io.signal)).genesis;
  const file = decodeGenesis(bytes);
  expectNetwork(file, settings.network);
  if (kept === undefined) {
    await writePrivate(path, bytes);
    cli.out.detail(
      `this wallet belongs to the network ${Buffer.from(genesisHash(file)).toString('hex')} from now on`,
    );
  }
  return { bytes, file };
}

/** Refuses a genesis file of the other kind of network: keys and addresses of one are never used on the other. */
function expectNetwork(genesis: Genesis, network: Network): void {
  if (networkOf(genesis) === network) return;
  throw new CliError(
    'wallet',
    'other-network',
    `the node is of a ${networkOf(genesis)} network, these keys are of ${network}`,
    'name a node of their network: --node URL',
  );
}

/** Reads the chain to its head, with progress where there is something to read. */
export async function readChain({
  cli,
  wallet,
  source,
}: Pick<Session, 'cli' | 'wallet' | 'source'>): Promise<void> {
  const { signal } = cli.io;
  const before = wallet.tip()?.header.height ?? -1n;
  const { head } = await source.status(signal);
  if (head.height - before < 64n) {
    await syncWallet(wallet, source, { signal });
    return;
  }
  await cli.progress.stage('Reading the chain', (report) =>
    syncWallet(wallet, source, {
      signal,
      onProgress: ({ height, tip, outputsPerSecond, secondsLeft }) =>
        report(
          `block ${height} of ${tip}, ${Math.round(outputsPerSecond)} outputs a second, ${Math.ceil(secondsLeft)} s left`,
        ),
    }),
  );
}

/** Errors after which what was read before is still true, and can be shown as of its height. */
export function isNodeAway(error: unknown): boolean {
  if (error instanceof TransportError || error instanceof RpcError) return true;
  return error instanceof WalletError && ['node-behind', 'node-answer-invalid'].includes(error.code);
}

async function readChainIfPossible(session: Session): Promise<void> {
  const { wallet, cli } = session;
  try {
    await readChain(session);
  } catch (error) {
    const tip = wallet.tip();
    // Nothing read yet: a balance of zero would be a lie.
    if (tip === undefined || !isNodeAway(error)) throw error;
    const when = new Date(Number(tip.header.time)).toISOString();
    cli.out.warn(`${(error as Error).message}; this is as of block ${tip.header.height} (${when})`);
  }
}

/** What balances and history are of. */
export function asOf({ wallet }: Pick<Session, 'wallet'>): {
  readonly height: bigint;
  readonly time: bigint;
  readonly current: boolean;
} {
  const { height = 0n, time = 0n, current } = wallet.syncState();
  return { height, time, current };
}
