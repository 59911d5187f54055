import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { checkJoinSplit, SHAPE_A } from '@sero/circuits';
import { equalBytes, fieldToBytes, utf8 } from '@sero/crypto';
import {
  decodeEnvelope,
  encodeAddress,
  encodeEnvelope,
  SERO_ASSET,
  SERO_UNIT,
  type Transaction,
} from '@sero/protocol';
import { buildTransaction } from './build.ts';
import { toJson } from './json.ts';
import { plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { HistoryEntry } from './records.ts';
import type { Request } from './request.ts';
import {
  ALICE,
  BOB,
  CAROL,
  chainWithNotes,
  commitName,
  issueToken,
  openOn,
  ready,
  type TestChain,
  TOKEN,
  testChain,
  transaction,
} from './test-support.ts';
import type { Wallet } from './wallet.ts';

const MEMO = 'for the bread';
const toBob = (amount: bigint, memo?: string): Request => {
  const to = BOB.proof.viewing.address;
  const payment = { type: 'pay', to, asset: SERO_ASSET, amount } as const;
  return memo === undefined ? payment : { ...payment, memo };
};

/** An entry without what every chain gives another value. */
function lineOf({ txid, time, payments, ...entry }: HistoryEntry) {
  assert.equal(txid.length, 32);
  assert.ok(time > 0n);
  return { ...entry, payments: payments.map(({ to, asset, value }) => ({ to, asset, value })) };
}

/** The same transaction with its outputs changed, unsigned: for chains that believe everything. */
function withOutputs(
  bytes: Uint8Array,
  change: (output: Transaction['shielded']['outputs'][number], index: number) => object,
): Uint8Array {
  const { tx, authorization } = decodeEnvelope(bytes).private!;
  const outputs = tx.shielded.outputs.map((output, i) => ({ ...output, ...change(output, i) }));
  return encodeEnvelope({ tx: { ...tx, shielded: { ...tx.shielded, outputs } }, authorization });
}

describe('a payment with a memo', () => {
  let alice: Wallet;
  let bob: Wallet;
  let carol: Wallet;
  let fee: bigint;
  let chain: TestChain;
  before(async () => {
    ({ chain, wallet: alice } = await chainWithNotes([10n * SERO_UNIT]));
    bob = await openOn(chain, BOB);
    carol = await openOn(chain, CAROL);
    const planned = await plan(alice, toBob(3n * SERO_UNIT, MEMO));
    fee = readPlan(planned).fee;
    const block = chain.add([(await ready(planned, ALICE)).bytes]);
    for (const wallet of [alice, bob, carol]) await wallet.addBlock(block);
  });

  it('is outgoing for its payer, with payee, change, fee and memo', () => {
    assert.deepEqual(lineOf(alice.history().at(-1)!), {
      height: 1n,
      kind: 'pay',
      own: true,
      succeeded: true,
      change: [{ asset: SERO_ASSET, amount: -3n * SERO_UNIT - fee }],
      payments: [{ to: encodeAddress(BOB.proof.viewing.address), asset: SERO_ASSET, value: 3n * SERO_UNIT }],
      fee,
      memo: MEMO,
    });
    assert.equal(alice.balances()[0]!.total, 7n * SERO_UNIT - fee);
  });

  it('is incoming for its payee, who learns no payer, no fee, no change', () => {
    assert.deepEqual(bob.history().map(lineOf), [
      {
        height: 1n,
        kind: 'pay',
        own: false,
        succeeded: true,
        change: [{ asset: SERO_ASSET, amount: 3n * SERO_UNIT }],
        payments: [],
        fee: 0n,
        memo: MEMO,
      },
    ]);
    assert.deepEqual(
      bob.notes().map(({ value, public: open, height }) => ({ value, open, height })),
      [{ value: 3n * SERO_UNIT, open: false, height: 1n }],
    );
  });

  it('is nothing at all for anybody else', () => {
    assert.deepEqual([...carol.history(), ...carol.notes(), ...carol.balances(), ...carol.undisclosed()], []);
    assert.equal(carol.tree.size(), alice.tree.size());
  });

  it('shows no note of value 0 to anybody, although there is one', () => {
    assert.ok([...alice.notes(), ...bob.notes()].every(({ value }) => value > 0n));
    assert.equal(alice.notes().length, 2);
  });
});

describe('history', () => {
  it('of a payment to oneself is its fee alone, its memo still there', async () => {
    const { chain, wallet } = await chainWithNotes([10n * SERO_UNIT]);
    const to = ALICE.proof.viewing.address;
    const planned = await plan(wallet, { type: 'pay', to, asset: SERO_ASSET, amount: SERO_UNIT, memo: MEMO });
    await wallet.addBlock(chain.add([(await ready(planned, ALICE)).bytes]));
    const { own, change, payments, memo, fee } = wallet.history().at(-1)!;
    assert.deepEqual([own, payments, memo], [true, [], MEMO]);
    assert.deepEqual(change, [{ asset: SERO_ASSET, amount: -fee }]);
    assert.equal(wallet.spendableNotes().length, 2);
  });

  it('begins with the genesis allocation', async () => {
    const { wallet } = await chainWithNotes([5n, 7n]);
    assert.deepEqual(
      wallet.history().map(({ kind, own, change }) => ({ kind, own, change })),
      [5n, 7n].map((amount) => ({ kind: 'genesis', own: false, change: [{ asset: SERO_ASSET, amount }] })),
    );
  });

  it('of an issue has the token, the name’s price in the fee, and the asset’s name for everybody', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT]);
    const bob = await openOn(chain, BOB);
    await issueToken(chain, wallet, ALICE, [5n, 6n]);
    const { kind, fee, change } = wallet.history().at(-1)!;
    assert.equal(kind, 'asset');
    assert.ok(fee > SERO_UNIT && fee < 2n * SERO_UNIT);
    assert.deepEqual(change, [
      { asset: SERO_ASSET, amount: -fee },
      { asset: TOKEN, amount: 11n },
    ]);
    for (const block of chain.blocks.slice(1)) await bob.addBlock(block);
    const { issuer, ...known } = bob.asset('HEPTANE')!;
    assert.deepEqual(known, { asset: TOKEN, kind: 1, name: 'HEPTANE', supply: 11n });
    assert.equal(issuer!.length, 64);
    assert.deepEqual(bob.history(), []);
  });

  it('of an issue that failed says so: the name’s price is back, the gas is gone, no asset is there', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT]);
    await commitName(chain, wallet, ALICE, 'HEPTANE');
    const held = wallet.balances()[0]!.total;
    const planned = await plan(wallet, { type: 'issue', name: 'HEPTANE', kind: 1, supply: 5n });
    const { tx, fee } = readPlan(planned);
    const gas = tx.gasLimit * tx.gasPrice;
    const back = { asset: fieldToBytes(SERO_ASSET), value: fee - gas, pkr: tx.from };
    const failed = { status: 0, failure: utf8('name-taken'), publicOutputs: [back] };
    await wallet.addBlock(chain.add([(await ready(planned, ALICE)).bytes], () => failed));
    const entry = wallet.history().at(-1)!;
    assert.deepEqual([entry.succeeded, entry.fee], [false, gas]);
    assert.deepEqual(entry.change, [{ asset: SERO_ASSET, amount: -gas }]);
    assert.equal(wallet.asset('HEPTANE'), undefined);
    assert.equal(wallet.balances()[0]!.total, held - gas);
  });
});

