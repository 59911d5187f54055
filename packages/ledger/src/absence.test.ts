import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes } from '@sero/crypto';
import { type Block, DEVELOPMENT, encodeBlock, KIND, ONLINE, OnlineBodyType } from '@sero/protocol';
import {
  type Participant,
  participant,
  startNetwork,
  type TestNetwork,
} from './participants-test-support.ts';
import { ALICE, filler, refusalOf } from './test-support.ts';

/** Rounds that a record of a quarter of the stake may miss: two turns of four rounds. */
const STAKE = {
  ...DEVELOPMENT.stake,
  absentFactor: 2,
  balanceLookback: 5n,
  seedRefresh: 1n,
  certStride: 5n,
};

/** The first of these proposes every block. */
function quietNetwork(
  participants: readonly Participant[] = [0, 1, 2, 3].map((n) => participant(n)),
): TestNetwork {
  return startNetwork({ participants, turn: () => participants[0]!, genesis: { stake: STAKE } });
}

function idsOf(participants: readonly Participant[]): Uint8Array[] {
  return participants.map(({ id }) => id).sort(compareBytes);
}

async function refusal(chain: TestNetwork, block: Block, absent: readonly Uint8Array[]): Promise<string> {
  const header = { ...block.header, absent: [...absent] };
  return refusalOf(chain, () => chain.ledger.apply(encodeBlock({ ...block, header })));
}

test('who has not proposed for twice as long as his stake would take is set offline, and leaves the tables', async () => {
  const chain = quietNetwork();
  await chain.mineEmpty(8);
  const others = idsOf(chain.participants.slice(1));
  const { header } = await chain.block();
  assert.deepEqual(header.absent, others, 'block 9: seen last in 0, two turns of four rounds');
  assert.deepEqual(chain.ledger.head().absent, [], 'block 8 had to wait');
  await chain.mine();
  for (const id of others) assert.equal(chain.state().stakeRecord(id).get()!.status, ONLINE.offline);
  assert.equal(chain.ledger.stakeTable(13n)!.total, 40n);
  assert.equal(chain.ledger.stakeTable(14n)!.total, 10n);
  await chain.mine();
  assert.deepEqual(chain.ledger.head().absent, [], 'nobody is set offline twice');
});

test('a proposer may leave the list out, and no list is right but one of records whose time is over', async () => {
  const chain = quietNetwork();
  await chain.mineEmpty(7);
  const [own, ...rest] = chain.participants;
  const others = idsOf(rest);
  const early = await chain.block();
  assert.equal(await refusal(chain, early, [others[0]!]), 'header-absent', 'one round too early');
  await chain.mineEmpty(1);
  const block = await chain.block();
  for (const absent of [
    [own!.id],
    [filler(1, 32)],
    [others[1]!, others[0]!],
    [others[0]!, others[0]!],
    [...others, own!.id].sort(compareBytes),
  ]) {
    assert.equal(await refusal(chain, block, absent), 'header-absent');
  }
  const late = (await chain.ledger.propose([], block.header.time, chain.proposal(rest[0]!))).block;
  assert.equal(late.header.absent.length, 2, 'whoever comes at the last moment leaves himself out');
  assert.equal(await refusal(chain, late, others), 'header-absent');
  // Another list is another state, so only the list itself is judged here.
  assert.equal(await refusal(chain, block, others.slice(1)), 'header-stateRoot');
  assert.equal(await refusal(chain, block, []), 'header-stateRoot');
  assert.equal(await refusal(chain, block, others), 'accepted');
});

test('where genesis turns the rule off, no list is right', async () => {
  const participants = [0, 1, 2, 3].map((n) => participant(n));
  const chain = startNetwork({ participants, turn: () => participants[0]! });
  await chain.mineEmpty(30);
  const block = await chain.block();
  assert.deepEqual(block.header.absent, []);
  assert.equal(await refusal(chain, block, [participants[1]!.id]), 'header-absent');
});

test('more than eight wait for the next block', async () => {
  const participants = Array.from({ length: 11 }, (_, n) =>
    participant(n, { units: n === 0 ? 1_000n : 100n }),
  );
  const chain = quietNetwork(participants);
  // 2,000 units: a turn of a hundred is twenty rounds.
  await chain.mineEmpty(41);
  assert.equal(chain.ledger.head().absent.length, 8);
  await chain.mine();
  assert.equal(chain.ledger.head().absent.length, 2);
});

test('whoever comes back online has his time from the first round on in which he counts again', async () => {
  const [first, second] = [participant(0), participant(2)];
  const chain = quietNetwork([first!, second!]);
  await chain.mineEmpty(5);
  assert.deepEqual(chain.ledger.head().absent, [second!.id], 'two turns of two rounds');
  const body = OnlineBodyType.serialize({ record: second!.id, online: ONLINE.online });
  await chain.mine(chain.make({ kind: KIND.online, from: ALICE, body }));
  assert.equal(chain.state().stakeRecord(second!.id).get()!.status, ONLINE.online);
  for (let round = 7n; round <= 15n; round++) {
    assert.equal(
      chain.ledger.stakeTable(round)!.row(second!.id)?.weight,
      round < 10n ? 10n : round < 11n ? undefined : 10n,
    );
    await chain.mine();
    assert.deepEqual(chain.ledger.head().absent, [], `round ${round}`);
  }
  await chain.mine();
  assert.deepEqual(chain.ledger.head().absent, [second!.id], 'round 16: he counts since 11');
});
