import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, fieldToBytes, fromHex, pointToBytes, Q, toAffine, toHex } from '@sero/crypto';
import fc from 'fast-check';
import vectors from '../../../test/vectors/notes.json' with { type: 'json' };
import {
  allocationNote,
  CREDIT_PURPOSE,
  decodeAddress,
  decodeOneTimeAddress,
  decodeProofKey,
  decodeTrace,
  encodeOneTimeAddress,
  encodeProofKey,
  noteCommitment,
  noteContext,
  noteRandomness,
  nullifier,
  oneTimeAddress,
  ownAddress,
  publicOutputNote,
  publicOutputRandomness,
  SERO_ASSET,
  systemTxid,
  trace,
} from './index.ts';
import {
  ALICE,
  BAD_FIELDS,
  BAD_POINTS,
  BOB,
  CAROL,
  CONTEXT,
  filler,
  GENESIS,
  refusal,
} from './test-support.ts';

const field = fc.bigInt({ min: 0n, max: Q - 1n });
const position = fc.bigInt({ min: 0n, max: 4n ** 18n - 1n });

test('rcm, e, PKr, CM, NIL and TRACE of every note are those of the Python reference', () => {
  for (const vector of vectors.notes) {
    const context = noteContext(BigInt(vector.firstNil), vector.outputIndex);
    assert.equal(toHex(context), vector.ctx);
    const { rcm, e } = noteRandomness(fromHex(vector.rseed), context);
    assert.deepEqual([rcm, e], [BigInt(vector.rcm), BigInt(vector.e)]);
    const owner = oneTimeAddress(decodeAddress(fromHex(vector.PK)), e);
    assert.equal(toHex(pointToBytes(owner.vpkr)), vector.VPKr);
    assert.equal(toAffine(owner.vpkr).u, BigInt(vector.VPKrU));
    assert.equal(owner.zpkr, BigInt(vector.ZPKr));
    const [asset, value] = [BigInt(vector.asset), BigInt(vector.value)];
    const cm = noteCommitment({ asset, value, owner, rcm });
    assert.equal(cm, BigInt(vector.CM));
    const spent = BigInt(vector.position);
    const nil = nullifier(BigInt(vector.nk), cm, spent);
    assert.equal(nil, BigInt(vector.NIL));
    const [tk, zpk] = [BigInt(vector.tk), BigInt(vector.ZPK)];
    const masked = trace(tk, zpk, nil, spent, vector.isReal);
    assert.equal(masked, BigInt(vector.TRACE));
    assert.deepEqual(decodeTrace(tk, zpk, nil, masked), { position: spent, real: vector.isReal });
  }
});

test('public outputs and credits without a transaction are randomised as in the Python reference', () => {
  for (const { txid, index, rcm } of vectors.publicOutputs) {
    assert.equal(publicOutputRandomness(BigInt(txid), index), BigInt(rcm));
  }
  for (const { genesisHash, height, purpose, n, txid, rcm } of vectors.systemTxids) {
    const made = systemTxid(fromHex(genesisHash), BigInt(height), purpose, n);
    assert.equal(made, BigInt(txid));
    assert.equal(publicOutputRandomness(made, 0), BigInt(rcm));
  }
});

test('a value lies in [0, 2^128): 2^128 has no commitment', () => {
  const note = { asset: SERO_ASSET, owner: ownAddress(ALICE.proof.viewing, 1n, 'once', 0n), rcm: 1n };
  for (const value of [0n, 1n, 2n ** 128n - 1n]) noteCommitment({ ...note, value });
  for (const value of [-1n, 2n ** 128n, Q]) {
    assert.throws(() => noteCommitment({ ...note, value }), refusal('value-out-of-range'), String(value));
  }
});

test('every part of a note changes its commitment', () => {
  const [a, b] = [0n, 1n].map((i) => ownAddress(ALICE.proof.viewing, 1n, 'once', i));
  const note = { asset: 1n, value: 1n, owner: a!, rcm: 1n };
  const changed = [
    note,
    { ...note, asset: 2n },
    { ...note, value: 2n },
    { ...note, owner: { ...a!, vpkr: b!.vpkr } },
    { ...note, owner: { ...a!, zpkr: b!.zpkr } },
    { ...note, rcm: 2n },
  ];
  assert.equal(new Set(changed.map(noteCommitment)).size, changed.length);
});

test('an rseed has 32 bytes, and serves one transaction and one place in it', () => {
  const rseed = filler(1, 32);
  const contexts = [noteContext(1n, 0), noteContext(1n, 1), noteContext(2n, 0)];
  const made = contexts.map((context) => noteRandomness(rseed, context));
  assert.equal(new Set(made.map(({ rcm }) => rcm)).size, 3);
  assert.equal(new Set(made.map(({ e }) => e)).size, 3);
  for (const length of [0, 31, 33]) {
    assert.throws(() => noteRandomness(new Uint8Array(length), contexts[0]!), refusal('malformed'));
  }
});

