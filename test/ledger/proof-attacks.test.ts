import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  concat,
  fieldFromBytes,
  fieldToBytes,
  leBytes,
  leInteger,
  multiply,
  pointToBytes,
  Q,
  SPEND_BASE,
  toScalar,
  VIEW_BASE,
} from '@sero/crypto';
import {
  AssetBodyType,
  checkTransaction,
  decodeEnvelope,
  decodeExecutedBlock,
  encodeBlock,
  encodeEnvelope,
  encodeOneTimeAddress,
  intrinsicGas,
  KIND,
  ownAddress,
  SERO_UNIT,
  type Transaction,
  trace,
} from '@sero/protocol';
import { createPortableVerifier, decodeVerifyingKey, PROOF_BYTES, splitProof } from '@sero/prover';
import { readPlan, systemRandom } from '@sero/wallet';
import {
  encodeG1,
  encodeG2,
  infinity,
  negated,
  offCurve,
  rescaled,
  strayG1,
  strayG2,
  withTorsion,
} from './points.ts';
import { type OwnLedger, offer, partsOf, type Scene, setScene, signedWith, TOKEN } from './scene.ts';

/**
 * Attacks on a real proof by somebody who has everything else: the owner's signing key, every plaintext, the order of the
 * block. Only the statement that the proof was made for stands in the way.
 */

let scene: Scene;
let own: OwnLedger;

before(async () => {
  scene = await setScene();
  own = await scene.open();
});

after(() => scene.close());

/** Offers the payment with a part of it changed, under its own proof and a right signature. */
async function changed(change: (tx: Transaction) => Partial<Transaction>): Promise<string | undefined> {
  const { tx, authorization } = partsOf(scene.payment);
  const altered = { ...tx, ...change(tx) };
  return (await offer(own, signedWith(own, altered, authorization.proof, scene.secret)))?.code;
}

/** Likewise for the shielded part. */
function changedShielded(change: Partial<Transaction['shielded']>): Promise<string | undefined> {
  return changed(({ shielded }) => ({ shielded: { ...shielded, ...change } }));
}

const bumped = (field: Uint8Array): Uint8Array => fieldToBytes((fieldFromBytes(field) + 1n) % Q);
const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(0, bytes[0]! ^ 1) as Uint8Array;
const plusQ = (field: Uint8Array): Uint8Array => leBytes(leInteger(field) + Q, 32);

test('the honest payment passes, signed anew too', async () => {
  assert.equal(await offer(own, scene.payment.ready.bytes), undefined);
  assert.equal(await changed(() => ({})), undefined);
  assert.equal(await offer(own, scene.foreign.ready.bytes), undefined);
});

test('whatever hash_e covers cannot be changed under the proof, even by who can sign', async () => {
  const { outputs } = partsOf(scene.payment).tx.shielded;
  const output = (change: Partial<(typeof outputs)[number]>): Promise<string | undefined> =>
    changedShielded({ outputs: outputs.with(0, { ...outputs[0]!, ...change }) });
  assert.equal(await changed(({ expiry }) => ({ expiry: expiry - 1n })), 'proof-invalid');
  assert.equal(await changed(({ memo }) => ({ memo: flipped(memo) })), 'proof-invalid');
  assert.equal(await output({ enc: flipped(outputs[0]!.enc) }), 'proof-invalid');
  assert.equal(await output({ out: flipped(outputs[0]!.out) }), 'proof-invalid');
  assert.equal(await output({ tag: flipped(outputs[0]!.tag) }), 'proof-invalid');
  assert.equal(await output({ memoKey: flipped(outputs[0]!.memoKey) }), 'proof-invalid');
  assert.equal(await output({ vpkr: pointToBytes(multiply(VIEW_BASE, 7n)) }), 'proof-invalid');
});

test('a higher fee, which the public amount follows, needs another proof', async () => {
  const dearer = ({ gasLimit, gasPrice, pub }: Transaction): Partial<Transaction> => ({
    gasPrice: gasPrice + 1n,
    pub: { ...pub, pubOut: [pub.pubOut[0]! + gasLimit, 0n] },
  });
  assert.equal(await changed(dearer), 'proof-invalid');
  const untied = ({ pub }: Transaction): Partial<Transaction> => ({
    pub: { ...pub, pubOut: [pub.pubOut[0]! + 1n, 0n] },
  });
  assert.equal(await changed(untied), 'public-amount-mismatch');
});

