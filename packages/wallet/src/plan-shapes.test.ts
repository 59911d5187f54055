import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { SHAPE_B, SHAPE_C } from '@sero/circuits';
import { toHex } from '@sero/crypto';
import {
  DEVELOPMENT,
  intrinsicGas,
  OutputType,
  SERO_ASSET,
  SERO_UNIT,
  type Transaction,
} from '@sero/protocol';
import { provingToolsDouble } from '../../../test/wallet/doubles.ts';
import { prove, sign, submit } from './authorize.ts';
import { buildTransaction } from './build.ts';
import { feeOf } from './choose.ts';
import { toJson } from './json.ts';
import { plan, type TransactionPlan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { Payout, Request } from './request.ts';
import {
  ALICE,
  BOB,
  CAROL,
  chainWithNotes,
  issueToken,
  ONLY_SHAPE_A,
  refusal,
  TOKEN,
} from './test-support.ts';
import type { Wallet } from './wallet.ts';

const units = (count: number): bigint[] => Array.from({ length: count }, () => SERO_UNIT);
const toBob = (amount: bigint): Request => ({
  type: 'pay',
  to: BOB.proof.viewing.address,
  asset: SERO_ASSET,
  amount,
});
const many = (count: number, amount = 5n, asset = SERO_ASSET): Request => ({
  type: 'payMany',
  payments: Array.from(
    { length: count },
    (_, i): Payout => ({ to: (i % 2 === 0 ? BOB : CAROL).proof.viewing.address, asset, amount }),
  ),
});
const LARGE = 3n * SERO_UNIT;

async function built(wallet: Wallet, request: Request): Promise<Transaction> {
  return buildTransaction(readPlan(await plan(wallet, request)), ALICE.proof).tx;
}

describe('transactions of shapes B and C', () => {
  let wallet: Wallet;
  before(async () => {
    ({ wallet } = await chainWithNotes(units(8)));
  });

  it('have the counts of their shapes, outputs of 323 bytes, and exactly their intrinsic gas', async () => {
    for (const [request, shape] of [
      [toBob(LARGE), SHAPE_B],
      [{ type: 'merge' }, SHAPE_B],
      [many(2), SHAPE_C],
      [many(15), SHAPE_C],
    ] as const) {
      const tx = await built(wallet, request);
      const { nullifiers, traces, outputs } = tx.shielded;
      assert.deepEqual(
        [tx.circuit, nullifiers.length, traces.length, outputs.length],
        [shape.id, shape.inputs, shape.inputs, shape.outputs],
      );
      assert.ok(outputs.every((output) => OutputType.serialize(output).length === 323));
      assert.equal(new Set([...nullifiers, ...traces].map(toHex)).size, 2 * shape.inputs);
      assert.equal(tx.gasLimit, intrinsicGas(DEVELOPMENT.gas, tx));
    }
  });

  it('of one shape look alike, whatever they pay to how many out of how many notes', async () => {
    const looks = async (request: Request) => {
      const { kind, circuit, gasLimit, gasPrice, expiry, pub, call, body, memo } = await built(
        wallet,
        request,
      );
      return { kind, circuit, gasLimit, gasPrice, expiry, pub, call, body, memo };
    };
    const b = await looks(toBob(LARGE));
    for (const other of [toBob(7n * SERO_UNIT), { type: 'merge' } as const]) {
      assert.deepEqual(await looks(other), b);
    }
    const c = await looks(many(2));
    for (const count of [3, 9, 15]) assert.deepEqual(await looks(many(count, 1_000n)), c);
  });

  it('cost what feeOf says before anything is planned; what cannot be paid has a price all the same', async () => {
    for (const request of [toBob(5n), toBob(LARGE), { type: 'merge' } as const, many(4)]) {
      assert.equal(feeOf(wallet, request), readPlan(await plan(wallet, request)).fee);
    }
    assert.ok(feeOf(wallet, toBob(LARGE)) > feeOf(wallet, toBob(5n)));
    assert.equal(feeOf(wallet, toBob(10n ** 30n)), feeOf(wallet, toBob(5n)));
    assert.throws(() => feeOf(wallet, many(16)), refusal('request-invalid'));
  });

  it('have their inputs and outputs in uniformly random order', async () => {
    // Four of eight inputs are real, and eight of sixteen outputs paid.
    const PLANS = 60;
    const spent = new Array<number>(8).fill(0);
    const paid = new Array<number>(16).fill(0);
    for (let i = 0; i < PLANS; i++) {
      const { inputs } = readPlan(await plan(wallet, toBob(LARGE)));
      const { outputs } = readPlan(await plan(wallet, many(8)));
      for (const [at, { value }] of inputs.entries()) if (value > 0n) spent[at]!++;
      for (const [at, { value }] of outputs.entries()) if (value === 5n) paid[at]!++;
    }
    // Six standard deviations around the mean of 30.
    for (const count of [...spent, ...paid]) assert.ok(count > 6 && count < 54, `${spent}; ${paid}`);
  });

  it('have dummies and padding in the assets of all slots', async () => {
    const { chain, wallet } = await chainWithNotes(units(8));
    await issueToken(chain, wallet, ALICE, [5n, 6n, 7n]);
    const request: Request = { type: 'pay', to: BOB.proof.viewing.address, asset: TOKEN, amount: 18n };
    const seen = { inputs: new Set<bigint>(), outputs: new Set<bigint>() };
    for (let i = 0; i < 30; i++) {
      const { inputs, outputs, slotAssets } = readPlan(await plan(wallet, request));
      assert.deepEqual(slotAssets, [TOKEN, SERO_ASSET]);
      for (const { asset, value } of inputs) if (value === 0n) seen.inputs.add(asset);
      for (const { asset, value } of outputs) if (value === 0n) seen.outputs.add(asset);
    }
    for (const assets of Object.values(seen)) assert.deepEqual(assets, new Set([SERO_ASSET, TOKEN]));
  });

  it('are not planned on a network that has no key for them', async () => {
    const { wallet } = await chainWithNotes(units(4), ONLY_SHAPE_A);
    await assert.rejects(plan(wallet, toBob(LARGE)), refusal('needs-consolidation'));
    await assert.rejects(plan(wallet, many(2)), refusal('request-invalid'));
    const merge = readPlan(await plan(wallet, { type: 'merge' }));
    assert.deepEqual([merge.tx.circuit, merge.spends.length], [1, 2]);
  });
});

describe('requests to pay many that cannot be', () => {
  it('are refused with a code', async () => {
    const { wallet } = await chainWithNotes(units(2));
    const refused: readonly (readonly [Request, string])[] = [
      [many(0), 'request-invalid'],
      [many(1), 'request-invalid'],
      [many(16), 'request-invalid'],
      [many(2, 0n), 'amount-out-of-range'],
      [many(2, 1n << 128n), 'amount-out-of-range'],
      [many(2, SERO_UNIT), 'insufficient-funds'],
      [many(2, 1n, 99n), 'asset-unknown'],
      [{ ...many(2), memo: 'x'.repeat(513) } as Request, 'request-invalid'],
      [{ type: 'merge', asset: 99n }, 'asset-unknown'],
    ];
    for (const [request, code] of refused) {
      await assert.rejects(plan(wallet, request), { name: 'WalletError', code });
    }
    const two = [
      { to: BOB.proof.viewing.address, asset: 98n, amount: 1n },
      { to: BOB.proof.viewing.address, asset: 99n, amount: 1n },
    ];
    await assert.rejects(plan(wallet, { type: 'payMany', payments: two }), refusal('request-invalid'));
    assert.equal((await wallet.freshAddress('once')).index, 0n);
  });
});

describe('a transaction that replaces one of shape B', () => {
  const nullifiersOf = (text: string): Set<string> =>
    new Set(buildTransaction(readPlan(text), ALICE.proof).tx.shielded.nullifiers.map(toHex));

  /** Plans and submits a request, and gives its notes back. */
  async function submitted(wallet: Wallet, request: Request): Promise<string> {
    const text = await plan(wallet, request);
    const proved = await prove(text, ALICE.proof, provingToolsDouble);
    const { txid } = await submit(wallet, text, sign(text, ALICE), proved, async () => undefined);
    await wallet.refuse(txid);
    return text;
  }

  it('shows the same eight nullifiers, dummies too', async () => {
    const { wallet } = await chainWithNotes(units(6));
    const first = await submitted(wallet, toBob(LARGE));
    const second = await plan(wallet, toBob(LARGE));
    assert.deepEqual(nullifiersOf(second), nullifiersOf(first));
    const seeds = (text: string): string[] => readPlan(text).outputs.map(({ rseed }) => toHex(rseed));
    assert.ok(seeds(second).every((seed) => !seeds(first).includes(seed)));
  });

  it('keeps shape, notes and dummies where one note would do', async () => {
    const { wallet } = await chainWithNotes(units(4));
    const first = await submitted(wallet, toBob(LARGE));
    const second = await plan(wallet, toBob(1n));
    assert.equal(readPlan(second).tx.circuit, SHAPE_B.id);
    assert.deepEqual(nullifiersOf(second), nullifiersOf(first));
    assert.equal(feeOf(wallet, toBob(1n)), readPlan(second).fee);
  });

  it('takes what has room where it spends other notes too', async () => {
    const { wallet } = await chainWithNotes(units(9));
    const first = await submitted(wallet, toBob(LARGE));
    const second = await plan(wallet, toBob(6n * SERO_UNIT));
    const shared = [...nullifiersOf(second)].filter((nil) => nullifiersOf(first).has(nil));
    const real = readPlan(first).spends.filter((position) => readPlan(second).spends.includes(position));
    assert.ok(shared.length > real.length, 'dummies are among what the two share');
    assert.equal(nullifiersOf(second).size, 8);
  });

  it('keeps a dummy of another asset, where a slot is free for it', async () => {
    const { chain, wallet } = await chainWithNotes(units(5));
    await issueToken(chain, wallet, ALICE, [5n, 6n]);
    const pay: Request = { type: 'pay', to: BOB.proof.viewing.address, asset: TOKEN, amount: 11n };
    const first = await submitted(wallet, pay);
    const second = await plan(wallet, { ...pay, amount: 6n });
    assert.deepEqual(nullifiersOf(second), nullifiersOf(first));
    const third = await plan(wallet, { type: 'merge', asset: TOKEN });
    assert.deepEqual(nullifiersOf(third), nullifiersOf(first));
  });
});

describe('a plan of shape B or C as text', () => {
  it('is read where its counts are its circuit’s, and nowhere else', async () => {
    const { wallet } = await chainWithNotes(units(5));
    for (const request of [toBob(5n), toBob(LARGE), many(3)]) {
      const text = await plan(wallet, request);
      const planned = readPlan(text);
      assert.equal(toJson(planned), text);
      const [input, output] = [planned.inputs[0]!, planned.outputs[0]!];
      const changes: readonly Partial<TransactionPlan>[] = [
        ...[0, 1, 2, 3, 4]
          .filter((circuit) => circuit !== planned.tx.circuit)
          .map((circuit) => ({ tx: { ...planned.tx, circuit } })),
        { inputs: planned.inputs.slice(1) },
        { inputs: [...planned.inputs, input] },
        { outputs: planned.outputs.slice(1) },
        { outputs: [...planned.outputs, output] },
        { slotAssets: planned.slotAssets.slice(1) },
        { slotAssets: [...planned.slotAssets, 1n] },
        { inputs: planned.inputs.map((one, i) => (i === 0 ? { ...one, path: one.path.slice(1) } : one)) },
        { inputs: planned.inputs.map((one) => ({ ...one, path: [...one.path, one.path[0]!] })) },
      ];
      for (const change of changes) {
        assert.throws(() => readPlan(toJson({ ...planned, ...change })), refusal('plan-malformed'));
      }
    }
  });
});
