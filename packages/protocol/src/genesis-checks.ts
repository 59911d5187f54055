import { toHex } from '@sero/crypto';
import { decodeOneTimeAddress } from './address.ts';
import { ensure } from './errors.ts';
import type { Genesis, GenesisValidator } from './genesis.ts';
import {
  checkPossession,
  checkStakeKeys,
  MAX_KEY_RANGE,
  type PossessionVerifier,
  stakeRecordId,
  WHOLE_COMMISSION,
} from './stake-bodies.ts';
import { MAX_DELAY } from './version.ts';

/** One less than the votes of a bundle: each may weigh one unit, and where all stake is no more than the committee the threshold becomes one more. */
const MAX_THRESHOLD = 8_191;

/** Most proposers drawn on average: a leader value costs one hash a unit. */
const MAX_PROPOSERS = 1_000;

/** Longest time for which votes disable a circuit, in blocks: no height overflows with it. */
const MAX_DISABLED = 1n << 32n;

/** Heights whose hashes the state keeps (design 3, "Block and state"). */
const BLOCK_HASHES = 256n;

function fail(condition: boolean, message: string): void {
  ensure(condition, 'genesis-invalid', message);
}

/** Times of a round: each wait ends before the one that is to catch what it missed. */
export function checkPace({ pace }: Genesis): void {
  fail(pace.idle > 0, 'the idle pause is at least 1 ms');
  fail(pace.minBlockGap <= pace.idle, 'an idle chain could not make its blocks: the gap is above the pause');
  fail(pace.filterMin > 0 && pace.filterMin <= pace.filterMax, 'the filter time lies in 1..its maximum');
  fail(pace.filterMax < pace.deadlineFirst, 'the filter time ends before the first deadline');
  fail(pace.deadlineFirst <= pace.deadlineLater, 'later deadlines are no shorter than the first');
  fail(pace.deadlineLater <= pace.fastRecovery, 'fast recovery waits for a deadline at least');
}

/** Lookbacks and windows, each at least as long as what it has to outlast (design 4, "Parts"; design 3, "Rewards and stake"). */
export function checkStakeRules({ stake }: Genesis): void {
  // All money is below 2^128: so many units that a table's total overflows can then never be bought.
  fail(stake.unit >= 1n << 65n, 'a unit of stake is at least 2^65 of the smallest units');
  // Votes of round r + 1 are judged while r is being agreed on: their seed has to be certified by then.
  fail(stake.seedLookback >= 2n, 'the seed lookback is at least 2');
  fail(stake.seedRefresh >= 1n, 'the seed refresh is at least 1');
  fail(
    stake.balanceLookback >= 2n * stake.seedLookback * stake.seedRefresh,
    'stake and keys stand before the block hash that refreshes the seed: the balance lookback is at least two refreshes',
  );
  fail(
    stake.seedLookback * stake.seedRefresh <= BLOCK_HASHES,
    `the block hash that refreshes the seed is one of the last ${BLOCK_HASHES}, which the state keeps`,
  );
  fail(stake.evidenceWindow >= 1n, 'evidence has one round at least');
  fail(
    stake.unlockWait >= stake.balanceLookback + stake.evidenceWindow,
    'stake is locked until nothing that it voted for can be evidence any more',
  );
  fail(
    stake.certStride >= 1n && stake.certStride <= stake.balanceLookback,
    'the table of a stride stands before it: the stride lies in 1..balance lookback',
  );
  fail(
    stake.emptyBlockPeriod >= 1,
    'period 0 proposes blocks: the empty block comes in period 1 at the earliest',
  );
}

