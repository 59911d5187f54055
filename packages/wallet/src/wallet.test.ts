import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { pathRoot } from '@sero/circuits';
import { CryptoError, fieldToBytes, hashCm, toHex } from '@sero/crypto';
import {
  decodeEnvelope,
  decodeExecutedBlock,
  type ExecutedBlock,
  encodeEnvelope,
  encodeExecutedBlock,
  encodeOneTimeAddress,
  type Header,
  ProtocolError,
  type Receipt,
  receiptsRoot,
  SERO_ASSET,
  SERO_UNIT,
  transactionsRoot,
  witnessTransactionId,
} from '@sero/protocol';
import { createPortableScanner, type Scanner } from '@sero/prover';
import fc from 'fast-check';
import { WalletError } from './errors.ts';
import { plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { Request } from './request.ts';
import type { ScanResult } from './scan.ts';
import { memoryWalletStore, type WalletStore } from './store.ts';
import {
  ALICE,
  ALICES_MONEY,
  BOB,
  issueToken,
  openOn,
  protocolRefusal,
  ready,
  refusal,
  type TestChain,
  testChain,
  transaction,
  view,
} from './test-support.ts';
import type { Wallet } from './wallet.ts';

const TO_BOB: Extract<Request, { type: 'pay' }> = {
  type: 'pay',
  to: BOB.proof.viewing.address,
  asset: SERO_ASSET,
  amount: SERO_UNIT,
  memo: 'rent',
};

/** A chain with some of everything: a token, payments out and to oneself, empty blocks. Alice made them all. */
async function livelyChain(): Promise<{ chain: TestChain; alice: Wallet }> {
  const chain = testChain();
  const alice = await openOn(chain, ALICE);
  await issueToken(chain, alice, ALICE, [5n, 6n]);
  for (const request of [TO_BOB, { ...TO_BOB, to: ALICE.proof.viewing.address }, TO_BOB]) {
    await alice.addBlock(chain.add([await transaction(alice, ALICE, request)]));
    await alice.addBlock(chain.add());
  }
  return { chain, alice };
}

describe('a block that is not the next one, or not what its header says', () => {
  let chain: TestChain;
  let good: Uint8Array;
  before(async () => {
    chain = testChain();
    const alice = await openOn(chain, ALICE);
    const payment = await transaction(alice, ALICE, TO_BOB);
    await alice.addBlock(chain.add([payment]));
    good = chain.next([await transaction(alice, ALICE, TO_BOB)]);
  });

  const edited = (change: (executed: ExecutedBlock) => ExecutedBlock): Uint8Array =>
    encodeExecutedBlock(change(decodeExecutedBlock(good.slice())));
  const withHeader = (change: Partial<ExecutedBlock['block']['header']>): Uint8Array =>
    edited(({ block, receipts }) => ({
      block: { ...block, header: { ...block.header, ...change } },
      receipts,
    }));
  const flip = (bytes: Uint8Array, at = 0): Uint8Array =>
    bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));

  /** Gives a wallet a bad block; it must refuse, be what it was, and take the good block afterwards. */
  async function refused(bad: Uint8Array, error: object, from = ALICE): Promise<void> {
    const store = memoryWalletStore();
    const wallet = await openOn(chain, from, { store });
    const before = view(wallet);
    const stored = (await store.entries('')).toSorted();
    await assert.rejects(wallet.addBlock(bad), error);
    assert.deepEqual(view(wallet), before);
    assert.deepEqual((await store.entries('')).toSorted(), stored);
    await wallet.addBlock(good);
    assert.equal(wallet.tip()!.header.height, 2n);
    // In the middle of a batch, all of which is tried at once, it takes nothing along and lets nothing in.
    const batchStore = memoryWalletStore();
    const batched = await openOn(chain, from, { store: batchStore, blocks: [] });
    await assert.rejects(batched.addBlocks([...chain.blocks, bad, good]), error);
    assert.deepEqual(view(batched), before);
    assert.deepEqual((await batchStore.entries('')).toSorted(), stored);
    await batched.addBlocks([good]);
    assert.deepEqual(view(batched), view(wallet));
  }

  it('is refused where its height, its parent or its genesis is another', async () => {
    await refused(chain.blocks[1]!, refusal('block-not-next'));
    await refused(chain.blocks[0]!, refusal('block-not-next'));
    await refused(withHeader({ height: 3n }), refusal('block-not-next'));
    await refused(withHeader({ parent: new Uint8Array(32) }), refusal('block-not-next'));
    await refused(withHeader({ genesisHash: new Uint8Array(32) }), refusal('other-genesis'));
    const other = testChain([{ key: ALICE, value: 5n }]);
    await refused(other.blocks[0]!, refusal('other-genesis'));
  });

  it('is refused where a transaction or a receipt is altered, missing, doubled or added', async () => {
    const blocks: readonly ((executed: ExecutedBlock) => ExecutedBlock)[] = [
      ({ block, receipts }) => ({
        block: { ...block, transactions: block.transactions.map((bytes) => flip(bytes, bytes.length - 1)) },
        receipts,
      }),
      ({ block, receipts }) => ({ block: { ...block, transactions: [] }, receipts }),
      ({ block }) => ({ block: { ...block, transactions: [] }, receipts: [] }),
      ({ block, receipts }) => ({ block, receipts: [...receipts, ...receipts] }),
      ({ block }) => ({ block, receipts: [] }),
      ({ block, receipts }) => ({
        block: { ...block, transactions: [...block.transactions, ...block.transactions] },
        receipts: [...receipts, ...receipts],
      }),
      ({ block, receipts }) => ({ block, receipts: receipts.map((receipt) => ({ ...receipt, status: 0 })) }),
      ({ block, receipts }) => ({
        block,
        receipts: receipts.map((receipt) => ({
          ...receipt,
          publicOutputs: [
            { asset: fieldToBytes(SERO_ASSET), value: 10n ** 30n, pkr: chain.genesis.allocations[0]!.pkr },
          ],
        })),
      }),
    ];
    for (const change of blocks) await refused(edited(change), refusal('block-roots'));
  });

  it('is refused where its notes do not give its notes root, after the tree had grown', async () => {
    await refused(withHeader({ notesRoot: fieldToBytes(5n) }), refusal('block-roots'));
    await refused(withHeader({ notesRoot: new Uint8Array(32).fill(0xff) }), {
      name: 'ProtocolError',
      code: 'field-not-canonical',
    });
  });

  it('is refused where its header follows rules that the wallet does not know', async () => {
    const { header } = decodeExecutedBlock(good).block;
    const changes: readonly Partial<Header>[] = [
      { version: 2 },
      { time: decodeExecutedBlock(chain.blocks.at(-1)!).block.header.time },
      { time: 0n },
      { baseFee: header.baseFee + 1n },
      { gasLimit: header.gasLimit + 1n },
      { gasUsed: header.gasLimit + 1n },
    ];
    for (const change of changes) await refused(withHeader(change), refusal('block-rules'));
  });

  it('is refused where its bytes are cut, extended or noise', async () => {
    for (const bad of [
      new Uint8Array(0),
      good.slice(0, 100),
      good.slice(0, -1),
      new Uint8Array(500).fill(7),
    ]) {
      await refused(bad, { name: 'ProtocolError' });
    }
    await refused(new Uint8Array(4 * 4_194_304 + 1), protocolRefusal('too-large'));
  });

  /** The block with another transaction in it, its header's roots mended: what a liar who makes headers can send. */
  const mended = (bytes: Uint8Array, receipt: Partial<Receipt> = {}): Uint8Array =>
    edited(({ block, receipts: [first] }) => {
      const receipts = [{ ...first!, ...receipt }];
      const roots = {
        transactionsRoot: transactionsRoot([witnessTransactionId(bytes)]),
        receiptsRoot: receiptsRoot(receipts),
      };
      return { block: { header: { ...block.header, ...roots }, transactions: [bytes] }, receipts };
    });

  it('from a liar who mends every root throws nothing but typed errors, and the tree stays right', async () => {
    const original = decodeExecutedBlock(good.slice()).block.transactions[0]!;
    const first = await openOn(chain, ALICE);
    const before = view(first);
    let wallet = first;
    const attempt = async (bad: Uint8Array): Promise<void> => {
      try {
        await wallet.addBlock(bad);
        // Until headers are verified, a liar can change what no root of the notes holds: ciphertexts, fees, memos.
        assert.equal(wallet.tree.size(), before.size + 3n);
        wallet = await openOn(chain, ALICE);
      } catch (error) {
        const typed = [WalletError, ProtocolError, CryptoError].some((type) => error instanceof type);
        assert.ok(typed, `${error}`);
        assert.deepEqual(view(wallet), before);
      }
    };
    const output = { asset: fieldToBytes(SERO_ASSET), value: 1n, pkr: chain.genesis.allocations[0]!.pkr };
    await attempt(mended(original, { txid: new Uint8Array(32).fill(0xff), publicOutputs: [output] }));
    await attempt(mended(original, { publicOutputs: [{ ...output, asset: new Uint8Array(32).fill(0xff) }] }));
    await attempt(mended(original, { publicOutputs: [{ ...output, pkr: new Uint8Array(64) }] }));
    const place = fc.oneof(fc.nat(original.length - 1), fc.nat(320));
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), (at, mask) =>
        attempt(mended(original.map((byte, i) => (i === at ? byte ^ mask : byte)))),
      ),
      { numRuns: 40 },
    );
  });

  it('with a TRACE or a nullifier that is no field element is refused before anything is asked of it', async () => {
    const { tx, authorization } = decodeEnvelope(decodeExecutedBlock(good.slice()).block.transactions[0]!)
      .private!;
    const none = new Uint8Array(32).fill(0xff);
    for (const name of ['nullifiers', 'traces'] as const) {
      const list = { [name]: tx.shielded[name].map((element, i) => (i === 1 ? none : element)) };
      const bytes = encodeEnvelope({ tx: { ...tx, shielded: { ...tx.shielded, ...list } }, authorization });
      await refused(mended(bytes), protocolRefusal('field-not-canonical'));
    }
  });

  it('with a transaction without nullifiers, which no network takes, is refused before anything reads them', async () => {
    const { tx, authorization } = decodeEnvelope(decodeExecutedBlock(good.slice()).block.transactions[0]!)
      .private!;
    const { nullifiers, traces } = tx.shielded;
    const lists = [
      { nullifiers: [], traces: [] },
      { nullifiers, traces: [] },
      { nullifiers: [], traces },
    ];
    for (const list of lists) {
      const bytes = encodeEnvelope({ tx: { ...tx, shielded: { ...tx.shielded, ...list } }, authorization });
      await refused(mended(bytes), refusal('block-roots'));
    }
  });
});

