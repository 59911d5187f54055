import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { addressToText, SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import { contacts } from './contacts.ts';
import { encryptedWalletStore } from './encrypted-store.ts';
import { plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import { memoryWalletStore, type WalletStore } from './store.ts';
import { resetWallet } from './store-repair.ts';
import { ALICE, BOB, openOn, refusal, type TestChain, testChain, transaction, view } from './test-support.ts';
import type { Wallet } from './wallet.ts';

const PAYMENT = { type: 'pay', to: BOB.proof.viewing.address, asset: SERO_ASSET, amount: SERO_UNIT } as const;
const TXID = new Uint8Array(32).fill(5);

describe('the repair of a wallet', () => {
  let chain: TestChain;
  let store: WalletStore;
  let wallet: Wallet;
  beforeEach(async () => {
    chain = testChain();
    store = memoryWalletStore();
    wallet = await openOn(chain, ALICE, { store });
    for (let n = 0; n < 3; n++) await wallet.addBlock(chain.add([await transaction(wallet, ALICE, PAYMENT)]));
    const { spends, tx } = readPlan(await plan(wallet, PAYMENT));
    await wallet.reserve({ txid: TXID, positions: spends, expiry: tx.expiry, dummies: [] });
    const book = contacts(store, 'development');
    await book.add('Bob', addressToText(BOB.proof.viewing.address, 'development'));
  });

  const address = async ({ freshAddress }: Wallet): Promise<bigint> => (await freshAddress('once')).index;

  it('reads the chain again and has everything that was there: what was on its way, addresses, contacts', async () => {
    const before = view(wallet);
    const [position] = wallet.pending()[0]!.positions;
    const companion = wallet.companion(position!);
    await resetWallet(store);
    const empty = await openOn(chain, ALICE, { store, blocks: [] });
    assert.deepEqual([empty.tip(), empty.balances(), empty.history()], [undefined, [], []]);
    const repaired = await openOn(chain, ALICE, { store });
    assert.deepEqual(view(repaired), before);
    assert.deepEqual(repaired.pending(), wallet.pending());
    assert.deepEqual(repaired.companion(position!), companion);
    assert.equal(await address(repaired), await address(wallet), 'no address is handed out twice');
    assert.equal((await contacts(store, 'development').list()).length, 1);
  });

  it('of a network that was begun anew leaves nothing of the old one beside notes at the same positions', async () => {
    const [position] = wallet.pending()[0]!.positions;
    const anew = testChain();
    const other = await openOn(anew, ALICE);
    for (let n = 0; n < 2; n++) await other.addBlock(anew.add([await transaction(other, ALICE, PAYMENT)]));
    await resetWallet(store);
    const repaired = await openOn(anew, ALICE, { store });
    const free = () => [repaired.pending(), repaired.lost(), repaired.companion(position!)];
    assert.deepEqual(free(), [[], [], undefined], 'below the old height');
    // What is submitted meanwhile is of the new chain, and stays.
    const { spends, tx } = readPlan(await plan(repaired, PAYMENT));
    const txid = new Uint8Array(32).fill(6);
    await repaired.reserve({ txid, positions: spends, expiry: tx.expiry, dummies: [] });
    for (let n = 0; n < 3; n++) await repaired.addBlock(anew.add());
    for (const now of [repaired, await openOn(anew, ALICE, { store, blocks: [] })]) {
      assert.deepEqual(
        now.pending().map((spend) => spend.txid),
        [txid],
      );
    }
    assert.deepEqual(await store.entries('former/'), []);
  });

  it('that is broken off and begun again still knows what was on its way', async () => {
    await resetWallet(store);
    await openOn(chain, ALICE, { store, blocks: chain.blocks.slice(0, 2) });
    await resetWallet(store);
    const repaired = await openOn(chain, ALICE, { store });
    assert.deepEqual(repaired.pending(), wallet.pending());
    const again = await openOn(chain, ALICE, { store, blocks: [] });
    assert.deepEqual(again.pending(), wallet.pending());
  });

  describe('with a node that has not all blocks of old', () => {
    const notes = [900n, 5n].map((value, n) => ({ key: ALICE, value: value * SERO_UNIT, index: BigInt(n) }));
    const spendsOf = (planned: string): readonly bigint[] => readPlan(planned).spends;
    let blocks: readonly Uint8Array[];
    let held: readonly bigint[];
    beforeEach(async () => {
      chain = testChain(notes, { anchor: { window: 65_536n, step: 1n, expiry: 12n } });
      store = memoryWalletStore();
      wallet = await openOn(chain, ALICE, { store });
      for (let n = 0; n < 5; n++) await wallet.addBlock(chain.add());
      const planned = await plan(wallet, PAYMENT);
      held = spendsOf(planned);
      await wallet.reserve({ txid: TXID, positions: held, expiry: readPlan(planned).tx.expiry, dummies: [] });
      blocks = chain.blocks.slice(0, -2);
    });

    it('what is on its way holds its notes from the first block on, and what was refused still has to be shut out', async () => {
      await resetWallet(store);
      const repaired = await openOn(chain, ALICE, { store, blocks });
      assert.deepEqual(repaired.pending(), wallet.pending());
      assert.ok(!spendsOf(await plan(repaired, PAYMENT)).some((position) => held.includes(position)));

      await repaired.refuse(TXID);
      await resetWallet(store);
      const again = await openOn(chain, ALICE, { store, blocks });
      const next = spendsOf(await plan(again, { ...PAYMENT, amount: 100n * SERO_UNIT }));
      assert.ok(next.some((position) => held.includes(position)));
    });

    it('before that block is read nothing is planned or submitted', async () => {
      await resetWallet(store);
      const repaired = await openOn(chain, ALICE, { store, blocks: chain.blocks.slice(0, 1) });
      await assert.rejects(plan(repaired, PAYMENT), {
        ...refusal('repair-unfinished'),
        message: /before block 1 or 5 is read/,
      });
      const spend = { txid: TXID.map((byte) => byte + 1), positions: [0n], expiry: 600n, dummies: [] };
      await assert.rejects(repaired.reserve(spend), refusal('repair-unfinished'));
      await repaired.addBlock(chain.blocks[1]!);
      await plan(repaired, PAYMENT);
    });

    it('a start above all that was read drops nothing that can still enter, and says of nothing unread that it expired', async () => {
      const { expiry } = wallet.pending()[0]!;
      await resetWallet(store);
      for (let height = 6n; height <= expiry; height++) chain.add();
      const start = chain.treeState(8n);
      const repaired = await openOn(chain, ALICE, { store, start, blocks: chain.blocks.slice(9, 11) });
      assert.deepEqual(
        repaired.pending().map(({ txid }) => txid),
        [TXID],
      );
      for (const block of chain.blocks.slice(11)) await repaired.addBlock(block);
      assert.deepEqual([repaired.pending(), repaired.lost()], [[], []]);
    });

    it('where the record of what was read last is damaged, it is known again by the first block', async () => {
      await store.write([{ key: 'head', value: 'x' }]);
      await resetWallet(store);
      const repaired = await openOn(chain, ALICE, { store, blocks });
      assert.deepEqual(repaired.pending(), wallet.pending());
    });
  });

  it('begins at a checkpoint where it is given one', async () => {
    await resetWallet(store);
    const repaired = await openOn(chain, ALICE, {
      store,
      start: chain.treeState(0n),
      blocks: chain.blocks.slice(1),
    });
    assert.equal(repaired.tip()?.header.height, 3n);
  });

  it('mends every record that can be damaged: afterwards the wallet opens and reads the chain', async () => {
    const entries = await store.entries('');
    for (const [key] of entries) {
      for (const value of ['', 'x', 'null', '{}', '"n5"', '[]']) {
        await store.write([{ key, value }]);
        await resetWallet(store);
        const repaired = await openOn(chain, ALICE, { store, blocks: chain.blocks.slice(0, 2) });
        assert.equal(repaired.tip()?.header.height, 1n, `${key} = ${value}`);
        for (const [left] of await store.entries('')) await store.write([{ key: left, value: undefined }]);
        await store.write(entries.map(([name, old]) => ({ key: name, value: old })));
      }
    }
  });

  it('of an encrypted store that refuses to open goes by way of its own repair', async () => {
    const key = new Uint8Array(32).fill(3);
    const disk = memoryWalletStore();
    const secret = await encryptedWalletStore(disk, key);
    await secret.write((await store.entries('')).map(([name, value]) => ({ key: name, value })));
    for (const [place, record] of (await disk.entries('')).slice(0, 5)) {
      await disk.write([{ key: place, value: record.slice(0, -2) }]);
    }
    await assert.rejects(encryptedWalletStore(disk, key), refusal('store-damaged'));
    const readable = await encryptedWalletStore(disk, key, { repair: true });
    await resetWallet(readable);
    const repaired = await openOn(chain, ALICE, { store: readable });
    assert.deepEqual(repaired.notes(), wallet.notes());
    const again = await openOn(chain, ALICE, { store: await encryptedWalletStore(disk, key), blocks: [] });
    assert.deepEqual(again.notes(), wallet.notes());
  });
});
