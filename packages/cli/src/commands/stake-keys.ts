import { resolve } from 'node:path';
import { makeValidatorKeys, ValidatorKeysError } from '@sero/node';
import { encodeOneTimeAddress, MAX_KEY_RANGE } from '@sero/protocol';
import { ownStakes } from '@sero/wallet';
import type { Command } from 'commander';
import { chainHeight } from '../chain.ts';
import { type Cli, runs, withExamples } from '../command.ts';
import { CliError, usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { hex } from '../names.ts';
import { type Session, useWallet } from '../session.ts';
import { recordIdOf } from '../stake-text.ts';
import { onlyRecord } from './stake-tables.ts';

interface KeysOptions {
  readonly rounds?: string;
  readonly owner?: string;
  readonly record?: string;
}

/** `sero stake owner` and `sero stake keys`. */
export function addStakeKeys(stake: Command, io: Io): void {
  addOwner(stake, io);
  addKeys(stake, io);
}

function addOwner(stake: Command, io: Io): void {
  const command = stake
    .command('owner')
    .summary('a new owner address, for keys that are made on another machine')
    .description(
      'A validator’s keys are made for the address that will own the record. Prints one of this account that was never used: take it to the machine that will vote.',
    );
  withExamples(command, [
    { line: 'sero stake owner', says: 'then, there: sero stake keys ./validator --owner ADDRESS' },
  ]);
  runs(command, io, (cli) =>
    useWallet(cli, { chain: 'required' }, async (session) => {
      const owner = hex(await newOwner(session));
      cli.out.data({ owner }, owner);
    }),
  );
}

function addKeys(stake: Command, io: Io): void {
  const command = stake
    .command('keys')
    .summary('make a validator’s keys')
    .description(
      'Makes the keys in a new directory, on the machine that will vote. Never copy or restore that directory, but for record.json, which is public: two machines that vote with one set of keys ' +
        'sign twice, and a tenth of the stake is burned each time. The keys command votes and no money. Without --owner they are made for an address of this wallet.',
    )
    .argument('<dir>', 'a new directory')
    .option('--rounds <first..last>', 'rounds that the keys cover (default: 3,000,000 from the next one on)')
    .option(
      '--owner <address>',
      'who will own the record, as `sero stake owner` prints it; no wallet is needed then',
    )
    .option('--record <id>', 'a record of yours that is to be renewed with them: made for its owner');
  withExamples(command, [
    { line: 'sero stake keys ./validator', says: 'for a new owner address of this wallet' },
    { line: 'sero stake keys ./validator-2 --record 5f3c…', says: 'to renew that record' },
  ]);
  runs<KeysOptions>(command, io, async (cli, options, dir) => {
    const { owner, record } = options;
    if (owner !== undefined && record !== undefined) throw usageError('give either --owner or --record');
    if (owner !== undefined) {
      if (!/^[0-9a-f]{128}$/i.test(owner)) {
        throw usageError(
          'an owner address has 128 hexadecimal digits',
          'make one where the wallet is: {sero} stake owner',
        );
      }
      return makeKeys(
        cli,
        dir!,
        Uint8Array.from(Buffer.from(owner, 'hex')),
        await rangeOf(cli, options.rounds),
      );
    }
    await useWallet(cli, { chain: 'required' }, async (session) => {
      const range = await rangeOf(cli, options.rounds);
      const known = record === undefined ? undefined : ownerOf(session, record);
      await makeKeys(cli, dir!, known ?? (await newOwner(session)), range);
    });
  });
}

async function newOwner({ wallet }: Session): Promise<Uint8Array> {
  const { address } = await wallet.freshAddress('owner');
  return encodeOneTimeAddress(address);
}

function ownerOf(session: Session, id: string): Uint8Array {
  const record = hex(onlyRecord(session, id, true));
  const own = ownStakes(session.wallet).find((stake) => stake.owns && hex(stake.record) === record);
  if (own === undefined) throw usageError(`this account does not own the record ${record}`);
  return own.from;
}

async function makeKeys(
  cli: Cli,
  dir: string,
  owner: Uint8Array,
  range: { readonly first: bigint; readonly last: bigint },
): Promise<void> {
  const directory = resolve(cli.io.cwd, dir);
  try {
    const keys = await cli.progress.stage('Making keys', async () =>
      makeValidatorKeys(directory, range, { owner }),
    );
    const { vrfKey, voteRoot, blsKey } = keys;
    cli.out.data(
      { directory, record: recordIdOf(keys), owner, vrfKey, voteRoot, blsKey, rounds: range },
      directory,
    );
    cli.out.say(
      `Keys for rounds ${range.first} to ${range.last}. Register them: ${cli.sero} stake register --keys ${dir}`,
    );
  } catch (error) {
    if (!(error instanceof ValidatorKeysError)) throw error;
    throw new CliError('usage', error.code, error.message);
  }
}

async function rangeOf(cli: Cli, text: string | undefined): Promise<{ first: bigint; last: bigint }> {
  if (text === undefined) {
    const first = (await chainHeight(cli)) + 1n;
    return { first, last: first + MAX_KEY_RANGE };
  }
  const match = /^(\d{1,19})\.\.(\d{1,19})$/.exec(text);
  if (match === null) throw usageError('rounds are given as FIRST..LAST, such as 1000..500000');
  return { first: BigInt(match[1]!), last: BigInt(match[2]!) };
}
