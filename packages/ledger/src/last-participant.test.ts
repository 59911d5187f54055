import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes } from '@sero/crypto';
import {
  DEVELOPMENT,
  KIND,
  ONLINE,
  OnlineBodyType,
  RegisterBodyType,
  StakeBodyType,
  stakeTable,
  UnlockBodyType,
} from '@sero/protocol';
import { memoryStore, overlay } from '@sero/store';
import { othersStanding } from './last-participant.ts';
import {
  type Participant,
  participant,
  startNetwork,
  type TestNetwork,
} from './participants-test-support.ts';
import { newRecord } from './stake.ts';
import { stateOf } from './state.ts';
import type { Tables } from './tables.ts';
import { ALICE, failureOf, filler } from './test-support.ts';

/** Alice owns the records of even number. */
async function told(chain: TestNetwork, kind: number, body: Uint8Array): Promise<string> {
  const { receipts } = await chain.mine(chain.make({ kind, from: ALICE, body }));
  return receipts[0]!.status === 1 ? 'done' : failureOf(receipts[0]);
}

const switched = ({ id }: Participant, online: number): Uint8Array =>
  OnlineBodyType.serialize({ record: id, online });

/** Ways of leaving the tables. */
const LEAVING: readonly (readonly [string, number, (one: Participant) => Uint8Array])[] = [
  ['offline', KIND.online, (one) => switched(one, ONLINE.offline)],
  ['leaving', KIND.online, (one) => switched(one, ONLINE.leaving)],
  ['without stake', KIND.unlock, ({ id }) => UnlockBodyType.serialize({ record: id, units: 10n })],
  [
    'with keys for other rounds',
    KIND.register,
    ({ id, genesis: { owner: _, units: __, ...keys } }) =>
      RegisterBodyType.serialize({ ...keys, record: [id], firstRound: 1_000n }),
  ],
];

test('the last participant cannot leave the tables: nobody could ever come in again', async () => {
  const only = participant(0);
  const chain = startNetwork({ participants: [only] });
  for (const [name, kind, body] of LEAVING) {
    const before = chain.state().stakeRecord(only.id).get()!;
    assert.equal(await told(chain, kind, body(only)), 'last-participant', name);
    const { seen, rewards, accumulator, ...after } = chain.state().stakeRecord(only.id).get()!;
    assert.deepEqual({ ...after, seen, rewards, accumulator }, { ...before, seen, rewards, accumulator });
  }
  const body = UnlockBodyType.serialize({ record: only.id, units: 9n });
  assert.equal(await told(chain, KIND.unlock, body), 'done', 'a unit is enough');
  await chain.mineEmpty(20);
  assert.equal(chain.ledger.roundContext(chain.ledger.head().height + 1n)!.table.total, 1n);
});

test('where another stays, each way of leaving is open', async () => {
  for (const [name, kind, body] of LEAVING) {
    const chain = startNetwork({
      participants: [participant(0), participant(1)],
      turn: () => participant(1),
    });
    assert.equal(await told(chain, kind, body(participant(0))), 'done', name);
  }
});

test('of two who leave in one block one stays, and so does whoever would leave when all others have left', async () => {
  const [first, second] = [participant(0), participant(2)];
  const chain = startNetwork({ participants: [first!, second!], turn: () => first! });
  const leave = (one: Participant): Uint8Array =>
    chain.make({ kind: KIND.online, from: ALICE, body: switched(one, ONLINE.offline) });
  const { receipts } = await chain.mine(leave(first!), leave(second!));
  assert.deepEqual(receipts.map(failureOf), ['', 'last-participant']);
  // The tables of the next rounds still have the first, but none that is made from now on.
  assert.equal(await told(chain, KIND.online, switched(second!, ONLINE.offline)), 'last-participant');
});

test('nor whoever has keys for so few rounds more that the end would be near', async () => {
  // Block 5 makes the table of round 21; the other one is counted on for as many rounds more.
  for (const [lastRound, expected] of [
    [21n, 'last-participant'],
    [36n, 'last-participant'],
    [37n, 'done'],
  ] as const) {
    const [first, second] = [participant(0), participant(1, { lastRound })];
    const chain = startNetwork({ participants: [first!, second!], turn: () => first! });
    await chain.mineEmpty(4);
    assert.equal(await told(chain, KIND.online, switched(first!, ONLINE.offline)), expected);
  }
});

test('whoever is given such keys in the same block is counted on from the next one on', async () => {
  const [first, second] = [participant(0), participant(2, { lastRound: 30n })];
  const chain = startNetwork({ participants: [first!, second!], turn: () => first! });
  const { owner: _, units: __, ...keys } = second!.genesis;
  const renewal = { ...keys, record: [second!.id], lastRound: 1_000n };
  const leave = (): Uint8Array =>
    chain.make({ kind: KIND.online, from: ALICE, body: switched(first!, ONLINE.offline) });
  const { receipts } = await chain.mine(
    chain.make({ kind: KIND.register, from: ALICE, body: RegisterBodyType.serialize(renewal) }),
    leave(),
  );
  assert.deepEqual(receipts.map(failureOf), ['', 'last-participant']);
  assert.deepEqual((await chain.mine(leave())).receipts.map(failureOf), ['']);
});

