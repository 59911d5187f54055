import { equalBytes } from '@sero/crypto';
import {
  type ClaimBody,
  ONLINE,
  type OnlineBody,
  type RegisterBody,
  type StakeBody,
  stakeRecordId,
  type UnlockBody,
} from '@sero/protocol';
import { type Return, returned, standsAfter, staysAfter, weighed } from './patience.ts';
import { settled } from './rewards.ts';
import { addStaked, newRecord } from './stake.ts';
import { ceilDiv, putIn, takeOut, worthOf } from './stake-pot.ts';
import { FACTOR_ONE, MAX_UNLOCKING, type Position, type StakeRecord } from './stake-record.ts';
import type { State } from './state.ts';

/**
 * Kinds 4 to 8 (design 3, "Rewards and stake"). Whoever owns a PKr commands what belongs to it by a transaction whose `from` it
 * is: records by their owner, positions by theirs. Every function returns a word that says which condition failed, or what is
 * to be paid out; a failure is no invalid transaction, the fee is kept.
 */

export type StakeFailure =
  | 'record-unknown'
  | 'record-exists'
  | 'record-leaving'
  | 'record-slashed'
  | 'not-the-owner'
  | 'keys-in-use'
  | 'key-range-expired'
  | 'commission-raised'
  | 'already-online'
  | 'already-offline'
  | 'units-insufficient'
  | 'unlocking-full'
  | 'nothing-to-claim'
  | 'last-participant';

export type StakeResult =
  | { readonly ok: false; readonly failure: StakeFailure }
  | {
      readonly ok: true;
      /** SERO that leaves the records, as a public output to `from`. */
      readonly paid: bigint;
    };

/** Who commands, and in which block. */
export interface Command extends Return {
  /** PKr. */
  readonly from: Uint8Array;
  /** Of the header, ms. */
  readonly time: bigint;
  /** Whether the next table keeps somebody, with keys that last, if this record leaves it. */
  readonly othersStand: (record: Uint8Array) => boolean;
}

/** Whether a change takes the last participant out of the tables, at once or, with keys that end, soon. */
function empties(before: StakeRecord | undefined, after: StakeRecord, command: Command): boolean {
  const leaves =
    (standsAfter(before, command) && !standsAfter(after, command)) ||
    (staysAfter(before, command) && !staysAfter(after, command));
  return leaves && !command.othersStand(after.id);
}

/**
 * A record that lost more than 255 of 256 parts takes no new stake: the nominal amounts of others' money would grow without bound.
 */
const LEAST_FACTOR = FACTOR_ONE >> 8n;

const failed = (failure: StakeFailure): StakeResult => ({ ok: false, failure });
const DONE: StakeResult = { ok: true, paid: 0n };

/** Kind 5: a new record that is offline, or other keys of one that `from` owns. */
export function registerRecord(state: State, body: RegisterBody, command: Command): StakeResult {
  const { vrfKey, voteRoot, blsKey, firstRound, lastRound, commission } = body;
  const { from, height } = command;
  if (lastRound < height) return failed('key-range-expired');
  const [renewed] = body.record;
  const id = renewed ?? stakeRecordId(from, vrfKey, voteRoot);
  const record = state.stakeRecord(id).get();
  if (renewed === undefined) {
    if (record !== undefined) return failed('record-exists');
  } else {
    if (record === undefined) return failed('record-unknown');
    if (!equalBytes(record.owner, from)) return failed('not-the-owner');
    if (record.status === ONLINE.leaving) return failed('record-leaving');
    // Who staked did so under the old one, and is locked.
    if (commission > record.commission) return failed('commission-raised');
  }
  // Two records of one owner with one key would need one ephemeral key twice. Keys of others are no use to anybody without their
  // secrets; were they refused, whoever sees a registration on its way could come first with its keys and make it fail.
  for (const key of [vrfKey, voteRoot]) {
    const user = state.keyUser(from, key).get();
    if (user !== undefined && !equalBytes(user, id)) return failed('keys-in-use');
  }
  const keys = { vrfKey, voteRoot, blsKey, firstRound, lastRound, commission };
  const after = record === undefined ? newRecord({ id, owner: from, ...keys }) : { ...record, ...keys };
  if (empties(record, after, command)) return failed('last-participant');
  if (record !== undefined) {
    for (const key of [record.vrfKey, record.voteRoot]) state.keyUser(from, key).clear();
  }
  for (const key of [vrfKey, voteRoot]) state.keyUser(from, key).set(id);
  state.stakeRecord(id).set(returned(state, after, command));
  return DONE;
}

