import { randomInt } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { addressToText, type Network, viewingKeyFromText } from '@sero/protocol';
import { accountFromWords, createKeystore, type KeystoreContent, newWords } from '@sero/wallet';
import { type Command, Option } from 'commander';
import { chainHeight } from '../chain.ts';
import { type Cli, heightOption, runs, wholeNumber, withExamples } from '../command.ts';
import { DEVNET_WORDS } from '../devnet/accounts.ts';
import { CliError, usageError } from '../errors.ts';
import { writeNew } from '../files.ts';
import type { Io } from '../io.ts';
import { hasKeystore, holdWalletDirectory, walletPath, writeWalletFiles } from '../keys.ts';
import { canAsk, newPassword, readSecret } from '../secrets.ts';
import { type CheckpointOptions, trustedBlockFor, withCheckpointOptions } from '../trust.ts';

interface Options extends CheckpointOptions {
  readonly restore: boolean;
  readonly wordsFile?: string;
  readonly newWordsFile?: string;
  readonly watch?: string;
  readonly devnetAccount?: number;
  readonly birthday?: bigint;
  readonly network: Network;
}

/** `sero init`: a new wallet, or one restored. */
export function addInit(program: Command, io: Io): void {
  const command = program
    .command('init')
    .summary('make a wallet, or restore one from its words')
    .description(
      'Makes 24 new words and shows them once, or restores a wallet, and writes a keystore that only its password opens. Words, keys and ' +
        'passwords come from questions, files or standard input, never from arguments. Where a birthday is, a network with validators is ' +
        'verified from genesis up to it, unless you name a young block that you trust: on an old chain that saves hours.',
    )
    .option('--new-words-file <file>', 'write the new words to this file instead of showing them')
    .option('--restore', 'restore from 24 words that are asked for', false)
    .addOption(
      new Option('--words-file <file>', 'restore from the 24 words in this file, "-" for stdin').conflicts(
        'newWordsFile',
      ),
    )
    .addOption(
      new Option('--watch <file>', 'watch only: the viewing key (TK) in this file, "-" for stdin').conflicts([
        'wordsFile',
        'newWordsFile',
      ]),
    )
    .addOption(
      new Option(
        '--devnet-account <n>',
        'use a funded account of `sero devnet`, 0 to 9; everybody knows its words',
      )
        .argParser(wholeNumber(0, DEVNET_WORDS.length - 1))
        .conflicts(['wordsFile', 'watch', 'newWordsFile']),
    )
    .addOption(
      new Option(
        '--birthday <height>',
        'no transaction of the wallet is in a block below (default: 0 for a restored wallet, the present height for a new one)',
      ).argParser(heightOption),
    )
    .addOption(
      new Option('--network <network>', 'network of the wallet')
        .choices(['development', 'production'])
        .default('development'),
    );
  withCheckpointOptions(command);
  withExamples(command, [
    { line: 'sero init', says: 'new words, shown once, and a password that is asked for' },
    {
      line: 'sero init --words-file words.txt --birthday 12000',
      says: 'restore; blocks below 12000 are not read',
    },
    { line: 'sero init --watch tk.txt --dir ./audit', says: 'a wallet that sees and cannot spend' },
    { line: 'sero init --devnet-account 0', says: 'a million SERO to play with on `sero devnet`' },
  ]);
  runs<Options>(command, io, init);
}

async function init(cli: Cli, options: Options): Promise<void> {
  if (await hasKeystore(walletPath(cli))) throw alreadyThere(cli);
  if ([options.wordsFile, options.watch].includes('-') && cli.options.passwordFile === '-') {
    throw usageError('only one of the two can come from standard input', 'give the other one in a file');
  }
  const trusted = await trustedBlockFor(cli, options);
  const made = await secretOf(cli, options);
  const birthday = options.birthday ?? (made.fresh ? await presentHeight(cli) : 0n);
  const password = await newPassword({ io: cli.io, file: cli.options.passwordFile });
  const content: KeystoreContent = { secret: made.secret, birthday, accounts: [{ index: 0, name: 'main' }] };
  const keystore = await createKeystore(content, password);
  const directory = await holdWalletDirectory(cli);
  try {
    if (await hasKeystore(directory.path)) throw alreadyThere(cli);
    const { node } = cli.options;
    await writeWalletFiles(directory.path, keystore, {
      network: options.network,
      ...(node === undefined ? {} : { node }),
      ...(trusted === undefined ? {} : { trusted }),
    });
  } finally {
    directory.release();
  }
  const address = made.address;
  cli.out.data(
    {
      directory: walletPath(cli),
      network: options.network,
      birthday,
      address,
      watchOnly: 'viewingKey' in made.secret,
    },
    address,
  );
  cli.out.say(`The wallet is in ${walletPath(cli)}. Next: ${cli.sero} balance`);
}

