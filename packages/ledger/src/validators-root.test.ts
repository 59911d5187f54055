import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KIND, StakeBodyType } from '@sero/protocol';
import { startNetwork } from './participants-test-support.ts';
import { codeOf, filler, tampered } from './test-support.ts';

test('the state keeps the validators roots of the last headers, as long as their tables are to come', async () => {
  const chain = startNetwork();
  const { balanceLookback } = chain.genesis.stake;
  await chain.mineEmpty(20);
  const other = StakeBodyType.serialize({ record: chain.participants[1]!.id, units: 3n });
  await chain.mine(chain.make({ kind: KIND.stake, body: other, price: 3n * chain.genesis.stake.unit }));
  const head = chain.ledger.head().height;
  for (let height = head - balanceLookback + 1n; height <= head; height++) {
    assert.deepEqual(
      chain
        .state()
        .validatorsRoot(height % balanceLookback)
        .get(),
      {
        height,
        value: chain.ledger.header(height)!.validatorsRoot,
      },
    );
  }
  assert.notDeepEqual(chain.ledger.head().validatorsRoot, chain.ledger.header(head - 1n)!.validatorsRoot);
});

test('a state whose stake records do not make the table of its head is damaged, and is not opened', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(2);
  const { store, blocks, participants } = chain;
  const [one] = participants;
  // The roots stay as they were: nothing but the table shows it.
  tampered(chain, (state) => {
    const record = state.stakeRecord(one!.id).get()!;
    state.stakeRecord(one!.id).set({ ...record, blsKey: filler(1, 48) });
  });
  assert.equal(
    codeOf(() => startNetwork({ store, blocks, participants })),
    'store-damaged',
  );
  assert.equal(startNetwork({ blocks, participants }).ledger.head().height, 2n);
});
