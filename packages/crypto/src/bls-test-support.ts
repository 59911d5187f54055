import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import fc from 'fast-check';
import {
  BLS_KEY_LENGTH,
  BLS_SECRET_LENGTH,
  BLS_SIGNATURE_LENGTH,
  type Bls,
  CryptoError,
  concat,
  fromHex,
  leBytes,
  toHex,
  utf8,
} from './index.ts';

const { G1, G2, fields } = bls12_381;
const R = G1.Point.Fn.ORDER;
const P = fields.Fp.ORDER;

/** Vectors of Ethereum's consensus layer, which has this ciphersuite: its three keys, and what they sign. */
const SECRETS = [
  '263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3',
  '47b8192d77bf871b62e87859d653922725724a5c031afeabc60bcef5ff665138',
  '328388aff0d4a5b7dc9205abd374e7e98f3cd9f3418edb4eafda5fb16473d216',
].map(fromHex);
const KEYS = [
  'a491d1b0ecd9bb917989f0e74f0dea0422eac4a873e5e2644f368dffb9a6e20fd6e10c1b77654d067c0618f6e5a7f79a',
  'b301803f8b5ac4a1133581fc676dfedc60d891dd5fa99028805e5ea5b08d3491af75d0707adab3b70c6a6a580217bf81',
  'b53d21a4cfd562c469cc81514d4ce5a6b577d8403d32a394dc265dd190b47fa9f829fdd7963afdf972e5e77854051f6f',
];
const OF_FIFTY_SIX =
  '882730e5d03f6b42c3abc26d3372625034e1d871b65a8a6b900a56dae22da98abbe1b68f85e49fe7652a55ec3d0591c2' +
  '0767677e33e5cbb1207315c41a9ac03be39c2e7668edc043d6cb1d9fd93033caa8a1c5b0e84bedaeb6c64972503a43eb';
const AGGREGATE_OF_AB =
  '9712c3edd73a209c742b8250759db12549b3eaf43b5ca61376d9f30e2747dbcf842d8b2ac0901d2a093713e20284a767' +
  '0fcf6954e9ab93de991bb9b313e664785a075fc285806fa5224c82bde146561b446ccfc706a64b8579513cfc4ff1d930';

const IDENTITY_KEY = fromHex(`c0${'00'.repeat(BLS_KEY_LENGTH - 1)}`);
const IDENTITY_SIGNATURE = fromHex(`c0${'00'.repeat(BLS_SIGNATURE_LENGTH - 1)}`);
const NOBODY = new Uint8Array(0);
const message = utf8('checkpoint 256');
const secret = SECRETS[0]!;

const bigEndian = (value: bigint, length: number): Uint8Array => leBytes(value, length).reverse();
const negated = (scalar: Uint8Array): Uint8Array => bigEndian(R - BigInt(`0x${toHex(scalar)}`), 32);

