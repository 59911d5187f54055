import assert from 'node:assert/strict';
import { pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { fieldToBytes, fromHex, pointToBytes, toHex } from '@sero/crypto';
import fc from 'fast-check';
import vectors from '../../../test/vectors/keys.json' with { type: 'json' };
import {
  accountSeed,
  decodeProofKey,
  decodeViewingKey,
  deriveSpendingKey,
  encodeAddress,
  encodeProofKey,
  encodeViewingKey,
  ProtocolError,
  type SpendingKey,
  viewingKeyFromText,
} from './index.ts';
import {
  ALICE,
  BAD_FIELDS,
  BAD_POINTS,
  BOB,
  flipped,
  plusModulus,
  refusal,
  spliced,
} from './test-support.ts';

type Derived = Omit<(typeof vectors)['fromSeed'], 'seed' | 'ZSK' | 'text'>;

function assertDerived(key: SpendingKey, expected: Derived): void {
  const { ask, proof } = key;
  const { viewing } = proof;
  assert.deepEqual(
    {
      VSK: toHex(viewing.vskSeed),
      ask,
      nk: proof.nk,
      qk: viewing.qk,
      vsk: viewing.vsk,
      tk: viewing.tk,
      ovk: toHex(viewing.ovk),
      AK: toHex(pointToBytes(viewing.ak)),
      nkc: viewing.nkc,
      VPK: toHex(pointToBytes(viewing.address.vpk)),
      ZPK: viewing.address.zpk,
      PK: toHex(encodeAddress(viewing.address)),
      TK: toHex(encodeViewingKey(viewing)),
      PAK: toHex(encodeProofKey(proof)),
    },
    {
      VSK: expected.VSK,
      ask: BigInt(expected.ask),
      nk: BigInt(expected.nk),
      qk: BigInt(expected.qk),
      vsk: BigInt(expected.vsk),
      tk: BigInt(expected.tk),
      ovk: expected.ovk,
      AK: expected.AK,
      nkc: BigInt(expected.nkc),
      VPK: expected.VPK,
      ZPK: BigInt(expected.ZPK),
      PK: expected.PK,
      TK: expected.TK,
      PAK: expected.PAK,
    },
  );
}

test('the keys of every account follow from the words as the Python reference derives them', async (t) => {
  for (const vector of vectors.accounts) {
    await t.test(`account ${vector.account}, ${vector.words.split(' ').length} words`, () => {
      const words = vector.words.normalize('NFKD');
      const salt = `mnemonic${vector.passphrase.normalize('NFKD')}`;
      assert.equal(pbkdf2Sync(words, salt, 2048, 64, 'sha512').toString('hex'), vector.bip39Seed);
      const seed = accountSeed(fromHex(vector.bip39Seed), vector.account);
      assert.equal(toHex(seed), vector.seed);
      assertDerived(deriveSpendingKey(seed), vector);
    });
  }
});

test('the keys of a given Seed are those of the Python reference', () => {
  assertDerived(deriveSpendingKey(fromHex(vectors.fromSeed.seed)), vectors.fromSeed);
});

test('accounts are numbered from 0 to 2^32 - 1, and nothing else is a number of one', () => {
  const words = new Uint8Array(64);
  assert.notDeepEqual(accountSeed(words, 0), accountSeed(words, 0xffff_ffff));
  for (const account of [-1, 2 ** 32, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => accountSeed(words, account), refusal('index-out-of-range'), String(account));
  }
});

test('TK and PAK come back from their bytes with everything that they give', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
      const { proof } = deriveSpendingKey(seed);
      const viewing = decodeViewingKey(encodeViewingKey(proof.viewing));
      const proving = decodeProofKey(encodeProofKey(proof));
      for (const back of [viewing, proving.viewing]) {
        assert.deepEqual(encodeViewingKey(back), encodeViewingKey(proof.viewing));
        assert.deepEqual(
          [back.vsk, back.tk, back.ovk],
          [proof.viewing.vsk, proof.viewing.tk, proof.viewing.ovk],
        );
      }
      assert.equal(proving.nk, proof.nk);
    }),
    { numRuns: 20 },
  );
});

