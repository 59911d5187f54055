import { type Wallet, WalletError, type WalletStart } from '@sero/wallet';
import { formatAmount } from './amounts.ts';
import type { Cli } from './command.ts';
import { CliError, usageError } from './errors.ts';
import type { UnlockedWallet } from './keys.ts';
import { assetName, hex, paidText } from './names.ts';
import { canAsk, confirmed } from './secrets.ts';

/** What a repair begins with. */
interface Repaired {
  /** The wallet's from now on. */
  readonly birthday: bigint;
  /** Where the chain is read from; undefined for its first block. */
  readonly start: WalletStart | undefined;
  /** The account as it was; undefined where its store cannot be read. */
  readonly before: Wallet | undefined;
}

/** What could be lost, and how not to lose it. */
interface Loss {
  readonly says: string;
  readonly instead: string;
}

/**
 * Refuses or asks where a repair could lose something: money that would be seen no more, because the birthday is above it or above what
 * can be told, and what is on its way, which is forgotten on another chain. The birthday is of all accounts, what is read again is one.
 * What is agreed to beforehand is said all the same.
 */
export async function expectNoLoss(
  { account, keystore, settings }: Pick<UnlockedWallet, 'account' | 'keystore' | 'settings'>,
  cli: Cli,
  repaired: Repaired,
): Promise<void> {
  const { birthday, before } = repaired;
  const { accounts, birthday: former } = keystore.content;
  const raises = birthday > former;
  if (accounts.length > 1 && raises) {
    throw usageError(
      `the birthday is that of all ${accounts.length} accounts: raised from ${former} to ${birthday} it would hide what another one got between, nothing was changed`,
      'restore the words with that birthday into another directory: {sero} init --words-file FILE --birthday HEIGHT --dir DIR',
    );
  }
  if (accounts.length > 1 && birthday < former) {
    cli.out.say(
      `The other accounts were read from block ${former} on; ${cli.sero} repair --account ACCOUNT reads one of them again.`,
    );
  }
  const unseen = unseenAbove(account.index, repaired, raises).map((says) => ({
    says,
    instead: 'choose a lower --birthday',
  }));
  const forgotten = forgottenElsewhere(account.index, before, settings.network).map((says) => ({
    says,
    instead: 'see {sero} history, and repair when nothing is on its way',
  }));
  await agreedTo(cli, [...unseen, ...forgotten], unseen.length > 0 ? 'Begin there?' : 'Go on?');
}

/** Throws where nobody says yes to what could be lost. */
async function agreedTo({ io, options, out }: Cli, losses: readonly Loss[], question: string): Promise<void> {
  if (losses.length === 0) return;
  if (!options.yes && !canAsk(io)) {
    const instead = [...new Set(losses.map((loss) => loss.instead))];
    throw usageError(
      `${losses.map(({ says }) => says).join('; ')}; nothing was changed`,
      `${instead.join('; ')}; or say --yes if you are sure`,
    );
  }
  for (const { says } of losses) out.warn(says);
  if (await confirmed(io, options.yes, question)) return;
  throw new CliError('failed', 'declined', 'nothing was changed');
}

/** What a wallet that begins there sees no more, or may not see. */
function unseenAbove(account: number, { birthday, start, before }: Repaired, raises: boolean): string[] {
  if (start === undefined) return [];
  const says: string[] = [];
  const hidden = before === undefined ? [] : hiddenBy(before, start.height);
  if (hidden.length > 0) {
    says.push(
      `account ${account} has ${hidden.join(', ')} from block ${start.height} or before: with birthday ${birthday} the wallet sees that no more`,
    );
  }
  const read = before?.tip()?.header.height;
  if (raises && (read === undefined || read < start.height)) {
    const what = read === undefined ? '' : `after block ${read}, which it has read, and `;
    says.push(
      `what account ${account} got ${what}in block ${start.height} or before cannot be told: with birthday ${birthday} the wallet would not see it`,
    );
  }
  return says;
}

/** What a wallet's unspent notes up to a block hold, asset by asset. */
function hiddenBy(wallet: Wallet, height: bigint): string[] {
  const sums = new Map<bigint, bigint>();
  for (const note of wallet.notes()) {
    if (note.spentAt !== undefined || !note.tagged || note.value === 0n || note.height > height) continue;
    sums.set(note.asset, (sums.get(note.asset) ?? 0n) + note.value);
  }
  return [...sums].map(([asset, sum]) => formatAmount(sum, assetName(wallet, asset)));
}

/** What is on its way and forgotten where the node shows another chain: a false one would have it paid twice. */
function forgottenElsewhere(
  account: number,
  before: Wallet | undefined,
  network: Parameters<typeof paidText>[1],
): string[] {
  const end =
    'where the node’s chain is another one than was read before it is forgotten, and if that chain is false it could be paid twice';
  if (before === undefined) {
    return [
      `what account ${account} has on its way cannot be read and may be lost: pay nothing again before it has expired`,
    ];
  }
  const pending = before.pending().map(({ txid, expiry, refused, sent }) => {
    const what = refused === undefined ? 'is on its way' : 'was refused but may enter all the same';
    return `transaction ${hex(txid)} ${what} until block ${expiry}: it pays ${paidText(before, network, sent?.payments ?? [])}`;
  });
  const says = [...pending, ...putAwayBefore(before)];
  return says.length === 0 ? [] : [`${says.join('; ')}; ${end}`];
}

/** What an earlier repair put away, and the chain was not read far enough to tell whether it still counts. */
function putAwayBefore(before: Wallet): string[] {
  try {
    before.expectSettled();
    return [];
  } catch (error) {
    if (!(error instanceof WalletError)) throw error;
    return error.code === 'repair-unfinished' ? [error.message] : [];
  }
}
