import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, IDENTITY, pointFromBytes, pointToBytes, R_J, toHex } from '@sero/crypto';
import fc from 'fast-check';
import vectors from '../../../test/vectors/addresses.json' with { type: 'json' };
import keyVectors from '../../../test/vectors/keys.json' with { type: 'json' };
import {
  type AddressClass,
  alias,
  decodeAddress,
  decodeOneTimeAddress,
  deriveSpendingKey,
  encodeAddress,
  encodeOneTimeAddress,
  oneTimeAddress,
  oneTimeAddressToText,
  ownAddress,
  ownAddressKey,
  type ProtocolErrorCode,
  receiverSecret,
  recognise,
  senderSecret,
} from './index.ts';
import { ALICE, BAD_FIELDS, BAD_POINTS, BOB, plusModulus, refusal, spliced } from './test-support.ts';

const scalar = fc.bigInt({ min: 1n, max: R_J - 1n });
const CLASSES: readonly AddressClass[] = ['once', 'session', 'owner'];

test('payer and payee make the one-time address, S and r of the Python reference', () => {
  for (const vector of vectors.fromScalar) {
    const made = oneTimeAddress(decodeAddress(fromHex(vector.PK)), BigInt(vector.e));
    assert.equal(toHex(pointToBytes(made.vpkr)), vector.VPKr);
    assert.equal(made.zpkr, BigInt(vector.ZPKr));
    assert.equal(toHex(made.shared.secret), vector.S);
    assert.equal(made.shared.r, BigInt(vector.r));
    assert.deepEqual(receiverSecret(BigInt(vector.vsk), made.vpkr), made.shared);
    assert.equal(toHex(encodeOneTimeAddress(made)), vector.PKr);
    assert.equal(toHex(alias(fromHex(vector.PKr))), vector.alias);
    for (const network of ['production', 'development'] as const) {
      assert.equal(oneTimeAddressToText(made, network), vector.text[network]);
    }
  }
});

test('own addresses of every chain, class and index are those of the Python reference', () => {
  const owners = new Map(
    keyVectors.accounts.map(({ VSK, seed }) => [VSK, deriveSpendingKey(fromHex(seed)).proof.viewing]),
  );
  for (const vector of vectors.own) {
    const key = owners.get(vector.VSK)!;
    const place = [BigInt(vector.chainId), CLASSES[vector.class]!, BigInt(vector.index)] as const;
    const own = ownAddress(key, ...place);
    assert.equal(toHex(encodeOneTimeAddress(own)), vector.PKr);
    assert.equal(own.shared.r, BigInt(vector.r));
    assert.equal(toHex(own.shared.secret), vector.S);
    assert.equal(toHex(ownAddressKey(key, ...place)), vector.VPKr);
    assert.equal(toHex(alias(encodeOneTimeAddress(own))), vector.alias);
  }
});

test('every PKr that the Python reference refuses is refused', async (t) => {
  const codes: Readonly<Record<string, ProtocolErrorCode>> = {
    'VPKr is the identity': 'point-is-identity',
    'VPKr is of order 8': 'point-not-in-subgroup',
    'VPKr has a component of order 8': 'point-not-in-subgroup',
    'VPKr is the identity spelt with a sign bit': 'point-not-canonical',
    'VPKr has v = q': 'point-not-canonical',
    'ZPKr is q': 'field-not-canonical',
    'ZPKr is 2^256 - 1': 'field-not-canonical',
    '63 bytes': 'malformed',
    '65 bytes': 'malformed',
  };
  assert.deepEqual(vectors.refusedPKr.map(({ why }) => why).sort(), Object.keys(codes).sort());
  for (const { why, bytes } of vectors.refusedPKr) {
    await t.test(why, () => assert.throws(() => decodeOneTimeAddress(fromHex(bytes)), refusal(codes[why]!)));
  }
});

test('the point of a PK or PKr is canonical, in the prime-order subgroup and not the identity', async (t) => {
  const honest = encodeAddress(ALICE.proof.viewing.address);
  for (const [why, point, code] of BAD_POINTS) {
    await t.test(why, () => {
      for (const decode of [decodeAddress, decodeOneTimeAddress]) {
        assert.throws(() => decode(spliced(honest, 0, point)), refusal(code));
      }
    });
  }
});

test('ZPK and ZPKr are canonical: x + q would be a second spelling of one address', () => {
  const honest = encodeAddress(ALICE.proof.viewing.address);
  for (const bad of [plusModulus(honest.subarray(32)), ...BAD_FIELDS.map(([, bytes]) => bytes)]) {
    for (const decode of [decodeAddress, decodeOneTimeAddress]) {
      assert.throws(() => decode(spliced(honest, 32, bad)), refusal('field-not-canonical'));
    }
  }
});

test('PK, PKr and what an alias is taken of have 64 bytes', () => {
  for (const length of [0, 1, 32, 63, 65, 128]) {
    for (const read of [decodeAddress, decodeOneTimeAddress, alias]) {
      assert.throws(() => read(new Uint8Array(length)), refusal('malformed'));
    }
  }
});

test('payer and payee agree on S and r, and only the payee recognises the address', () => {
  fc.assert(
    fc.property(scalar, (e) => {
      const { proof } = ALICE;
      const made = oneTimeAddress(proof.viewing.address, e);
      const back = decodeOneTimeAddress(encodeOneTimeAddress(made));
      assert.deepEqual(recognise(proof.viewing, back), made.shared);
      assert.equal(recognise(BOB.proof.viewing, back), undefined);
      assert.equal(recognise(proof.viewing, { ...back, zpkr: back.zpkr ^ 1n }), undefined);
    }),
    { numRuns: 15 },
  );
});

test('one PK gives addresses that share no bytes: another scalar, another VPKr and ZPKr', () => {
  const [a, b] = [5n, 6n].map((e) => oneTimeAddress(ALICE.proof.viewing.address, e));
  assert.notDeepEqual(pointToBytes(a!.vpkr), pointToBytes(b!.vpkr));
  assert.notEqual(a!.zpkr, b!.zpkr);
});

test("a payer's scalar lies in (0, r_J)", () => {
  for (const e of [0n, -1n, R_J, R_J + 5n]) {
    assert.throws(() => oneTimeAddress(ALICE.proof.viewing.address, e), refusal('scalar-not-canonical'));
  }
});

test('a PK of small order shares no secret: it would be one that everybody knows', () => {
  for (const [why, bytes] of BAD_POINTS) {
    if (!why.startsWith('of order')) continue;
    const vpk = pointFromBytes(bytes);
    assert.throws(() => oneTimeAddress({ vpk, zpk: 1n }, 5n), refusal('shared-secret-is-identity'), why);
    assert.throws(() => receiverSecret(5n, vpk), refusal('shared-secret-is-identity'), why);
  }
  assert.throws(
    () => senderSecret({ vpk: IDENTITY, zpk: 1n }, 5n, new Uint8Array(32)),
    refusal('shared-secret-is-identity'),
  );
});

test('own addresses differ by account, chain, class and index, and are recognised', () => {
  const seen = new Set<string>();
  for (const { proof } of [ALICE, BOB]) {
    for (const chainId of [1938n, 31_938n]) {
      for (const addressClass of CLASSES) {
        for (const index of [0n, 1n, 2n ** 64n - 1n]) {
          const own = ownAddress(proof.viewing, chainId, addressClass, index);
          assert.deepEqual(recognise(proof.viewing, own), own.shared);
          seen.add(toHex(encodeOneTimeAddress(own)));
        }
      }
    }
  }
  assert.equal(seen.size, 2 * 2 * 3 * 3);
});