describe('public outputs', () => {
  it('are found, and spent like any other note: their openings satisfy the statement', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT]);
    await issueToken(chain, wallet, ALICE, [5n]);
    const token = wallet.notes().find(({ asset }) => asset === TOKEN)!;
    assert.deepEqual([token.public, token.value], [true, 5n]);
    const to = BOB.proof.viewing.address;
    const planned = await plan(wallet, { type: 'pay', to, asset: TOKEN, amount: 5n });
    const { assignment, tx } = buildTransaction(readPlan(planned), ALICE.proof);
    checkJoinSplit(SHAPE_A, assignment);
    assert.deepEqual(tx.pub.pubOut[1], 0n, 'nothing of the token shows');
    await wallet.addBlock(chain.add([(await ready(planned, ALICE)).bytes]));
    const bob = await openOn(chain, BOB);
    assert.deepEqual(
      bob.balances().map(({ name, total }) => ({ name, total })),
      [{ name: 'HEPTANE', total: 5n }],
    );
    assert.equal(wallet.notes().find(({ asset }) => asset === TOKEN)!.spentAt, 4n);
  });

  it('to another’s one-time address are not one’s own, even where its VPKr is', async () => {
    const { chain, wallet } = await chainWithNotes([100n * SERO_UNIT]);
    const before = wallet.balances();
    const bytes = await transaction(wallet, ALICE, toBob(1n));
    await wallet.addBlock(
      chain.add([bytes], ({ from }) => {
        const pkr = from.slice();
        pkr.set(fieldToBytes(5n), 32);
        return { publicOutputs: [{ asset: fieldToBytes(SERO_ASSET), value: 77n, pkr }] };
      }),
    );
    assert.equal(wallet.notes().length, 2);
    assert.ok(wallet.balances()[0]!.total < before[0]!.total);
  });
});

