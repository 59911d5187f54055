import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { DEVELOPMENT, encodeOneTimeAddress, ownAddress } from '@sero/protocol';
import type { HistoryEntry } from './records.ts';
import { ownStakes, type StakeRequest } from './stake.ts';
import { expectPossible, stakeHoldings } from './stake-holdings.ts';
import type { StakePosition, StakeRecord, StakeTables } from './stake-tables.ts';
import { ALICE, openOn, refusal, testChain } from './test-support.ts';
import type { Wallet } from './wallet.ts';

const filled = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

const UNIT = DEVELOPMENT.stake.unit;
const ID = filled(32, 7);

const own = (index: bigint): Uint8Array =>
  encodeOneTimeAddress(ownAddress(ALICE.proof.viewing, DEVELOPMENT.chainId, 'owner', index));

const record = (change: Partial<StakeRecord> = {}): StakeRecord => ({
  id: ID,
  owner: own(5n),
  vrfKey: filled(32, 1),
  voteRoot: filled(32, 2),
  blsKey: filled(48, 3),
  firstRound: 1n,
  lastRound: 1_000n,
  commission: 100,
  status: 'online',
  factor: 1n << 64n,
  staked: 10n * UNIT,
  unlocking: 0n,
  rewards: 9n,
  commissionDue: 2n,
  seen: 0n,
  weight: 10n,
  ...change,
});

const position = (owner: Uint8Array, change: Partial<StakePosition> = {}): StakePosition => ({
  record: ID,
  owner,
  staked: 2n * UNIT,
  rewards: 3n,
  unlocking: [],
  ...change,
});

const tablesOf = (records: readonly StakeRecord[], positions: readonly StakePosition[]): StakeTables => ({
  height: 100n,
  time: 5_000n,
  records,
  positions,
});

/** A history in which the account commanded so. */
const entry = (stake: NonNullable<HistoryEntry['stake']>, succeeded = true): HistoryEntry => ({
  height: 1n,
  time: 1n,
  txid: filled(32, 1),
  kind: 'stake',
  own: true,
  succeeded,
  change: [],
  payments: [],
  fee: 1n,
  stake,
});

const KEYS = { vrfKey: filled(32, 1), voteRoot: filled(32, 2) };

