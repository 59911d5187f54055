import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  concat,
  fieldToBytes,
  IDENTITY,
  leBytes,
  leInteger,
  multiply,
  pointFromBytes,
  pointToBytes,
  R_J,
  SPEND_BASE,
  sign,
  verify,
  verifyBatch,
} from '@sero/crypto';
import fc from 'fast-check';
import {
  checkTransaction,
  decodeEnvelope,
  encodeEnvelope,
  signedHash,
  type Transaction,
  transactionHash,
  witnessTransactionId,
} from './index.ts';
import {
  assetTransaction,
  BAD_POINTS,
  COMMIT_BODY,
  CONTEXT,
  contractCall,
  filler,
  flipped,
  payment,
  RSK,
  receive,
  refusal,
  signed,
  spliced,
  tied,
} from './test-support.ts';

/** Signature's place at the end of an envelope. */
const withSignature = (bytes: Uint8Array, signature: Uint8Array): Uint8Array =>
  spliced(bytes, bytes.length - 64, signature);

test('any one changed byte of a signed transaction is refused, but for the proof, which other checks look at', () => {
  const transactions = [
    payment({ memo: filler(4, 528) }),
    contractCall({ value: 8n }),
    assetTransaction(COMMIT_BODY),
  ];
  for (const [n, tx] of transactions.entries()) {
    const bytes = signed(tx);
    const proofStart = bytes.length - 256;
    for (let i = n; i < bytes.length; i += 9) {
      if (i >= proofStart && i < proofStart + 192) continue;
      assert.throws(() => receive(flipped(bytes, i, i % 8)), { name: 'ProtocolError' }, `byte ${i} of ${n}`);
    }
  }
});

test('whatever the author signed is under the signature: each part changed after signing is refused', async (t) => {
  const tx = contractCall({ value: 5n }, { memo: filler(5, 528), recipients: [filler(6, 64)] });
  const [first, ...others] = tx.shielded.outputs;
  const shielded = (change: Partial<Transaction['shielded']>) => ({
    ...tx,
    shielded: { ...tx.shielded, ...change },
  });
  const output = (change: Partial<typeof first>) =>
    shielded({ outputs: [{ ...first!, ...change }, ...others] });
  const changed: Record<string, Transaction> = {
    expiry: { ...tx, expiry: tx.expiry + 1n },
    anchor: shielded({ anchor: tx.shielded.anchor + 1n }),
    'from another address': { ...tx, from: concat(tx.from.subarray(0, 32), fieldToBytes(5n)) },
    'gas limit': tied({ ...tx, gasLimit: tx.gasLimit + 1n }),
    'gas price': tied({ ...tx, gasPrice: tx.gasPrice + 1n }),
    'a nullifier': shielded({ nullifiers: [tx.shielded.nullifiers[0]!, fieldToBytes(8n)] }),
    'the order of nullifiers': shielded({ nullifiers: tx.shielded.nullifiers.toReversed() }),
    'a trace': shielded({ traces: [tx.shielded.traces[0]!, fieldToBytes(8n)] }),
    'the order of outputs': shielded({ outputs: tx.shielded.outputs.toReversed() }),
    'a commitment': output({ cm: fieldToBytes(8n) }),
    'a one-time key': output({ vpkr: pointToBytes(multiply(SPEND_BASE, 77n)) }),
    'a tag': output({ tag: flipped(first!.tag, 0) }),
    'a ciphertext': output({ enc: flipped(first!.enc, 50) }),
    "a sender's copy": output({ out: flipped(first!.out, 50) }),
    "a memo's key": output({ memoKey: flipped(first!.memoKey, 20) }),
    memo: { ...tx, memo: flipped(tx.memo, 300) },
    'no memo': tied({ ...tx, memo: new Uint8Array(0) }),
    'the contract called': { ...tx, call: [{ ...tx.call[0]!, to: [filler(7, 64)] }] },
    'call data': { ...tx, call: [{ ...tx.call[0]!, data: filler(8, 100) }] },
    'call value': tied({ ...tx, call: [{ ...tx.call[0]!, value: 6n }] }),
    'a recipient': { ...tx, recipients: [filler(9, 64)] },
  };
  const honest = signed(tx);
  receive(honest);
  const { authorization } = decodeEnvelope(honest).private!;
  for (const [part, other] of Object.entries(changed)) {
    await t.test(part, () => {
      const bytes = encodeEnvelope({ tx: other, authorization });
      assert.throws(() => receive(bytes), refusal('signature-invalid'));
      receive(signed(other)); // signed anew, it is a transaction: nothing but the signature refused it
    });
  }
});