describe('a wallet’s store', () => {
  let chain: TestChain;
  before(async () => {
    ({ chain } = await livelyChain());
  });

  it('closed and opened between any two blocks gives the wallet that never slept', async () => {
    const awake = view(await openOn(chain, ALICE));
    for (let cut = 0; cut <= chain.blocks.length; cut++) {
      const store = memoryWalletStore();
      await openOn(chain, ALICE, { store, blocks: chain.blocks.slice(0, cut) });
      const again = await openOn(chain, ALICE, { store, blocks: chain.blocks.slice(cut) });
      assert.deepEqual(view(again), awake);
    }
  });

  it('keeps what is pending and which addresses are used', async () => {
    const store = memoryWalletStore();
    const wallet = await openOn(chain, ALICE, { store });
    const planned = readPlan(await plan(wallet, TO_BOB));
    await wallet.reserve({
      txid: new Uint8Array(32),
      positions: planned.spends,
      expiry: planned.tx.expiry,
      dummies: [],
    });
    const again = await openOn(chain, ALICE, { store, blocks: [] });
    assert.deepEqual(again.balances(), wallet.balances());
    assert.ok(again.balances()[0]!.pending > 0n);
    assert.equal((await again.freshAddress('once')).index, (await wallet.freshAddress('once')).index);
    await again.refuse(new Uint8Array(32));
    assert.equal((await openOn(chain, ALICE, { store, blocks: [] })).balances()[0]!.pending, 0n);
  });

  it('spends after it was opened again: the tree’s paths are there', async () => {
    const store = memoryWalletStore();
    await openOn(chain, ALICE, { store });
    const again = await openOn(chain, ALICE, { store, blocks: [] });
    const { bytes } = await ready(await plan(again, TO_BOB), ALICE);
    assert.ok(bytes.length > 1_000);
  });

  it('of another network is refused', async () => {
    const store = memoryWalletStore();
    await openOn(chain, ALICE, { store });
    const other = testChain([{ key: ALICE, value: 5n }]);
    await assert.rejects(openOn(other, ALICE, { store, blocks: [] }), refusal('other-genesis'));
  });

  it('that is damaged is refused, not believed', async () => {
    const damages: readonly ((value: string) => string)[] = [
      (value) => value.slice(0, -1),
      (value) => value.slice(1),
      () => 'x',
      () => '"x0"',
    ];
    const store = memoryWalletStore();
    await openOn(chain, ALICE, { store });
    for (const prefix of ['head', 'node/', 'note/', 'history/', 'anchor/', 'asset/', 'addresses/']) {
      const [key, value] = (await store.entries(prefix))[0]!;
      for (const damage of damages) {
        await store.write([{ key, value: damage(value) }]);
        await assert.rejects(openOn(chain, ALICE, { store, blocks: [] }), refusal('store-damaged'), key);
      }
      await store.write([{ key, value }]);
    }
  });

  it('in which a note is worth more than its leaf says, or its leaf is gone, is refused', async () => {
    const store = memoryWalletStore();
    const wallet = await openOn(chain, ALICE, { store });
    const { position, value } = wallet.spendableNotes()[0]!;
    const entries = await store.entries('');
    const [key, text] = entries.find(
      ([name]) => name.startsWith('note/') && BigInt(name.slice(5)) === position,
    )!;
    assert.ok(text.includes(`"value":"n${value}"`));
    const changes = [
      { key, value: text.replace(`"value":"n${value}"`, `"value":"n${value + 1n}"`) },
      { key: `node/0/${position}`, value: undefined },
    ];
    for (const change of changes) {
      await store.write([change]);
      await assert.rejects(openOn(chain, ALICE, { store, blocks: [] }), refusal('store-damaged'), change.key);
      await store.write(entries.map(([name, old]) => ({ key: name, value: old })));
    }
    assert.deepEqual(view(await openOn(chain, ALICE, { store, blocks: [] })), view(wallet));
  });

  it('that lacks a node of the tree is refused, or the plan that needs it is', async () => {
    const store = memoryWalletStore();
    await openOn(chain, ALICE, { store });
    for (const [key, value] of await store.entries('node/')) {
      await store.write([{ key, value: undefined }]);
      try {
        await plan(await openOn(chain, ALICE, { store, blocks: [] }), TO_BOB);
      } catch (error) {
        const { code } = error as { code: string };
        assert.ok(['store-damaged', 'not-witnessed'].includes(code), `${key}: ${error}`);
      }
      await store.write([{ key, value }]);
    }
  });

  it('in which a node of the tree is another is refused, or no witness is made with it', async () => {
    const store = memoryWalletStore();
    await openOn(chain, ALICE, { store });
    let refused = 0;
    for (const [key, value] of await store.entries('node/')) {
      const [level, index, hash] = value.match(/\d+/g)!;
      await store.write([{ key, value: `[${level},"n${index}","n${BigInt(hash!) ^ 1n}"]` }]);
      try {
        await ready(await plan(await openOn(chain, ALICE, { store, blocks: [] }), TO_BOB), ALICE);
      } catch (error) {
        const { code } = error as { code: string };
        assert.ok(['store-damaged', 'input-not-in-tree'].includes(code), `${key}: ${error}`);
        refused++;
      }
      await store.write([{ key, value }]);
    }
    assert.ok(refused >= 3, `${refused} altered nodes were noticed`);
    const [head, text] = (await store.entries('head'))[0]!;
    await store.write([{ key: head, value: text.replace(/"size":"n(\d+)"/, '"size":"n1"') }]);
    await assert.rejects(openOn(chain, ALICE, { store, blocks: [] }), refusal('store-damaged'));
  });

  it('that fails in the middle of a block leaves the wallet before the block, in memory and on disk', async () => {
    const inner = memoryWalletStore();
    let failing = false;
    const store: WalletStore = {
      ...inner,
      write: async (changes) => {
        if (failing) throw new Error('disk full');
        await inner.write(changes);
      },
    };
    const wallet = await openOn(chain, ALICE, { store, blocks: [] });
    for (const block of chain.blocks) {
      const before = view(wallet);
      failing = true;
      await assert.rejects(wallet.addBlock(block), /disk full/).finally(() => {
        failing = false;
      });
      assert.equal(wallet.tree.size(), before.size);
      assert.deepEqual(view(wallet), before);
      await wallet.addBlock(block);
    }
    assert.deepEqual(view(wallet), view(await openOn(chain, ALICE)));
    // Counters that a failed write did not keep must be written by the one that succeeds.
    const again = await openOn(chain, ALICE, { store: inner, blocks: [] });
    assert.equal((await again.freshAddress('once')).index, (await wallet.freshAddress('once')).index);
    assert.equal((await again.freshAddress('owner')).index, (await wallet.freshAddress('owner')).index);
  });

  it('takes many blocks as one batch: one write, the same wallet', async () => {
    const inner = memoryWalletStore();
    const sizes: number[] = [];
    const store: WalletStore = {
      ...inner,
      write: (changes) => {
        sizes.push(new Set(changes.map(({ key }) => key)).size - changes.length);
        return inner.write(changes);
      },
    };
    const wallet = await openOn(chain, ALICE, { store, blocks: [] });
    const results = await wallet.addBlocks(chain.blocks);
    assert.equal(results.length, chain.blocks.length);
    assert.deepEqual(sizes, [0], 'one write, each key in it once');
    const expected = view(await openOn(chain, ALICE));
    assert.deepEqual(view(wallet), expected);
    assert.deepEqual(view(await openOn(chain, ALICE, { store: inner, blocks: [] })), expected);
    await wallet.addBlocks([]);
    assert.equal(sizes.length, 1);
  });

  it('gets from batches, however a chain is cut, what block after block gives: notes, history, anchors, every record', async () => {
    // A story: in each block what Alice and Bob pay, to the other or to themselves, often with what came a block before.
    const payment = fc.record({ from: fc.nat(1), to: fc.nat(1) });
    const story = fc.array(fc.array(payment, { maxLength: 2 }), { minLength: 4, maxLength: 7 });
    const cuts = fc.array(fc.nat(7), { maxLength: 3 });
    const people = [ALICE, BOB] as const;
    await fc.assert(
      fc.asyncProperty(story, cuts, async (blocks, at) => {
        const chain = testChain(people.map((key) => ({ key, value: 1_000n * SERO_UNIT })));
        const stores = people.map(() => memoryWalletStore());
        const live = await Promise.all(people.map((key, i) => openOn(chain, key, { store: stores[i]! })));
        const given = live.map(() => [] as ScanResult[]);
        for (const payments of blocks) {
          // One of a person at a time: a second one would spend the same notes.
          const first = payments.filter(
            ({ from }, i) => payments.findIndex((other) => other.from === from) === i,
          );
          const made = first.map(({ from, to }) =>
            transaction(live[from]!, people[from]!, { ...TO_BOB, to: people[to]!.proof.viewing.address }),
          );
          const block = chain.add(await Promise.all(made));
          for (const [i, wallet] of live.entries()) given[i]!.push(await wallet.addBlock(block));
        }
        const places = [...new Set([0, ...at, chain.blocks.length])].toSorted((a, b) => a - b);
        for (const [i, key] of people.entries()) {
          const store = memoryWalletStore();
          const batched = await openOn(chain, key, { store, blocks: [] });
          const results: ScanResult[] = [];
          for (const [n, from] of places.entries())
            results.push(...(await batched.addBlocks(chain.blocks.slice(from, places[n + 1]))));
          assert.deepEqual(results.slice(1), given[i]);
          assert.deepEqual(view(batched), view(live[i]!));
          // A wallet that lives hands out addresses; one that reads has them from the chain.
          const records = async (from: WalletStore) =>
            (await from.entries('')).filter(([name]) => !name.startsWith('addresses/')).toSorted();
          assert.deepEqual(await records(store), await records(stores[i]!));
        }
      }),
      { numRuns: 3 },
    );
  });

  it('tries a whole batch with one call, and takes none of its blocks when it is called off meanwhile', async () => {
    const stop = new AbortController();
    const portable = createPortableScanner();
    let calls = 0;
    const scanner: Scanner = {
      scan: (request) => {
        calls++;
        if (calls === 3) stop.abort(new Error('enough'));
        return portable.scan(request);
      },
    };
    const store = memoryWalletStore();
    const wallet = await openOn(chain, ALICE, { store, blocks: [], scanner });
    const half = chain.blocks.length >> 1;
    await wallet.addBlocks(chain.blocks.slice(0, half));
    assert.equal(calls, 2, 'one for the outputs, one for what is in the open');
    const before = view(wallet);
    await assert.rejects(wallet.addBlocks(chain.blocks.slice(half), stop.signal), /enough/);
    assert.deepEqual(view(wallet), before);
    assert.deepEqual(view(await openOn(chain, ALICE, { store, blocks: [] })), before);
    await wallet.addBlocks(chain.blocks.slice(half));
    assert.deepEqual(view(wallet), view(await openOn(chain, ALICE)));
  });

  it('keeps of a batch what comes before a refused block', async () => {
    const store = memoryWalletStore();
    const wallet = await openOn(chain, ALICE, { store, blocks: [] });
    const blocks = [...chain.blocks.slice(0, 4), chain.blocks[2]!, ...chain.blocks.slice(4)];
    await assert.rejects(wallet.addBlocks(blocks), refusal('block-not-next'));
    const expected = view(await openOn(chain, ALICE, { blocks: chain.blocks.slice(0, 4) }));
    assert.deepEqual(view(wallet), expected);
    assert.deepEqual(view(await openOn(chain, ALICE, { store, blocks: [] })), expected);
    await wallet.addBlocks(chain.blocks.slice(4));
    assert.deepEqual(view(wallet), view(await openOn(chain, ALICE)));
  });

  it('that fails under a batch takes the whole batch back, and tells the truth once it can be read again', async () => {
    const inner = memoryWalletStore();
    let failing = false;
    const fail = (): void => {
      if (failing) throw new Error('disk gone');
    };
    const store: WalletStore = {
      get: async (key) => {
        fail();
        return inner.get(key);
      },
      entries: async (prefix) => {
        fail();
        return inner.entries(prefix);
      },
      write: async (changes) => {
        fail();
        await inner.write(changes);
      },
    };
    const wallet = await openOn(chain, ALICE, { store, blocks: chain.blocks.slice(0, 3) });
    failing = true;
    await assert.rejects(wallet.addBlocks(chain.blocks.slice(3)), /disk gone/);
    await assert.rejects(wallet.freshAddress('once'));
    failing = false;
    await assert.rejects(wallet.addBlock(chain.blocks[4]!), refusal('block-not-next'));
    assert.deepEqual(view(wallet), view(await openOn(chain, ALICE, { blocks: chain.blocks.slice(0, 3) })));
    await wallet.addBlocks(chain.blocks.slice(3));
    assert.deepEqual(view(wallet), view(await openOn(chain, ALICE)));
  });

  it('in which a kept node is another gives no path with it: nothing is proved that no node would take', async () => {
    const store = memoryWalletStore();
    const wallet = await openOn(chain, ALICE, { store });
    const { size, root } = wallet.anchor()!;
    let refusedPaths = 0;
    for (const [key, value] of await store.entries('node/')) {
      const [level, index, hash] = value.match(/\d+/g)!;
      await store.write([{ key, value: `[${level},"n${index}","n${BigInt(hash!) ^ 1n}"]` }]);
      const damaged = await openOn(chain, ALICE, { store, blocks: [] }).catch(() => undefined);
      for (const note of damaged?.spendableNotes() ?? []) {
        const leaf = hashCm(note.asset, note.value, note.vpkrU, note.zpkr, note.rcm, 0n);
        try {
          assert.equal(pathRoot(leaf, note.position, damaged!.tree.pathAt(note.position, size)), root);
        } catch (error) {
          assert.equal((error as WalletError).code, 'store-damaged');
          refusedPaths++;
        }
      }
      await store.write([{ key, value }]);
    }
    assert.ok(refusedPaths > 0);
  });

  it('in which the newest anchor is another is refused', async () => {
    const store = memoryWalletStore();
    await openOn(chain, ALICE, { store });
    const [key, value] = (await store.entries('anchor/')).toSorted().at(-1)!;
    await store.write([{ key, value: value.replace(/"root":"n\d+"/, '"root":"n5"') }]);
    await assert.rejects(openOn(chain, ALICE, { store, blocks: [] }), refusal('store-damaged'));
  });

  it('takes blocks one after another, however fast they are given', async () => {
    const wallet = await openOn(chain, ALICE, { blocks: [] });
    await Promise.all(chain.blocks.map((block) => wallet.addBlock(block)));
    assert.deepEqual(view(wallet), view(await openOn(chain, ALICE)));
  });
});