describe('an output that is not as an honest payer makes it', () => {
  let chain: TestChain;
  let bytes: Uint8Array;
  let index: number;
  before(async () => {
    const made = await chainWithNotes([10n * SERO_UNIT]);
    chain = made.chain;
    const planned = await plan(made.wallet, toBob(3n * SERO_UNIT, MEMO));
    index = readPlan(planned).outputs.findIndex(({ value }) => value === 3n * SERO_UNIT);
    bytes = (await ready(planned, ALICE)).bytes;
  });

  const flip = (part: Uint8Array, at = 0): Uint8Array => part.map((byte, i) => (i === at ? byte ^ 1 : byte));

  /** What Bob and his auditor find when Bob's output is changed. */
  async function found(change: (output: Transaction['shielded']['outputs'][number]) => object) {
    const bad = withOutputs(bytes, (output, i) => (i === index ? change(output) : {}));
    const blocks = [...chain.blocks, chain.next([bad])];
    const wallets = [false, true].map((audit) => openOn(chain, BOB, { audit, blocks }));
    const [wallet, audit] = await Promise.all(wallets);
    return { wallet: wallet!, audit: audit! };
  }

  it('with a wrong tag is no payment for the payee’s wallet, and an auditor sees it nonetheless', async () => {
    const { wallet, audit } = await found(({ tag }) => ({ tag: flip(tag) }));
    assert.deepEqual([...wallet.notes(), ...wallet.history()], []);
    // In no balance, so that the auditor's is the wallet's; but he is told.
    assert.deepEqual([...audit.balances(), ...audit.history()], []);
    assert.deepEqual(
      audit.untagged().map(({ value }) => value),
      [3n * SERO_UNIT],
    );
  });

  it('with an altered ciphertext, address or commitment is a payment for nobody', async () => {
    const changes: readonly ((output: Transaction['shielded']['outputs'][number]) => object)[] = [
      ({ enc }) => ({ enc: flip(enc) }),
      ({ enc }) => ({ enc: flip(enc, 96) }),
      ({ enc }) => ({ enc: new Uint8Array(enc.length) }),
      ({ cm }) => ({ cm: flip(cm) }),
      () => ({ vpkr: encodeAddress(CAROL.proof.viewing.address).slice(0, 32) }),
    ];
    for (const change of changes) {
      const { wallet, audit } = await found(change);
      assert.deepEqual([...wallet.notes(), ...audit.notes(), ...wallet.history(), ...audit.history()], []);
    }
  });

  it('with an altered memo key is a payment without memo', async () => {
    const { wallet } = await found(({ memoKey }) => ({ memoKey: flip(memoKey) }));
    assert.equal(wallet.balances()[0]!.total, 3n * SERO_UNIT);
    assert.ok(!('memo' in wallet.history()[0]!));
  });

  it('with an altered out-cipher is lost from the payer’s history alone, whose money is right', async () => {
    const bad = withOutputs(bytes, ({ out }, i) => (i === index ? { out: flip(out) } : {}));
    const alice = await openOn(chain, ALICE, { blocks: [...chain.blocks, chain.next([bad])] });
    const honest = await openOn(chain, ALICE, { blocks: [...chain.blocks, chain.next([bytes])] });
    assert.deepEqual(alice.balances(), honest.balances());
    assert.deepEqual(alice.history().at(-1)!.payments, []);
  });
});

