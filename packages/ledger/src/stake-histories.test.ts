import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@sero/crypto';
import fc from 'fast-check';
import { creditProposer, slash } from './stake.ts';
import { worthOf } from './stake-pot.ts';
import { type Desk, openDesk, owner, RULES, S } from './stake-test-support.ts';

/** Histories of stake at random, beside an account of them in exact fractions (as good as: 2^-256 of the coin's smallest unit). */

const OWNERS = [1, 2, 3, 4].map(owner);
const RECORDS = 3;
const FRACTION = 256n;

const who = fc.nat({ max: OWNERS.length - 1 });
const which = fc.nat({ max: RECORDS - 1 });
const units = fc.bigInt({ min: 1n, max: 40n });

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('stake' as const), who, which, units }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('unlock' as const), who, which, units }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('claim' as const), who, which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('reward' as const),
      which,
      amount: fc.oneof(fc.bigInt(0n, 50n), fc.bigInt(0n, 10n ** 19n), fc.bigInt(0n, 10n ** 27n)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('slash' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), rounds: fc.bigInt(1n, RULES.unlockWait) }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What one owner has in one record, times 2^256. */
interface Account {
  staked: bigint;
  rewards: bigint;
  waiting: { amount: bigint; height: bigint }[];
  /** Roundings, each at most the coin's smallest unit, that may have cost him. */
  slack: bigint;
}

interface World {
  readonly desk: Desk;
  readonly ids: readonly Uint8Array[];
  readonly accounts: readonly (readonly Account[])[];
  /** What left the owners' pockets less what came back, rewards from outside, and what no record took. */
  brought: bigint;
  paid: bigint;
  rewarded: bigint;
}

const COMMISSIONS = [0, 1_234, 10_000];

function begin(): World {
  const desk = openDesk();
  const ids = COMMISSIONS.map((commission, i) => {
    const id = desk.register(OWNERS[i]!, i, { commission });
    desk.online(OWNERS[i]!, id);
    return id;
  });
  const accounts = ids.map(() =>
    OWNERS.map((): Account => ({ staked: 0n, rewards: 0n, waiting: [], slack: 0n })),
  );
  return { desk, ids, accounts, brought: 0n, paid: 0n, rewarded: 0n };
}

const whole = (amount: bigint): bigint => amount << FRACTION;

function live(world: World, tried: Step): void {
  const { desk, ids, accounts } = world;
  switch (tried.do) {
    case 'stake': {
      const said = desk.stake(OWNERS[tried.who]!, ids[tried.which]!, tried.units);
      if (said !== 'done') {
        assert.equal(said, 'record-slashed');
        return;
      }
      world.brought += tried.units * S;
      const account = accounts[tried.which]![tried.who]!;
      account.staked += whole(tried.units * S);
      account.slack += 2n;
      return;
    }
    case 'unlock': {
      const account = accounts[tried.which]![tried.who]!;
      const said = desk.unlock(OWNERS[tried.who]!, ids[tried.which]!, tried.units);
      if (said === 'unlocking-full') return;
      const wanted = whole(tried.units * S);
      if (said !== 'done') {
        assert.equal(said, 'units-insufficient');
        // Refused only where it is more than he has, counted in whole units.
        assert.ok(wanted - whole(S) + whole(account.slack) >= account.staked);
        return;
      }
      const amount = wanted < account.staked ? wanted : account.staked;
      account.staked -= amount;
      account.waiting.push({ amount, height: desk.height });
      account.slack += 2n;
      return;
    }
    case 'claim':
      claim(world, tried.who, tried.which);
      return;
    case 'reward': {
      const id = ids[tried.which]!;
      const { commission, owner: payee } = desk.record(id);
      const taken = creditProposer(desk.state, id, tried.amount, { stake: RULES });
      const total = accounts[tried.which]!.reduce((sum, { staked }) => sum + staked, 0n);
      if (taken === 0n) {
        assert.ok(tried.amount === 0n || desk.record(id).bonded.nominal < S);
        return;
      }
      assert.equal(taken, tried.amount);
      world.rewarded += taken;
      const due = (taken * BigInt(commission)) / 10_000n;
      for (const [i, account] of accounts[tried.which]!.entries()) {
        account.rewards += total === 0n ? 0n : (whole(taken - due) * account.staked) / total;
        if (toHex(OWNERS[i]!) === toHex(payee)) account.rewards += whole(due);
        // His share of the pot is his stake but for roundings, and so is his share of the reward.
        account.slack += 2n + taken / S;
      }
      return;
    }
    case 'slash': {
      const before = desk.record(ids[tried.which]!).factor;
      slash(desk.state, ids[tried.which]!);
      const after = desk.record(ids[tried.which]!).factor;
      if (before === 0n) return;
      for (const account of accounts[tried.which]!) {
        account.staked = (account.staked * after) / before;
        for (const piece of account.waiting) piece.amount = (piece.amount * after) / before;
        account.slack += 1n;
      }
      return;
    }
    case 'pass':
      desk.height += tried.rounds;
      return;
  }
}