describe('a wallet restored from its words alone', () => {
  it('has the balances, notes and history of the live one, and sends from no address that was used', async () => {
    const { chain, alice } = await livelyChain();
    assert.deepEqual(view(await openOn(chain, ALICE)), view(alice));
    const used = new Set(chain.genesis.allocations.map(({ pkr }) => toHex(pkr)));
    for (const bytes of chain.blocks) {
      for (const transaction of decodeExecutedBlock(bytes.slice()).block.transactions) {
        used.add(toHex(decodeEnvelope(transaction).private!.tx.from));
      }
    }
    for (let generation = 1n; generation <= 2n; generation++) {
      const restored = await openOn(chain, ALICE);
      const fresh = await restored.freshAddress('once');
      assert.ok(fresh.index > 1_000n * generation, `${fresh.index} in generation ${generation}`);
      const sent = await transaction(restored, ALICE, TO_BOB);
      for (const bytes of [
        encodeOneTimeAddress(fresh.address),
        encodeOneTimeAddress((await restored.freshAddress('owner')).address),
        decodeEnvelope(sent).private!.tx.from,
      ]) {
        assert.ok(!used.has(toHex(bytes)));
      }
      used.add(toHex(decodeEnvelope(sent).private!.tx.from));
      await alice.addBlock(chain.add([sent]));
    }
  });

  it('takes the address of a genesis allocation for used', async () => {
    const wallet = await openOn(testChain(ALICES_MONEY), ALICE);
    assert.equal((await wallet.freshAddress('owner')).index, 1_001n);
    assert.equal((await wallet.freshAddress('once')).index, 0n);
  });

  it('sees the same with the audit’s eyes, which keep no addresses', async () => {
    const { chain, alice } = await livelyChain();
    const auditor = await openOn(chain, ALICE, { audit: true });
    assert.deepEqual(view(auditor), view(alice));
    assert.equal((await auditor.freshAddress('once')).index, 0n);
  });
});

describe('a new wallet', () => {
  it('shows nothing, and waits for block 0', async () => {
    const chain = testChain();
    const wallet = await openOn(chain, ALICE, { blocks: [] });
    assert.deepEqual([wallet.balances(), wallet.notes(), wallet.history()], [[], [], []]);
    assert.equal(wallet.tip(), undefined);
    assert.equal(wallet.anchor(), undefined);
    assert.deepEqual(wallet.asset('SERO'), wallet.asset(SERO_ASSET));
    chain.add();
    await assert.rejects(wallet.addBlock(chain.blocks[1]!), refusal('block-not-next'));
  });

  it('is refused a genesis file that is none', async () => {
    const chain = testChain();
    const genesisBytes = chain.genesisBytes.slice(0, 100);
    await assert.rejects(openOn({ ...chain, genesisBytes }, ALICE), ProtocolError);
  });
});