/** What every implementation of BLS here has to do, honest and otherwise: registers the tests of one. */
export function blsCompliance(implementation: Bls): void {
  const { aggregate, provePossession, publicKey, sign, verify, verifyAggregate, verifyPossession } =
    implementation;
  const key = publicKey(secret);
  const signature = sign(secret, message);
  const possession = provePossession(secret, NOBODY);

  test("keys, signatures and aggregates are those of Ethereum's vectors", () => {
    assert.deepEqual(SECRETS.map(publicKey).map(toHex), KEYS);
    assert.equal(toHex(sign(secret, new Uint8Array(32).fill(0x56))), OF_FIFTY_SIX);
    const ab = new Uint8Array(32).fill(0xab);
    const sum = aggregate(SECRETS.map((each) => sign(each, ab)));
    assert.equal(toHex(sum), AGGREGATE_OF_AB);
    assert.equal(verifyAggregate(KEYS.map(fromHex), ab, sum), true);
  });

  test('a secret is a scalar between zero and r: one key has one secret', () => {
    const sum = BigInt(`0x${toHex(secret)}`) + R;
    for (const wrong of [0n, R, R + 1n, sum, 2n ** 256n - 1n]) {
      const bytes = bigEndian(wrong, BLS_SECRET_LENGTH);
      for (const use of [
        publicKey,
        (s: Uint8Array) => provePossession(s, NOBODY),
        (s: Uint8Array) => sign(s, message),
      ]) {
        assert.throws(() => use(bytes), hasCode('scalar-not-canonical'));
      }
    }
    for (const wrong of [secret.subarray(1), concat(secret, Uint8Array.of(0)), new Uint8Array()]) {
      assert.throws(() => publicKey(wrong), hasCode('wrong-length'));
    }
    assert.equal(publicKey(bigEndian(R - 1n, BLS_SECRET_LENGTH)).length, BLS_KEY_LENGTH);
  });

  test('a signature holds for its key and its message alone', () => {
    assert.equal(verify(key, message, signature), true);
    assert.equal(verify(key, utf8('checkpoint 257'), signature), false);
    assert.equal(verify(publicKey(SECRETS[1]!), message, signature), false);
    assert.equal(verify(key, new Uint8Array(), signature), false);
  });

  test('a rogue key signs for everybody, and cannot prove its possession', () => {
    const victim = publicKey(SECRETS[1]!);
    const rogue = G1.Point.fromBytes(key).subtract(G1.Point.fromBytes(victim)).toBytes();
    // Without proofs of possession the attack succeeds: the victim never signed.
    assert.equal(verifyAggregate([victim, rogue], message, signature), true);
    // What the attacker can sign with is the secret of the sum, in either domain, and the victim's proof is public.
    const attempts = [sign(secret, rogue), possession, provePossession(SECRETS[1]!, NOBODY)];
    for (const proof of attempts) assert.equal(verifyPossession(rogue, proof, NOBODY), false);
    assert.equal(verifyPossession(key, possession, NOBODY), true);
    assert.equal(verifyPossession(victim, provePossession(SECRETS[1]!, NOBODY), NOBODY), true);
  });

  test('a proof of possession is no signature and a signature is no proof, even of the same bytes', () => {
    assert.equal(verify(key, key, possession), false);
    assert.equal(verifyPossession(key, sign(secret, key), NOBODY), false);
    assert.equal(verifyPossession(publicKey(SECRETS[1]!), possession, NOBODY), false);
  });

  test('a proof of possession is of one holder: copied by another it says nothing', () => {
    const [owner, thief] = [utf8('owner'), utf8('thief')];
    const proof = provePossession(secret, owner);
    assert.equal(verifyPossession(key, proof, owner), true);
    for (const other of [thief, NOBODY, utf8('owne'), utf8('owner ')]) {
      assert.equal(verifyPossession(key, proof, other), false);
      assert.equal(verifyPossession(key, provePossession(secret, other), owner), false);
    }
    // Nor is it a signature of key and holder.
    assert.equal(verify(key, concat(key, owner), proof), false);
  });

  test('an aggregate holds for exactly the keys that signed, each as often as it did', () => {
    const keys = SECRETS.map(publicKey);
    const sum = aggregate(SECRETS.map((each) => sign(each, message)));
    assert.equal(verifyAggregate(keys, message, sum), true);
    assert.equal(verifyAggregate(keys.slice(1), message, sum), false);
    assert.equal(verifyAggregate([...keys, key], message, sum), false);
    assert.equal(verifyAggregate([key, key], message, aggregate([signature, signature])), true);
    assert.equal(verifyAggregate([key], message, aggregate([signature, signature])), false);
    assert.equal(verifyAggregate([key], message, signature), true);
  });

  test('nobody has signed nothing', () => {
    assert.equal(verifyAggregate([], message, IDENTITY_SIGNATURE), false);
    assert.equal(verifyAggregate([], message, signature), false);
    assert.throws(() => aggregate([]), hasCode('wrong-length'));
  });

  test('the identity is no key and no signature, though the pairing of the two holds for every message', () => {
    assert.equal(verify(IDENTITY_KEY, message, IDENTITY_SIGNATURE), false);
    assert.equal(verifyPossession(IDENTITY_KEY, IDENTITY_SIGNATURE, NOBODY), false);
    assert.equal(verifyAggregate([IDENTITY_KEY], message, IDENTITY_SIGNATURE), false);
    assert.equal(verifyAggregate([key, IDENTITY_KEY], message, signature), false);
    assert.equal(verify(key, message, IDENTITY_SIGNATURE), false);
    assert.throws(() => aggregate([signature, IDENTITY_SIGNATURE]), hasCode('point-not-canonical'));
  });

  test('keys that cancel out have signed nothing, and signatures that do are no aggregate', () => {
    const opposite = negated(secret);
    assert.equal(verifyAggregate([key, publicKey(opposite)], message, IDENTITY_SIGNATURE), false);
    assert.equal(verifyAggregate([key, publicKey(opposite)], message, signature), false);
    assert.throws(() => aggregate([signature, sign(opposite, message)]), hasCode('point-not-canonical'));
  });

  test('a key outside the prime subgroup is refused: a secret would have many keys', () => {
    const torsion = outsideG1();
    assert.equal(torsion.isTorsionFree(), false);
    const clean = G1.Point.fromBytes(key);
    assert.deepEqual(compressG1(clean), key);
    const dirty = compressG1(clean.add(torsion));
    assert.equal(verify(dirty, message, signature), false);
    assert.equal(verifyPossession(dirty, possession, NOBODY), false);
    assert.equal(verifyAggregate([key, dirty], message, signature), false);
  });

  test('a signature outside the prime subgroup is refused: one would have many spellings', () => {
    const torsion = outsideG2();
    assert.equal(torsion.isTorsionFree(), false);
    const clean = G2.Point.fromBytes(signature);
    assert.deepEqual(compressG2(clean), signature);
    const dirty = compressG2(clean.add(torsion));
    assert.equal(verify(key, message, dirty), false);
    assert.throws(() => aggregate([signature, dirty]), hasCode('point-not-canonical'));
  });

  test('a coordinate that is not reduced is refused, in a key and in both halves of a signature', () => {
    const room = 2n ** 381n - P;
    const withSmallX = (make: (seed: Uint8Array) => Uint8Array, offset: number): [Uint8Array, Uint8Array] => {
      for (let i = 1; ; i++) {
        const small = bigEndian(BigInt(i), 32);
        const bytes = make(small);
        if (coordinate(bytes, offset) < room) return [small, bytes];
      }
    };
    const [smallSecret, smallKey] = withSmallX(publicKey, 0);
    const itsSignature = sign(smallSecret, message);
    assert.equal(verify(smallKey, message, itsSignature), true);
    assert.equal(verify(unreduced(smallKey, 0), message, itsSignature), false);
    for (const offset of [0, 48]) {
      const [itsSecret, bytes] = withSmallX((each) => sign(each, message), offset);
      assert.equal(verify(publicKey(itsSecret), message, bytes), true);
      assert.equal(verify(publicKey(itsSecret), message, unreduced(bytes, offset)), false);
    }
  });

  test('other spellings of a point are refused: not compressed, other flags, zeros of the identity altered', () => {
    const point = G1.Point.fromBytes(key);
    assert.equal(verify(point.toBytes(false), message, signature), false);
    assert.equal(verify(key, message, G2.Point.fromBytes(signature).toBytes(false)), false);
    for (const flags of [0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0]) {
      const otherKey = Uint8Array.from(key);
      otherKey[0]! ^= flags;
      assert.equal(verify(otherKey, message, signature), false);
      const otherSignature = Uint8Array.from(signature);
      otherSignature[0]! ^= flags;
      assert.equal(verify(key, message, otherSignature), false);
    }
  });

  test('a signature or a key with any byte changed is refused', () => {
    for (let i = 0; i < BLS_SIGNATURE_LENGTH; i++) {
      const changed = Uint8Array.from(signature);
      changed[i]! ^= 1 << (i % 5);
      assert.equal(verify(key, message, changed), false);
    }
    for (let i = 0; i < BLS_KEY_LENGTH; i++) {
      const changed = Uint8Array.from(key);
      changed[i]! ^= 1 << (i % 5);
      assert.equal(verify(changed, message, signature), false);
    }
  });

  test('whatever the bytes and their lengths, verification answers no and never throws', () => {
    const keys = fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ minLength: 48, maxLength: 48 }));
    const signatures = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ minLength: 96, maxLength: 96 }),
    );
    fc.assert(
      fc.property(keys, signatures, (anyKey, anySignature) => {
        assert.equal(verify(anyKey, message, anySignature), false);
        assert.equal(verify(key, message, anySignature), false);
        assert.equal(verifyPossession(anyKey, anySignature, NOBODY), false);
        assert.equal(verifyAggregate([key, anyKey], message, signature), false);
        assert.throws(() => aggregate([anySignature]), hasCode('point-not-canonical'));
      }),
      { numRuns: 60 },
    );
  });

  test('whatever their length, long bytes are refused and nothing throws', () => {
    for (const length of [10_000, 200_000, 2_000_000]) {
      const long = new Uint8Array(length).fill(1);
      assert.equal(verify(long, message, signature), false);
      assert.equal(verify(key, message, long), false);
      assert.equal(verifyPossession(long, possession, NOBODY), false);
      assert.equal(verifyPossession(key, long, NOBODY), false);
      assert.equal(verifyAggregate([key, long], message, signature), false);
      assert.equal(verifyAggregate([key], message, long), false);
    }
  });

  test('a signature that is none is refused before any key is read', () => {
    const unread = new Proxy([key], {
      get: (keys, name) => (name === 'length' ? keys.length : assert.fail()),
    });
    for (const none of [new Uint8Array(BLS_SIGNATURE_LENGTH), IDENTITY_SIGNATURE, new Uint8Array(200_000)]) {
      assert.equal(verifyAggregate(unread, message, none), false);
    }
  });
}

