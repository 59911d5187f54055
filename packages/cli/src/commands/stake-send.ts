import { resolve } from 'node:path';
import { equalBytes } from '@sero/crypto';
import { readValidatorRecord, ValidatorKeysError } from '@sero/node';
import { SERO_ASSET } from '@sero/protocol';
import {
  feeOf,
  plan,
  readPlan,
  type StakeRequest,
  type StakeTables,
  sharesKey,
  stakeHoldings,
  type ValidatorKeys,
  WalletError,
} from '@sero/wallet';
import { formatAmount } from '../amounts.ts';
import { CliError, usageError } from '../errors.ts';
import { writeNew } from '../files.ts';
import { assetName, hex } from '../names.ts';
import { planText } from '../plan-text.ts';
import { carryOut, expectNothingEntered, type SendOptions, type Step, showResult } from '../sending.ts';
import type { Session } from '../session.ts';
import { percentText, recordIdOf, slashingText, unitsText, waitText } from '../stake-text.ts';
import { checkedRequest, onlyRecord, recordNamed, stakeTables } from './stake-tables.ts';

/** What the commands of stake send. */

export interface StakeOptions extends SendOptions {
  /** A new file for the plan, which is then not sent. */
  readonly plan?: string;
}

type Of<T extends StakeRequest['type']> = Extract<StakeRequest, { type: T }>;

/** What is asked for, and what else is to follow once it is final. */
interface Asked {
  readonly request: StakeRequest;
  readonly after?: Of<'stake'>;
  readonly says: readonly string[];
  /** For --json, beside what every sending shows. */
  readonly shows: object;
}

/** `sero stake register` */
export async function registerStake(
  session: Session,
  options: StakeOptions & { readonly keys: string; readonly units?: bigint; readonly commission: number },
): Promise<void> {
  const { keys: directory, units, commission } = options;
  const { wallet, cli } = session;
  const keys = keysIn(session, directory);
  const record = recordIdOf(keys);
  const request: Of<'register'> = { type: 'register', keys, commission };
  const tables = await stakeTables(session);
  const shared = tables?.records.find(
    (known) => sharesKey(known, keys) && !equalBytes(known.owner, keys.owner),
  );
  if (shared !== undefined) {
    cli.out.warn(
      `the record ${hex(shared.id)} has one of these keys. If it is another account’s of yours, stop here: of two records with one key only one can vote. If it is a stranger’s, it does no harm`,
    );
  }
  await undertake(session, options, tables, {
    request,
    ...(units === undefined ? {} : { after: { type: 'stake', record, units } }),
    says: [
      `Register the record ${hex(record)}.`,
      `Its keys are for rounds ${keys.firstRound} to ${keys.lastRound}; commission ${percentText(commission)}, which can be lowered and never raised.`,
      ...(units === undefined
        ? ['Nothing is staked in it yet.']
        : [
            `Then stake ${unitsText(units)}, ${formatAmount(units * wallet.genesis.stake.unit, 'SERO')}.`,
            slashingText(wallet.genesis),
          ]),
    ],
    shows: { record: hex(record), ...(units === undefined ? {} : { units }) },
  });
  if (!options.dryRun && options.plan === undefined) {
    cli.out.say(`The record is offline: start the node with its keys, then: ${cli.sero} stake online`);
  }
}

/** `sero stake delegate` */
export async function delegateStake(
  session: Session,
  options: StakeOptions,
  id: string,
  units: bigint,
): Promise<void> {
  const { genesis } = session.wallet;
  const record = recordNamed(session, id);
  const tables = await stakeTables(session);
  const known = tables?.records.find((other) => equalBytes(other.id, record));
  await undertake(session, options, tables, {
    request: { type: 'stake', record, units },
    says: [
      `Stake ${unitsText(units)}, ${formatAmount(units * genesis.stake.unit, 'SERO')}, in the record ${hex(record)}.`,
      ...(known === undefined
        ? []
        : [
            `It is ${known.status}; its owner takes ${percentText(known.commission)} of rewards before they are shared.`,
          ]),
      slashingText(genesis),
    ],
    shows: { record: hex(record), units },
  });
}

