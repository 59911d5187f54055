import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { SHAPE_A } from '@sero/circuits';
import { blake2b, equalBytes, fieldFromBytes, toField, toHex } from '@sero/crypto';
import {
  DEVELOPMENT,
  decodeAssetBody,
  decodeOneTimeAddress,
  intrinsicGas,
  namePrice,
  nextBaseFee,
  noteContext,
  OutputType,
  openOutput,
  outputSecret,
  recognise,
  recoverSent,
  SERO_ASSET,
  SERO_UNIT,
  type Transaction,
} from '@sero/protocol';
import { provingToolsDouble } from '../../../test/wallet/doubles.ts';
import { prove, sign, submit } from './authorize.ts';
import { buildTransaction } from './build.ts';
import { plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { Dummy, PendingSpend } from './records.ts';
import type { Request } from './request.ts';
import { memoryWalletStore } from './store.ts';
import {
  ALICE,
  ALICES_MONEY,
  BOB,
  chainWithNotes,
  filler,
  issueToken,
  openOn,
  ready,
  refusal,
  TOKEN,
  testChain,
} from './test-support.ts';
import { nameSalt, type Wallet } from './wallet.ts';

/** Signature and proof of a plan of Alice's. */
async function partsOf(text: string): Promise<{ signed: string; proved: string; txid: Uint8Array }> {
  const [signed, proved] = [sign(text, ALICE), await prove(text, ALICE.proof, provingToolsDouble)];
  return { signed, proved, txid: (await ready(text, ALICE)).txid };
}

const TO_BOB = {
  type: 'pay',
  to: BOB.proof.viewing.address,
  asset: SERO_ASSET,
  amount: 5n * SERO_UNIT,
} as const satisfies Request;
const CALL: Request = {
  type: 'call',
  to: filler(3, 64),
  data: filler(4, 10),
  value: 7n,
  asset: SERO_ASSET,
  amount: 0n,
  gas: 30_001n,
};

/** One request of each kind that a wallet with SERO alone can plan. */
const REQUESTS: readonly Request[] = [
  TO_BOB,
  { ...TO_BOB, memo: 'hello' },
  { ...TO_BOB, memo: '' },
  { type: 'merge' },
  { type: 'commit', name: 'HEPTANE' },
  CALL,
];

async function built(wallet: Wallet, request: Request): Promise<Transaction> {
  return buildTransaction(readPlan(await plan(wallet, request)), ALICE.proof).tx;
}

/** Design 2: p_0 = 10^8, p_(k+1) = floor(5 p_k / 4), the step after the first that is at least the base fee. */
function ladderStep(baseFee: bigint): bigint {
  const ladder = [100_000_000n];
  while (ladder.at(-1)! < baseFee) ladder.push((5n * ladder.at(-1)!) / 4n);
  return (5n * ladder.at(-1)!) / 4n;
}

describe('uniform looks', () => {
  let wallet: Wallet;
  let transactions: Transaction[];
  before(async () => {
    ({ wallet } = await chainWithNotes([1_000n * SERO_UNIT, 1_000n * SERO_UNIT]));
    transactions = [];
    for (const request of REQUESTS) transactions.push(await built(wallet, request));
  });

  it('every transaction has two inputs and three outputs of 323 bytes, under shape A and the one proof system', () => {
    for (const { circuit, proofSystem, shielded, recipients } of transactions) {
      assert.deepEqual([circuit, proofSystem], [SHAPE_A.id, 1]);
      assert.equal(shielded.nullifiers.length, 2);
      assert.equal(shielded.traces.length, 2);
      assert.deepEqual(
        shielded.outputs.map((output) => OutputType.serialize(output).length),
        [323, 323, 323],
      );
      assert.equal(recipients.length, 0);
    }
  });

  it('the gas limit is the exact intrinsic gas, or with a call a multiple of 100,000 just above what is asked', () => {
    for (const tx of transactions) {
      const intrinsic = intrinsicGas(DEVELOPMENT.gas, tx);
      if (tx.call.length === 0) {
        assert.equal(tx.gasLimit, intrinsic);
      } else {
        assert.equal(tx.gasLimit % 100_000n, 0n);
        const spare = tx.gasLimit - intrinsic - 30_001n;
        assert.ok(spare >= 0n && spare < 100_000n);
      }
    }
  });

  it('a memo is 528 bytes on the wire or none, however long its text', async () => {
    assert.deepEqual(
      transactions.map(({ memo }) => memo.length),
      [0, 528, 528, 0, 0, 0],
    );
    const longest = await built(wallet, { ...TO_BOB, memo: 'é'.repeat(256) });
    assert.equal(longest.memo.length, 528);
    await assert.rejects(
      plan(wallet, { ...TO_BOB, memo: `${'é'.repeat(256)}!` }),
      refusal('request-invalid'),
    );
  });

  it('two transactions of one kind and memo have the same size and the same fee, whatever they pay to whom', async () => {
    const others: Request[] = [
      { ...TO_BOB, amount: 1n },
      { ...TO_BOB, to: ALICE.proof.viewing.address, amount: 1_000n * SERO_UNIT },
      { ...TO_BOB, amount: 1_500n * SERO_UNIT },
      { type: 'merge' },
    ];
    for (const other of others) {
      const tx = await built(wallet, other);
      const { kind, gasLimit, gasPrice, expiry, pub, body, call } = tx;
      const first = transactions[0]!;
      assert.deepEqual(
        { kind, gasLimit, gasPrice, expiry, pub, body, call },
        {
          kind: first.kind,
          gasLimit: first.gasLimit,
          gasPrice: first.gasPrice,
          expiry: first.expiry,
          pub: first.pub,
          body: first.body,
          call: first.call,
        },
      );
    }
  });

  it('the gas price is the ladder’s step after the first that reaches the next base fee', async () => {
    for (const start of [
      100_000_000n,
      100_000_001n,
      125_000_000n,
      156_250_000n,
      10n ** 9n,
      987_654_321_987n,
    ]) {
      const chain = testChain(ALICES_MONEY, { fees: { ...DEVELOPMENT.fees, baseFeeStart: start } });
      const wallet = await openOn(chain, ALICE);
      const tip = wallet.tip()!.header;
      const { tx } = readPlan(await plan(wallet, TO_BOB));
      assert.equal(tx.gasPrice, ladderStep(nextBaseFee(chain.genesis.fees, tip)));
    }
  });

  it('the anchor is the newest height that the anchor step divides, the expiry 600 blocks later', async () => {
    const chain = testChain(ALICES_MONEY, { anchor: { ...DEVELOPMENT.anchor, step: 4n } });
    const wallet = await openOn(chain, ALICE);
    for (let height = 0n; height <= 9n; height++) {
      const { tx, anchor } = readPlan(await plan(wallet, TO_BOB));
      assert.equal(anchor.height, height - (height % 4n));
      assert.equal(anchor.root, wallet.tree.rootAt(anchor.size));
      assert.equal(tx.expiry, anchor.height + 600n);
      await wallet.addBlock(chain.add());
    }
  });

  it('a note younger than the anchor waits for the next one, and older ones are spent meanwhile', async () => {
    const chain = testChain(ALICES_MONEY, { anchor: { ...DEVELOPMENT.anchor, step: 4n } });
    const wallet = await openOn(chain, ALICE);
    const first = await ready(await plan(wallet, TO_BOB), ALICE);
    await wallet.addBlock(chain.add([first.bytes]));
    assert.equal(wallet.spendableNotes().length, 1);
    await assert.rejects(plan(wallet, TO_BOB), refusal('notes-too-new'));
    const [sero] = wallet.balances();
    assert.deepEqual([sero!.spendable, sero!.waiting], [0n, sero!.total]);
    for (let i = 0; i < 3; i++) await wallet.addBlock(chain.add());
    assert.deepEqual(readPlan(await plan(wallet, TO_BOB)).spends, [wallet.spendableNotes()[0]!.position]);
  });

  it('inputs and outputs stand in uniformly random order', async () => {
    const PLANS = 300;
    const paid = [0, 0, 0];
    const change = [0, 0, 0];
    const spent = [0, 0];
    for (let i = 0; i < PLANS; i++) {
      const { outputs, inputs } = readPlan(await plan(wallet, TO_BOB));
      const bob = outputs.findIndex(
        ({ to }) => !equalBytes(to, outputs.find(({ value }) => value === 0n)!.to),
      );
      paid[bob]!++;
      change[outputs.findIndex(({ value }, j) => value > 0n && j !== bob)]!++;
      spent[inputs.findIndex(({ value }) => value > 0n)]!++;
    }
    // Six standard deviations around the mean.
    for (const count of [...paid, ...change]) assert.ok(count > 50 && count < 150, `${count} of ${PLANS}`);
    for (const count of spent) assert.ok(count > 98 && count < 202, `${count} of ${PLANS}`);
  });

  it('a dummy output is a note of value 0 to the account itself, enciphered, tagged and out-enciphered like any other', () => {
    const { vsk, address } = ALICE.proof.viewing;
    for (const { shielded } of transactions) {
      const firstNullifier = fieldFromBytes(shielded.nullifiers[0]!);
      const opened = shielded.outputs.map((output, index) => {
        const sent = recoverSent(output, ALICE.proof.viewing, firstNullifier, index);
        assert.ok(sent !== undefined, 'the sender can recover every output');
        if (sent.to.zpk !== address.zpk) return sent.note.value;
        const secret = outputSecret(vsk, output.vpkr)!;
        const r = toField(blake2b('SERO_r', secret, output.vpkr));
        const note = openOutput(output, address.zpk, secret, r, noteContext(firstNullifier, index), true);
        assert.equal(note?.note.value, sent.note.value);
        return sent.note.value;
      });
      assert.ok(opened.includes(0n), 'there is a dummy');
    }
  });

  it('what is random is drawn anew for every plan', async () => {
    const drawn: string[] = [];
    for (let i = 0; i < 20; i++) {
      const planned = readPlan(await plan(wallet, { ...TO_BOB, memo: 'the same' }));
      drawn.push(
        `${planned.alpha}`,
        `${planned.rFrom}`,
        toHex(planned.memo!.key),
        ...planned.outputs.flatMap(({ rseed, memoFiller }) => [toHex(rseed), toHex(memoFiller)]),
        ...planned.inputs
          .filter(({ value }) => value === 0n)
          .flatMap(({ r, rcm, vpkrU, path }) => [r, rcm, vpkrU, ...path.flat()].map(String)),
      );
    }
    assert.equal(new Set(drawn).size, drawn.length);
  });
});

describe('from', () => {
  it('is an own address, another in every transaction, and a plan that is refused uses none up', async () => {
    const { wallet } = await chainWithNotes([1_000n * SERO_UNIT, 1_000n * SERO_UNIT]);
    const used = new Set<string>();
    let count = 0;
    for (let round = 0; round < 5; round++) {
      for (const request of REQUESTS) {
        const { tx, rFrom } = readPlan(await plan(wallet, request));
        const address = decodeOneTimeAddress(tx.from);
        assert.equal(recognise(ALICE.proof.viewing, address)?.r, rFrom);
        used.add(toHex(tx.from));
        count++;
        await assert.rejects(plan(wallet, { ...TO_BOB, amount: 10n ** 30n }), refusal('insufficient-funds'));
      }
    }
    assert.equal(used.size, count);
    // The restored wallet takes its two allocations’ owner addresses, 0 and 1, for used.
    const indices = [await wallet.freshAddress('once'), await wallet.freshAddress('owner')];
    assert.equal(indices[0]!.index + indices[1]!.index, BigInt(count) + 1_002n);
  });

  it('is the same where a name is committed to and where it is issued, for the issuer’s alias is under the commitment', async () => {
    const { chain, wallet } = await chainWithNotes([1_000n * SERO_UNIT]);
    const committed = await plan(wallet, { type: 'commit', name: 'HEPTANE' });
    const { tx } = readPlan(committed);
    const request: Request = { type: 'issue', name: 'HEPTANE', kind: 1, supply: 9n };
    await wallet.addBlock(chain.add([(await ready(committed, ALICE)).bytes]));
    // One block after the commitment is one too early, and the fee would be lost.
    await assert.rejects(plan(wallet, request), refusal('request-invalid'));
    await wallet.addBlock(chain.add());
    // A wallet restored from its words between the two has the commitment from the chain.
    const restored = readPlan(await plan(await openOn(chain, ALICE), request)).tx;
    assert.deepEqual(
      [restored.from, restored.body],
      [tx.from, readPlan(await plan(wallet, request)).tx.body],
    );
    const issue = await plan(wallet, request);
    const issued = readPlan(issue).tx;
    assert.deepEqual(issued.from, tx.from);
    assert.deepEqual(decodeAssetBody(issued.body).issue[0]!.salt, nameSalt(wallet.key, 'HEPTANE'));
    assert.equal(
      issued.pub.pubOut[0],
      issued.gasLimit * issued.gasPrice + namePrice('HEPTANE', chain.genesis.namePrices),
    );
  });
});

describe('a transaction that replaces another', () => {
  const accept = async (): Promise<void> => undefined;
  const nullifiersOf = async (text: string): Promise<Set<string>> =>
    new Set(buildTransaction(readPlan(text), ALICE.proof).tx.shielded.nullifiers.map(toHex));

  it('keeps its dummy: the two show the same nullifiers, and nobody can tell which one is real', async () => {
    const { wallet } = await chainWithNotes([1_000n * SERO_UNIT]);
    const first = await plan(wallet, TO_BOB);
    const { proved, signed, txid } = await partsOf(first);
    await submit(wallet, first, signed, proved, accept);
    await wallet.refuse(txid);
    const second = await plan(wallet, TO_BOB);
    assert.deepEqual(await nullifiersOf(second), await nullifiersOf(first));
    const seeds = (text: string): string[] => readPlan(text).outputs.map(({ rseed }) => toHex(rseed));
    assert.ok(seeds(second).every((seed) => !seeds(first).includes(seed)));
  });

  it('keeps its second note, even where one note would do', async () => {
    const { wallet } = await chainWithNotes([3n * SERO_UNIT, 3n * SERO_UNIT]);
    const first = await plan(wallet, { ...TO_BOB, amount: 5n * SERO_UNIT });
    const { proved, signed, txid } = await partsOf(first);
    await submit(wallet, first, signed, proved, accept);
    await wallet.refuse(txid);
    const second = await plan(wallet, { ...TO_BOB, amount: 1n });
    assert.deepEqual(await nullifiersOf(second), await nullifiersOf(first));
  });

  it('is planned with fresh dummies where nothing was submitted before', async () => {
    const { wallet } = await chainWithNotes([1_000n * SERO_UNIT]);
    const [first, second] = [await plan(wallet, TO_BOB), await plan(wallet, TO_BOB)];
    assert.notDeepEqual(await nullifiersOf(first), await nullifiersOf(second));
  });

  it('remembers its companions in the store', async () => {
    const store = memoryWalletStore();
    const chain = testChain();
    const wallet = await openOn(chain, ALICE, { store });
    const first = await plan(wallet, TO_BOB);
    const { proved, signed, txid } = await partsOf(first);
    await submit(wallet, first, signed, proved, accept);
    await wallet.refuse(txid);
    const again = await openOn(chain, ALICE, { store, blocks: [] });
    assert.deepEqual(await nullifiersOf(await plan(again, TO_BOB)), await nullifiersOf(first));
  });
});

describe('what was submitted beside a note', () => {
  const dummy = (n: number): Dummy => {
    const [vpkrU, r, rcm] = [1, 2, 3].map((part) => BigInt(10 * n + part)) as [bigint, bigint, bigint];
    return { asset: SERO_ASSET, vpkrU, r, rcm, position: BigInt(1_000 + n) };
  };

  /** Keeps it in mind that these were submitted together, and refused. */
  async function refusedTogether(
    wallet: Wallet,
    n: number,
    spend: Pick<PendingSpend, 'positions' | 'dummies'>,
  ) {
    const txid = filler(n, 32);
    await wallet.reserve({ ...spend, txid, expiry: 600n });
    await wallet.refuse(txid);
  }

  it('is not planned again once a block has spent it: a dummy’s nullifier counts once too', async () => {
    const { chain, wallet } = await chainWithNotes([2n * SERO_UNIT, 3n * SERO_UNIT, 4n * SERO_UNIT]);
    const elsewhere = await openOn(chain, ALICE);
    await refusedTogether(wallet, 1, { positions: [0n, 1n, 2n], dummies: [dummy(1), dummy(2)] });
    await refusedTogether(elsewhere, 1, { positions: [0n], dummies: [dummy(1)] });
    const text = await plan(elsewhere, { ...TO_BOB, amount: 1n });
    assert.deepEqual(readPlan(text).spends, [0n]);
    assert.ok(readPlan(text).inputs.some(({ rcm }) => rcm === dummy(1).rcm));
    await wallet.addBlock(chain.add([(await ready(text, ALICE)).bytes]));
    assert.equal(wallet.companion(0n), undefined);
    assert.deepEqual(wallet.companion(1n), { positions: [2n], dummies: [dummy(2)] });
  });

  it('is never forgotten for what is submitted beside it later', async () => {
    const { wallet } = await chainWithNotes([SERO_UNIT, SERO_UNIT, SERO_UNIT]);
    await refusedTogether(wallet, 1, { positions: [0n, 1n], dummies: [dummy(1)] });
    await refusedTogether(wallet, 2, { positions: [0n, 2n], dummies: [dummy(1), dummy(2)] });
    assert.deepEqual(wallet.companion(0n), { positions: [1n, 2n], dummies: [dummy(1), dummy(2)] });
    assert.deepEqual(wallet.companion(1n), { positions: [0n], dummies: [dummy(1)] });
  });

  it('stays away where its change has no output, and comes where there is one', async () => {
    const { chain, wallet } = await chainWithNotes([1_000n * SERO_UNIT]);
    await issueToken(chain, wallet, ALICE, [5n, 6n]);
    const [sero, five] = [SERO_ASSET, TOKEN].map(
      (wanted) => wallet.spendableNotes().find(({ asset }) => asset === wanted)!.position,
    ) as [bigint, bigint];
    await refusedTogether(wallet, 1, { positions: [sero, five], dummies: [] });
    const pay = (count: number): Request => ({
      type: 'payMany',
      payments: Array.from({ length: count }, () => ({ ...TO_BOB, amount: 1n })),
    });
    assert.deepEqual(readPlan(await plan(wallet, pay(15))).spends, [sero]);
    assert.deepEqual(readPlan(await plan(wallet, pay(14))).spends, [sero, five]);
  });
});

describe('requests that cannot be', () => {
  it('are refused with a code, before anything is handed out or reserved', async () => {
    const { wallet } = await chainWithNotes([1_000n * SERO_UNIT]);
    const LIMIT = 1n << 128n;
    const refused: readonly (readonly [Request, string])[] = [
      [{ ...TO_BOB, amount: 0n }, 'amount-out-of-range'],
      [{ ...TO_BOB, amount: -1n }, 'amount-out-of-range'],
      [{ ...TO_BOB, amount: LIMIT }, 'amount-out-of-range'],
      [{ ...TO_BOB, amount: 1_000n * SERO_UNIT }, 'insufficient-funds'],
      [{ ...TO_BOB, asset: 99n }, 'asset-unknown'],
      [{ ...TO_BOB, memo: 'x'.repeat(513) }, 'request-invalid'],
      [{ type: 'merge' }, 'request-invalid'],
      [{ type: 'commit', name: 'lower' }, 'request-invalid'],
      [{ type: 'commit', name: 'SERO' }, 'request-invalid'],
      [{ type: 'commit', name: '' }, 'request-invalid'],
      [{ type: 'issue', name: 'NOT-COMMITTED', kind: 1, supply: 1n }, 'request-invalid'],
      [{ type: 'issue', name: 'HEPTANE', kind: 1, supply: 0n }, 'amount-out-of-range'],
      [{ type: 'issue', name: 'HEPTANE', kind: 1, supply: LIMIT }, 'amount-out-of-range'],
      [{ type: 'issue', name: 'HEPTANE', kind: 2, supply: 1n }, 'amount-out-of-range'],
      [{ type: 'ticket', category: 'lower', id: filler(1, 32) }, 'request-invalid'],
      [{ type: 'ticket', category: 'TICKETS', id: filler(1, 31) }, 'request-invalid'],
      [{ type: 'ticket', category: 'UNKNOWN', id: filler(1, 32) }, 'request-invalid'],
      [{ ...CALL, value: -1n }, 'amount-out-of-range'],
      [{ ...CALL, value: LIMIT }, 'amount-out-of-range'],
      [{ ...CALL, amount: -1n }, 'amount-out-of-range'],
      [{ ...CALL, amount: 1n }, 'request-invalid'],
      [{ ...CALL, amount: 1n, asset: 99n }, 'asset-unknown'],
      [{ ...CALL, to: filler(1, 63) }, 'request-invalid'],
      [{ ...CALL, gas: -1n }, 'request-invalid'],
      [{ ...CALL, gas: 1n << 64n }, 'request-invalid'],
    ];
    for (const [request, code] of refused) {
      await assert.rejects(
        plan(wallet, request),
        { name: 'WalletError', code },
        JSON.stringify(request, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
      );
    }
    assert.equal((await wallet.freshAddress('once')).index, 0n);
    assert.equal(wallet.balances()[0]!.pending, 0n);
  });

  it('includes every one of a wallet that has seen no block', async () => {
    const wallet = await openOn(testChain(), ALICE, { blocks: [] });
    await assert.rejects(plan(wallet, TO_BOB), refusal('no-anchor'));
  });
});
