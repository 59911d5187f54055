import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY_FRONTIER, encodeBlock, TREE_CAPACITY } from '@sero/protocol';
import { LedgerError } from './errors.ts';
import type { State } from './state.ts';
import { startChain, tampered } from './test-support.ts';

/** A chain of one block whose store was changed; opening it again must notice. */
async function reopened(change: (state: State) => void): Promise<unknown> {
  const chain = startChain();
  await chain.mine(chain.make());
  tampered(chain, change);
  try {
    startChain({ genesis: chain.genesis, store: chain.store });
  } catch (error) {
    assert.ok(error instanceof LedgerError);
    return error.code;
  }
  return 'opened';
}

test('an untouched store opens again', async () => {
  assert.equal(await reopened(() => undefined), 'opened');
});

test('a turnstile changed behind the ledger’s back is noticed when the store is opened', async () => {
  assert.equal(await reopened((state) => state.turnstile(1n).set(1n)), 'store-damaged');
});

test('an asset slipped into the registry is noticed', async () => {
  const asset = { kind: 1, name32: new Uint8Array(32), issuer: new Uint8Array(20), supply: 5n, height: 1n };
  assert.equal(await reopened((state) => state.asset(7n).set(asset)), 'store-damaged');
});

test('a frontier that was set back is noticed', async () => {
  assert.equal(await reopened((state) => state.frontier.set(EMPTY_FRONTIER)), 'store-damaged');
});

test('nullifiers whose running hash was forgotten are noticed', async () => {
  const forgotten = { count: 0n, lanes: new Uint8Array(2048) };
  assert.equal(await reopened((state) => state.addNullifiers([], forgotten)), 'store-damaged');
});

test('what the ledger gives away is a copy: changing it changes nothing in the chain', async () => {
  const { ledger } = startChain();
  const root = ledger.stateRoot();
  ledger.head().stateRoot.fill(1);
  ledger.stateRoot().fill(2);
  ledger.executedBlock(0n).fill(3);
  assert.deepEqual(ledger.stateRoot(), root);
  assert.deepEqual(ledger.head().stateRoot, root);
  assert.notEqual(ledger.executedBlock(0n)[0], 3);
});

test('a time that no header can carry is refused, not wrapped', async () => {
  const { ledger } = startChain();
  await assert.rejects(
    ledger.propose([], (1n << 64n) + ledger.head().time + 1n),
    (error) => error instanceof LedgerError && error.code === 'block-time',
  );
});

test('a transaction for which the note tree has no room is left out, and a block with it is refused', async () => {
  const chain = startChain();
  const [first, second] = [chain.make(), chain.make()];
  const block = await chain.block(first, second);
  // 6 leaves of one transaction still fit, counting the 3 that settling could make; 12 do not.
  tampered(chain, (state) => state.frontier.set({ ...EMPTY_FRONTIER, size: TREE_CAPACITY - 8n }));
  const { rejected } = await chain.ledger.propose([first, second], chain.ledger.head().time + 1n);
  assert.deepEqual(
    rejected.map(({ index, error }) => [index, error.code]),
    [[1, 'tree-full']],
  );
  await assert.rejects(
    chain.ledger.apply(encodeBlock(block)),
    (error) => error instanceof LedgerError && error.code === 'tree-full',
  );
});