/** A point of the curve with no part in G1. */
function outsideG1() {
  const { Fp } = fields;
  for (let x = 1n; ; x++) {
    const square = Fp.add(Fp.pow(x, 3n), 4n);
    if (Fp.pow(square, (P - 1n) / 2n) !== 1n) continue;
    const point = G1.Point.fromAffine({ x, y: Fp.sqrt(square) });
    if (!point.isTorsionFree()) return multiplyByR(point);
  }
}

/** A point of the twist with no part in G2. */
function outsideG2() {
  const { Fp2 } = fields;
  for (let x = 1n; ; x++) {
    const affine = { c0: x, c1: 0n };
    const square = Fp2.add(Fp2.pow(affine, 3n), Fp2.fromBigTuple([4n, 4n]));
    if (!Fp2.eql(Fp2.pow(square, (P * P - 1n) / 2n), Fp2.ONE)) continue;
    const point = G2.Point.fromAffine({ x: affine, y: Fp2.sqrt(square) });
    if (!point.isTorsionFree()) return multiplyByR(point);
  }
}

/** [r]point, which leaves what is outside the prime subgroup. */
function multiplyByR<T extends { double(): T; add(other: T): T }>(point: T): T {
  const [, ...bits] = R.toString(2);
  return bits.reduce((sum, bit) => (bit === '1' ? sum.double().add(point) : sum.double()), point);
}

