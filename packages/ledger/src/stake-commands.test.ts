import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, equalBytes } from '@sero/crypto';
import { ONLINE } from '@sero/protocol';
import { credited } from './rewards.ts';
import { creditProposer, slash, storedRecords, tableEntry } from './stake.ts';
import { FACTOR_ONE, MAX_UNLOCKING } from './stake-record.ts';
import { type Desk, key, openDesk, owner, RULES, registration, S } from './stake-test-support.ts';

const [ALICE, BOB, MALLORY] = [owner(1), owner(2), owner(3)];
const GENESIS = { stake: RULES };

/** Alice's record with units of hers, online. */
function participant(desk: Desk, units = 10n, change: Parameters<typeof registration>[1] = {}): Uint8Array {
  const id = desk.register(ALICE, 1, change);
  assert.equal(desk.stake(ALICE, id, units), 'done');
  assert.equal(desk.online(ALICE, id), 'done');
  return id;
}

function weight(desk: Desk, id: Uint8Array, round = 100n): bigint {
  return tableEntry(desk.record(id), round, S)?.units ?? 0n;
}

const reward = (desk: Desk, id: Uint8Array, amount: bigint): bigint =>
  creditProposer(desk.state, id, amount, GENESIS);

test('a record is registered once, offline and empty, under a name that only its owner and keys make', () => {
  const desk = openDesk();
  const id = desk.register(ALICE, 1);
  assert.equal(desk.record(id).status, ONLINE.offline);
  assert.equal(desk.record(id).factor, FACTOR_ONE);
  assert.equal(desk.tryRegister(ALICE, registration(1)), 'record-exists');
  assert.equal(weight(desk, id), 0n);
  assert.notDeepEqual(desk.register(BOB, 1), id);
});

test('a key that another record of the same owner uses is refused, by registration and by renewal', () => {
  const desk = openDesk();
  const first = desk.register(ALICE, 1);
  const second = desk.register(ALICE, 2);
  const { vrfKey, voteRoot } = registration(1);
  for (const stolen of [{ vrfKey }, { voteRoot }, { vrfKey: voteRoot }, { voteRoot: vrfKey }]) {
    assert.equal(desk.tryRegister(ALICE, registration(3, stolen)), 'keys-in-use');
    assert.equal(desk.tryRegister(ALICE, registration(3, { ...stolen, record: [second] })), 'keys-in-use');
  }
  // Its own keys are not another's: a renewal may keep one of them.
  assert.equal(desk.tryRegister(ALICE, registration(3, { vrfKey, record: [first] })), 'done');
  // What the renewal gave up is free again.
  assert.equal(desk.tryRegister(ALICE, registration(4, { voteRoot })), 'done');
  assert.equal(desk.tryRegister(ALICE, registration(5, { vrfKey })), 'keys-in-use');
});

test('nobody can make a registration fail by coming first with its keys', () => {
  const desk = openDesk();
  // Mallory saw Alice's registration on its way. Her record is mute: votes name the record, and she lacks the secrets.
  const copied = desk.register(MALLORY, 1);
  const id = desk.register(ALICE, 1);
  assert.notDeepEqual(id, copied);
  assert.equal(equalBytes(desk.record(id).owner, ALICE), true);
});

test('only the owner renews a record’s keys, and its name and stake stay', () => {
  const desk = openDesk();
  const id = participant(desk, 10n, { commission: 500 });
  const renewal = registration(7, { record: [id], commission: 500, lastRound: 2_000_000n });
  assert.equal(desk.tryRegister(MALLORY, renewal), 'not-the-owner');
  assert.equal(desk.tryRegister(BOB, { ...renewal, vrfKey: key(99) }), 'not-the-owner');
  assert.equal(desk.tryRegister(ALICE, { ...renewal, record: [key(1)] }), 'record-unknown');
  assert.equal(desk.tryRegister(ALICE, renewal), 'done');
  const entry = tableEntry(desk.record(id), 1_500_000n, S);
  assert.deepEqual(entry, { id, vrfKey: key(14), voteRoot: key(15), blsKey: key(7, 48), units: 10n });
});

