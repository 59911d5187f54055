import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import {
  checkTransaction,
  decodeEnvelope,
  decodeProofKey,
  encodeProofKey,
  SERO_ASSET,
  SERO_UNIT,
} from '@sero/protocol';
import { provingToolsDouble } from '../../../test/wallet/doubles.ts';
import { assemble, prove, sign, submit } from './authorize.ts';
import { fromJson, toJson } from './json.ts';
import { type Plan, plan } from './plan.ts';
import { readPlan } from './plan-codec.ts';
import type { Request } from './request.ts';
import {
  ALICE,
  BOB,
  chainWithNotes,
  filler,
  openOn,
  protocolRefusal,
  refusal,
  type TestChain,
} from './test-support.ts';
import type { Wallet } from './wallet.ts';

const PAYMENT: Request = {
  type: 'pay',
  to: BOB.proof.viewing.address,
  asset: SERO_ASSET,
  amount: SERO_UNIT,
};
const accept = async (): Promise<void> => {};

describe('a plan signed here and proved there', () => {
  let chain: TestChain;
  let wallet: Wallet;
  let planned: Plan;
  let signed: string;
  let proved: string;
  beforeEach(async () => {
    ({ chain, wallet } = await chainWithNotes([3n * SERO_UNIT, 3n * SERO_UNIT]));
    planned = await plan(wallet, PAYMENT);
    signed = sign(planned, ALICE);
    proved = await prove(planned, ALICE.proof, provingToolsDouble);
  });

  const sero = () => wallet.balances().find(({ asset }) => asset === SERO_ASSET)!;

  it('goes together again from text alone; the prover needs PAK and the signer no proof', async () => {
    const pak = decodeProofKey(encodeProofKey(ALICE.proof));
    const elsewhere = await prove(JSON.parse(JSON.stringify(planned)), pak, provingToolsDouble);
    const [sent, again] = [
      assemble(signed, proved),
      assemble(`${signed}`, JSON.parse(JSON.stringify(elsewhere))),
    ];
    assert.deepEqual(again, sent);
    const { tx, authorization } = decodeEnvelope(sent.bytes).private!;
    assert.deepEqual(authorization.proof, sent.proof);
    assert.deepEqual(tx.from, readPlan(planned).tx.from);
  });

  it('a signature differs each time, for its nonce is fresh, and both hold', async () => {
    const other = sign(planned, ALICE);
    assert.notEqual(other, signed);
    assert.deepEqual(assemble(other, proved).txid, assemble(signed, proved).txid);
  });

  it('a signature and a proof of different plans do not fit', async () => {
    const other = await plan(wallet, PAYMENT);
    assert.throws(() => assemble(sign(other, ALICE), proved), refusal('parts-do-not-fit'));
    const otherProof = await prove(other, ALICE.proof, provingToolsDouble);
    assert.throws(() => assemble(signed, otherProof), refusal('parts-do-not-fit'));
  });

  it('submitting the parts of another plan is refused before anything is reserved or sent', async () => {
    const other = await plan(wallet, { ...PAYMENT, amount: 1n });
    let sends = 0;
    const send = async (): Promise<void> => {
      sends++;
    };
    await assert.rejects(submit(wallet, other, signed, proved, send), refusal('parts-do-not-fit'));
    assert.equal(sends, 0);
    assert.equal(sero().pending, 0n);
  });

  it('parts that are none are refused', () => {
    const good = fromJson(proved) as Record<string, Uint8Array>;
    const bad: readonly (readonly [string, string, object])[] = [
      ['', proved, refusal('plan-malformed')],
      ['null', proved, refusal('plan-malformed')],
      ['"t"', proved, refusal('plan-malformed')],
      [planned, proved, refusal('plan-malformed')],
      [toJson({ txid: filler(1, 31), signature: filler(1, 64) }), proved, refusal('plan-malformed')],
      [toJson({ txid: good.txid, signature: filler(1, 63) }), proved, refusal('plan-malformed')],
      [signed, signed, refusal('plan-malformed')],
      [signed, toJson({ ...good, proof: filler(1, 191) }), refusal('plan-malformed')],
      [signed, toJson({ ...good, transaction: filler(1, 50) }), protocolRefusal('malformed')],
      [signed, toJson({ ...good, transaction: new Uint8Array(200_000) }), protocolRefusal('too-large')],
    ];
    for (const [first, second, error] of bad) assert.throws(() => assemble(first, second), error);
  });

  it('an aborted proof gives none', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(prove(planned, ALICE.proof, provingToolsDouble, signal), { name: 'AbortError' });
  });

  it('what was sent is pending until it is in a block, and is not spent again meanwhile', async () => {
    const total = 6n * SERO_UNIT;
    const ready = await submit(wallet, planned, signed, proved, accept);
    assert.deepEqual(
      [sero().spendable, sero().pending, sero().total],
      [3n * SERO_UNIT, 3n * SERO_UNIT, total],
    );
    const next = readPlan(await plan(wallet, PAYMENT));
    assert.ok(!next.spends.some((position) => readPlan(planned).spends.includes(position)));
    await assert.rejects(plan(wallet, { ...PAYMENT, amount: 4n * SERO_UNIT }), refusal('insufficient-funds'));
    await wallet.addBlock(chain.add([ready.bytes]));
    assert.equal(sero().pending, 0n);
    assert.equal(sero().total, total - SERO_UNIT - readPlan(planned).fee);
  });

  it('the notes of what a node refuses can be spent again, and the refusal is passed on', async () => {
    const refuse = async (): Promise<Error> => new RangeError('the rules say no');
    await assert.rejects(submit(wallet, planned, signed, proved, refuse), RangeError);
    assert.deepEqual([sero().spendable, sero().pending], [6n * SERO_UNIT, 0n]);
  });

  it('what may have reached the network stays reserved, may be sent again, and a late refusal of that frees nothing', async () => {
    const lose = async (): Promise<never> => {
      throw new RangeError('the line went dead');
    };
    await assert.rejects(submit(wallet, planned, signed, proved, lose), RangeError);
    assert.deepEqual([sero().spendable, sero().pending], [3n * SERO_UNIT, 3n * SERO_UNIT]);
    const known = async (): Promise<Error> => new RangeError('known already');
    await assert.rejects(submit(wallet, planned, signed, proved, known), RangeError);
    assert.equal(sero().pending, 3n * SERO_UNIT);
    await submit(wallet, planned, signed, proved, accept);
    assert.equal(sero().pending, 3n * SERO_UNIT);
  });

  it('two plans of one note are not both sent', async () => {
    const amount = 5n * SERO_UNIT;
    const [one, two] = [
      await plan(wallet, { ...PAYMENT, amount }),
      await plan(wallet, { ...PAYMENT, amount }),
    ];
    const parts = async (text: string): Promise<[string, string]> => [
      sign(text, ALICE),
      await prove(text, ALICE.proof, provingToolsDouble),
    ];
    await submit(wallet, one, ...(await parts(one)), accept);
    await assert.rejects(submit(wallet, two, ...(await parts(two)), accept), refusal('already-spending'));
  });

  it('is reserved before it is sent, so that nothing else takes its notes while the node thinks', async () => {
    let pending = 0n;
    await submit(wallet, planned, signed, proved, async () => {
      pending = sero().pending;
    });
    assert.equal(pending, 3n * SERO_UNIT);
  });

  it('is free again once its expiry has passed without it, and not a block before', async () => {
    await submit(wallet, planned, signed, proved, accept);
    const { expiry } = readPlan(planned).tx;
    assert.equal(expiry, 600n);
    for (let height = 1n; height <= expiry; height++) {
      assert.equal(sero().pending, 3n * SERO_UNIT, `at height ${height - 1n} it may still enter`);
      await wallet.addBlock(chain.add());
    }
    assert.equal(sero().pending, 0n);
  });

  it('is settled too by another transaction that spends one of its notes', async () => {
    await submit(wallet, planned, signed, proved, accept);
    // The same words on another device, which does not know of the first payment.
    const device = await openOn(chain, ALICE);
    const rival = await plan(
      {
        ...device,
        spendableNotes: () =>
          device.spendableNotes().filter(({ position }) => readPlan(planned).spends.includes(position)),
      },
      PAYMENT,
    );
    const bytes = assemble(sign(rival, ALICE), await prove(rival, ALICE.proof, provingToolsDouble)).bytes;
    await wallet.addBlock(chain.add([bytes]));
    assert.equal(sero().pending, 0n);
    assert.equal(sero().total, 5n * SERO_UNIT - readPlan(rival).fee);
  });

  it('who holds TK alone can neither prove nor sign, whatever he puts for the keys that he lacks', async () => {
    const { viewing } = ALICE.proof;
    for (const guess of [0n, 1n, viewing.nkc, viewing.tk]) {
      await assert.rejects(prove(planned, { nk: guess, viewing }, provingToolsDouble), {
        name: 'CircuitError',
        code: 'zpkr-from-mismatch',
      });
      const forged = assemble(sign(planned, { ask: guess, proof: ALICE.proof }), proved).bytes;
      assert.throws(
        () => checkTransaction(decodeEnvelope(forged), forged, chain),
        protocolRefusal('signature-invalid'),
      );
    }
  });
});