// noble writes no point that it would not read.

function compressG1(point: InstanceType<typeof G1.Point>): Uint8Array {
  const { x, y } = point.toAffine();
  return flagged(bigEndian(x, 48), 2n * y > P);
}

function compressG2(point: InstanceType<typeof G2.Point>): Uint8Array {
  const { x, y } = point.toAffine();
  return flagged(concat(bigEndian(x.c1, 48), bigEndian(x.c0, 48)), 2n * (y.c1 === 0n ? y.c0 : y.c1) > P);
}

function flagged(bytes: Uint8Array, isLarger: boolean): Uint8Array {
  bytes[0]! |= isLarger ? 0xa0 : 0x80;
  return bytes;
}

function coordinate(bytes: Uint8Array, offset: number): bigint {
  const part = bytes.slice(offset, offset + 48);
  if (offset === 0) part[0]! &= 0x1f;
  return BigInt(`0x${toHex(part)}`);
}

/** The bytes with p added to one coordinate. */
function unreduced(bytes: Uint8Array, offset: number): Uint8Array {
  const out = Uint8Array.from(bytes);
  out.set(bigEndian(coordinate(bytes, offset) + P, 48), offset);
  if (offset === 0) out[0]! |= bytes[0]! & 0xe0;
  return out;
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}
