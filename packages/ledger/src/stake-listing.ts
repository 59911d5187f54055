import { concat } from '@sero/crypto';
import { type Genesis, ONLINE } from '@sero/protocol';
import { type KeyValueStore, overlay } from '@sero/store';
import { settled } from './rewards.ts';
import { worthOf } from './stake-pot.ts';
import { positionCodec, type StakeRecord, stakeRecordCodec } from './stake-record.ts';
import { STAKE_POSITIONS, STAKE_RECORDS, type State, stateOf } from './state.ts';

/** Stake as people look at it. Amounts are in the coin's smallest unit. */

const ID_BYTES = 32;

/** A stake record. */
export interface ListedStakeRecord {
  readonly id: Uint8Array;
  /** PKr. */
  readonly owner: Uint8Array;
  readonly vrfKey: Uint8Array;
  readonly voteRoot: Uint8Array;
  readonly blsKey: Uint8Array;
  readonly firstRound: bigint;
  readonly lastRound: bigint;
  /** In 1/10,000. */
  readonly commission: number;
  readonly status: keyof typeof ONLINE;
  /** What slashes left of a unit that was staked at first; 2^64 is all of it. */
  readonly factor: bigint;
  readonly staked: bigint;
  readonly unlocking: bigint;
  /** Credited and not claimed: of those who staked, and of the owner as commission. */
  readonly rewards: bigint;
  readonly commissionDue: bigint;
  /** From when on it is expected to propose, in blocks that somebody proposed. */
  readonly seen: bigint;
}

/** What one PKr has in one record. */
export interface ListedPosition {
  readonly record: Uint8Array;
  /** PKr. */
  readonly owner: Uint8Array;
  /** After slashes. */
  readonly staked: bigint;
  /** Earned up to now and not claimed. */
  readonly rewards: bigint;
  /** Amounts, and height and header time (ms) of the blocks that unlocked them. */
  readonly unlocking: { readonly amount: bigint; readonly height: bigint; readonly time: bigint }[];
}

/** Sums over all records. */
export interface StakeTotals {
  /** What records hold: stake that counts or waits, and rewards. */
  readonly staked: bigint;
  /** What slashing destroyed. */
  readonly burned: bigint;
  /** All SERO there ever was: in notes, in the reward pool, staked, or burned. */
  readonly issued: bigint;
  /** Blocks that somebody proposed. */
  readonly proposedBlocks: bigint;
}

/** Stake records from an id on, ascending. @param from 32 bytes; the first one where undefined */
export function* listStakeRecords(
  store: Pick<KeyValueStore, 'entries'>,
  from: Uint8Array | undefined,
): Iterable<ListedStakeRecord> {
  const start = from === undefined ? {} : { from: concat(STAKE_RECORDS, from) };
  for (const [, value] of store.entries(STAKE_RECORDS, start)) yield listed(stakeRecordCodec.decode(value));
}

function listed(record: StakeRecord): ListedStakeRecord {
  const { bonded, unlocking, seenUnits: _, accumulator: __, status, ...rest } = record;
  return { ...rest, status: statusName(status), staked: bonded.money, unlocking: unlocking.money };
}

function statusName(status: number): keyof typeof ONLINE {
  const names = Object.keys(ONLINE) as (keyof typeof ONLINE)[];
  return names.find((name) => ONLINE[name] === status)!;
}

/** Positions from one on, ascending by record and owner. @param from id and PKr, 96 bytes; the first one where undefined */
export function* listStakePositions(
  store: Pick<KeyValueStore, 'get' | 'entries'>,
  from: Uint8Array | undefined,
  genesis: Pick<Genesis, 'stake' | 'anchor'>,
): Iterable<ListedPosition> {
  const state = stateOf(overlay(store), genesis.anchor.window);
  const start = from === undefined ? {} : { from: concat(STAKE_POSITIONS, from) };
  for (const [key, value] of store.entries(STAKE_POSITIONS, start)) {
    const place = key.slice(STAKE_POSITIONS.length);
    const id = place.slice(0, ID_BYTES);
    const record = state.stakeRecord(id).get()!;
    const position = settled(positionCodec.decode(value), record, genesis.stake.unit);
    yield {
      record: id,
      owner: place.slice(ID_BYTES),
      staked: worthOf(position.nominal, record.factor),
      rewards: position.rewards,
      unlocking: position.unlocking.map(({ nominal, height, time }) => ({
        amount: worthOf(nominal, record.factor),
        height,
        time,
      })),
    };
  }
}

/** The sums as they stand in the state. */
export function stakeTotals({ staked, burned, issued, proposedBlocks }: State): StakeTotals {
  return {
    staked: staked.get() ?? 0n,
    burned: burned.get() ?? 0n,
    issued: issued.get() ?? 0n,
    proposedBlocks: proposedBlocks.get() ?? 0n,
  };
}