test('a note has one nullifier for each leaf, and only its account knows it', () => {
  const cm = 77n;
  const [a, b] = [ALICE, BOB].map(({ proof }) => proof.nk);
  const made = [
    nullifier(a!, cm, 5n),
    nullifier(a!, cm, 6n),
    nullifier(b!, cm, 5n),
    nullifier(a!, cm + 1n, 5n),
  ];
  assert.equal(new Set(made).size, made.length);
});

test('TRACE gives position and kind back to its account, and nothing to any other', () => {
  const [own, other] = [ALICE, BOB].map(({ proof }) => proof.viewing);
  fc.assert(
    fc.property(field, position, fc.boolean(), (nil, spent, real) => {
      const masked = trace(own!.tk, own!.address.zpk, nil, spent, real);
      assert.deepEqual(decodeTrace(own!.tk, own!.address.zpk, nil, masked), { position: spent, real });
      assert.equal(decodeTrace(other!.tk, other!.address.zpk, nil, masked), undefined);
      assert.equal(decodeTrace(own!.tk, own!.address.zpk, nil === 0n ? 1n : nil - 1n, masked), undefined);
    }),
    { numRuns: 50 },
  );
});

test('whatever the TRACE, decoding says a position below 2^48 or nothing', () => {
  const { tk, address } = ALICE.proof.viewing;
  fc.assert(
    fc.property(field, field, (nil, masked) => {
      assert.equal(decodeTrace(tk, address.zpk, nil, masked), undefined);
    }),
    { numRuns: 50 },
  );
});

test('an account opened with the TK of a victim cannot spend in his name: ZPK stands inside H_trace', () => {
  const victim = ALICE.proof.viewing;
  // Mallory was shown the victim's TK: VSK, and with it tk, are hers too. She opens an account with that VSK and her own AK and nk.
  const mallory = decodeProofKey(
    concat(
      pointToBytes(CAROL.proof.viewing.ak),
      encodeProofKey(CAROL.proof).subarray(32, 96),
      victim.vskSeed,
    ),
  );
  assert.equal(mallory.viewing.tk, victim.tk);
  assert.notEqual(mallory.viewing.address.zpk, victim.address.zpk);
  fc.assert(
    fc.property(field, position, (cm, spent) => {
      const nil = nullifier(mallory.nk, cm, spent);
      const framed = trace(mallory.viewing.tk, mallory.viewing.address.zpk, nil, spent, true);
      assert.equal(decodeTrace(victim.tk, victim.address.zpk, nil, framed), undefined);
      assert.deepEqual(decodeTrace(victim.tk, mallory.viewing.address.zpk, nil, framed), {
        position: spent,
        real: true,
      });
    }),
    { numRuns: 30 },
  );
});

test('the note of a public output follows from the receipt, that of an allocation from genesis', () => {
  const pkr = encodeOneTimeAddress(ownAddress(BOB.proof.viewing, 1n, 'once', 3n));
  const output = { asset: fieldToBytes(1n), value: 5n, pkr };
  const note = publicOutputNote(output, 99n, 2);
  assert.deepEqual(note, {
    asset: 1n,
    value: 5n,
    owner: decodeOneTimeAddress(pkr),
    rcm: publicOutputRandomness(99n, 2),
  });
  const allocation = GENESIS.allocations[0]!;
  const txid = systemTxid(CONTEXT.genesisHash, 0n, CREDIT_PURPOSE.genesisAllocation, 4);
  assert.deepEqual(allocationNote(allocation, CONTEXT.genesisHash, 4), publicOutputNote(allocation, txid, 0));
});

test('a public output with a bad asset or address makes no note', () => {
  const pkr = encodeOneTimeAddress(ownAddress(BOB.proof.viewing, 1n, 'once', 3n));
  const output = { asset: fieldToBytes(1n), value: 5n, pkr };
  for (const [why, asset] of BAD_FIELDS) {
    assert.throws(() => publicOutputNote({ ...output, asset }, 1n, 0), refusal('field-not-canonical'), why);
    const address = concat(pkr.subarray(0, 32), asset);
    assert.throws(() => publicOutputNote({ ...output, pkr: address }, 1n, 0), refusal('field-not-canonical'));
  }
  for (const [why, point, code] of BAD_POINTS) {
    const address = concat(point, pkr.subarray(32));
    assert.throws(() => publicOutputNote({ ...output, pkr: address }, 1n, 0), refusal(code), why);
  }
});

test('credits differ by genesis, height, purpose and number', () => {
  const made = [
    systemTxid(filler(1, 32), 0n, 0, 0),
    systemTxid(filler(2, 32), 0n, 0, 0),
    systemTxid(filler(1, 32), 1n, 0, 0),
    systemTxid(filler(1, 32), 0n, 1, 0),
    systemTxid(filler(1, 32), 0n, 0, 1),
  ];
  assert.equal(new Set(made).size, made.length);
});
