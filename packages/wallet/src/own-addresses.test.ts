import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { ownAddressKey, recognise } from '@sero/protocol';
import { type OwnAddresses, ownAddresses } from './own-addresses.ts';
import { type AddressUse, loadState, type WalletState } from './state.ts';
import { memoryWalletStore } from './store.ts';
import { ALICE, BOB } from './test-support.ts';

const CHAIN = 31_938n;
const KEY = ALICE.proof.viewing;

describe('own addresses', () => {
  let state: WalletState;
  let own: OwnAddresses;
  const seen = (use: AddressUse, index: bigint): AddressUse[] =>
    own.seen(ownAddressKey(KEY, CHAIN, use, index));

  beforeEach(async () => {
    state = await loadState(memoryWalletStore(), new Uint8Array(32), (children) => children);
    own = ownAddresses(KEY, CHAIN, state);
  });

  it('are the account’s, and none is handed out twice', () => {
    const handedOut = (['once', 'owner', 'once'] as const).map((use) => own.fresh(use));
    for (const { address, r } of handedOut) assert.equal(recognise(KEY, address)?.r, r);
    assert.deepEqual(
      handedOut.map(({ index }) => index),
      [0n, 0n, 1n],
    );
    assert.equal(new Set(handedOut.map(({ address }) => address.zpkr)).size, 3);
  });

  it('that this store handed out move nothing when they are seen in the chain', () => {
    for (let i = 0; i < 3; i++) own.fresh('once');
    assert.deepEqual(seen('once', 1n), []);
    assert.equal(own.fresh('once').index, 3n);
  });

  it('that another store handed out are found, and new ones start 1,001 behind the last', () => {
    assert.deepEqual(seen('once', 4n), ['once']);
    assert.equal(own.fresh('once').index, 1_005n);
    assert.deepEqual(seen('once', 9n), ['once']);
    assert.equal(own.fresh('once').index, 1_010n);
    assert.equal(own.fresh('owner').index, 0n);
  });

  it('are found as far as 1,000 beyond the last one, and no further', () => {
    assert.deepEqual(seen('once', 1_000n), []);
    assert.deepEqual(seen('once', 999n), ['once']);
    assert.equal(own.fresh('once').index, 2_000n);
  });

  it('of the two classes have numbers of their own', () => {
    assert.deepEqual(seen('owner', 2n), ['owner']);
    assert.equal(own.fresh('owner').index, 1_003n);
    assert.equal(own.fresh('once').index, 0n);
  });

  it('of others are none of one’s own', () => {
    assert.deepEqual(own.seen(ownAddressKey(BOB.proof.viewing, CHAIN, 'once', 0n)), []);
    assert.deepEqual(own.seen(ownAddressKey(KEY, CHAIN + 1n, 'once', 0n)), []);
  });
});
