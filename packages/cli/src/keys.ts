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
import { hex } from './names.ts';
import { readPassword } from './secrets.ts';
import { visible } from './text.ts';
import type { TrustedBlock } from './trust.ts';

/** Version of the wallet directory's layout. */
const WALLET_SCHEMA = 1;

/** What stands beside the keystore in clear. */
export interface WalletSettings {
  readonly network: Network;
  /** RPC address that `init --node` named. */
  readonly node?: string;
  /** The block from which the chain is verified where the wallet begins to read, in the place of genesis: `init` or `repair` named it. */
  readonly trusted?: TrustedBlock;
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
  /** Keeps another trusted block, or none. */
  trust(block: TrustedBlock | undefined): Promise<void>;
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
  await writeSettings(path, settings);
  await writePrivate(keystorePath(path), keystore);
}

function writeSettings(path: string, { network, node, trusted }: WalletSettings): Promise<void> {
  const kept = {
    network,
    ...(node === undefined ? {} : { node }),
    ...(trusted === undefined
      ? {}
      : {
          trusted: { height: `${trusted.height}`, hash: hex(trusted.hash), time: `${trusted.time}` },
        }),
  };
  return writePrivate(settingsPath(path), `${JSON.stringify(kept)}\n`);
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
    trust: (trusted) => {
      const { trusted: _, ...rest } = settings;
      return writeSettings(directory.path, trusted === undefined ? rest : { ...rest, trusted });
    },
  };
}

function readSettings(bytes: Uint8Array | undefined): WalletSettings {
  try {
    const { network, node, trusted } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const block = readTrusted(trusted);
    if ((network === 'development' || network === 'production') && (trusted === undefined || block)) {
      return { network, ...(typeof node === 'string' ? { node } : {}), ...(block ? { trusted: block } : {}) };
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

/** A trusted block as it is kept; undefined for anything else. */
function readTrusted(kept: unknown): TrustedBlock | undefined {
  const { height, hash, time } = (kept ?? {}) as Record<string, unknown>;
  if (![height, hash, time].every((text) => typeof text === 'string')) return undefined;
  if (!/^\d{1,19} [0-9a-f]{64} \d{1,19}$/.test(`${height} ${hash} ${time}`)) return undefined;
  return {
    height: BigInt(height as string),
    hash: Uint8Array.from(Buffer.from(hash as string, 'hex')),
    time: BigInt(time as string),
  };
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