test('a commission can fall and never rise, for who staked is locked', () => {
  const desk = openDesk();
  const id = participant(desk, 1n, { commission: 500 });
  const renewed = (commission: number) => registration(1, { record: [id], commission });
  assert.equal(desk.tryRegister(ALICE, renewed(501)), 'commission-raised');
  assert.equal(desk.tryRegister(ALICE, renewed(400)), 'done');
  assert.equal(desk.tryRegister(ALICE, renewed(500)), 'commission-raised');
});

test('keys whose last round is over are neither registered nor set online', () => {
  const desk = openDesk();
  desk.height = 50n;
  assert.equal(desk.tryRegister(ALICE, registration(1, { lastRound: 49n })), 'key-range-expired');
  const id = desk.register(ALICE, 1, { lastRound: 50n });
  assert.equal(
    desk.tryRegister(ALICE, registration(2, { record: [id], lastRound: 49n })),
    'key-range-expired',
  );
  assert.equal(desk.online(ALICE, id), 'done');
  assert.equal(desk.online(ALICE, id, ONLINE.offline), 'done');
  desk.height = 51n;
  assert.equal(desk.online(ALICE, id), 'key-range-expired');
});

test('a table has the records that are online, with at least a unit, in the rounds that their keys cover', () => {
  const desk = openDesk();
  const id = participant(desk, 3n, { firstRound: 20n, lastRound: 30n });
  assert.deepEqual(
    [19n, 20n, 30n, 31n].map((round) => weight(desk, id, round)),
    [0n, 3n, 3n, 0n],
  );
  assert.equal(desk.online(ALICE, id, ONLINE.offline), 'done');
  assert.equal(weight(desk, id, 25n), 0n);
  const empty = desk.register(ALICE, 2);
  assert.equal(desk.online(ALICE, empty), 'done');
  assert.equal(tableEntry(desk.record(empty), 25n, S), undefined);
});

test('records are listed ascending by name', () => {
  const desk = openDesk();
  const ids = [1, 2, 3, 4, 5].map((n) => {
    const id = desk.register(ALICE, n);
    desk.stake(BOB, id, BigInt(n));
    return id;
  });
  const entries = desk.changes().map(({ key: at, value }) => [at, value!] as const);
  const listed = [
    ...storedRecords({ entries: (prefix) => entries.filter(([at]) => startsWith(at, prefix)) }),
  ];
  assert.deepEqual(
    listed.map(({ id }) => id),
    ids.toSorted(compareBytes),
  );
  assert.equal(
    listed.reduce((sum, { bonded }) => sum + bonded.money, 0n),
    15n * S,
  );
});

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, prefix.length), prefix);
}

test('only the owner switches a record, and only to what it is not', () => {
  const desk = openDesk();
  const id = desk.register(ALICE, 1);
  assert.equal(desk.online(ALICE, key(1)), 'record-unknown');
  assert.equal(desk.online(MALLORY, id), 'not-the-owner');
  assert.equal(desk.online(ALICE, id, ONLINE.offline), 'already-offline');
  assert.equal(desk.online(ALICE, id), 'done');
  desk.height = 9n;
  assert.equal(desk.online(ALICE, id), 'already-online');
  assert.equal(desk.online(ALICE, id, ONLINE.offline), 'done');
  assert.equal(desk.online(ALICE, id), 'done');
});

