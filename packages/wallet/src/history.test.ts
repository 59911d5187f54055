import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { toHex } from '@sero/crypto';
import { encodeAddress, SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import { provingToolsDouble } from '../../../test/wallet/doubles.ts';
import { prove, type Send, sign, submit } from './authorize.ts';
import { balanceReport, historyLines, submitRecorded } from './history.ts';
import { plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { Request } from './request.ts';
import { memoryWalletStore, type WalletStore } from './store.ts';
import { ALICE, BOB, openOn, type TestChain, testChain, transaction } from './test-support.ts';
import type { Wallet } from './wallet.ts';

const TO_BOB: Request = {
  type: 'pay',
  to: BOB.proof.viewing.address,
  asset: SERO_ASSET,
  amount: 3n * SERO_UNIT,
  memo: 'rent',
};

describe('the history of an account', () => {
  let chain: TestChain;
  let store: WalletStore;
  let wallet: Wallet;
  beforeEach(async () => {
    chain = testChain([{ key: ALICE, value: 1_000n * SERO_UNIT }], {
      anchor: { window: 65_536n, step: 1n, expiry: 3n },
    });
    store = memoryWalletStore();
    wallet = await openOn(chain, ALICE, { store });
  });

  async function pay(send: Send, time = 77n) {
    const planned = await plan(wallet, TO_BOB);
    const parts = [sign(planned, ALICE), await prove(planned, ALICE.proof, provingToolsDouble)] as const;
    const { fee } = readPlan(planned);
    const sent = {
      time,
      payments: [{ to: encodeAddress(BOB.proof.viewing.address), asset: SERO_ASSET, value: 3n * SERO_UNIT }],
      fee,
      memo: 'rent',
    };
    return { sent, result: submitRecorded(wallet, planned, ...parts, send, time) };
  }

  const states = (): string[] => historyLines(wallet).map(({ state }) => state);

  it('shows a payment from the moment it is submitted: to whom, how much, memo and fee, after a restart too', async () => {
    const { sent, result } = await pay(async () => undefined);
    const { txid } = await result;
    const expected = { state: 'pending', txid, height: 3n, sent };
    assert.deepEqual(historyLines(wallet)[0], expected);
    assert.deepEqual(states(), ['pending', 'final']);
    wallet = await openOn(chain, ALICE, { store, blocks: [] });
    assert.deepEqual(historyLines(wallet)[0], expected);
  });

  it('shows it before it is sent: a program that ends there does not forget it', async () => {
    const { sent, result } = await pay(async () => {
      const again = await openOn(chain, ALICE, { store, blocks: [] });
      const [line] = historyLines(again);
      assert.deepEqual([line?.state, line?.state === 'pending' && line.sent], ['pending', sent]);
      throw new Error('connection lost');
    });
    await assert.rejects(result, /connection lost/);
    assert.deepEqual(states(), ['pending', 'final'], 'the outcome is unknown');
  });

  it('shows it as final once a block holds it, once and not twice', async () => {
    let bytes = new Uint8Array(0);
    const { result } = await pay(async (sent) => {
      bytes = sent.slice();
    });
    const { txid } = await result;
    await wallet.addBlock(chain.add([bytes]));
    assert.deepEqual(states(), ['final', 'final']);
    assert.equal(toHex(historyLines(wallet)[0]!.txid), toHex(txid));
    assert.deepEqual(wallet.lost(), []);
  });

  it('shows it as expired after the last height that could hold it, and what it was to do', async () => {
    const { sent, result } = await pay(async () => undefined);
    const { txid } = await result;
    for (let height = 1; height <= 2; height++) await wallet.addBlock(chain.add());
    assert.deepEqual(states(), ['pending', 'final']);
    await wallet.addBlock(chain.add());
    assert.deepEqual(historyLines(wallet)[0], { state: 'expired', txid, height: 3n, sent });
    wallet = await openOn(chain, ALICE, { store, blocks: [] });
    assert.deepEqual(states(), ['expired', 'final']);
  });

  it('shows it as replaced where another transaction of the account spent its notes', async () => {
    const twin = await openOn(chain, ALICE);
    const { result } = await pay(async () => undefined);
    await result;
    await wallet.addBlock(chain.add([await transaction(twin, ALICE, TO_BOB)]));
    assert.deepEqual(states(), ['replaced', 'final', 'final']);
  });

  it('shows what a node refused as long as it could lie, and then no more', async () => {
    const { sent, result } = await pay(async () => new Error('refused'));
    await assert.rejects(result, /refused/);
    const [line] = historyLines(wallet);
    assert.deepEqual(line, { state: 'refused', txid: line!.txid, height: 3n, sent });
    for (let height = 1; height <= 3; height++) await wallet.addBlock(chain.add());
    assert.deepEqual(states(), ['final']);
  });

  it('shows a payment that was submitted without a record, as one of which nothing is known', async () => {
    const planned = await plan(wallet, TO_BOB);
    const proved = await prove(planned, ALICE.proof, provingToolsDouble);
    await submit(wallet, planned, sign(planned, ALICE), proved, async () => undefined);
    const [line] = historyLines(wallet);
    assert.deepEqual([line?.state, line?.state === 'pending' && line.sent], ['pending', undefined]);
  });

  it('is newest first', async () => {
    for (let n = 0; n < 3; n++) await wallet.addBlock(chain.add([await transaction(wallet, ALICE, TO_BOB)]));
    assert.deepEqual(
      historyLines(wallet).map(({ height }) => height),
      [3n, 2n, 1n, 0n],
    );
  });
});

describe('a balance', () => {
  it('comes with the height and time that it is of', async () => {
    const chain = testChain();
    const unread = await openOn(chain, ALICE, { blocks: [] });
    assert.deepEqual(balanceReport(unread), {
      height: undefined,
      time: undefined,
      target: undefined,
      current: false,
      balances: [],
    });
    const wallet = await openOn(chain, ALICE);
    wallet.expectHead(0n);
    assert.deepEqual(balanceReport(wallet), {
      height: 0n,
      time: chain.genesis.time,
      target: 0n,
      current: true,
      balances: wallet.balances(),
    });
  });
});
