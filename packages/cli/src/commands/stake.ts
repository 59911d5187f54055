import { type Command, InvalidArgumentError, Option } from 'commander';
import { runs, withExamples } from '../command.ts';
import type { Io } from '../io.ts';
import { sendOptions } from '../send-options.ts';
import { useWallet } from '../session.ts';
import { addStakeKeys } from './stake-keys.ts';
import {
  claimStake,
  delegateStake,
  registerStake,
  renewStake,
  type StakeOptions,
  switchStake,
  unlockStake,
} from './stake-send.ts';
import { addStakeStatus } from './stake-status.ts';

interface RegisterOptions extends StakeOptions {
  readonly keys: string;
  readonly units?: bigint;
  /** In 1/10,000. */
  readonly commission: number;
}

interface RenewOptions extends StakeOptions {
  readonly keys: string;
  /** In 1/10,000. Default: as it is. */
  readonly commission?: number;
}

interface OfflineOptions extends StakeOptions {
  readonly forGood: boolean;
}

/** `sero stake`: participation in consensus, one's own and a part in others'. */
export function addStake(program: Command, io: Io): void {
  const stake = program
    .command('stake')
    .summary('participate in consensus, or put stake into a participant’s record')
    .description(
      'Who makes blocks and votes is drawn by stake, which lies in public records: how much is in which record, who owns it by an address that is used for nothing ' +
        'else, and every command. That the address is yours, and where its money came from and goes to, stays hidden. The node is asked for whole tables, never for your record. ' +
        'Rewards are credited to the records whose blocks are made; claim them when you like.',
    );
  withExamples(stake, [
    {
      line: 'sero stake keys ./validator',
      says: 'on the machine that will vote: keys for an owner address of this wallet',
    },
    {
      line: 'sero stake register --keys ./validator --units 10 --commission 5',
      says: 'a record with ten units of stake',
    },
    { line: 'sero stake online', says: 'once the node runs with these keys' },
    { line: 'sero stake status', says: 'who participates, and what you have in which record' },
  ]);
  addStakeKeys(stake, io);
  addRegister(stake, io);
  addDelegate(stake, io);
  addRenew(stake, io);
  addOnline(stake, io);
  addOffline(stake, io);
  addUnlock(stake, io);
  addClaim(stake, io);
  addStakeStatus(stake, io);
}

function addRegister(stake: Command, io: Io): void {
  const command = stakeOptions(
    stake
      .command('register')
      .summary('register a validator’s keys, and stake units')
      .description(
        'Makes a record for keys of `sero stake keys`. It is offline at first: start the node with the keys, then set it online. With --units two transactions are sent, the second after ' +
          'the first one’s block. The commission can be lowered later, never raised: those who stake in the record do so under it.',
      )
      .requiredOption('--keys <dir>', 'the keys’ directory, or one with a copy of its record.json')
      .option('--units <number>', 'units to stake at once (default: none)', unitsOption)
      .addOption(
        new Option('--commission <percent>', 'the owner’s part of rewards, such as 2.5')
          .argParser(commissionOption)
          .default(1_000, '10'),
      ),
  );
  withExamples(command, [
    {
      line: 'sero stake register --keys ./validator --units 10 --commission 5',
      says: 'ten units, five percent of rewards for you before they are shared',
    },
  ]);
  runs<RegisterOptions>(command, io, (cli, options) =>
    useWallet(cli, { chain: 'required' }, (session) => registerStake(session, options)),
  );
}

function addDelegate(stake: Command, io: Io): void {
  const command = stakeOptions(
    stake
      .command('delegate')
      .summary('put units into a record, yours or another’s')
      .description(
        'The units join what this account has in the record already; in a record where it has nothing, they come from an address that is used for nothing else. They earn rewards while ' +
          'the record is online, and are slashed with it.',
      )
      .argument('<id>', 'the record: 64 hexadecimal digits, or the first 8 or more of one of yours')
      .argument('<units>', 'how many units', unitsArgument),
  );
  withExamples(command, [{ line: 'sero stake delegate 5f3c… 5', says: 'five units' }]);
  runs<StakeOptions>(command, io, (cli, options, id, units) =>
    useWallet(cli, { chain: 'required' }, (session) => delegateStake(session, options, id!, BigInt(units!))),
  );
}