test('a record that leaves takes no stake, no keys and no way back, and its stake can be unlocked', () => {
  const desk = openDesk();
  const id = participant(desk);
  desk.stake(BOB, id, 2n);
  assert.equal(desk.online(MALLORY, id, ONLINE.leaving), 'not-the-owner');
  assert.equal(desk.online(ALICE, id, ONLINE.leaving), 'done');
  assert.equal(weight(desk, id), 0n);
  for (const to of Object.values(ONLINE)) assert.equal(desk.online(ALICE, id, to), 'record-leaving');
  assert.equal(desk.stake(BOB, id, 1n), 'record-leaving');
  assert.equal(desk.tryRegister(ALICE, registration(2, { record: [id] })), 'record-leaving');
  slash(desk.state, id);
  assert.equal(desk.record(id).status, ONLINE.leaving);
  assert.equal(desk.unlock(BOB, id, 2n), 'done');
  desk.wait();
  // Changing pots after a slash costs the coin's smallest unit.
  assert.equal(desk.claim(BOB, id), afterSlash(2n * S) - 1n);
});

/** What one slash leaves of an amount that was staked before any: the factor is floor(2^64 x 9/10). */
function afterSlash(amount: bigint): bigint {
  return (amount * ((FACTOR_ONE * 9n) / 10n)) / FACTOR_ONE;
}

test('stake belongs to who brought it: nobody else unlocks or claims it', () => {
  const desk = openDesk();
  const id = participant(desk);
  assert.equal(desk.stake(BOB, id, 5n), 'done');
  assert.equal(weight(desk, id), 15n);
  assert.equal(desk.unlock(MALLORY, id, 1n), 'units-insufficient');
  assert.equal(desk.unlock(BOB, id, 6n), 'units-insufficient');
  assert.equal(desk.unlock(ALICE, id, 11n), 'units-insufficient');
  assert.equal(desk.unlock(BOB, id, 5n), 'done');
  desk.wait();
  assert.equal(desk.claim(MALLORY, id), 'nothing-to-claim');
  assert.equal(desk.claim(ALICE, id), 'nothing-to-claim');
  assert.equal(desk.claim(BOB, id), 5n * S);
  for (const unknown of [desk.stake, desk.unlock]) assert.equal(unknown(BOB, key(1), 1n), 'record-unknown');
  assert.equal(desk.claim(BOB, key(1)), 'record-unknown');
});

test('what was unlocked is not unlocked again, and what was claimed is not claimed again', () => {
  const desk = openDesk();
  const id = participant(desk);
  assert.equal(desk.unlock(ALICE, id, 10n), 'done');
  assert.equal(weight(desk, id), 0n);
  assert.equal(desk.unlock(ALICE, id, 1n), 'units-insufficient');
  desk.wait();
  assert.equal(desk.claim(ALICE, id), 10n * S);
  assert.equal(desk.claim(ALICE, id), 'nothing-to-claim');
  assert.equal(desk.state.staked.get(), 0n);
  assert.equal(desk.state.position(id, ALICE).get(), undefined);
});

test('unlocked stake waits for the rounds and for the time, whichever ends later', () => {
  const rules = { unlockWait: 64n, unlockWaitTime: 1_000_000n };
  for (const [rounds, time, out] of [
    [63n, 1_000_000n, false],
    [64n, 999_999n, false],
    [10_000n, 999_999n, false],
    [63n, 10_000_000n, false],
    [64n, 1_000_000n, true],
  ] as const) {
    const desk = openDesk(rules);
    const id = participant(desk);
    desk.unlock(ALICE, id, 4n);
    desk.height += rounds;
    desk.time += time;
    assert.equal(desk.claim(ALICE, id), out ? 4n * S : 'nothing-to-claim', `${rounds} rounds, ${time} ms`);
  }
});

test('each unlocked piece waits by itself, and there are at most so many', () => {
  const desk = openDesk();
  const id = participant(desk, BigInt(MAX_UNLOCKING) + 1n);
  for (let i = 0; i < MAX_UNLOCKING; i++) {
    assert.equal(desk.unlock(ALICE, id, 1n), 'done');
    desk.height++;
  }
  assert.equal(desk.unlock(ALICE, id, 1n), 'unlocking-full');
  // The first five have waited.
  desk.height += RULES.unlockWait - BigInt(MAX_UNLOCKING) + 4n;
  assert.equal(desk.claim(ALICE, id), 5n * S);
  assert.equal(desk.unlock(ALICE, id, 1n), 'done');
});

