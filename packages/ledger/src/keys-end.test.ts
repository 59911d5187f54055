import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND, RegisterBodyType } from '@sero/protocol';
import { participant, startNetwork } from './participants-test-support.ts';
import { ALICE, startChain } from './test-support.ts';

const ENDS = [100n, 900n, 300n, 500n];

test('the keys of a chain end with the first round in which less than two thirds of the weight has some', async () => {
  const participants = ENDS.map((lastRound, n) => participant(n, { lastRound }));
  const chain = startNetwork({ participants });
  assert.equal(chain.ledger.keysEnd(), 301n, 'three of four after 100, half after 300');
  // Of Alice's two the one that ends first.
  const { owner: from, units: _, ...keys } = participants[0]!.genesis;
  const body = RegisterBodyType.serialize({ ...keys, record: [participants[0]!.id], lastRound: 2_000n });
  await chain.mine(chain.make({ kind: KIND.register, from, body }));
  assert.deepEqual(from, ALICE);
  assert.equal(chain.ledger.keysEnd(), 501n);
});

test('two thirds are still enough; weights count, not heads', () => {
  const of = (...units: bigint[]): bigint | undefined =>
    startNetwork({
      participants: units.map((each, n) => participant(n, { units: each, lastRound: ENDS[n]! })),
    }).ledger.keysEnd();
  assert.equal(of(1n, 1n, 1n), 301n, 'exactly two thirds after 100');
  assert.equal(of(11n, 10n, 10n), 101n);
  assert.equal(of(1n, 97n, 1n, 1n), 901n);
  assert.equal(of(5n), 101n);
});

test('a chain of one has no keys that could end', () => {
  assert.equal(startChain().ledger.keysEnd(), undefined);
});
