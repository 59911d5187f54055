import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CryptoError,
  concat,
  fromHex,
  leBytes,
  leInteger,
  multiply,
  pointFromBytes,
  pointToBytes,
  Q,
  R_J,
  randomizePublic,
  randomizer,
  randomizeSecret,
  SIGNING_RANDOMNESS,
  type SignedHash,
  SPEND_BASE,
  sign,
  toHex,
  verify,
  verifyBatch,
} from './index.ts';

interface ItemVector {
  name: string;
  rk: string;
  hashE: string;
  signature: string;
}
interface Vectors {
  honest: (ItemVector & Record<'ask' | 'AK' | 'alphaRandom' | 'alpha' | 'rsk' | 'T', string>)[];
  acceptedThoughOdd: ItemVector[];
  refused: ItemVector[];
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/signature.json', import.meta.url), 'utf8'),
);

const random16 = (): Uint8Array => Uint8Array.from(randomBytes(16));
const scalar = fc.bigInt({ min: 1n, max: R_J - 1n });
const hash = fc.bigInt({ min: 0n, max: Q - 1n });
const randomness = fc.uint8Array({ minLength: SIGNING_RANDOMNESS, maxLength: SIGNING_RANDOMNESS });
const few = { numRuns: 10 };

function decoded({ rk, hashE, signature }: ItemVector): SignedHash {
  return { rk: fromHex(rk), hashE: BigInt(hashE), signature: fromHex(signature) };
}

/** An honest signature; the n-th differs from the others in key, message and nonce. */
function honest(n: number): SignedHash {
  const rsk = BigInt(n + 1) * 0x1234567890abcdefn;
  const hashE = BigInt(n) ** 3n;
  const random = new Uint8Array(SIGNING_RANDOMNESS).fill(n);
  return { rk: pointToBytes(multiply(SPEND_BASE, rsk)), hashE, signature: sign(rsk, hashE, random) };
}

function withS(item: SignedHash, s: bigint): SignedHash {
  return { ...item, signature: concat(item.signature.subarray(0, 32), leBytes(s, 32)) };
}

const sOf = (item: SignedHash): bigint => leInteger(item.signature.subarray(32));

test('keys are re-randomised and hashes signed as the Python reference does it', () => {
  for (const vector of vectors.honest) {
    const alpha = randomizer(fromHex(vector.alphaRandom));
    assert.equal(alpha, BigInt(vector.alpha));
    const rsk = randomizeSecret(BigInt(vector.ask), alpha);
    assert.equal(rsk, BigInt(vector.rsk));
    assert.equal(toHex(pointToBytes(randomizePublic(pointFromBytes(fromHex(vector.AK)), alpha))), vector.rk);
    assert.equal(toHex(sign(rsk, BigInt(vector.hashE), fromHex(vector.T))), vector.signature);
    assert.equal(verify(decoded(vector)), true);
  }
});

test('torsion in R is harmless: single and batch accept it alike (the equation is cofactored)', async (t) => {
  for (const vector of vectors.acceptedThoughOdd) {
    await t.test(vector.name, () => {
      assert.equal(verify(decoded(vector)), true);
      assert.equal(verifyBatch([decoded(vector)], random16), true);
      assert.equal(verifyBatch([honest(1), decoded(vector), honest(2)], random16), true);
    });
  }
});

test('what a dishonest signer can craft is refused, alone and hidden in a batch', async (t) => {
  for (const vector of vectors.refused) {
    await t.test(vector.name, () => {
      assert.equal(verify(decoded(vector)), false);
      assert.equal(verifyBatch([decoded(vector)], random16), false);
      assert.equal(verifyBatch([honest(1), decoded(vector), honest(2)], random16), false);
    });
  }
});

test('any key signs any hash, under its re-randomised form', () => {
  fc.assert(
    fc.property(scalar, hash, randomness, randomness, (ask, hashE, alphaRandom, random) => {
      const alpha = randomizer(alphaRandom);
      const rk = pointToBytes(randomizePublic(multiply(SPEND_BASE, ask), alpha));
      const signature = sign(randomizeSecret(ask, alpha), hashE, random);
      assert.equal(verify({ rk, hashE, signature }), true);
      assert.equal(verify({ rk, hashE: (hashE + 1n) % Q, signature }), false);
      assert.equal(verify({ rk: pointToBytes(multiply(SPEND_BASE, ask)), hashE, signature }), alpha === 0n);
    }),
    few,
  );
});

