import { concat, leBytes } from '@sero/crypto';
import { DEVELOPMENT, ONLINE, type RegisterBody, stakeRecordId } from '@sero/protocol';
import { memoryStore, overlay } from '@sero/store';
import {
  type Command,
  claimAll,
  registerRecord,
  type StakeResult,
  stakeUnits,
  switchRecord,
  unlockUnits,
} from './stake-commands.ts';
import type { StakeRecord } from './stake-record.ts';
import { type State, stateOf } from './state.ts';

/** Stake without transactions: a state, a clock, and owners who command. What brings money and takes it is counted by hand. */

export const { stake: RULES } = DEVELOPMENT;
export const S = RULES.unit;

/** A PKr as far as stake looks at it: 64 bytes that differ. */
export function owner(n: number): Uint8Array {
  return concat(new Uint8Array(60).fill(0xa5), leBytes(BigInt(n), 4));
}

export function key(n: number, length = 32): Uint8Array {
  return concat(new Uint8Array(length - 4).fill(0x5a), leBytes(BigInt(n), 4));
}

/** A registration with keys of this number. */
export function registration(n: number, change: Partial<RegisterBody> = {}): RegisterBody {
  return {
    record: [],
    vrfKey: key(2 * n),
    voteRoot: key(2 * n + 1),
    blsKey: key(n, 48),
    blsProof: key(n, 96),
    firstRound: 0n,
    lastRound: 1_000_000n,
    commission: 0,
    ...change,
  };
}

export interface Desk {
  readonly state: State;
  /** Now. */
  height: bigint;
  time: bigint;
  /** Whether anybody else is in the tables. */
  othersStand: boolean;
  /** From when on a record was expected before the block, where the last table has it. */
  seenBefore: bigint | undefined;
  readonly changes: ReturnType<typeof overlay>['changes'];
  /** A record of this owner with keys of this number; its id. Throws where it fails. */
  register(from: Uint8Array, n: number, change?: Partial<RegisterBody>): Uint8Array;
  tryRegister(from: Uint8Array, body: RegisterBody): string;
  stake(from: Uint8Array, record: Uint8Array, units: bigint): string;
  online(from: Uint8Array, record: Uint8Array, online?: number): string;
  unlock(from: Uint8Array, record: Uint8Array, units: bigint): string;
  /** The amount, or the word of the failure. */
  claim(from: Uint8Array, record: Uint8Array): bigint | string;
  record(id: Uint8Array): StakeRecord;
  /** Lets the rounds and the time pass that unlocked stake waits. */
  wait(): void;
}

export function openDesk(change: Partial<typeof RULES> = {}): Desk {
  const view = overlay(memoryStore());
  const state = stateOf(view, DEVELOPMENT.anchor.window);
  const genesis = { stake: { ...RULES, ...change } };
  const command = (from: Uint8Array): Command => ({
    from,
    genesis,
    height: desk.height,
    time: desk.time,
    othersStand: () => desk.othersStand,
    seenBefore: () => desk.seenBefore,
  });
  /** As a block does it: what a failure wrote is undone. */
  const attempt = (job: () => StakeResult): StakeResult => {
    const mark = view.mark();
    const result = job();
    if (!result.ok) view.revert(mark);
    return result;
  };
  const word = (result: StakeResult): string => (result.ok ? 'done' : result.failure);
  const desk: Desk = {
    state,
    height: 1n,
    time: 1_000n,
    othersStand: true,
    seenBefore: undefined,
    changes: view.changes,

    register(from, n, rest) {
      const body = registration(n, rest);
      const said = desk.tryRegister(from, body);
      if (said !== 'done') throw new Error(`not registered: ${said}`);
      return stakeRecordId(from, body.vrfKey, body.voteRoot);
    },

    tryRegister: (from, body) => word(attempt(() => registerRecord(state, body, command(from)))),
    stake: (from, record, units) => word(attempt(() => stakeUnits(state, { record, units }, command(from)))),
    online: (from, record, online = ONLINE.online) =>
      word(attempt(() => switchRecord(state, { record, online }, command(from)))),
    unlock: (from, record, units) =>
      word(attempt(() => unlockUnits(state, { record, units }, command(from)))),
    claim: (from, record) => {
      const result = attempt(() => claimAll(state, { record }, command(from)));
      return result.ok ? result.paid : result.failure;
    },
    record: (id) => state.stakeRecord(id).get()!,
    wait() {
      desk.height += genesis.stake.unlockWait;
      desk.time += genesis.stake.unlockWaitTime;
    },
  };
  return desk;
}