test('the wtxid is that of the very bytes, or the one that whoever calls has worked out of them', () => {
  const bytes = signed(payment());
  const envelope = decodeEnvelope(bytes);
  assert.deepEqual(checkTransaction(envelope, bytes, CONTEXT).wtxid, witnessTransactionId(bytes));
  const wtxid = witnessTransactionId(bytes);
  const options = { signature: true, wtxid };
  assert.equal(checkTransaction(envelope, bytes, CONTEXT, options).wtxid, wtxid);
});

test('another proof leaves txid and signature alone, but is another wtxid', () => {
  const bytes = signed(payment());
  const swapped = flipped(bytes, bytes.length - 100);
  const [honest, other] = [receive(bytes), receive(swapped)];
  assert.equal(other.hashE, honest.hashE);
  assert.notDeepEqual(other.wtxid, honest.wtxid);
});

test('a signature that is mutated, of another key or of another transaction is refused', async (t) => {
  const tx = payment();
  const bytes = signed(tx);
  const honest = bytes.slice(-64);
  const [r, s] = [honest.subarray(0, 32), honest.subarray(32)];
  const negated = pointToBytes(pointFromBytes(r).negate());
  const hashE = transactionHash(tx, CONTEXT.genesisHash);
  const cases: Record<string, Uint8Array> = {
    zeros: new Uint8Array(64),
    ones: new Uint8Array(64).fill(255),
    's + r_J': concat(r, leBytes(leInteger(s) + R_J, 32)),
    's + 1': concat(r, leBytes((leInteger(s) + 1n) % R_J, 32)),
    '-s': concat(r, leBytes(R_J - leInteger(s), 32)),
    'R negated': concat(negated, s),
    'R and s swapped': concat(s, r),
    'the identity for R': concat(pointToBytes(IDENTITY), s),
    'the identity for R, s = 0': concat(pointToBytes(IDENTITY), new Uint8Array(32)),
    'another key': sign(RSK + 1n, hashE, new Uint8Array(80)),
    'another transaction': signed(payment({ memo: filler(1, 528) })).slice(-64),
    'the next hash': sign(RSK, hashE + 1n, new Uint8Array(80)),
  };
  for (const [why, point] of BAD_POINTS) {
    // A point of small order is a canonical R, and harmless: with this s it does not verify.
    cases[`R ${why}`] = concat(point, s);
  }
  for (const [why, signature] of Object.entries(cases)) {
    await t.test(why, () =>
      assert.throws(() => receive(withSignature(bytes, signature)), refusal('signature-invalid')),
    );
  }
});

test('whatever stands in the place of the signature, the answer is signature-invalid', () => {
  const bytes = signed(payment());
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (signature) => {
      assert.throws(() => receive(withSignature(bytes, signature)), refusal('signature-invalid'));
    }),
    { numRuns: 30 },
  );
});

test('a batch of transactions can leave its signatures to one check, and sees a bad one among them', () => {
  const random16 = () => filler(11, 16);
  const transactions = [payment(), contractCall(), assetTransaction(COMMIT_BODY)].map((tx) => signed(tx));
  const unchecked = (bytes: Uint8Array) =>
    signedHash(checkTransaction(decodeEnvelope(bytes), bytes, CONTEXT, { signature: false }));
  const hashes = transactions.map(unchecked);
  assert.ok(hashes.every(verify));
  assert.ok(verifyBatch(hashes, random16));
  const bad = unchecked(flipped(transactions[1]!, transactions[1]!.length - 5));
  assert.equal(verifyBatch([hashes[0]!, bad, hashes[2]!], random16), false);
});
