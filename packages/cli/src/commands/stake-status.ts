import { equalBytes } from '@sero/crypto';
import { type StakeHolding, type StakeRecord, type StakeTables, stakeHoldings } from '@sero/wallet';
import type { Command } from 'commander';
import { formatAmount } from '../amounts.ts';
import { runs, withExamples } from '../command.ts';
import { CliError } from '../errors.ts';
import type { Io } from '../io.ts';
import { hex } from '../names.ts';
import { type Session, useWallet } from '../session.ts';
import { percentText, unitsText } from '../stake-text.ts';
import { table } from '../text.ts';
import { recordNamed, stakeTables } from './stake-tables.ts';

/** 2^64: a record's factor before any slash. */
const WHOLE = 1n << 64n;

/** `sero stake status` */
export function addStakeStatus(stake: Command, io: Io): void {
  const command = stake
    .command('status')
    .summary('who participates, and what you have in which record')
    .description(
      'Reads the whole public tables of stake and picks what is yours on this machine: the node does not learn which. What it shows is the node’s word.',
    )
    .argument('[id]', 'one record in full (default: all, one a line)');
  withExamples(command, [
    { line: 'sero stake status', says: 'all records, and what you have' },
    { line: 'sero stake status --json', says: 'every number exactly' },
  ]);
  runs(command, io, (cli, _options, id) =>
    useWallet(cli, { chain: 'required' }, (session) => showStatus(session, id)),
  );
}

async function showStatus(session: Session, id: string | undefined): Promise<void> {
  const { cli, client, wallet } = session;
  const tables = await stakeTables(session);
  if (tables === undefined) {
    throw new CliError(
      'unreachable',
      'not-found',
      'the node gives no tables of stake',
      'ask another node: --node URL',
    );
  }
  const network = await client.request('sero_getStakeStatus', {}, cli.io.signal);
  const wanted = id === undefined ? undefined : recordNamed(session, id);
  const records = tables.records.filter((record) => wanted === undefined || equalBytes(record.id, wanted));
  if (wanted !== undefined && records.length === 0) {
    throw new CliError(
      'usage',
      'stake-record-unknown',
      `there is no stake record ${hex(wanted)}`,
      'see: {sero} stake status',
    );
  }
  const holdings = stakeHoldings(wallet, tables).filter(
    ({ record }) => wanted === undefined || equalBytes(record.id, wanted),
  );
  const shown = records.map((record) => ({ ...record, ...splitOf(tables, record) }));
  const data = {
    network,
    records: shown.map(({ own: _, ...record }) => record),
    holdings: holdings.map(({ record, ...rest }) => ({ record: record.id, ...rest })),
  };
  cli.out.data(data, () => {
    const { participants, units, unit, keysEnd, height } = network;
    return [
      `block ${height}: ${participants} participants with ${unitsText(units)} of ${formatAmount(unit, 'SERO')}`,
      ...(keysEnd === null
        ? []
        : [
            `a third of them leave by round ${keysEnd.thirdGone}, all by ${keysEnd.allGone}, unless keys are renewed`,
          ]),
      '',
      wanted === undefined
        ? recordTable(session, shown, holdings)
        : shown.map((record) => recordText(session, record)).join('\n'),
      ...holdings.flatMap((own) => ['', ...holdingText(own)]),
    ].join('\n');
  });
}

type ShownRecord = StakeRecord & { readonly own: bigint; readonly delegated: bigint };

/** What of a record's stake is its owner's, and what is others'. */
function splitOf(
  tables: StakeTables,
  { id, owner, staked }: StakeRecord,
): { own: bigint; delegated: bigint } {
  const position = tables.positions.find(
    (known) => equalBytes(known.record, id) && equalBytes(known.owner, owner),
  );
  const own = position?.staked ?? 0n;
  return { own, delegated: staked > own ? staked - own : 0n };
}

function recordTable(
  { wallet }: Session,
  records: readonly ShownRecord[],
  holdings: readonly StakeHolding[],
): string {
  const { unit } = wallet.genesis.stake;
  const mark = ({ id }: StakeRecord): string => {
    const own = holdings.filter(({ record }) => equalBytes(record.id, id));
    return own.some(({ owns }) => owns) ? 'yours' : own.length > 0 ? 'staked' : '';
  };
  return table(
    ['RECORD', 'STATUS', '>UNITS', '>OTHERS’', '>WEIGHT', '>COMMISSION', '>LAST ROUND', ''],
    records.map((record) => [
      hex(record.id),
      record.status,
      String(record.staked / unit),
      String(record.delegated / unit),
      String(record.weight),
      percentText(record.commission),
      String(record.lastRound),
      [record.factor === WHOLE ? '' : 'slashed', mark(record)].filter((word) => word !== '').join(', '),
    ]),
  );
}

function recordText({ wallet }: Session, record: ShownRecord): string {
  const { unit } = wallet.genesis.stake;
  const { factor } = record;
  return [
    `record ${hex(record.id)}, ${record.status}`,
    `  owner ${hex(record.owner)}`,
    `  ${unitsText(record.staked / unit)} staked (${formatAmount(record.staked, 'SERO')}, of it others’ ${formatAmount(record.delegated, 'SERO')}), weight ${record.weight} in the newest table`,
    `  ${formatAmount(record.unlocking, 'SERO')} wait, ${formatAmount(record.rewards + record.commissionDue, 'SERO')} of rewards are not claimed`,
    `  commission ${percentText(record.commission)}`,
    `  keys for rounds ${record.firstRound} to ${record.lastRound}`,
    ...(factor === WHOLE
      ? []
      : [`  slashed: ${Number((factor * 10_000n) / WHOLE) / 100} % of what was staked before is left`]),
  ].join('\n');
}

function holdingText({
  record,
  owns,
  staked,
  rewards,
  commission,
  waiting,
  claimable,
}: StakeHolding): string[] {
  return [
    `${owns ? 'your record' : 'your stake in'} ${hex(record.id)}`,
    `  staked ${formatAmount(staked, 'SERO')}`,
    `  rewards ${formatAmount(rewards, 'SERO')}${owns ? `, commission ${formatAmount(commission, 'SERO')}` : ''}`,
    ...waiting.map(({ amount, due, dueHeight, dueTime }) =>
      due
        ? `  unlocked ${formatAmount(amount, 'SERO')}`
        : `  unlocking ${formatAmount(amount, 'SERO')} until block ${dueHeight}, not before ${new Date(Number(dueTime)).toISOString()}`,
    ),
    `  to be claimed now: ${formatAmount(claimable, 'SERO')}`,
  ];
}