/** Kind 4: the amount joins the position of `from` in a record, which need not be his. */
export function stakeUnits(state: State, body: StakeBody, command: Command): StakeResult {
  const { from, genesis } = command;
  const record = state.stakeRecord(body.record).get();
  if (record === undefined) return failed('record-unknown');
  if (record.status === ONLINE.leaving) return failed('record-leaving');
  if (record.factor < LEAST_FACTOR) return failed('record-slashed');
  const { unit } = genesis.stake;
  const amount = body.units * unit;
  const { pot, nominal } = putIn(record.bonded, amount, record.factor);
  const position = settled(positionOf(state, record, from), record, unit);
  state.stakeRecord(record.id).set(weighed(state, { ...record, bonded: pot }, command));
  state.position(record.id, from).set({ ...position, nominal: position.nominal + nominal });
  addStaked(state, amount);
  return DONE;
}

/** Kind 6: the owner takes his record into the tables, out of them, or out of them for good. */
export function switchRecord(state: State, body: OnlineBody, command: Command): StakeResult {
  const { from, height } = command;
  const record = state.stakeRecord(body.record).get();
  if (record === undefined) return failed('record-unknown');
  if (!equalBytes(record.owner, from)) return failed('not-the-owner');
  if (record.status === ONLINE.leaving) return failed('record-leaving');
  if (body.online === record.status) {
    return failed(record.status === ONLINE.online ? 'already-online' : 'already-offline');
  }
  if (body.online !== ONLINE.online) {
    const after = { ...record, status: body.online };
    if (empties(record, after, command)) return failed('last-participant');
    state.stakeRecord(record.id).set(after);
    return DONE;
  }
  if (record.lastRound < height) return failed('key-range-expired');
  state.stakeRecord(record.id).set(returned(state, { ...record, status: ONLINE.online }, command));
  return DONE;
}

/**
 * Kind 7: stake leaves the tables and begins to wait, still to be slashed. What a slash left over of a unit counts as one, so that
 * everything can be unlocked.
 */
export function unlockUnits(state: State, body: UnlockBody, command: Command): StakeResult {
  const { from, genesis, height, time } = command;
  const { unit } = genesis.stake;
  const record = state.stakeRecord(body.record).get();
  if (record === undefined) return failed('record-unknown');
  const { factor } = record;
  const position = settled(positionOf(state, record, from), record, unit);
  const worth = worthOf(position.nominal, factor);
  if (body.units > ceilDiv(worth, unit)) return failed('units-insufficient');
  if (position.unlocking.length === MAX_UNLOCKING) return failed('unlocking-full');
  const wanted = body.units * unit;
  const amount = wanted < worth ? wanted : worth;
  const { pot: bonded, left } = takeOut(record.bonded, position.nominal, amount, factor);
  const { pot: unlocking, nominal } = putIn(record.unlocking, amount, factor);
  const after = { ...record, bonded, unlocking };
  if (empties(record, after, command)) return failed('last-participant');
  state.stakeRecord(record.id).set(weighed(state, after, command));
  state.position(record.id, from).set({
    ...position,
    nominal: left,
    unlocking: [...position.unlocking, { nominal, height, time }],
  });
  return DONE;
}

/**
 * Kind 8: pays what `from` has earned in a record, with the commission where he owns it, and his stake that has waited. Stake that
 * has waited and was not claimed can still be slashed.
 */
export function claimAll(state: State, body: ClaimBody, command: Command): StakeResult {
  const { from, genesis } = command;
  const record = state.stakeRecord(body.record).get();
  if (record === undefined) return failed('record-unknown');
  const position = settled(positionOf(state, record, from), record, genesis.stake.unit);
  const commission = equalBytes(record.owner, from) ? record.commissionDue : 0n;
  let unlocking = record.unlocking;
  let paid = position.rewards + commission;
  const waiting: Position['unlocking'] = [];
  for (const piece of position.unlocking) {
    if (!hasWaited(piece, command)) {
      waiting.push(piece);
      continue;
    }
    const worth = worthOf(piece.nominal, record.factor);
    unlocking = takeOut(unlocking, piece.nominal, worth, record.factor).pot;
    paid += worth;
  }
  if (paid === 0n) return failed('nothing-to-claim');
  state.stakeRecord(record.id).set({
    ...record,
    unlocking,
    rewards: record.rewards - position.rewards,
    commissionDue: record.commissionDue - commission,
  });
  const place = state.position(record.id, from);
  if (position.nominal === 0n && waiting.length === 0) place.clear();
  else place.set({ ...position, rewards: 0n, unlocking: waiting });
  addStaked(state, -paid);
  return { ok: true, paid };
}

/** Both waits are over: rounds, within which evidence against the stake may come, and header time. */
function hasWaited(piece: Position['unlocking'][number], { genesis, height, time }: Command): boolean {
  const { unlockWait, unlockWaitTime } = genesis.stake;
  return height >= piece.height + unlockWait && time >= piece.time + unlockWaitTime;
}

/** Settling it, with nothing in it, earns it nothing of the past. */
const NO_POSITION: Position = { nominal: 0n, settled: 0n, rewards: 0n, unlocking: [] };

function positionOf(state: State, record: StakeRecord, owner: Uint8Array): Position {
  return state.position(record.id, owner).get() ?? NO_POSITION;
}
