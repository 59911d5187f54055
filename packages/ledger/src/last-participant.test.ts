import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  KIND,
  ONLINE,
  OnlineBodyType,
  RegisterBodyType,
  StakeBodyType,
  UnlockBodyType,
} from '@sero/protocol';
import {
  type Participant,
  participant,
  startNetwork,
  type TestNetwork,
} from './participants-test-support.ts';
import { ALICE, failureOf } from './test-support.ts';

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
