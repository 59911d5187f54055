import { toHex, utf8 } from '@sero/crypto';
import {
  MAX_KEY_RANGE,
  type Network,
  oneTimeAddressToText,
  ownAddress,
  recordOfValidator,
  WHOLE_COMMISSION,
} from '@sero/protocol';
import { type Command, Option } from 'commander';
import { type Cli, runs, wholeNumber, withExamples } from '../command.ts';
import { usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { withKeys } from '../keys.ts';
import { ownerFromText } from './allocations-file.ts';
import { bigOption, keysOption, outputOption } from './common.ts';
import { type Entry, encodeEntry } from './entry.ts';
import { writeOnce } from './files.ts';
import { withOwnersKeys } from './held-keys.ts';
import { PROFILES } from './parameters-file.ts';
import { readPromises, writePromises } from './promises.ts';

/** Before the draft: `address` shows whom stake or an allocation belongs to, `join` makes a validator's keys and its entry. */

interface AddressOptions {
  readonly chainId?: bigint;
}

const chainOption = (command: Command): Command =>
  command.option('--chain-id <n>', 'number of the new chain (default: that of the profile)', bigOption);

export function addAddress(genesis: Command, io: Io): void {
  const command = chainOption(
    genesis
      .command('address')
      .summary('an address for the genesis file of a new network')
      .description(
        'Shows owner address number 0 of the wallet’s account on a chain that does not exist yet: for an allocation, or for the stake of a validator. It ' +
          'depends on the number of the chain, and on another chain the wallet would not find what it holds. Everybody can read in the genesis file what it gets.',
      ),
  );
  withExamples(command, [
    { line: 'sero genesis address', says: 'give it to the organiser, or to genesis join' },
  ]);
  runs<AddressOptions>(command, io, (cli, { chainId }) =>
    withKeys(cli, async ({ viewingKey, settings: { network }, account }) => {
      const chain = chainId ?? PROFILES[network].chainId;
      const address = oneTimeAddressToText(ownAddress(viewingKey, chain, 'owner', 0n), network);
      cli.out.data({ account: account.index, network, chainId: chain, address }, address);
    }),
  );
}

interface JoinOptions {
  readonly keys: string;
  readonly owner: string;
  readonly chainId?: bigint;
  readonly units: bigint;
  readonly commission: number;
  readonly rounds: bigint;
  readonly output: string;
}

export function addJoin(genesis: Command, io: Io): void {
  const command = outputOption(
    chainOption(
      keysOption(
        genesis
          .command('join')
          .summary('make a validator’s keys, and its entry for a new network')
          .description(
            'Makes the keys of a validator in a new directory, or takes those that are there, and writes its entry: whom the stake belongs to, how much it is, ' +
              'and the public keys. Send the entry to the organiser. The secrets stay in the directory, which must never be copied: two machines that vote with ' +
              'the same keys lose the stake. Asked again it writes the same entry.',
          ),
      ),
    )
      .requiredOption('--owner <address>', 'one-time address that the stake belongs to: sero genesis address')
      .requiredOption('--units <n>', 'units of stake', bigOption)
      .option(
        '--commission <n>',
        'the owner’s part of what delegators are paid, in 1/10,000',
        wholeNumber(0, WHOLE_COMMISSION),
        0,
      )
      .addOption(
        new Option(
          '--rounds <n>',
          'rounds, from the first on, for which new keys vote; other keys must be registered before their end',
        )
          .argParser(bigOption)
          // Its text besides: the help has none for a BigInt.
          .default(MAX_KEY_RANGE, String(MAX_KEY_RANGE)),
      ),
    'the entry',
  );
  withExamples(command, [
    {
      line: 'sero genesis join --keys validator --owner serordev1… --units 100 -o ada.entry',
      says: 'where the validator will run',
    },
  ]);
  runs<JoinOptions>(command, io, join);
}

async function join(cli: Cli, options: JoinOptions): Promise<void> {
  const { units, commission, rounds, output } = options;
  if (units === 0n) throw usageError('a validator has a unit of stake at least');
  if (rounds === 0n || rounds > MAX_KEY_RANGE) throw usageError(`--rounds lies in 1..${MAX_KEY_RANGE}`);
  // The text says which kind of network it is for.
  const network: Network = options.owner.startsWith('serordev1') ? 'development' : 'production';
  const owner = ownerFromText(options.owner, network);
  const range = { first: 1n, last: rounds };
  await withOwnersKeys(cli, options.keys, { owner, range, output }, async (keys, isNew) => {
    const entry: Entry = {
      network,
      chainId: options.chainId ?? PROFILES[network].chainId,
      validator: { ...keys.public, commission, units },
    };
    const before = await readPromises(keys.directory);
    const text = encodeEntry(entry);
    await writePromises(keys.directory, { ...before, entry });
    const written = await writeOnce(cli.io, { path: output, bytes: utf8(text) });
    const record = recordOfValidator(entry.validator);
    cli.out.data(
      {
        file: output,
        written,
        keys: isNew ? 'made' : 'kept',
        record,
        ...entry.validator,
        chainId: entry.chainId,
      },
      [
        `${output}: ${written ? 'the entry' : 'was made before: the entry'} of ${toHex(record)}`,
        `${options.keys}: the keys, ${isNew ? 'made now' : 'which were there'}; never copy them, and run one machine with them`,
      ].join('\n'),
    );
  });
}