/** `sero stake renew` */
export async function renewStake(
  session: Session,
  options: StakeOptions & { readonly keys: string; readonly commission?: number },
  id: string | undefined,
): Promise<void> {
  const { wallet } = session;
  const keys = keysIn(session, options.keys);
  const record = onlyRecord(session, id, true);
  const tables = await stakeTables(session);
  const known = tables?.records.find((other) => equalBytes(other.id, record));
  const commission = options.commission ?? known?.commission;
  if (commission === undefined) {
    throw usageError(
      'the node does not say what the record’s commission is',
      'name it: --commission PERCENT; what is higher than it was fails',
    );
  }
  const counts = nextRound(session) + wallet.genesis.stake.balanceLookback;
  await undertake(session, options, tables, {
    request: { type: 'renew', record, keys, commission },
    says: [
      `Renew the record ${hex(record)} with keys for rounds ${keys.firstRound} to ${keys.lastRound}; commission ${percentText(commission)}.`,
      `Go on with the old keys up to round ${counts} or a few later: until then tables have them.`,
    ],
    shows: { record: hex(record), countsFrom: counts },
  });
}

const SWITCHED = {
  online: 'Set the record online:',
  offline: 'Set the record offline:',
  leaving: 'Take the record out of the tables for good:',
} as const;

/** `sero stake online` and `offline` */
export async function switchStake(
  session: Session,
  options: StakeOptions,
  id: string | undefined,
  online: keyof typeof SWITCHED,
): Promise<void> {
  const record = onlyRecord(session, id, true);
  const counts = nextRound(session) + session.wallet.genesis.stake.balanceLookback;
  await undertake(session, options, await stakeTables(session), {
    request: { type: 'online', record, online },
    says: [
      `${SWITCHED[online]} ${hex(record)}.`,
      online === 'online'
        ? `It counts from about round ${counts} on; a node must run with its keys by then.`
        : `It counts up to about round ${counts}; let the node run until then.`,
      ...(online === 'leaving' ? ['There is no way back: it takes no stake and no keys any more.'] : []),
    ],
    shows: { record: hex(record), countsFrom: counts },
  });
}

/** `sero stake unlock` */
export async function unlockStake(
  session: Session,
  options: StakeOptions,
  id: string,
  units: bigint,
): Promise<void> {
  const { genesis } = session.wallet;
  const record = recordNamed(session, id);
  await undertake(session, options, await stakeTables(session), {
    request: { type: 'unlock', record, units },
    says: [
      `Unlock ${unitsText(units)} of the record ${hex(record)}.`,
      `They wait ${waitText(genesis)}, and are slashed with the record until they are claimed.`,
    ],
    shows: { record: hex(record), units, dueHeight: nextRound(session) + genesis.stake.unlockWait },
  });
}

/** `sero stake claim` */
export async function claimStake(
  session: Session,
  options: StakeOptions,
  id: string | undefined,
): Promise<void> {
  const record = onlyRecord(session, id, false);
  const tables = await stakeTables(session);
  const request = checked(() => checkedRequest(session, { type: 'claim', record }, tables)) as Of<'claim'>;
  const place =
    tables === undefined
      ? undefined
      : stakeHoldings(session.wallet, tables).find(
          (own) =>
            equalBytes(own.record.id, record) &&
            request.from !== undefined &&
            equalBytes(own.from, request.from),
        );
  await undertake(session, options, tables, {
    request,
    says: [
      place === undefined
        ? `Claim what there is in the record ${hex(record)}.`
        : `Claim ${formatAmount(place.claimable, 'SERO')} from the record ${hex(record)}, as the node says.`,
    ],
    shows: { record: hex(record), ...(place === undefined ? {} : { claimable: place.claimable }) },
  });
}

function nextRound({ wallet }: Session): bigint {
  return (wallet.tip()?.header.height ?? 0n) + 1n;
}