test('a payment cannot be turned into a call that takes the money out in the open', async () => {
  const { genesis } = own.ledger;
  const calling =
    (value: bigint, amount: bigint) =>
    (tx: Transaction): Partial<Transaction> => {
      const call = [{ to: [systemRandom(64)], data: new Uint8Array(0), value, amount }];
      const gasLimit = intrinsicGas(genesis.gas, { ...tx, kind: KIND.call, call });
      const asset = fieldToBytes(amount === 0n ? 0n : scene.token);
      const pub = { asset, pubOut: [gasLimit * tx.gasPrice + value, amount] };
      return { kind: KIND.call, call, gasLimit, pub };
    };
  assert.equal(await changed(calling(SERO_UNIT, 0n)), 'proof-invalid');
  assert.equal(await changed(calling(0n, TOKEN.paid)), 'proof-invalid');
});

test('a payment cannot be turned into a name commitment', async () => {
  const committing = (tx: Transaction): Partial<Transaction> => {
    const body = AssetBodyType.serialize({ commit: [{ hash: systemRandom(32) }], issue: [] });
    const gasLimit = intrinsicGas(own.ledger.genesis.gas, { ...tx, kind: KIND.asset, body });
    return { kind: KIND.asset, body, gasLimit, pub: { ...tx.pub, pubOut: [gasLimit * tx.gasPrice, 0n] } };
  };
  assert.equal(await changed(committing), 'proof-invalid');
});

test('nobody sends from an address that is not the spender’s', async () => {
  const { chainId } = own.ledger.genesis;
  const victim = encodeOneTimeAddress(ownAddress(scene.bob.key.proof.viewing, chainId, 'owner', 0n));
  assert.equal(await changed(() => ({ from: victim })), 'proof-invalid');
});

test('nullifiers, traces and commitments are the proof’s own, in its order', async () => {
  const { nullifiers, traces, outputs } = partsOf(scene.payment).tx.shielded;
  assert.equal(
    await changedShielded({ nullifiers: nullifiers.with(0, bumped(nullifiers[0]!)) }),
    'proof-invalid',
  );
  assert.equal(await changedShielded({ nullifiers: nullifiers.with(1, systemField()) }), 'proof-invalid');
  assert.equal(await changedShielded({ nullifiers: nullifiers.toReversed() }), 'proof-invalid');
  assert.equal(
    await changedShielded({ nullifiers: nullifiers.toReversed(), traces: traces.toReversed() }),
    'proof-invalid',
  );
  assert.equal(await changedShielded({ traces: traces.with(1, bumped(traces[1]!)) }), 'proof-invalid');
  const other = outputs.with(2, { ...outputs[2]!, cm: bumped(outputs[2]!.cm) });
  assert.equal(await changedShielded({ outputs: other }), 'proof-invalid');
  assert.equal(await changedShielded({ outputs: outputs.toReversed() }), 'proof-invalid');
});

test('a TRACE that decodes under a victim’s key frames nobody', async () => {
  const { nullifiers } = partsOf(scene.payment).tx.shielded;
  const { tk, address } = scene.bob.key.proof.viewing;
  const traces = nullifiers.map((nil) => fieldToBytes(trace(tk, address.zpk, fieldFromBytes(nil), 2n, true)));
  assert.equal(await changedShielded({ traces }), 'proof-invalid');
  const hidden = nullifiers.map(() => fieldToBytes(0n));
  assert.equal(await changedShielded({ traces: hidden }), 'proof-invalid');
});

test('a proof holds under the root that it was made for and under no other height’s', async () => {
  const { anchor } = partsOf(scene.payment).tx.shielded;
  for (const height of [0n, 1n, anchor - 1n]) {
    assert.equal(await changedShielded({ anchor: height }), 'proof-invalid', `anchor ${height}`);
  }
});

test('a stolen proof does not serve another key', async () => {
  const { tx, authorization } = partsOf(scene.payment);
  const secret = toScalar(systemRandom(64));
  const rk = pointToBytes(multiply(SPEND_BASE, secret));
  const stolen = { ...tx, shielded: { ...tx.shielded, rk } };
  const refusal = await offer(own, signedWith(own, stolen, authorization.proof, secret));
  assert.equal(refusal?.code, 'proof-invalid');
  // Under the owner's rk the thief cannot sign in the first place.
  const unsigned = await offer(own, signedWith(own, tx, authorization.proof, secret));
  assert.equal(unsigned?.code, 'signature-invalid');
});