test('unlocking just before the slash does not help: what waits is slashed like what stays', () => {
  const desk = openDesk();
  const id = participant(desk);
  desk.stake(BOB, id, 10n);
  assert.equal(desk.unlock(ALICE, id, 10n), 'done');
  const burned = slash(desk.state, id);
  assert.equal(burned, 2n * (10n * S - afterSlash(10n * S) - 1n));
  assert.equal(desk.state.burned.get(), burned);
  assert.equal(desk.unlock(BOB, id, 9n), 'done');
  desk.wait();
  assert.equal(desk.claim(ALICE, id), afterSlash(10n * S));
  assert.equal(desk.claim(BOB, id), afterSlash(10n * S) - 1n);
});

test('a slash sets the record offline and takes a tenth of what is left each time', () => {
  const desk = openDesk();
  const id = participant(desk, 1000n);
  slash(desk.state, id);
  assert.equal(weight(desk, id), 0n);
  assert.equal(desk.online(ALICE, id), 'done');
  // floor(units x factor): the factor's last bit costs the thousandth unit's part.
  assert.equal(weight(desk, id), (1000n * desk.record(id).factor) / FACTOR_ONE);
  slash(desk.state, id);
  assert.equal(desk.record(id).factor, (((FACTOR_ONE * 9n) / 10n) * 9n) / 10n);
});

test('who stakes after a slash pays nothing for it and gains nothing by it', () => {
  const desk = openDesk();
  const id = participant(desk);
  slash(desk.state, id);
  const alone = desk.record(id).bonded.money;
  assert.equal(desk.stake(BOB, id, 10n), 'done');
  assert.equal(desk.record(id).bonded.money, alone + 10n * S);
  assert.equal(desk.unlock(BOB, id, 10n), 'done');
  assert.equal(desk.unlock(ALICE, id, 9n), 'done');
  desk.wait();
  const bobs = desk.claim(BOB, id) as bigint;
  // Buying a share of a slashed pot and selling it again may cost the smallest unit of the coin at each step, and never gains.
  assert.ok(bobs <= 10n * S && bobs >= 10n * S - 2n, `${10n * S - bobs}`);
  assert.equal(desk.claim(ALICE, id), afterSlash(10n * S) - 1n);
});

test('what a slash left of a unit can be unlocked as one, and not more than there is', () => {
  const desk = openDesk();
  const id = participant(desk, 1n);
  slash(desk.state, id);
  assert.equal(desk.unlock(ALICE, id, 2n), 'units-insufficient');
  assert.equal(desk.unlock(ALICE, id, 1n), 'done');
  desk.wait();
  assert.equal(desk.claim(ALICE, id), afterSlash(S) - 1n);
});

test('a record that is slashed to nothing takes no stake, and nothing of it can be claimed', () => {
  const desk = openDesk();
  const id = participant(desk);
  let slashes = 0;
  while (desk.record(id).factor > 0n) {
    slash(desk.state, id);
    slashes++;
    // 53 slashes leave less than one part in 256.
    assert.equal(desk.stake(BOB, id, 1n), slashes < 53 ? 'done' : 'record-slashed', `${slashes}`);
    if (slashes < 53)
      assert.equal(desk.unlock(BOB, id, 1n), slashes <= MAX_UNLOCKING ? 'done' : 'unlocking-full');
  }
  assert.equal(desk.record(id).bonded.money, 0n);
  assert.equal(slash(desk.state, id), 0n);
  assert.equal(desk.unlock(ALICE, id, 1n), 'units-insufficient');
  desk.wait();
  assert.equal(desk.claim(ALICE, id), 'nothing-to-claim');
  assert.equal(desk.claim(BOB, id), 'nothing-to-claim');
});