/** Public keys from record.json. */
function keysIn({ cli }: Session, directory: string): ValidatorKeys {
  try {
    return readValidatorRecord(resolve(cli.io.cwd, directory));
  } catch (error) {
    if (!(error instanceof ValidatorKeysError)) throw error;
    throw new CliError('usage', error.code, error.message, 'make keys with: {sero} stake keys DIR');
  }
}

async function undertake(
  session: Session,
  options: StakeOptions,
  tables: StakeTables | undefined,
  { request, after, says, shows }: Asked,
): Promise<void> {
  const { wallet, cli } = session;
  const first = checked(() => checkedRequest(session, request, tables));
  if (options.plan !== undefined) return writePlan(session, first, options.plan, after);
  if (after !== undefined) expectFunds(session, first, after);
  const result = await carryOut<StakeRequest>(
    session,
    {
      first,
      next: async (asked): Promise<Step<StakeRequest>> => {
        const planned = await checkedAsync(() => plan(wallet, asked));
        if (asked !== first || after === undefined) return { plan: planned, rest: undefined };
        const fees = readPlan(planned).fee + gasOf(session, after);
        return { plan: planned, rest: after, transactions: 2, fees };
      },
      pays: false,
      says,
    },
    options,
  );
  showResult(session, result, shows);
  if (!options.wait)
    cli.out.detail('whether it succeeded is known once it is in a block: --wait waits for that');
}

/** The fee of a staking, without what is staked. */
function gasOf({ wallet }: Session, request: Of<'stake'>): bigint {
  return feeOf(wallet, request) - request.units * wallet.genesis.stake.unit;
}

/** Refuses to register what could then not be staked in: the fee of the first would be paid for half of what was asked. */
function expectFunds({ wallet }: Session, first: StakeRequest, then: Of<'stake'>): void {
  const needed = checked(() => feeOf(wallet, first) + feeOf(wallet, then));
  const sero = wallet.balances().find(({ asset }) => asset === SERO_ASSET);
  const held = (sero?.spendable ?? 0n) + (sero?.waiting ?? 0n);
  if (held >= needed) return;
  throw new CliError(
    'funds',
    'insufficient-funds',
    `the stake and both fees come to ${formatAmount(needed, 'SERO')}, the account has ${formatAmount(held, 'SERO')}`,
    'nothing was sent: stake fewer units, or see what you have: {sero} balance',
  );
}

/** The plan for other devices; what would follow it is another command. */
async function writePlan(
  session: Session,
  request: StakeRequest,
  path: string,
  then: Of<'stake'> | undefined,
): Promise<void> {
  const { cli, wallet } = session;
  await expectNothingEntered(session, true);
  const planned = await checkedAsync(() => plan(wallet, request));
  await writeNew(cli.io, path, planned);
  if (then !== undefined) {
    cli.out.say(
      `The plan registers and stakes nothing: once it is final, plan ${cli.sero} stake delegate ${hex(then.record)} ${then.units}`,
    );
  }
  if (path === '-') return;
  const { data, text } = planText(readPlan(planned), (asset) => assetName(wallet, asset));
  cli.out.data(data, text);
}

/** Refusals of the wallet that only waiting helps against. */
const TOO_EARLY: readonly string[] = ['stake-not-due', 'stake-nothing'];

function checked<T>(job: () => T): T {
  try {
    return job();
  } catch (error) {
    throw stakeError(error);
  }
}

async function checkedAsync<T>(job: () => Promise<T>): Promise<T> {
  try {
    return await job();
  } catch (error) {
    throw stakeError(error);
  }
}

/** A refusal about stake with the program's exit code; everything else as it is. */
function stakeError(error: unknown): unknown {
  if (!(error instanceof WalletError) || !error.code.startsWith('stake-')) return error;
  const exit = TOO_EARLY.includes(error.code) ? 'funds' : 'usage';
  return new CliError(exit, error.code, error.message, 'see: {sero} stake status', { cause: error });
}