test('a foreign proof, valid for another transaction, does not serve this one', async () => {
  const { tx } = partsOf(scene.payment);
  const { proof } = partsOf(scene.foreign).authorization;
  const refusal = await offer(own, signedWith(own, tx, proof, scene.secret));
  assert.equal(refusal?.code, 'proof-invalid');
});

test('a field element written as x + q is refused by the decoder: it would be a second nullifier of one note', async () => {
  const { nullifiers, traces, outputs } = partsOf(scene.payment).tx.shielded;
  const code = 'field-not-canonical';
  assert.equal(await changedShielded({ nullifiers: nullifiers.with(0, plusQ(nullifiers[0]!)) }), code);
  assert.equal(await changedShielded({ traces: traces.with(0, plusQ(traces[0]!)) }), code);
  const output = { ...outputs[0]!, cm: plusQ(outputs[0]!.cm) };
  assert.equal(await changedShielded({ outputs: outputs.with(0, output) }), code);
  assert.equal(
    await changed(({ from }) => ({ from: concat(from.slice(0, 32), plusQ(from.slice(32))) })),
    code,
  );
  assert.equal(await changed(({ pub }) => ({ pub: { ...pub, asset: plusQ(pub.asset) } })), code);
});

test('each public input alone is bound by the proof, and has one spelling', () => {
  const { bytes } = scene.payment.ready;
  const { ledger } = own;
  const envelope = decodeEnvelope(bytes);
  const checked = checkTransaction(envelope, bytes, ledger);
  const { header } = decodeExecutedBlock(ledger.executedBlock(checked.tx.shielded.anchor)).block;
  const inputs = checked.publicInputs(fieldFromBytes(header.notesRoot));
  const vk = decodeVerifyingKey(scene.tools.verifyingKey);
  const { proof } = checked.authorization;
  const verifier = createPortableVerifier();
  assert.deepEqual(verifier.verifySync(vk, inputs, proof), { ok: true });
  for (const [i, input] of inputs.entries()) {
    const moved = verifier.verifySync(vk, inputs.with(i, (input + 1n) % Q), proof);
    assert.deepEqual(moved, { ok: false, code: 'proof-invalid' }, `input ${i}`);
    const respelt = verifier.verifySync(vk, inputs.with(i, input + Q), proof);
    assert.deepEqual(respelt, { ok: false, code: 'public-input-not-canonical' }, `input ${i}`);
  }
});

/** Offers the payment under other proof bytes; what the refusal says of them. */
async function under(proof: Uint8Array): Promise<string> {
  const { tx, authorization } = partsOf(scene.payment);
  const refusal = await offer(own, encodeEnvelope({ tx, authorization: { ...authorization, proof } }));
  assert.equal(refusal?.code ?? 'accepted', 'proof-invalid');
  return /: ([a-z-]+)$/.exec(refusal!.message)?.[1] ?? refusal!.message;
}

function points(): { a: Uint8Array; b: Uint8Array; c: Uint8Array } {
  return splitProof(partsOf(scene.payment).authorization.proof);
}

test('proof points at infinity are refused', async () => {
  const { a, b, c } = points();
  assert.equal(await under(concat(infinity(48), b, c)), 'point-at-infinity');
  assert.equal(await under(concat(a, infinity(96), c)), 'point-at-infinity');
  assert.equal(await under(concat(a, b, infinity(48))), 'point-at-infinity');
  assert.equal(await under(concat(infinity(48), infinity(96), infinity(48))), 'point-at-infinity');
});

test('proof points outside the subgroup are refused, also where a pairing would not see the difference', async () => {
  const { a, b, c } = points();
  const [stray1, stray2] = [strayG1(), strayG2()];
  assert.equal(await under(concat(encodeG1(stray1), b, c)), 'point-not-in-subgroup');
  assert.equal(await under(concat(a, b, encodeG1(stray1))), 'point-not-in-subgroup');
  assert.equal(await under(concat(a, encodeG2(stray2), c)), 'point-not-in-subgroup');
  assert.equal(await under(concat(a, b, withTorsion(c))), 'point-not-in-subgroup');
});