test('a reward is the owner’s commission, and for the rest everybody’s by what he has', () => {
  const desk = openDesk();
  const id = participant(desk, 3n, { commission: 1_000 });
  desk.stake(BOB, id, 1n);
  assert.equal(reward(desk, id, 1_000_000n), 1_000_000n);
  // Who comes after it has no part in it.
  desk.stake(MALLORY, id, 4n);
  assert.equal(desk.claim(MALLORY, id), 'nothing-to-claim');
  assert.equal(desk.claim(BOB, id), 225_000n);
  assert.equal(desk.claim(BOB, id), 'nothing-to-claim');
  assert.equal(desk.claim(ALICE, id), 100_000n + 675_000n);
  assert.equal(desk.state.staked.get(), 8n * S);
});

test('an owner without stake of his own claims his commission, and nobody else does', () => {
  const desk = openDesk();
  const id = desk.register(ALICE, 1, { commission: 10_000 });
  desk.stake(BOB, id, 1n);
  reward(desk, id, 77n);
  assert.equal(desk.claim(BOB, id), 'nothing-to-claim');
  assert.equal(desk.claim(MALLORY, id), 'nothing-to-claim');
  assert.equal(desk.claim(ALICE, id), 77n);
});

test('stake that waits earns nothing, and a record without stake takes no reward', () => {
  const desk = openDesk();
  const id = participant(desk, 2n);
  desk.stake(BOB, id, 2n);
  desk.unlock(BOB, id, 2n);
  assert.equal(reward(desk, id, 1_000n), 1_000n);
  desk.unlock(ALICE, id, 2n);
  assert.equal(reward(desk, id, 5_000n), 0n);
  assert.equal(reward(desk, key(1), 5_000n), 0n);
  assert.equal(desk.claim(BOB, id), 'nothing-to-claim');
  assert.equal(desk.claim(ALICE, id), 1_000n);
});

test('stake that joins keeps what the position has earned, and earns nothing backwards', () => {
  const desk = openDesk();
  const id = participant(desk, 1n);
  desk.stake(BOB, id, 1n);
  reward(desk, id, 1_000n);
  desk.stake(BOB, id, 98n);
  assert.equal(desk.claim(BOB, id), 500n);
  reward(desk, id, 1_000n);
  assert.equal(desk.claim(BOB, id), 990n);
  desk.unlock(BOB, id, 99n);
  reward(desk, id, 1_000n);
  desk.wait();
  assert.equal(desk.claim(BOB, id), 99n * S);
  assert.equal(desk.claim(ALICE, id), 500n + 10n + 1_000n);
});

test('a record with less than a nominal unit takes no reward: the accumulator would grow without bound', () => {
  const desk = openDesk();
  const id = participant(desk, 2n);
  slash(desk.state, id);
  desk.unlock(ALICE, id, 1n);
  const { nominal } = desk.record(id).bonded;
  assert.ok(nominal > 0n && nominal < S);
  assert.equal(reward(desk, id, 1_000n), 0n);
  desk.stake(BOB, id, 1n);
  assert.equal(reward(desk, id, 1_000n), 1_000n);
});

test('a slash takes no reward that was earned', () => {
  const desk = openDesk();
  const id = participant(desk, 1n, { commission: 2_500 });
  reward(desk, id, 1_000n);
  slash(desk.state, id);
  assert.equal(desk.claim(ALICE, id), 1_000n);
});

test('a record in which less than a unit is bonded takes no reward, one of a unit does', () => {
  const desk = openDesk();
  const record = desk.record(participant(desk));
  const bonded = (nominal: bigint) => ({ ...record, bonded: { nominal, money: nominal } });
  assert.equal(credited(bonded(S - 1n), 1_000n, S), undefined);
  assert.equal(credited(bonded(0n), 1_000n, S), undefined);
  assert.equal(credited(bonded(S), 1_000n, S)?.rewards, 1_000n);
});
