import { join } from 'node:path';
import {
  addressToText,
  type Network,
  type ProofKey,
  type SpendingKey,
  type ViewingKey,
  viewingKeyFromText,
} from '@sero/protocol';
import { openDataDirectory } from '@sero/store/node';
import {
  accountFromWords,
  type KeystoreAccount,
  type KeystoreContent,
  type OpenKeystore,
  openKeystore,
} from '@sero/wallet';
import type { Cli } from './command.ts';
import { CliError, usageError } from './errors.ts';
import { makePrivateDirectory, readIfThere, writePrivate } from './files.ts';
import { readPassword } from './secrets.ts';
import { visible } from './text.ts';

/** Version of the wallet directory's layout. */
const WALLET_SCHEMA = 1;

/** What stands beside the keystore in clear. */
export interface WalletSettings {
  readonly network: Network;
  /** RPC address that `init --node` named. */
  readonly node?: string;
}

/** A wallet directory that this process holds. */
export interface WalletDirectory {
  readonly path: string;
  release(): void;
}

/** A wallet whose password was right. */
export interface UnlockedWallet {
  readonly directory: WalletDirectory;
  readonly settings: WalletSettings;
  readonly keystore: OpenKeystore;
  readonly account: KeystoreAccount;
  readonly viewingKey: ViewingKey;
  /** Throws where the wallet is watch-only. */
  spendingKey(): SpendingKey;
  proofKey(): ProofKey;
  /** Writes the keystore anew, under the same password unless another is given. */
  rewrite(change: Partial<KeystoreContent>, password?: string): Promise<void>;
}

/** Where the wallet of a base directory lies. */
export function walletPath(cli: Cli): string {
  return join(cli.base, 'wallet');
}

const keystorePath = (directory: string): string => join(directory, 'keystore.json');
const settingsPath = (directory: string): string => join(directory, 'settings.json');

/** Takes the wallet directory for this process alone, made where it is missing. Throws StoreError `directory-locked`. */
export async function holdWalletDirectory(cli: Cli): Promise<WalletDirectory> {
  await makePrivateDirectory(walletPath(cli));
  return openDataDirectory(walletPath(cli), { schema: WALLET_SCHEMA });
}

/** True where a keystore lies in the directory. */
export async function hasKeystore(path: string): Promise<boolean> {
  return (await readIfThere(keystorePath(path))) !== undefined;
}

/** Writes a new wallet's two files. */
export async function writeWalletFiles(
  path: string,
  keystore: string,
  settings: WalletSettings,
): Promise<void> {
  await writePrivate(settingsPath(path), `${JSON.stringify(settings)}\n`);
  await writePrivate(keystorePath(path), keystore);
}

/** Opens the wallet for one command: asks for the password, and gives the directory back at the end. */
export async function withKeys<T>(cli: Cli, work: (wallet: UnlockedWallet) => Promise<T>): Promise<T> {
  if (!(await hasKeystore(walletPath(cli)))) {
    throw new CliError(
      'wallet',
      'no-wallet',
      `there is no wallet in ${walletPath(cli)}`,
      'make or restore one: {sero} init; or name another directory: --dir DIR',
    );
  }
  const directory = await holdWalletDirectory(cli);
  try {
    return await work(await unlock(cli, directory));
  } finally {
    directory.release();
  }
}

async function unlock(cli: Cli, directory: WalletDirectory): Promise<UnlockedWallet> {
  const settings = readSettings(await readIfThere(settingsPath(directory.path)));
  const file = new TextDecoder().decode(await readIfThere(keystorePath(directory.path)));
  const password = await readPassword({ io: cli.io, file: cli.options.passwordFile });
  const keystore = await openKeystore(file, password);
  const { content } = keystore;
  const account = chooseAccount(content.accounts, cli.options.account);
  const spendingKey = (): SpendingKey => {
    if ('words' in content.secret) return accountFromWords(content.secret.words, account.index);
    throw new CliError(
      'failed',
      'watch-only',
      'this wallet holds a viewing key: it sees and cannot spend',
      'use the wallet that holds the 24 words',
    );
  };
  const { secret } = content;
  return {
    directory,
    settings,
    keystore,
    account,
    viewingKey:
      'words' in secret
        ? spendingKey().proof.viewing
        : viewingKeyFromText(secret.viewingKey, settings.network),
    spendingKey,
    proofKey: () => spendingKey().proof,
    rewrite: async (change, next = password) =>
      writePrivate(keystorePath(directory.path), await keystore.reseal(next, change)),
  };
}

function readSettings(bytes: Uint8Array | undefined): WalletSettings {
  try {
    const { network, node } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    if (network === 'development' || network === 'production') {
      return typeof node === 'string' ? { network, node } : { network };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CliError(
    'wallet',
    'settings-damaged',
    'the wallet’s settings.json cannot be read',
    'write {"network":"development"} or {"network":"production"} into it',
  );
}

/** An account by name or number; account 0 unless one is named. */
function chooseAccount(accounts: readonly KeystoreAccount[], wanted: string | undefined): KeystoreAccount {
  const found = accounts.find(({ index, name }) =>
    wanted === undefined ? index === 0 : name === wanted || String(index) === wanted,
  );
  if (found !== undefined) return found;
  throw usageError(`there is no account ${visible(wanted ?? '0')}`, 'see: {sero} account list');
}

/** PK of an unlocked account as text. */
export function addressTextOf({ viewingKey, settings }: UnlockedWallet): string {
  return addressToText(viewingKey.address, settings.network);
}