test('proof points off the curve or in a second spelling are refused', async () => {
  const { a, b, c } = points();
  assert.equal(await under(concat(offCurve(), b, c)), 'point-not-on-curve');
  assert.equal(await under(concat(a, b, offCurve())), 'point-not-on-curve');
  const uncompressed = a.with(0, a[0]! & 0x7f) as Uint8Array;
  assert.equal(await under(concat(uncompressed, b, c)), 'point-not-canonical');
  const beyond = new Uint8Array(48).fill(0xff).with(0, 0x9f) as Uint8Array;
  assert.equal(await under(concat(beyond, b, c)), 'point-not-canonical');
  assert.equal(await under(new Uint8Array(PROOF_BYTES)), 'point-not-canonical');
});

test('random bytes, exchanged and negated points are no proof', async () => {
  const { a, b, c } = points();
  const typed = /^(proof-invalid|point-(not-canonical|at-infinity|not-on-curve|not-in-subgroup))$/;
  for (let i = 0; i < 8; i++) assert.match(await under(systemRandom(PROOF_BYTES)), typed);
  assert.equal(await under(concat(c, b, a)), 'proof-invalid');
  assert.equal(await under(concat(negated(a), b, c)), 'proof-invalid');
  assert.equal(await under(concat(a, negated(b), c)), 'proof-invalid');
  assert.equal(await under(concat(a, b, negated(c))), 'proof-invalid');
  const foreign = splitProof(partsOf(scene.foreign).authorization.proof);
  assert.equal(await under(concat(foreign.a, b, c)), 'proof-invalid');
  assert.equal(await under(concat(a, foreign.b, c)), 'proof-invalid');
  assert.equal(await under(concat(a, b, foreign.c)), 'proof-invalid');
});

test('a proof has other forms that hold, of the same transaction: none of them spends a note twice or slips into a block', async () => {
  const { ledger } = await scene.open();
  const { tx, authorization } = partsOf(scene.payment);
  const { a, b, c } = points();
  const scaled = rescaled(a, b, 12_345n);
  const forms = [concat(negated(a), negated(b), c), concat(scaled.a, scaled.b, c)].map((proof) =>
    encodeEnvelope({ tx, authorization: { ...authorization, proof } }),
  );
  const honest = scene.payment.ready.bytes;
  const { block } = await ledger.propose([honest], ledger.head().time + 5_000n);
  for (const form of forms) {
    const checked = await ledger.check(form);
    assert.deepEqual(fieldToBytes(checked.hashE), scene.payment.ready.txid, 'one txid');
    await assert.rejects(ledger.apply(encodeBlock({ ...block, transactions: [form] })), {
      code: 'header-transactionsRoot',
    });
  }
  await ledger.apply(encodeBlock(block));
  for (const form of [honest, ...forms]) {
    await assert.rejects(ledger.check(form), { code: 'nullifier-spent' });
  }
});

test('public outputs, of an issue and of genesis, are spent privately by ordinary proofs', async () => {
  const { ledger } = await scene.open();
  // Leaves: three allocations, the commitment's three outputs, the issue's three, the token.
  assert.ok(readPlan(scene.payment.plan).spends.includes(9n), 'the payment spends the issued token');
  assert.deepEqual(readPlan(scene.foreign.plan).spends, [2n], 'Bob spends his allocation');
  const sent = [scene.payment.ready.bytes, scene.foreign.ready.bytes];
  const { block } = await ledger.propose(sent, ledger.head().time + 5_000n);
  const { receipts } = await ledger.apply(encodeBlock(block));
  assert.deepEqual(
    receipts.map(({ status, publicOutputs }) => ({ status, publicOutputs })),
    sent.map(() => ({ status: 1, publicOutputs: [] })),
  );
  assert.equal(ledger.pooled(scene.token), TOKEN.supply);
  await scene.bob.wallet.addBlock(ledger.executedBlock(ledger.head().height));
  const received = scene.bob.wallet.notes().filter(({ asset }) => asset === scene.token);
  assert.deepEqual(
    received.map(({ value }) => value),
    [TOKEN.paid],
  );
});

function systemField(): Uint8Array {
  return systemRandom(32).with(31, 0) as Uint8Array;
}