test('each TK that the Python reference refuses is refused, as bytes and as text', async (t) => {
  for (const { why, content, text } of vectors.refusedTK) {
    await t.test(why, () => {
      const code = why.endsWith('the opening fails')
        ? 'viewing-key-mismatch'
        : why === 'ZPK is q'
          ? 'field-not-canonical'
          : 'point-not-canonical';
      assert.throws(() => decodeViewingKey(fromHex(content)), refusal(code));
      assert.throws(() => viewingKeyFromText(text, 'production'), refusal(code));
    });
  }
});

test('a TK with any part of another account does not open its ZPK', () => {
  const [own, other] = [ALICE, BOB].map(({ proof }) => encodeViewingKey(proof.viewing));
  for (let part = 0; part < 160; part += 32) {
    const mixed = spliced(own!, part, other!.subarray(part, part + 32));
    assert.throws(() => decodeViewingKey(mixed), refusal('viewing-key-mismatch'), `part at ${part}`);
  }
});

test('a TK with any one byte changed is refused, so an auditor notices a false one', () => {
  const honest = encodeViewingKey(ALICE.proof.viewing);
  for (let i = 0; i < honest.length; i++) {
    assert.throws(
      () => decodeViewingKey(flipped(honest, i, i % 8)),
      (error) =>
        error instanceof ProtocolError &&
        [
          'viewing-key-mismatch',
          'field-not-canonical',
          'point-not-canonical',
          'point-not-in-subgroup',
        ].includes(error.code),
      `byte ${i}`,
    );
  }
});

test('AK of a TK or a PAK is canonical, in the prime-order subgroup and not the identity', async (t) => {
  const [tk, pak] = [encodeViewingKey(ALICE.proof.viewing), encodeProofKey(ALICE.proof)];
  for (const [why, point, code] of BAD_POINTS) {
    await t.test(why, () => {
      assert.throws(() => decodeViewingKey(spliced(tk, 64, point)), refusal(code));
      assert.throws(() => decodeProofKey(spliced(pak, 0, point)), refusal(code));
    });
  }
});

test('every field element of a TK or a PAK is canonical: x + q is refused', () => {
  const [tk, pak] = [encodeViewingKey(ALICE.proof.viewing), encodeProofKey(ALICE.proof)];
  for (const [bytes, decode, places] of [
    [tk, decodeViewingKey, [32, 96, 128]],
    [pak, decodeProofKey, [32, 64]],
  ] as const) {
    for (const place of places) {
      const second = plusModulus(bytes.subarray(place, place + 32));
      for (const bad of [second, ...BAD_FIELDS.map(([, field]) => field)]) {
        assert.throws(() => decode(spliced(bytes, place, bad)), refusal('field-not-canonical'));
      }
    }
  }
});

test('TK has 160 bytes and PAK 128, not one more or less', () => {
  const [tk, pak] = [encodeViewingKey(ALICE.proof.viewing), encodeProofKey(ALICE.proof)];
  for (const length of [0, 1, 127, 128, 129, 159, 161, 320]) {
    const bytes = new Uint8Array(length);
    if (length !== 160) assert.throws(() => decodeViewingKey(bytes), refusal('malformed'), `TK ${length}`);
    if (length !== 128) assert.throws(() => decodeProofKey(bytes), refusal('malformed'), `PAK ${length}`);
  }
  assert.throws(() => decodeViewingKey(tk.subarray(1)), refusal('malformed'));
  assert.throws(() => decodeProofKey(pak.subarray(1)), refusal('malformed'));
});

test('a changed PAK gives another ZPK: it never proves for the account that it was made from', () => {
  const honest = encodeProofKey(ALICE.proof);
  const own = ALICE.proof.viewing.address.zpk;
  for (const place of [32, 64, 96]) {
    const changed = decodeProofKey(spliced(honest, place, fieldToBytes(123n)));
    assert.notEqual(changed.viewing.address.zpk, own);
  }
});

test('decoded keys share no memory with the bytes that they came from, Buffers of Node neither', () => {
  for (const copy of [(bytes: Uint8Array) => bytes.slice(), (bytes: Uint8Array) => Buffer.from(bytes)]) {
    const [tk, pak] = [copy(encodeViewingKey(ALICE.proof.viewing)), copy(encodeProofKey(ALICE.proof))];
    const keys = [decodeViewingKey(tk), decodeProofKey(pak).viewing];
    for (const bytes of [tk, pak]) bytes.fill(0xee);
    for (const key of keys) assert.deepEqual(key.vskSeed, ALICE.proof.viewing.vskSeed);
  }
});
