import { equalBytes, toHex } from '@sero/crypto';
import { ensure, WalletError } from './errors.ts';
import { type OwnStake, ownStakes, type StakeRequest } from './stake.ts';
import type { StakePosition, StakeRecord, StakeTables } from './stake-tables.ts';
import type { Wallet } from './wallet.ts';

/** What this account has at stake, and whether a command would do anything: picked from whole tables on this device. */

/** Units that were unlocked and wait, or have waited. */
export interface WaitingPiece {
  /** SERO, in the smallest unit, after slashes: it is slashed with its record until it is claimed. */
  readonly amount: bigint;
  /** First block that may pay it out. */
  readonly dueHeight: bigint;
  /** Header time, ms, that such a block must have. */
  readonly dueTime: bigint;
  /** Whether the next block may, if it comes no earlier than the last one. */
  readonly due: boolean;
}

/** What this account has in one record from one of its addresses. */
export interface StakeHolding {
  readonly record: StakeRecord;
  /** Own PKr. */
  readonly from: Uint8Array;
  /** True where the record is this account's. */
  readonly owns: boolean;
  /** SERO that counts, in the smallest unit. */
  readonly staked: bigint;
  /** Earned by the stake, and as the owner's commission. */
  readonly rewards: bigint;
  readonly commission: bigint;
  readonly waiting: readonly WaitingPiece[];
  /** What a claim in the next block would pay: rewards, commission and pieces that are due. */
  readonly claimable: bigint;
}

/** Pieces of one position that may wait at the same time (the ledger's rule). */
const MOST_PIECES = 16;

/** A record that slashes left less of takes no stake any more (the ledger's rule): 2^64 >> 8. */
const LEAST_FACTOR = 1n << 56n;

/** All that this account has, in the tables' order. Records of which the node knows nothing are left out. */
export function stakeHoldings(
  wallet: Pick<Wallet, 'history' | 'key' | 'genesis'>,
  tables: StakeTables,
): StakeHolding[] {
  const own = new Map<string, OwnStake[]>();
  for (const stake of ownStakes(wallet)) {
    const name = toHex(stake.record);
    own.set(name, [...(own.get(name) ?? []), stake]);
  }
  const positions = new Map<string, StakePosition>();
  for (const position of tables.positions) {
    const name = toHex(position.record);
    if (own.has(name)) positions.set(name + toHex(position.owner), position);
  }
  return tables.records.flatMap((record) => {
    const name = toHex(record.id);
    return (own.get(name) ?? []).flatMap((stake) => {
      const position = positions.get(name + toHex(stake.from));
      return position === undefined && !stake.owns
        ? []
        : [holdingOf(wallet, tables, record, stake, position)];
    });
  });
}

function holdingOf(
  { genesis }: Pick<Wallet, 'genesis'>,
  tables: StakeTables,
  record: StakeRecord,
  { from, owns }: OwnStake,
  position: StakePosition | undefined,
): StakeHolding {
  const { unlockWait, unlockWaitTime } = genesis.stake;
  const waiting = (position?.unlocking ?? []).map(({ amount, height, time }): WaitingPiece => {
    const [dueHeight, dueTime] = [height + unlockWait, time + unlockWaitTime];
    // A header's time is above its parent's.
    return {
      amount,
      dueHeight,
      dueTime,
      due: tables.height + 1n >= dueHeight && tables.time + 1n >= dueTime,
    };
  });
  const { staked = 0n, rewards = 0n } = position ?? {};
  const commission = owns ? record.commissionDue : 0n;
  const due = waiting.reduce((sum, piece) => sum + (piece.due ? piece.amount : 0n), 0n);
  return {
    record,
    from,
    owns,
    staked,
    rewards,
    commission,
    waiting,
    claimable: rewards + commission + due,
  };
}

/**
 * Refuses a command that the ledger would refuse, by what a node says of stake: whoever commands all the same pays a fee for nothing. Not seen is
 * whether the last participant would leave (`last-participant`), and what other blocks change before the command's.
 *
 * @returns the request, with the place that it is for where the account has several in the record
 * @throws WalletError `stake-…`, and what `plan` throws for the request by itself
 */
