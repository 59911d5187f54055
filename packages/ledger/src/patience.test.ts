import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ONLINE } from '@sero/protocol';
import { creditProposer } from './stake.ts';
import { type Desk, openDesk, owner, RULES, registration } from './stake-test-support.ts';

const [ALICE, BOB, MALLORY] = [owner(1), owner(2), owner(3)];

/** Alice's record with ten units of hers, online. */
function participant(desk: Desk): Uint8Array {
  const id = desk.register(ALICE, 1);
  assert.equal(desk.stake(ALICE, id, 10n), 'done');
  assert.equal(desk.online(ALICE, id), 'done');
  return id;
}

const propose = (desk: Desk, id: Uint8Array): bigint => creditProposer(desk.state, id, 0n, { stake: RULES });

/** The desk's next block is the one after so many that somebody proposed. */
function later(desk: Desk, proposed: bigint, height = proposed): void {
  desk.state.proposedBlocks.set(proposed);
  desk.height = height;
}

test('a record is expected to propose from the first round on in which it can, as it is now', () => {
  const lookback = RULES.balanceLookback;
  const desk = openDesk();
  later(desk, 50n, 80n);
  const id = participant(desk);
  assert.equal(desk.record(id).seen, 50n + lookback);
  later(desk, 60n, 90n);
  propose(desk, id);
  assert.equal(desk.record(id).seen, 50n + lookback, 'a block does not take from the time that it has');
  later(desk, 90n, 120n);
  propose(desk, id);
  assert.equal(desk.record(id).seen, 90n);
  desk.online(ALICE, id, ONLINE.offline);
  later(desk, 100n, 130n);
  desk.online(ALICE, id);
  assert.equal(desk.record(id).seen, 100n + lookback);
  later(desk, 200n, 230n);
  const keys = { record: [id], firstRound: 1_230n };
  assert.equal(desk.tryRegister(ALICE, registration(9, keys)), 'done');
  assert.equal(desk.record(id).seen, 1_200n, 'keys that begin a thousand rounds later');
  assert.equal(
    desk.tryRegister(
      ALICE,
      registration(10, { record: [id], firstRound: (1n << 64n) - 1n, lastRound: (1n << 64n) - 1n }),
    ),
    'done',
  );
  assert.equal(desk.record(id).seen, (1n << 64n) - 1n - 30n);
  later(desk, 201n, 231n);
  assert.equal(desk.tryRegister(ALICE, registration(11, { record: [id], firstRound: 1n })), 'done');
  assert.equal(desk.record(id).seen, 201n + lookback, 'and taken back: nothing of their future is left');
});

test('who is in the tables before a block and after it has no more time for what his owner does in it', () => {
  const desk = openDesk();
  later(desk, 50n);
  const id = participant(desk);
  const keys = (n: number, firstRound: bigint): string =>
    desk.tryRegister(ALICE, registration(n, { record: [id], firstRound }));
  const before = desk.record(id).seen;
  const toggles = [
    () => [desk.online(ALICE, id, ONLINE.offline), desk.online(ALICE, id)],
    () => [keys(9, 1n)],
    () => [keys(10, 1_000_000n), keys(11, 1n)],
    () => [desk.online(ALICE, id, ONLINE.offline), keys(12, 1n), desk.online(ALICE, id)],
    () => [
      keys(13, 1_000_000n),
      desk.online(ALICE, id, ONLINE.offline),
      keys(14, 1n),
      desk.online(ALICE, id),
    ],
  ];
  later(desk, 90n);
  for (const [i, toggle] of toggles.entries()) {
    desk.seenBefore = before;
    assert.deepEqual(new Set(toggle()), new Set(['done']));
    assert.equal(desk.record(id).seen, before, `toggle ${i}`);
  }
  // What grew in the same block keeps its time, and keys that begin later have theirs.
  desk.stake(BOB, id, 6n);
  desk.online(ALICE, id, ONLINE.offline);
  desk.online(ALICE, id);
  assert.equal(desk.record(id).seen, 90n + RULES.balanceLookback);
  keys(15, 500n);
  assert.equal(desk.record(id).seen, 500n);
  desk.online(ALICE, id, ONLINE.offline);
  later(desk, 91n);
  desk.seenBefore = undefined;
  keys(16, 1n);
  desk.online(ALICE, id);
  assert.equal(desk.record(id).seen, 91n + RULES.balanceLookback, 'a table without it lies between');
});

test('a block of its own makes a record as large as it is', () => {
  const desk = openDesk();
  const id = participant(desk);
  later(desk, 100n);
  desk.stake(BOB, id, 5n);
  propose(desk, id);
  later(desk, 200n);
  desk.stake(BOB, id, 7n);
  assert.equal(desk.record(id).seen, 100n, 'not half as much again as fifteen');
  desk.stake(BOB, id, 1n);
  assert.equal(desk.record(id).seen, 200n + RULES.balanceLookback);
});

test('time begins anew where a record has more than half as much again as the least that it had since', () => {
  const lookback = RULES.balanceLookback;
  const desk = openDesk();
  const id = participant(desk);
  const seen = (): bigint => desk.record(id).seen;
  const first = seen();
  later(desk, 100n);
  desk.stake(BOB, id, 5n);
  assert.equal(seen(), first, 'half as much again');
  later(desk, 101n);
  desk.stake(BOB, id, 1n);
  assert.equal(seen(), 101n + lookback, 'and one');
  later(desk, 200n);
  desk.unlock(BOB, id, 6n);
  desk.stake(MALLORY, id, 5n);
  assert.equal(seen(), 101n + lookback);
  later(desk, 300n);
  propose(desk, id);
  assert.equal(seen(), 300n);
  // Who took his stake away cannot put it back for the record to be late at once.
  desk.unlock(MALLORY, id, 5n);
  desk.unlock(ALICE, id, 9n);
  later(desk, 400n);
  desk.stake(MALLORY, id, 14n);
  assert.equal(seen(), 400n + lookback);
});