describe('who may read a memo', () => {
  it('is chosen output by output: the payee and the sender, and no other party of the transaction', async () => {
    const { chain, wallet } = await chainWithNotes([10n * SERO_UNIT]);
    const planned = readPlan(await plan(wallet, toBob(SERO_UNIT, MEMO)));
    const carol = encodeAddress(CAROL.proof.viewing.address);
    // Alice's dummy becomes a payment to Carol, who must not read what Bob may.
    const outputs = planned.outputs.map((output) => {
      if (output.value === 0n) return { ...output, to: carol, asset: SERO_ASSET, value: 5n };
      return output.readsMemo ? output : { ...output, value: output.value - 5n };
    });
    const { bytes } = await ready(toJson({ ...planned, outputs }), ALICE);
    const block = chain.add([bytes]);
    const memos: (string | undefined)[] = [];
    for (const key of [ALICE, BOB, CAROL]) {
      const own = key === ALICE ? wallet : await openOn(chain, key, { blocks: chain.blocks.slice(0, -1) });
      await own.addBlock(block);
      memos.push(own.history().at(-1)!.memo);
      if (key === CAROL) assert.equal(own.balances()[0]!.total, 5n);
    }
    assert.deepEqual(memos, [MEMO, MEMO, undefined]);
  });

  it('gets exactly the text that was written', async () => {
    const { chain, wallet } = await chainWithNotes([10n * SERO_UNIT]);
    const bob = await openOn(chain, BOB);
    const texts = ['', ' ', 'é'.repeat(256), '{"a":1}', 'n5', 'line\nline\t', '𝔰𝔢𝔯𝔬 ✓', 'a\u0000b'];
    for (const text of texts) {
      const block = chain.add([await transaction(wallet, ALICE, toBob(1n, text))]);
      for (const own of [wallet, bob]) {
        await own.addBlock(block);
        assert.equal(own.history().at(-1)!.memo, text);
      }
    }
  });
});

describe('many accounts on one chain', () => {
  it('a block with several transactions shows each account its own, in order, at the right leaves', async () => {
    const chain = testChain([ALICE, BOB].map((key) => ({ key, value: 10n * SERO_UNIT })));
    const [alice, bob, carol] = await Promise.all([ALICE, BOB, CAROL].map((key) => openOn(chain, key)));
    const toCarol = (amount: bigint): Request => ({
      type: 'pay',
      to: CAROL.proof.viewing.address,
      asset: SERO_ASSET,
      amount,
    });
    const block = chain.add([
      await transaction(alice!, ALICE, toCarol(1n)),
      await transaction(bob!, BOB, toCarol(2n)),
    ]);
    for (const wallet of [alice!, bob!, carol!]) await wallet.addBlock(block);
    assert.deepEqual(
      carol!.notes().map(({ value }) => value),
      [1n, 2n],
    );
    for (const { position, txid, index } of carol!.notes()) {
      const place = Number(position - 2n);
      assert.equal(index, place % 3);
      const bytes = alice!
        .history()
        .concat(bob!.history())
        .filter((entry) => equalBytes(entry.txid, txid));
      assert.equal(bytes.length, 1);
    }
  });
});