export function expectPossible(wallet: Wallet, request: StakeRequest, tables: StakeTables): StakeRequest {
  if (request.type === 'register') return request;
  const { record: id } = request;
  const record = tables.records.find((known) => equalBytes(known.id, id));
  ensure(record !== undefined, 'stake-record-unknown', `there is no stake record ${toHex(id)}`);
  const next = tables.height + 1n;
  switch (request.type) {
    case 'renew':
      expectStaying(record);
      ensure(
        request.commission <= record.commission,
        'stake-commission',
        `the record’s commission is ${percent(record.commission)} and can be lowered, not raised: who staked did so under it`,
      );
      return request;
    case 'stake':
      expectStaying(record);
      ensure(
        record.factor >= LEAST_FACTOR,
        'stake-status',
        'the record was slashed so often that it takes no stake any more',
      );
      return request;
    case 'online':
      expectStaying(record);
      ensure(record.status !== request.online, 'stake-status', `the record is ${record.status} already`);
      ensure(
        request.online !== 'online' || record.lastRound >= next,
        'stake-keys-range',
        `the record’s keys ended with round ${record.lastRound}: renew them first`,
      );
      return request;
    case 'unlock':
      return unlocking(wallet, request, tables);
    case 'claim':
      return claiming(wallet, request, tables);
  }
}

function expectStaying({ status }: StakeRecord): void {
  ensure(
    status !== 'leaving',
    'stake-status',
    'the record is leaving for good: it takes no stake, no keys and does not come back; register another one',
  );
}

/** Every place of the account in a record that the request may mean. */
function placesOf(
  wallet: Wallet,
  request: Extract<StakeRequest, { type: 'unlock' | 'claim' }>,
  tables: StakeTables,
): [StakeHolding, ...StakeHolding[]] {
  const [first, ...others] = stakeHoldings(wallet, tables)
    .filter(({ record, from }) => {
      const asked = request.from === undefined || equalBytes(from, request.from);
      return asked && equalBytes(record.id, request.record);
    })
    .toSorted((a, b) => Number(b.owns) - Number(a.owns));
  if (first === undefined) {
    throw new WalletError(
      'stake-record-unknown',
      `this account has nothing in the record ${toHex(request.record)}`,
    );
  }
  return [first, ...others];
}

function unlocking(
  wallet: Wallet,
  request: Extract<StakeRequest, { type: 'unlock' }>,
  tables: StakeTables,
): StakeRequest {
  const { unit } = wallet.genesis.stake;
  const places = placesOf(wallet, request, tables);
  // What a slash left over of a unit counts as one.
  const enough = places.filter(({ staked }) => request.units <= (staked + unit - 1n) / unit);
  const most = places.reduce((units, { staked }) => {
    const own = (staked + unit - 1n) / unit;
    return own > units ? own : units;
  }, 0n);
  ensure(
    enough.length > 0,
    'stake-units',
    `there are ${most} units to unlock in this record, not ${request.units}`,
  );
  const free = enough.find(({ waiting }) => waiting.length < MOST_PIECES);
  ensure(
    free !== undefined,
    'stake-status',
    `${MOST_PIECES} pieces wait already, more cannot: claim those that are due first`,
  );
  return { ...request, from: free.from };
}

function claiming(
  wallet: Wallet,
  request: Extract<StakeRequest, { type: 'claim' }>,
  tables: StakeTables,
): StakeRequest {
  const places = placesOf(wallet, request, tables);
  const paying = places.find(({ claimable }) => claimable > 0n);
  if (paying !== undefined) return { ...request, from: paying.from };
  const waiting = places.flatMap((place) => place.waiting);
  const [soonest] = waiting.toSorted((a, b) => (a.dueHeight < b.dueHeight ? -1 : 1));
  ensure(soonest !== undefined, 'stake-nothing', 'there is nothing to claim in this record yet');
  throw new WalletError(
    'stake-not-due',
    `what was unlocked waits until block ${soonest.dueHeight} and ${new Date(Number(soonest.dueTime)).toISOString()}; the chain is at block ${tables.height}`,
  );
}

function percent(commission: number): string {
  return `${commission / 100} %`;
}
