import { join } from 'node:path';
import { RpcError, type SeroClient, TransportError } from '@sero/api';
import { equalBytes } from '@sero/crypto';
import {
  checkTrustedAge,
  decodeGenesis,
  type Genesis,
  genesisHash,
  type Network,
  ProtocolError,
  type SpendingKey,
} from '@sero/protocol';
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
  type WalletStart,
  type WalletStore,
} from '@sero/wallet';
import { acquireBackend } from './backend.ts';
import { nodeClient } from './chain.ts';
import type { Cli } from './command.ts';
import { CliError } from './errors.ts';
import { failureOf, TRY_AGAIN } from './failure.ts';
import { readIfThere, writePrivate } from './files.ts';
import { type UnlockedWallet, withKeys } from './keys.ts';
import { expectNoLoss } from './losses.ts';
import { networkOf } from './names.ts';
import type { TrustedBlock } from './trust.ts';
import { nativeVotes } from './votes.ts';
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

/** Where a repaired wallet begins. */
interface RepairFrom {
  /** The wallet's birthday from now on; undefined for the one that it has. */
  readonly birthday: bigint | undefined;
  /** From where the birthday's block is verified; undefined for genesis, whatever was trusted before. */
  readonly trusted: TrustedBlock | undefined;
}

/**
 * Empties the account's store of what the chain gives back, and reads the chain again. Nothing is touched before the node has shown that
 * it has the birthday's block, and somebody has said yes to what could be lost. The birthday is written first: whoever is interrupted
 * before the store is emptied runs `repair` again, and it begins there; whoever is interrupted later goes on with any command.
 *
 * @param from what reading begins with
 */
export function repairWallet<T>(
  cli: Cli,
  from: RepairFrom,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withSession(cli, from, async (session) => {
    await readChain(session);
    return work(session);
  });
}

function withSession<T>(
  cli: Cli,
  repair: RepairFrom | undefined,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return withKeys(cli, async (unlocked) => {
    const { directory, account, keystore, settings } = unlocked;
    const birthday = repair?.birthday ?? keystore.content.birthday;
    const client = nodeClient(cli, settings.node);
    const source = rpcSource(client);
    const genesis = await genesisOf(cli, unlocked, client);
    const { backend, release } = await acquireBackend(cli);
    const votes = nativeVotes();
    const trusted = repair === undefined ? stillTrusted(cli, settings) : repair.trusted;
    const finality = { votes, ...(trusted === undefined ? {} : { trusted }) };
    const store = openLmdbStore(join(directory.path, `account-${account.index}`));
    try {
      const openRecords = (mend: boolean): Promise<WalletStore> =>
        encryptedWalletStore(keyValueWalletStore(store), keystore.storeKey(account.index), { repair: mend });
      /** Throws for a store that a repair would leave as it is, and writes nothing: there is nothing to ask about then. */
      const expectMendable = async (): Promise<void> => {
        const unwritten = { ...keyValueWalletStore(store), write: async () => {} };
        await encryptedWalletStore(unwritten, keystore.storeKey(account.index), { repair: true });
      };
      const openOn = (records: WalletStore, start?: WalletStart): Promise<Wallet> =>
        openWallet({
          key: unlocked.viewingKey,
          genesis: genesis.bytes,
          store: records,
          scanner: backend.scanner,
          traces: backend.traces,
          hasher: backend.noteHasher,
          votes,
          ...(start === undefined ? {} : { start }),
        });
      let start: WalletStart | undefined;
      if (repair !== undefined) {
        await expectBirthdayInChain(source, genesis.file, repair.birthday ?? 0n, cli.io.signal);
        start = await startAt(source, genesis.file, birthday, cli.io.signal, finality);
        const before = await openRecords(false).then(openOn).catch(damaged);
        if (before === undefined) await expectMendable();
        await expectNoLoss(unlocked, cli, { birthday, start, before });
        if (birthday !== keystore.content.birthday) await unlocked.rewrite({ birthday });
        await unlocked.trust(repair.trusted);
      }
      const records = await openRecords(repair !== undefined);
      if (repair !== undefined) await resetWallet(records);
      let wallet = await openOn(records, start);
      if (wallet.tip() === undefined && birthday > 0n) {
        start = await startAt(source, genesis.file, birthday, cli.io.signal, finality);
        if (start !== undefined) wallet = await openOn(records, start);
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
      return await work(session);
    } finally {
      store.close();
      await release();
    }
  });
}

/** The block that the wallet trusts, where it is young enough still; without it everything is verified from genesis on, which is as safe. */
function stillTrusted(cli: Cli, { trusted }: UnlockedWallet['settings']): TrustedBlock | undefined {
  if (trusted === undefined) return undefined;
  try {
    checkTrustedAge(trusted.time, BigInt(Date.now()));
    return trusted;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    cli.out.detail(
      `block ${trusted.height} is not trusted any more: where the chain has to be read anew it is verified from genesis on (${error.message})`,
    );
    return undefined;
  }
}

/** Nothing where a store cannot be opened as it is. */
function damaged(error: unknown): undefined {
  if (error instanceof WalletError) return undefined;
  throw error;
}

/** Refuses, before anything is touched, a node of another network and one whose chain ends before the birthday. */
async function expectBirthdayInChain(
  source: ChainSource,
  genesis: Genesis,
  birthday: bigint,
  signal: AbortSignal,
): Promise<void> {
  const { genesisHash: ofNode, head } = await source.status(signal);
  if (!equalBytes(ofNode, genesisHash(genesis))) {
    throw new WalletError(
      'node-other-network',
      'the node belongs to another network: its genesis file is not the wallet’s',
    );
  }
  if (head.height >= birthday) return;
  throw new WalletError(
    'node-behind',
    `the node’s chain ends at block ${head.height}, before the birthday ${birthday}: nothing was changed`,
  );
}

/** Says of a lost connection what it means for money: the outcome is not known. */
function sendingTo(client: SeroClient, cli: Cli): Send {
  const send = sendViaRpc(client, cli.io.signal);
  return async (transaction) => {
    try {
      const answer = await send(transaction);
      return answer instanceof RpcError ? notTaken(answer) : answer;
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

/**
 * A node's word that it did not take a transaction. Whatever the reason, a node that has much to do among them, it may be a lie: the end
 * of the command must not read as though nothing had been sent.
 */
function notTaken(answer: RpcError): Error {
  if (['transaction-refused', 'mempool-refused'].includes(answer.name)) return answer;
  return new CliError(
    'refused',
    answer.name,
    answer.message,
    `see {sero} history first; then, after a pause, ${TRY_AGAIN}`,
    { cause: answer },
  );
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
  return (
    error instanceof WalletError &&
    ['node-behind', 'node-answer-invalid', 'node-not-final'].includes(error.code)
  );
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
    const { message, hint } = failureOf(error, cli.sero);
    cli.out.warn(`${message}; this is as of block ${tip.header.height} (${when})`);
    if (hint !== undefined) cli.out.say(hint);
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