test('batch and single verification agree on honest and on mutated signatures', () => {
  const mutation = fc.record({ byte: fc.nat(63), mask: fc.integer({ min: 1, max: 255 }) });
  fc.assert(
    fc.property(fc.nat(50), mutation, fc.boolean(), (n, { byte, mask }, isMutated) => {
      const item = honest(n);
      const signature = item.signature.slice();
      if (isMutated) signature[byte]! ^= mask;
      const expected = !isMutated;
      assert.equal(verify({ ...item, signature }), expected);
      assert.equal(verifyBatch([honest(51), { ...item, signature }], random16), expected);
    }),
    { numRuns: 40 },
  );
});

test('one bad signature among many fails the batch, wherever it stands', () => {
  const items = Array.from({ length: 24 }, (_, n) => honest(n));
  assert.equal(verifyBatch(items, random16), true);
  for (const at of [0, 11, 23]) {
    const item = items[at]!;
    const bad = withS(item, (sOf(item) + 1n) % R_J);
    assert.equal(verifyBatch(items.with(at, bad), random16), false);
  }
});

test('two signatures whose errors cancel do not pass: each term has a coefficient of its own', () => {
  const [a, b] = [honest(1), honest(2)];
  const crafted = [withS(a, (sOf(a) + 1n) % R_J), withS(b, (sOf(b) + R_J - 1n) % R_J)];
  for (const item of crafted) assert.equal(verify(item), false);
  assert.equal(verifyBatch(crafted, random16), false);
  // With one coefficient for both the sum is zero, so random coefficients are what refuses the pair.
  assert.equal(
    verifyBatch(crafted, () => new Uint8Array(16).fill(5)),
    true,
  );
});

test('signatures exchanged between two honest items are refused', () => {
  const [a, b] = [honest(3), honest(4)];
  const exchanged = [
    { ...a, signature: b.signature },
    { ...b, signature: a.signature },
  ];
  for (const item of exchanged) assert.equal(verify(item), false);
  assert.equal(verifyBatch(exchanged, random16), false);
});

test('a batch of nothing is valid', () => {
  assert.equal(verifyBatch([], random16), true);
});

test('a source of zeros or of short coefficients is refused: it would let false signatures cancel out', () => {
  for (const broken of [new Uint8Array(16), new Uint8Array(15).fill(1), new Uint8Array(0)]) {
    assert.throws(
      () => verifyBatch([honest(5)], () => broken),
      (error) => error instanceof CryptoError && error.code === 'randomness-broken',
    );
  }
});

test('a hash that is not canonical has no valid signature', () => {
  const item = honest(0);
  assert.equal(item.hashE, 0n);
  for (const hashE of [Q, -1n, 2n ** 256n]) {
    assert.equal(verify({ ...item, hashE }), false);
    assert.equal(verifyBatch([{ ...item, hashE }], random16), false);
  }
});

test('the nonce changes with the randomness, with the message and with the key', () => {
  const random = new Uint8Array(SIGNING_RANDOMNESS).fill(1);
  const nonceOf = (rsk: bigint, hashE: bigint, t: Uint8Array): string =>
    toHex(sign(rsk, hashE, t).subarray(0, 32));
  const nonces = [
    nonceOf(5n, 7n, random),
    nonceOf(5n, 7n, new Uint8Array(SIGNING_RANDOMNESS).fill(2)),
    nonceOf(5n, 8n, random),
    nonceOf(6n, 7n, random),
  ];
  assert.equal(new Set(nonces).size, nonces.length);
  assert.equal(nonceOf(5n, 7n, random), nonces[0]);
});

test('signing refuses randomness of another length and a hash that is not canonical', () => {
  for (const length of [0, 32, 64, 79, 81]) {
    assert.throws(() => sign(5n, 7n, new Uint8Array(length)), refusal('wrong-length'));
    assert.throws(() => randomizer(new Uint8Array(length)), refusal('wrong-length'));
  }
  assert.throws(() => sign(5n, Q, new Uint8Array(80)), refusal('field-not-canonical'));
});

test('whatever the bytes, verification answers no and never throws', () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ minLength: 64, maxLength: 64 }));
  const key = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.nat(20).map((n) => honest(n).rk),
  );
  fc.assert(
    fc.property(key, hash, bytes, (rk, hashE, signature) => {
      assert.equal(verify({ rk, hashE, signature }), false);
      assert.equal(verifyBatch([{ rk, hashE, signature }], random16), false);
    }),
    { numRuns: 60 },
  );
});

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}
