import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND, RegisterBodyType } from '@sero/protocol';
import { participant, startNetwork } from './participants-test-support.ts';
import { ALICE, startChain } from './test-support.ts';

const ENDS = [100n, 900n, 300n, 500n];

test('the keys of a chain end with the first round in which less than two thirds of the weight has some, and with the last of all', async () => {
  const participants = ENDS.map((lastRound, n) => participant(n, { lastRound }));
  const chain = startNetwork({ participants });
  assert.deepEqual(
    chain.ledger.keysEnd(),
    { thirdGone: 301n, allGone: 901n },
    'three of four after 100, half after 300',
  );
  // Of Alice's two the one that ends first.
  const { owner: from, units: _, ...keys } = participants[0]!.genesis;
  const body = RegisterBodyType.serialize({ ...keys, record: [participants[0]!.id], lastRound: 2_000n });
  await chain.mine(chain.make({ kind: KIND.register, from, body }));
  assert.deepEqual(from, ALICE);
  assert.deepEqual(chain.ledger.keysEnd(), { thirdGone: 501n, allGone: 2_001n });
});

test('two thirds are still enough; weights count, not heads', () => {
  const of = (...units: bigint[]): bigint | undefined =>
    startNetwork({
      participants: units.map((each, n) => participant(n, { units: each, lastRound: ENDS[n]! })),
    }).ledger.keysEnd()?.thirdGone;
  assert.equal(of(1n, 1n, 1n), 301n, 'exactly two thirds after 100');
  assert.equal(of(11n, 10n, 10n), 101n);
  assert.equal(of(1n, 97n, 1n, 1n), 901n);
  assert.equal(of(5n), 101n);
});

test('a chain of one has no keys that could end', () => {
  assert.equal(startChain().ledger.keysEnd(), undefined);
});

test('the tables do without a third that has left, and are empty once all have: so it was said', async () => {
  const participants = [20n, 23n, 21n].map((lastRound, n) => participant(n, { lastRound }));
  const chain = startNetwork({ participants, turn: () => participants[1]! });
  assert.deepEqual(chain.ledger.keysEnd(), { thirdGone: 22n, allGone: 24n });
  await chain.mineEmpty(7);
  assert.deepEqual(
    [20n, 21n, 22n, 23n].map((round) => chain.ledger.stakeTable(round)!.total),
    [30n, 20n, 10n, 10n],
  );
  assert.equal(chain.ledger.roundContext(8n)!.table.total, 30n);
  await chain.mineEmpty(1);
  assert.equal(chain.ledger.stakeTable(24n)!.total, 0n);
  assert.equal(chain.ledger.keysEnd(), undefined, 'there is nobody whose keys could end');
});