function addRenew(stake: Command, io: Io): void {
  const command = stakeOptions(
    stake
      .command('renew')
      .summary('other keys, or a lower commission, for a record of yours')
      .description(
        'A record whose keys end leaves the tables. Make new keys for its owner (`sero stake keys --record`), renew it with them, and go on with the old ones until the new ones are in the tables: the answer names the round. ' +
          'Stake stays where it is.',
      )
      .argument('[id]', 'the record (default: the only one of yours)')
      .requiredOption('--keys <dir>', 'the new keys’ directory, or one with a copy of its record.json')
      .option('--commission <percent>', 'lower than it was (default: as it was)', commissionOption),
  );
  withExamples(command, [
    { line: 'sero stake renew --keys ./validator-2', says: 'the keys that stand in that directory' },
  ]);
  runs<RenewOptions>(command, io, (cli, options, id) =>
    useWallet(cli, { chain: 'required' }, (session) => renewStake(session, options, id)),
  );
}

function addOnline(stake: Command, io: Io): void {
  const command = stakeOptions(
    stake
      .command('online')
      .summary('take a record of yours into the tables')
      .description(
        'From then on it is drawn to make blocks and to vote, once the round’s table has it. Start the node first: a record that does not propose for long is set offline.',
      )
      .argument('[id]', 'the record (default: the only one of yours)'),
  );
  withExamples(command, [
    { line: 'sero stake online', says: 'after the node was started with the record’s keys' },
  ]);
  runs<StakeOptions>(command, io, (cli, options, id) =>
    useWallet(cli, { chain: 'required' }, (session) => switchStake(session, options, id, 'online')),
  );
}

function addOffline(stake: Command, io: Io): void {
  const command = stakeOptions(
    stake
      .command('offline')
      .summary('take a record of yours out of the tables')
      .description(
        'Let the node run on until the record has left the tables: the answer names the round. Stake stays, and earns nothing while the record is offline.',
      )
      .argument('[id]', 'the record (default: the only one of yours)')
      .option('--for-good', 'for ever: the record takes no stake any more and never comes back', false),
  );
  withExamples(command, [
    { line: 'sero stake offline', says: 'before the machine is off for long' },
    { line: 'sero stake offline 5f3c… --for-good', says: 'nobody can stake in it any more' },
  ]);
  runs<OfflineOptions>(command, io, (cli, options, id) =>
    useWallet(cli, { chain: 'required' }, (session) =>
      switchStake(session, options, id, options.forGood ? 'leaving' : 'offline'),
    ),
  );
}

function addUnlock(stake: Command, io: Io): void {
  const command = stakeOptions(
    stake
      .command('unlock')
      .summary('take units out of a record')
      .description(
        'The units count and earn no longer, wait, and can then be claimed. While they wait they are slashed with the record. What a slash left of a unit counts as one.',
      )
      .argument(
        '<id>',
        'the record: 64 hexadecimal digits, or the first 8 or more where you have stake in it',
      )
      .argument('<units>', 'how many units', unitsArgument),
  );
  withExamples(command, [{ line: 'sero stake unlock 5f3c… 5', says: 'after the wait: sero stake claim' }]);
  runs<StakeOptions>(command, io, (cli, options, id, units) =>
    useWallet(cli, { chain: 'required' }, (session) => unlockStake(session, options, id!, BigInt(units!))),
  );
}

function addClaim(stake: Command, io: Io): void {
  const command = stakeOptions(
    stake
      .command('claim')
      .summary('take rewards, commission and what has waited')
      .description(
        'All of it comes as one note that everybody sees being made, for an address of yours that everybody knew; spending it shows nothing.',
      )
      .argument('[id]', 'the record (default: the only one where you have anything)'),
  );
  withExamples(command, [{ line: 'sero stake claim', says: 'what is there now' }]);
  runs<StakeOptions>(command, io, (cli, options, id) =>
    useWallet(cli, { chain: 'required' }, (session) => claimStake(session, options, id)),
  );
}

/** The options of every command of stake that sends. */
function stakeOptions(command: Command): Command {
  return sendOptions(command).option(
    '--plan <file>',
    'write the plan to a new file instead, for sero tx sign, prove and submit elsewhere',
  );
}

function unitsOption(text: string): bigint {
  if (/^\d{1,18}$/.test(text) && BigInt(text) > 0n) return BigInt(text);
  throw new InvalidArgumentError('It is a whole number from 1 on.');
}

/** As text, which is what commands are given. */
function unitsArgument(text: string): string {
  return String(unitsOption(text));
}

/** Percent with two places at most, as 1/10,000. */
function commissionOption(text: string): number {
  const match = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(text);
  const parts =
    match === null ? Number.NaN : Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
  if (parts <= 10_000) return parts;
  throw new InvalidArgumentError('It is a percentage from 0 to 100 with two decimal places at most.');
}