test('the last participant does not take keys that end at once, and may take longer ones, however short', async () => {
  const only = participant(0);
  const chain = startNetwork({ participants: [only] });
  const { owner: _, units: __, ...keys } = only.genesis;
  const renewed = (lastRound: bigint): Uint8Array =>
    RegisterBodyType.serialize({ ...keys, record: [only.id], lastRound });
  assert.equal(await told(chain, KIND.register, renewed(32n)), 'last-participant', 'block 1');
  assert.equal(await told(chain, KIND.register, renewed(34n)), 'done', 'block 2');
  await chain.mineEmpty(5);
  assert.equal(await told(chain, KIND.register, renewed(35n)), 'done', 'block 8: until 24 there is a table');
});

test('the last round that keys cover counts, and whoever is in no table cannot leave the last one empty', async () => {
  const [first, second] = [participant(0, { lastRound: 18n }), participant(2, { lastRound: 17n })];
  const chain = startNetwork({ participants: [first!, second!], turn: () => first! });
  await chain.mineEmpty(1);
  // Block 2 makes the table of round 18, the last of the first one's; the second is in it no more.
  const { receipts } = await chain.mine(
    chain.make({ kind: KIND.online, from: ALICE, body: switched(second!, ONLINE.offline) }),
    chain.make({ kind: KIND.online, from: ALICE, body: switched(first!, ONLINE.offline) }),
  );
  assert.deepEqual(receipts.map(failureOf), ['', 'last-participant']);
  assert.equal(chain.ledger.stakeTable(18n)!.total, 10n);
});

test('who stays is found wherever he stands, whatever was asked before', () => {
  const ids = [1, 2, 3, 4].map((n) => filler(n, 32)).sort(compareBytes);
  const view = overlay(memoryStore());
  const state = stateOf(view, DEVELOPMENT.anchor.window);
  const row = (id: Uint8Array) => ({ id, vrfKey: id, voteRoot: id, blsKey: new Uint8Array(48) });
  const [firstRound, lastRound] = [0n, 1_000n];
  const put = (id: Uint8Array, status: number): void => {
    const one = newRecord({ ...row(id), owner: ALICE, firstRound, lastRound, commission: 0 });
    const { unit } = DEVELOPMENT.stake;
    state.stakeRecord(id).set({ ...one, status, bonded: { nominal: unit, money: unit } });
  };
  for (const id of ids) put(id, ONLINE.online);
  let reads = 0;
  const counting: typeof state = {
    ...state,
    stakeRecord: (id) => {
      reads++;
      return state.stakeRecord(id);
    },
  };
  const table = stakeTable(ids.map((id) => ({ ...row(id), weight: 1n })));
  const tables: Tables = {
    at: () => table,
    after: () => assert.fail('no block is made'),
    standing: (id) => ({ row: row(id), units: 1n, firstRound, lastRound, seen: 0n }),
  };
  const others = othersStanding(counting, tables, { genesis: DEVELOPMENT, height: 5n });
  const [a, b, c, d] = ids as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const mark = view.mark();
  for (const id of [a, b, c]) {
    assert.equal(others([id]), true);
    put(id, ONLINE.offline);
  }
  assert.equal(reads, 3, 'nobody who is gone is looked at again for every command');
  assert.equal(others([d]), false);
  put(b, ONLINE.online);
  assert.equal(others([d]), true, 'one who is back');
  put(d, ONLINE.offline);
  assert.equal(others([b]), false);
  view.revert(mark);
  assert.equal(others([b, c, d]), true, 'what was undone never was');
  assert.equal(others(ids), false);
});

test('a record that keeps no weight, or whose keys have run out, stands for nobody', async () => {
  for (const change of [{ lastRound: 17n }, {}]) {
    const [first, second] = [participant(0), participant(2, change)];
    const chain = startNetwork({ participants: [first!, second!], turn: () => first! });
    if (change.lastRound === undefined) {
      const body = UnlockBodyType.serialize({ record: second!.id, units: 10n });
      assert.equal(await told(chain, KIND.unlock, body), 'done');
    } else {
      await chain.mineEmpty(1);
    }
    assert.equal(await told(chain, KIND.online, switched(first!, ONLINE.offline)), 'last-participant');
    if (change.lastRound !== undefined) continue;
    const body = StakeBodyType.serialize({ record: second!.id, units: 1n });
    const price = chain.genesis.stake.unit;
    await chain.mine(chain.make({ kind: KIND.stake, from: ALICE, body, price }));
    assert.equal(await told(chain, KIND.online, switched(first!, ONLINE.offline)), 'done');
  }
});