/** Claims, and compares with what is due to him: never more, and less by roundings only. */
function claim(world: World, whoClaims: number, record: number): bigint {
  const { desk, ids, accounts } = world;
  const account = accounts[record]![whoClaims]!;
  const paid = desk.claim(OWNERS[whoClaims]!, ids[record]!);
  const matured = account.waiting.filter(({ height }) => desk.height >= height + RULES.unlockWait);
  const due = account.rewards + matured.reduce((sum, { amount }) => sum + amount, 0n);
  const got = typeof paid === 'bigint' ? paid : 0n;
  assert.ok(whole(got) <= due + whole(account.slack), `${whoClaims} got ${got} of ${due >> FRACTION}`);
  assert.ok(whole(got) + whole(account.slack) >= due, `${whoClaims} got ${got} of ${due >> FRACTION}`);
  if (typeof paid === 'string') {
    assert.equal(paid, 'nothing-to-claim');
    return 0n;
  }
  account.waiting = account.waiting.filter(({ height }) => desk.height < height + RULES.unlockWait);
  account.rewards = 0n;
  world.paid += got;
  return got;
}

/** The laws, exact to the coin's smallest unit. */
function assertLaws({ desk, ids, brought, paid, rewarded }: World): void {
  const { state } = desk;
  const staked = state.staked.get() ?? 0n;
  assert.equal(brought + rewarded, paid + staked + (state.burned.get() ?? 0n));
  let held = 0n;
  for (const id of ids) {
    const record = desk.record(id);
    held += record.bonded.money + record.unlocking.money + record.rewards + record.commissionDue;
    let [nominal, waiting, worth, worthWaiting, rewards] = [0n, 0n, 0n, 0n, 0n];
    for (const one of OWNERS) {
      const position = state.position(id, one).get();
      if (position === undefined) continue;
      nominal += position.nominal;
      worth += worthOf(position.nominal, record.factor);
      rewards += position.rewards + (position.nominal * (record.accumulator - position.settled)) / (S << 64n);
      for (const piece of position.unlocking) {
        waiting += piece.nominal;
        worthWaiting += worthOf(piece.nominal, record.factor);
      }
    }
    assert.equal(record.bonded.nominal, nominal);
    assert.equal(record.unlocking.nominal, waiting);
    assert.ok(worth <= record.bonded.money && worthWaiting <= record.unlocking.money);
    assert.ok(rewards <= record.rewards);
  }
  assert.equal(held, staked);
}

const history = fc.array(step, { minLength: 150, maxLength: 300, size: 'max' });

test('no history of stake makes or loses money, and everybody gets his share and no more', () => {
  let steps = 0;
  fc.assert(
    fc.property(history, (tried) => {
      const world = begin();
      for (const one of tried) {
        live(world, one);
        assertLaws(world);
        steps++;
      }
      end(world, [0, 1, 2, 3]);
      assertLaws(world);
    }),
    { numRuns: 30, seed: 5 },
  );
  assert.ok(steps >= 4_500, `${steps} steps`);
});

/** Everybody takes out all that he can, until nothing moves any more. @returns what each got, in the order of OWNERS */
function end(world: World, order: readonly number[]): bigint[] {
  const { desk, ids } = world;
  const got = OWNERS.map(() => 0n);
  for (let round = 0; round < 2; round++) {
    for (const one of order) {
      for (const [record, id] of ids.entries()) {
        got[one]! += claim(world, one, record);
        const position = desk.state.position(id, OWNERS[one]!).get();
        const worth = worthOf(position?.nominal ?? 0n, desk.record(id).factor);
        if (worth > 0n) live(world, { do: 'unlock', who: one, which: record, units: (worth + S - 1n) / S });
      }
    }
    desk.wait();
  }
  for (const one of order) for (const record of ids.keys()) got[one]! += claim(world, one, record);
  return got;
}

test('the order in which people claim gives and takes nobody anything', () => {
  fc.assert(
    fc.property(history, fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (tried, order) => {
      const [one, other] = [begin(), begin()];
      for (const what of tried) for (const world of [one, other]) live(world, what);
      assert.deepEqual(end(one, [0, 1, 2, 3]), end(other, order));
    }),
    { numRuns: 5, seed: 6 },
  );
});

test('all roundings together leave less than one smallest unit a step in the records', () => {
  fc.assert(
    fc.property(history, (tried) => {
      const world = begin();
      for (const what of tried) live(world, what);
      end(world, [3, 2, 1, 0]);
      const left = world.desk.state.staked.get() ?? 0n;
      assert.ok(left <= BigInt(4 * tried.length + 100), `${left} left after ${tried.length} steps`);
    }),
    { numRuns: 5, seed: 7 },
  );
});