interface Made {
  readonly secret: KeystoreContent['secret'];
  readonly address: string;
  /** True where the words are new: nothing older than now can concern them. */
  readonly fresh: boolean;
}

function alreadyThere(cli: Cli): CliError {
  return new CliError(
    'usage',
    'wallet-exists',
    `there is a wallet in ${walletPath(cli)} already: it is left as it is`,
    'name another directory: --dir DIR',
  );
}

async function secretOf(cli: Cli, options: Options): Promise<Made> {
  const { network, wordsFile, watch, devnetAccount } = options;
  if (watch !== undefined) {
    const viewingKey = await readSecret(cli.io, watch, 'The viewing key');
    const { address } = viewingKeyFromText(viewingKey, network);
    return { secret: { viewingKey }, address: addressToText(address, network), fresh: false };
  }
  const of = (words: string, fresh: boolean): Made => {
    const { address } = accountFromWords(words).proof.viewing;
    return { secret: { words }, address: addressToText(address, network), fresh };
  };
  if (devnetAccount !== undefined) return of(DEVNET_WORDS[devnetAccount]!, false);
  if (options.restore || wordsFile !== undefined) {
    const words = await readSecret(cli.io, wordsFile, 'The 24 words');
    return of(words.trim().split(/\s+/).join(' '), false);
  }
  const words = newWords();
  if (options.newWordsFile !== undefined) await writeNew(cli.io, options.newWordsFile, `${words}\n`);
  else await showWords(cli, words);
  return of(words, true);
}

/** Shows new words once, on the terminal and nowhere else, and asks for two of them. */
async function showWords(cli: Cli, words: string): Promise<void> {
  const { io } = cli;
  if (!canAsk(io)) {
    throw usageError(
      'new words are shown on a terminal, and there is none',
      'have them written to a file: --new-words-file FILE; or restore a wallet: --words-file FILE',
    );
  }
  const list = words.split(' ');
  const lines = Array.from({ length: 6 }, (_, row) =>
    list
      .slice(4 * row, 4 * row + 4)
      .map((word, column) => `${String(4 * row + column + 1).padStart(2)} ${word.padEnd(10)}`)
      .join(' '),
  );
  io.stderr.write(
    `Write these 24 words down, on paper. Whoever has them has the money; without them nobody can bring it back.\n\n${lines.join('\n')}\n\n`,
  );
  if (cli.options.yes) return;
  const first = randomInt(list.length);
  const second = (first + 1 + randomInt(list.length - 1)) % list.length;
  const questions = createInterface({ input: io.stdin, output: io.stderr });
  try {
    for (const place of [first, second].toSorted((a, b) => a - b)) {
      const answer = await questions.question(`Word ${place + 1}? `, { signal: io.signal });
      if (answer.trim().toLowerCase() !== list[place]) {
        throw new CliError(
          'failed',
          'words-not-confirmed',
          'that is another word: nothing was written',
          'start again',
        );
      }
    }
  } finally {
    questions.close();
  }
}

/** The chain's height now; 0, which is right and slow, where no node says it. */
async function presentHeight(cli: Cli): Promise<bigint> {
  try {
    return await chainHeight(cli);
  } catch (error) {
    cli.out.detail(`the node was not asked for its height: ${(error as Error).message}`);
    cli.out.say('No node was reached: the wallet will read the chain from its beginning.');
    return 0n;
  }
}
