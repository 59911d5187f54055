import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, toHex } from '@sero/crypto';
import { EMPTY_FRONTIER, encodeBlock, headerHash, TREE_CAPACITY } from '@sero/protocol';
import { checkLedger } from './check-ledger.ts';
import { testHasher } from './doubles-test-support.ts';
import { LedgerError } from './errors.ts';
import { startNetwork } from './participants-test-support.ts';
import { FLAT, type State } from './state.ts';
import { callDraft, codeOf, commitDraft, filler, flipped, startChain, tampered } from './test-support.ts';

/** A chain of one block whose store was changed: what opening it again says, and what the whole check does. */
async function found(change: (state: State) => void): Promise<{ opening: string; check: string }> {
  const chain = startChain();
  await chain.mine(chain.make());
  tampered(chain, change);
  const { genesis, store, blocks } = chain;
  return {
    opening: codeOf(() => startChain({ store, blocks })),
    check: codeOf(() => checkLedger({ genesis, store, blocks, hasher: testHasher })),
  };
}

const ORDER = { opening: 'fine', check: 'fine' };
/** Opening takes no time that grows with the state, so it looks at roots alone. */
const HIDDEN = { opening: 'fine', check: 'store-damaged' };
const DAMAGED = { opening: 'store-damaged', check: 'store-damaged' };

test('an untouched store opens again and is in order', async () => {
  assert.deepEqual(await found(() => undefined), ORDER);
});

test('a turnstile changed behind the ledger’s back is found by the whole check', async () => {
  assert.deepEqual(await found((state) => state.turnstile(1n).set(1n)), HIDDEN);
});

test('an asset slipped into the registry is found by the whole check', async () => {
  const asset = { kind: 1, name32: new Uint8Array(32), issuer: new Uint8Array(20), supply: 5n, height: 1n };
  assert.deepEqual(await found((state) => state.asset(7n).set(asset)), HIDDEN);
});

test('a nullifier that was added, and one that is missing, are found by the whole check', async () => {
  assert.deepEqual(await found((state) => state.addNullifiers([filler(1, 32)])), HIDDEN);
  const chain = startChain();
  await chain.mine(chain.make());
  const { genesis, store, blocks } = chain;
  const [spent] = [...store.entries(Uint8Array.of(FLAT.nullifier))][0]!;
  store.write([{ key: spent.slice(), value: undefined }]);
  assert.equal(
    codeOf(() => checkLedger({ genesis, store, blocks, hasher: testHasher })),
    'store-damaged',
  );
});

test('every entry of a store counts: changed, missing or added, the whole check finds it', async () => {
  const chain = startChain();
  await chain.mine(chain.make(commitDraft('HEPTANE')), chain.make());
  await chain.mine(chain.make(callDraft(chain)));
  const { genesis, store, blocks } = chain;
  const check = (): string => codeOf(() => checkLedger({ genesis, store, blocks, hasher: testHasher }));
  assert.equal(check(), 'fine');
  const survived: string[] = [];
  for (const [key, value] of [...store.entries(new Uint8Array(0))]) {
    const original = { key: key.slice(), value: value.slice() };
    const longer = concat(key, Uint8Array.of(0));
    const attempts = [
      [{ key: original.key, value: value.length === 0 ? Uint8Array.of(0) : flipped(value) }, original],
      [{ key: original.key, value: undefined }, original],
      [
        { key: longer, value: original.value },
        { key: longer, value: undefined },
      ],
    ];
    for (const [i, [change, undo]] of attempts.entries()) {
      store.write([change!]);
      if (check() === 'fine') survived.push(`${toHex(key)} attempt ${i}`);
      store.write([undo!]);
    }
  }
  assert.deepEqual(survived, []);
  assert.equal(check(), 'fine');
});

test('a frontier that was set back, or does not decode, is noticed', async () => {
  assert.deepEqual(await found((state) => state.frontier.set(EMPTY_FRONTIER)), DAMAGED);
  const broken = { ...EMPTY_FRONTIER, size: 5n };
  assert.deepEqual(await found((state) => state.frontier.set(broken)), DAMAGED);
});

test('nullifiers whose running hash was forgotten are noticed', async () => {
  const forgotten = { count: 0n, lanes: new Uint8Array(2048) };
  assert.deepEqual(await found((state) => state.setNullifierSet(forgotten)), HIDDEN);
});

test('a running hash that is not the one in the tree is noticed', async () => {
  const chain = startChain();
  await chain.mine(chain.make());
  const { store, blocks } = chain;
  const [key, value] = [...store.entries(Uint8Array.of(FLAT.nullifierLanes))][0]!;
  store.write([{ key: key.slice(), value: flipped(value, 20) }]);
  assert.equal(
    codeOf(() => startChain({ store, blocks })),
    'store-damaged',
  );
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

test('what `apply` gives away is a copy, whatever a header holds', async () => {
  const [maker, chain] = [startNetwork(), startNetwork()];
  for (const height of [1n, 2n, 3n]) {
    const bytes = encodeBlock(await maker.block());
    await maker.ledger.apply(bytes);
    const { header } = (await chain.ledger.apply(bytes)).block;
    for (const part of [header.vrfProof[0]!, header.proposer[0]!, header.stateRoot]) part.fill(7);
    assert.deepEqual(headerHash(chain.ledger.head()), headerHash(maker.ledger.head()));
    assert.deepEqual(chain.ledger.blockHash(height), headerHash(maker.ledger.head()));
  }
});

test('a frontier in the store that does not decode is a fault of the store, and no transaction’s', async () => {
  const chain = startChain();
  await chain.mine(chain.make());
  const transaction = chain.make();
  tampered(chain, (state) => state.frontier.set({ ...EMPTY_FRONTIER, size: 5n }));
  const time = chain.ledger.head().time + 1n;
  await assert.rejects(chain.ledger.propose([transaction], time), /frontier/);
  await assert.rejects(chain.ledger.propose([], time), /frontier/);
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
  // Built elsewhere: this ledger would only write a block of its own.
  const block = await startChain().block(first, second);
  // 6 leaves of one transaction still fit, counting the 3 that settling could make; 12 do not.
  const size = TREE_CAPACITY - 8n;
  const levels = EMPTY_FRONTIER.levels.map((_, level) =>
    new Array<bigint>(Number((size >> BigInt(2 * level)) & 3n)).fill(1n),
  );
  tampered(chain, (state) => state.frontier.set({ size, levels }));
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