/** Any two quorums of a step share an honest voter where more than two thirds of those drawn are honest. */
export function checkCommittees({ committees }: Genesis): void {
  const { proposers, late, ...others } = committees;
  fail(proposers >= 1 && proposers <= MAX_PROPOSERS, `proposers lie in 1..${MAX_PROPOSERS}`);
  for (const [step, { size, threshold }] of Object.entries({ ...others, late })) {
    if (size === 0) {
      fail(threshold === 0, `${step}: where every unit votes the threshold is not for the file to say`);
      continue;
    }
    // Late votes only repeat a value that has a soft quorum; down and redo may overtake them, so more than half is enough.
    const enough = step === 'late' ? 2 * threshold > size : 3 * threshold >= 2 * size;
    fail(enough, `${step}: the threshold is too low for its committee`);
    fail(threshold < size, `${step}: the threshold is below the size of the committee`);
    fail(threshold <= MAX_THRESHOLD, `${step}: a bundle holds ${MAX_THRESHOLD + 1} votes`);
  }
}

/** Issue and versions: what would divide by zero or could never be reached. */
export function checkSchedules({ issue, versions }: Genesis): void {
  fail(issue.halving > 0n, 'the halving of the issue is at least 1 ms');
  fail(
    versions.approvals >= 1 && versions.approvals <= versions.window,
    'the approvals of a version lie in 1..its window',
  );
  fail(
    versions.disableApprovals >= 1 && versions.disableApprovals <= versions.disableWindow,
    'the approvals for disabling a circuit lie in 1..its window',
  );
  fail(versions.delay <= MAX_DELAY, `the delay of a version is at most ${MAX_DELAY} blocks`);
  fail(
    versions.disableFor <= MAX_DISABLED,
    `a circuit is disabled for at most ${MAX_DISABLED} blocks at a time`,
  );
}

/**
 * The first participants, but for what needs cryptography of other curves. Throws `genesis-invalid`, or the decoder's code for an
 * owner's address.
 *
 * @returns the value of their stake in the coin's smallest unit
 */
export function checkValidators({ validators, seed, stake }: Genesis): bigint {
  const drawn = seed.some((byte) => byte !== 0);
  fail(drawn === validators.length > 0, 'there is a seed exactly where there are validators');
  let units = 0n;
  for (const validator of validators) {
    decodeOneTimeAddress(validator.owner);
    fail(validator.units > 0n, 'a validator has a unit of stake at least');
    fail(validator.commission <= WHOLE_COMMISSION, 'a commission is at most the whole');
    fail(
      validator.lastRound - validator.firstRound <= MAX_KEY_RANGE,
      `first and last round of a validator's keys are at most ${MAX_KEY_RANGE} apart`,
    );
    fail(
      validator.firstRound <= 1n && validator.lastRound >= stake.balanceLookback,
      "the genesis table holds for the first balanceLookback rounds, so its validators' keys cover them",
    );
    units += validator.units;
  }
  unlike(validators, 'record', recordOfValidator);
  unlike(validators, 'VRF key', ({ vrfKey }) => vrfKey);
  unlike(validators, 'vote root', ({ voteRoot }) => voteRoot);
  unlike(validators, 'BLS key', ({ blsKey }) => blsKey);
  return units * stake.unit;
}

/** What keys in a genesis file are checked with. */
export interface GenesisCrypto {
  readonly bls: PossessionVerifier;
}

/**
 * The keys of the first participants, as registration checks them: tens of ms each where BLS runs in JavaScript, so once, by who
 * starts a chain from the file.
 *
 * @throws ProtocolError `stake-key`, `bls-possession`
 */
export function checkGenesisKeys({ validators }: Pick<Genesis, 'validators'>, { bls }: GenesisCrypto): void {
  for (const validator of validators) {
    checkStakeKeys(validator);
    checkPossession(validator, validator.owner, bls);
  }
}

/** Name of a first participant's stake record. */
export function recordOfValidator({ owner, vrfKey, voteRoot }: GenesisValidator): Uint8Array {
  return stakeRecordId(owner, vrfKey, voteRoot);
}

function unlike(
  validators: readonly GenesisValidator[],
  what: string,
  part: (validator: GenesisValidator) => Uint8Array,
): void {
  const parts = new Set(validators.map((validator) => toHex(part(validator))));
  fail(parts.size === validators.length, `two validators have one ${what}`);
}
