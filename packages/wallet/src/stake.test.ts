import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { fieldToBytes } from '@sero/crypto';
import { ClaimBodyType, decodeEnvelope, KIND, SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import { toJson } from './json.ts';
import { plan } from './plan.ts';
import { readPlan, stakedBy } from './plan-codec.ts';
import { ALICE, filler, openOn, refusal, type TestChain, testChain, transaction } from './test-support.ts';
import type { Wallet } from './wallet.ts';

const ID = filler(9, 32);

describe('a plan that stakes', () => {
  let chain: TestChain;
  let wallet: Wallet;
  before(async () => {
    chain = testChain();
    wallet = await openOn(chain, ALICE);
  });
  const staking = async (units = 2n) => readPlan(await plan(wallet, { type: 'stake', record: ID, units }));

  it('says what is staked apart from the fee', async () => {
    const planned = await staking();
    assert.equal(stakedBy(planned), 200n * SERO_UNIT);
    assert.equal(planned.fee, planned.tx.gasLimit * planned.tx.gasPrice);
  });

  it('is refused where it calls a part of the stake a fee, or of the fee stake', async () => {
    const planned = await staking();
    for (const fee of [planned.fee + SERO_UNIT, planned.fee - 1n, planned.tx.pub.pubOut[0]!, 0n]) {
      assert.throws(() => readPlan(toJson({ ...planned, fee })), refusal('plan-malformed'));
    }
  });

  it('is refused where another kind takes stake along', async () => {
    const planned = await staking();
    for (const kind of [KIND.pay, KIND.register, KIND.claim]) {
      const changed = { ...planned, tx: { ...planned.tx, kind } };
      assert.throws(() => readPlan(toJson(changed)), refusal('plan-malformed'));
    }
  });
});

describe('a command of stake in a block', () => {
  it('has in the history what was asked for; a claim raises no fee and lowers none', async () => {
    const chain = testChain();
    const wallet = await openOn(chain, ALICE);
    const bytes = await transaction(wallet, ALICE, { type: 'stake', record: ID, units: 1n });
    const { from, gasLimit, gasPrice } = decodeEnvelope(bytes).private!.tx;
    await wallet.addBlock(chain.add([bytes]));
    const staked = wallet.history().at(-1)!;
    assert.deepEqual(
      [staked.kind, staked.fee, staked.stake],
      ['stake', gasLimit * gasPrice, { action: 'stake', record: ID, units: 1n, from }],
    );
    const claim = await transaction(wallet, ALICE, { type: 'claim', record: ID });
    const claimed = decodeEnvelope(claim).private!.tx;
    assert.deepEqual([claimed.from, ClaimBodyType.deserialize(claimed.body.slice()).record], [from, ID]);
    const paid = { asset: fieldToBytes(SERO_ASSET), value: 7n * SERO_UNIT, pkr: from };
    await wallet.addBlock(chain.add([claim], () => ({ publicOutputs: [paid] })));
    const { fee, change, stake } = wallet.history().at(-1)!;
    assert.equal(fee, claimed.gasLimit * claimed.gasPrice);
    assert.deepEqual(change, [{ asset: SERO_ASSET, amount: 7n * SERO_UNIT - fee }]);
    assert.deepEqual(stake, { action: 'claim', record: ID, from });
  });

  it('that failed says which condition did, and left nothing behind', async () => {
    const chain = testChain();
    const wallet = await openOn(chain, ALICE);
    const bytes = await transaction(wallet, ALICE, { type: 'stake', record: ID, units: 1n });
    const failure = new TextEncoder().encode('record-leaving');
    const back = ({ from }: { from: Uint8Array }) => ({
      status: 0,
      failure,
      publicOutputs: [{ asset: fieldToBytes(SERO_ASSET), value: 100n * SERO_UNIT, pkr: from }],
    });
    await wallet.addBlock(chain.add([bytes], back));
    const { stake, succeeded, fee, change } = wallet.history().at(-1)!;
    assert.deepEqual([succeeded, stake!.failure], [false, 'record-leaving']);
    assert.deepEqual(change, [{ asset: SERO_ASSET, amount: -fee }]);
    await assert.rejects(plan(wallet, { type: 'claim', record: ID }), refusal('stake-record-unknown'));
  });
});