describe('what an account has at stake', () => {
  let wallet: Wallet;
  const withHistory = (...entries: HistoryEntry[]): Wallet => ({ ...wallet, history: () => entries });
  const registered = entry({ action: 'register', record: ID, from: own(5n), keys: KEYS });
  before(async () => {
    wallet = await openOn(testChain(), ALICE);
  });

  it('is what its own transactions did, and not what a node calls its own', () => {
    // The node names an address by which the account paid: commanding from it would show that both are the account's.
    const lying = tablesOf([record({ owner: own(9n) })], [position(own(9n))]);
    assert.deepEqual(stakeHoldings(wallet, lying), []);
    const mine = stakeHoldings(withHistory(registered), lying);
    assert.deepEqual(
      mine.map(({ from, staked }) => [from, staked]),
      [[own(5n), 0n]],
    );
  });

  it('is nothing where the command failed, or was another’s', () => {
    const failed = entry({ ...registered.stake!, failure: 'keys-in-use' }, false);
    assert.deepEqual(ownStakes(withHistory(failed, { ...registered, own: false })), []);
  });

  it('counts the same place once, with its newest keys', () => {
    const other = { vrfKey: filled(32, 8), voteRoot: filled(32, 9) };
    const renewed = entry({ action: 'renew', record: ID, from: own(5n), keys: other });
    const staked = entry({ action: 'stake', record: ID, from: own(5n), units: 1n });
    assert.deepEqual(ownStakes(withHistory(registered, staked, renewed, staked)), [
      { record: ID, from: own(5n), owns: true, keys: other },
    ]);
  });

  it('is due where both waits are over in the next block, and not a moment before', () => {
    const { unlockWait } = DEVELOPMENT.stake;
    const slow = {
      ...withHistory(registered),
      genesis: { ...wallet.genesis, stake: { ...wallet.genesis.stake, unlockWaitTime: 1_000n } },
    };
    const piece = (height: bigint, time: bigint) => ({ amount: 7n, height, time });
    const dueOf = (height: bigint, time: bigint): boolean => {
      const tables = tablesOf([record()], [position(own(5n), { unlocking: [piece(height, time)] })]);
      const [holding] = stakeHoldings(slow, tables);
      assert.equal(holding!.claimable, 3n + 2n + (holding!.waiting[0]!.due ? 7n : 0n));
      return holding!.waiting[0]!.due;
    };
    assert.equal(dueOf(101n - unlockWait, 4_001n), true);
    assert.equal(dueOf(102n - unlockWait, 4_001n), false);
    assert.equal(dueOf(101n - unlockWait, 4_002n), false);
  });

  it('takes commission for its owner alone', () => {
    const delegated = entry({ action: 'stake', record: ID, from: own(6n), units: 2n });
    const tables = tablesOf([record()], [position(own(6n))]);
    const [holding] = stakeHoldings(withHistory(delegated), tables);
    assert.deepEqual([holding!.owns, holding!.commission, holding!.claimable], [false, 0n, 3n]);
  });

  const refused = (
    asked: Wallet,
    request: StakeRequest,
    tables: StakeTables,
    code: Parameters<typeof refusal>[0],
  ) => assert.throws(() => expectPossible(asked, request, tables), refusal(code));

  it('chooses among several places in one record the one that the command can be for', () => {
    const asked = withHistory(
      entry({ action: 'stake', record: ID, from: own(6n), units: 1n }),
      entry({ action: 'stake', record: ID, from: own(7n), units: 4n }),
    );
    const tables = tablesOf(
      [record()],
      [position(own(6n), { staked: UNIT, rewards: 0n }), position(own(7n), { staked: 4n * UNIT })],
    );
    const from = (request: StakeRequest): unknown => {
      const chosen = expectPossible(asked, request, tables);
      return 'from' in chosen ? chosen.from : undefined;
    };
    assert.deepEqual(from({ type: 'unlock', record: ID, units: 1n }), own(6n));
    assert.deepEqual(from({ type: 'unlock', record: ID, units: 4n }), own(7n));
    assert.deepEqual(from({ type: 'claim', record: ID }), own(7n));
    refused(asked, { type: 'unlock', record: ID, units: 5n }, tables, 'stake-units');
    refused(asked, { type: 'claim', record: ID, from: own(6n) }, tables, 'stake-nothing');
  });

  it('takes no more out where as many pieces wait as may', () => {
    const asked = withHistory(registered);
    const piece = { amount: 1n, height: 90n, time: 1n };
    const waiting = (count: number): StakeTables =>
      tablesOf([record()], [position(own(5n), { unlocking: Array.from({ length: count }, () => piece) })]);
    refused(asked, { type: 'unlock', record: ID, units: 1n }, waiting(16), 'stake-status');
    expectPossible(asked, { type: 'unlock', record: ID, units: 1n }, waiting(15));
  });

  it('puts nothing into a record of which slashes left less than one part in 256', () => {
    const tables = (factor: bigint): StakeTables => tablesOf([record({ factor })], []);
    refused(wallet, { type: 'stake', record: ID, units: 1n }, tables((1n << 56n) - 1n), 'stake-status');
    expectPossible(wallet, { type: 'stake', record: ID, units: 1n }, tables(1n << 56n));
  });

  it('does not go online with keys that have ended', () => {
    const ended = tablesOf([record({ status: 'offline', lastRound: 100n })], []);
    refused(wallet, { type: 'online', record: ID, online: 'online' }, ended, 'stake-keys-range');
    const lasting = tablesOf([record({ status: 'offline', lastRound: 101n })], []);
    expectPossible(wallet, { type: 'online', record: ID, online: 'online' }, lasting);
  });
});
