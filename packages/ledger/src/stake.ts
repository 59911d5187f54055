import { equalBytes } from '@sero/crypto';
import { type Genesis, ONLINE, stakeRecordId } from '@sero/protocol';
import type { Change, KeyValueStore } from '@sero/store';
import { hasProposed } from './patience.ts';
import { credited } from './rewards.ts';
import { EMPTY_POT, putIn, slashed } from './stake-pot.ts';
import { FACTOR_ONE, type StakeRecord, stakeRecordCodec } from './stake-record.ts';
import { STAKE_RECORDS, type State } from './state.ts';

/** What blocks do with stake records; what their owners do is in stake-commands.ts. */

/** What a record contributes to a table of stake. */
export interface TableEntry {
  readonly id: Uint8Array;
  readonly vrfKey: Uint8Array;
  readonly voteRoot: Uint8Array;
  readonly blsKey: Uint8Array;
  /** Whole units of S that slashing left, uncut; > 0. */
  readonly units: bigint;
}

/** What the table for a round has of a record as it is now; undefined: nothing. @param unit S */
export function tableEntry(record: StakeRecord, round: bigint, unit: bigint): TableEntry | undefined {
  const { id, vrfKey, voteRoot, blsKey, firstRound, lastRound, status, bonded } = record;
  const units = bonded.money / unit;
  if (status !== ONLINE.online || round < firstRound || round > lastRound || units === 0n) return undefined;
  return { id, vrfKey, voteRoot, blsKey, units };
}

/** All records of a state that is written, ascending by id. */
export function* storedRecords(store: Pick<KeyValueStore, 'entries'>): Iterable<StakeRecord> {
  for (const [, value] of store.entries(STAKE_RECORDS)) yield stakeRecordCodec.decode(value);
}

/** The records that a block changed, as it leaves them, ascending by id; records are never deleted. @param changes of the block */
export function changedRecords(changes: readonly Change[]): StakeRecord[] {
  return changes.flatMap(({ key, value }) =>
    value !== undefined && isRecordKey(key) ? [stakeRecordCodec.decode(value)] : [],
  );
}

function isRecordKey(key: Uint8Array): boolean {
  return equalBytes(key.subarray(0, STAKE_RECORDS.length), STAKE_RECORDS);
}

/**
 * Credits the proposer of a block, and notes that he proposed.
 *
 * @param amount of fees and issue, in the coin's smallest unit
 * @returns how much of it the record took: all, or nothing where nothing is staked in it any more; the rest stays where it was
 */
export function creditProposer(
  state: State,
  id: Uint8Array,
  amount: bigint,
  genesis: Pick<Genesis, 'stake'>,
): bigint {
  const record = state.stakeRecord(id).get();
  if (record === undefined) return 0n;
  const paid = credited(record, amount, genesis.stake.unit);
  state.stakeRecord(id).set(hasProposed(state, paid ?? record, genesis));
  if (paid === undefined) return 0n;
  addStaked(state, amount);
  return amount;
}

/** Takes a record out of the tables to come, until its owner sets it online again. */
export function setOffline(state: State, id: Uint8Array): void {
  const record = state.stakeRecord(id).get();
  if (record?.status === ONLINE.online) state.stakeRecord(id).set({ ...record, status: ONLINE.offline });
}

/**
 * Punishes a record: a tenth of all that is staked in it, waiting or not, is burned, and it goes offline.
 *
 * @returns what was burned
 */
export function slash(state: State, id: Uint8Array): bigint {
  setOffline(state, id);
  const record = state.stakeRecord(id).get();
  if (record === undefined || record.factor === 0n) return 0n;
  const factor = (record.factor * 9n) / 10n;
  const after = {
    ...record,
    factor,
    bonded: slashed(record.bonded, record.factor, factor),
    unlocking: slashed(record.unlocking, record.factor, factor),
  };
  state.stakeRecord(id).set(after);
  const burned = record.bonded.money + record.unlocking.money - after.bonded.money - after.unlocking.money;
  addStaked(state, -burned);
  state.burned.set((state.burned.get() ?? 0n) + burned);
  return burned;
}

/** The first participants as records that are online, their stake as positions of their owners. It was never in the pool. */
export function genesisRecords(state: State, genesis: Genesis): void {
  for (const validator of genesis.validators) {
    const { owner, vrfKey, voteRoot, blsKey, firstRound, lastRound, commission, units } = validator;
    const id = stakeRecordId(owner, vrfKey, voteRoot);
    const amount = units * genesis.stake.unit;
    const { pot, nominal } = putIn(EMPTY_POT, amount, FACTOR_ONE);
    state.stakeRecord(id).set({
      ...newRecord({ id, owner, vrfKey, voteRoot, blsKey, firstRound, lastRound, commission }),
      status: ONLINE.online,
      seenUnits: units,
      bonded: pot,
    });
    state.position(id, owner).set({ nominal, settled: 0n, rewards: 0n, unlocking: [] });
    for (const key of [vrfKey, voteRoot]) state.keyUser(owner, key).set(id);
    addStaked(state, amount);
    state.issued.set((state.issued.get() ?? 0n) + amount);
  }
}

type Registration = Pick<
  StakeRecord,
  'id' | 'owner' | 'vrfKey' | 'voteRoot' | 'blsKey' | 'firstRound' | 'lastRound' | 'commission'
>;

/** A record that is offline and empty. */
export function newRecord(registration: Registration): StakeRecord {
  return {
    ...registration,
    status: ONLINE.offline,
    seen: 0n,
    seenUnits: 0n,
    factor: FACTOR_ONE,
    bonded: EMPTY_POT,
    unlocking: EMPTY_POT,
    accumulator: 0n,
    rewards: 0n,
    commissionDue: 0n,
  };
}

/** Counts what enters or leaves records. */
export function addStaked(state: State, amount: bigint): void {
  state.staked.set((state.staked.get() ?? 0n) + amount);
}
