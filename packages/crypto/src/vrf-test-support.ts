import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { concat, equalBytes, fromHex, leBytes, leInteger, toHex, utf8 } from './bytes.ts';
import { EdwardsPoint, L } from './edwards25519.ts';
import {
  decodeLoosely,
  flipped,
  NOT_CANONICAL,
  product,
  SMALL_ORDER,
  UNREDUCED,
  unreducedScalars,
  wrongLengths,
} from './edwards25519-test-support.ts';
import { CryptoError } from './errors.ts';
import type { Vrf } from './vrf.ts';

/** RFC 9381, appendix B.3: examples 16, 17 and 18. */
const RFC_9381: readonly { secret: string; key: string; alpha: string; proof: string; output: string }[] = [
  {
    secret: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    alpha: '',
    proof:
      '8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f' +
      '26f8a57ccaed74ee1b190bed1f479d97' +
      '27d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805',
    output:
      '90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff' +
      '66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae',
  },
  {
    secret: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    alpha: '72',
    proof:
      'f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed593' +
      '3bf0864a62558b3ed7f2fea45c92a465' +
      '301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02',
    output:
      'eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb' +
      '5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031',
  },
  {
    secret: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    alpha: 'af82',
    proof:
      '9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf80' +
      '96bb474e53895c362d8628ee9f9ea3c0' +
      'e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e',
    output:
      '645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c45' +
      '2118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f',
  },
];

/** Example 19 of appendix B.4: the key and the input of example 16, proved in the suite ELL2. */
const OTHER_SUITE =
  '7d9c633ffeee27349264cf5c667579fc583b4bda63ab71d001f89c10003ab46f' +
  '14adf9a3cd8b8412d9038531e865c341' +
  'cafa73589b023d14311c331a9ad15ff2fb37831e00f0acaa6d73bc9997b06501';

// The attacker's own arithmetic, in which nothing is refused.

function encodeToCurve(key: Uint8Array, alpha: Uint8Array): EdwardsPoint {
  for (let counter = 0; ; counter++) {
    const hash = sha512(concat(Uint8Array.of(3, 1), key, alpha, Uint8Array.of(counter, 0)));
    try {
      return EdwardsPoint.fromBytes(hash.subarray(0, 32)).clearCofactor();
    } catch {
      // No point has this y: the next counter.
    }
  }
}

function challenge(...points: readonly Uint8Array[]): Uint8Array {
  return sha512(concat(Uint8Array.of(3, 2), ...points, Uint8Array.of(0))).subarray(0, 16);
}

interface Attack {
  /** What stands for Y, in any spelling. */
  readonly key: Uint8Array;
  /** The secret behind Y's part of prime order. */
  readonly x: bigint;
  readonly alpha: Uint8Array;
  /** What stands for Gamma, of H and in any spelling. */
  readonly gamma: (h: EdwardsPoint) => Uint8Array;
}

/**
 * A proof whose equations hold although Y and Gamma carry torsion: nonces are tried until c is a multiple of eight, at
 * which torsion vanishes.
 */
function forge({ key, x, alpha, gamma }: Attack): Uint8Array {
  const h = encodeToCurve(key, alpha);
  const gammaBytes = gamma(h);
  for (let k = 1n; ; k++) {
    const u = EdwardsPoint.BASE.multiplyUnsafe(k).toBytes();
    const c = challenge(key, h.toBytes(), gammaBytes, u, h.multiplyUnsafe(k).toBytes());
    if (leInteger(c) % 8n === 0n) return concat(gammaBytes, c, leBytes((k + leInteger(c) * x) % L, 32));
  }
}

/** A proof by who knows x, with a nonce of choice. */
function proveWithNonce(secret: Uint8Array, alpha: Uint8Array, k: bigint): Uint8Array {
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(secret);
  const h = encodeToCurve(pointBytes, alpha);
  const gamma = h.multiplyUnsafe(scalar).toBytes();
  const u = EdwardsPoint.BASE.multiplyUnsafe(k).toBytes();
  const c = challenge(pointBytes, h.toBytes(), gamma, u, h.multiplyUnsafe(k).toBytes());
  return concat(gamma, c, leBytes((k + leInteger(c) * scalar) % L, 32));
}

/** RFC 9381, section 5.3 without any validation of points, scalars or spellings. */
function equationsHold(key: Uint8Array, alpha: Uint8Array, proof: Uint8Array): boolean {
  const [gamma, c, s] = [proof.subarray(0, 32), proof.subarray(32, 48), leInteger(proof.subarray(48))];
  const h = encodeToCurve(key, alpha);
  const minus = (a: EdwardsPoint, b: EdwardsPoint): Uint8Array => a.subtract(b).toBytes();
  const u = minus(product(EdwardsPoint.BASE, s), product(decodeLoosely(key), leInteger(c)));
  const v = minus(product(h, s), product(decodeLoosely(gamma), leInteger(c)));
  return equalBytes(challenge(key, h.toBytes(), gamma, u, v), c);
}

/** What every implementation of the VRF here has to do, honest and otherwise: registers the tests of one. */
export function vrfCompliance(implementation: Vrf): void {
  const { publicKey, prove, verify, outputOf } = implementation;
  const secret = new Uint8Array(32).fill(7);
  const x = ed25519.utils.getExtendedPublicKey(secret).scalar;
  const key = publicKey(secret);
  const alpha = utf8('round 1');
  const proof = prove(secret, alpha);
  const output = verify(key, alpha, proof);

  /** Refused, though the bare equations accept it: so the rule under test is what refuses. */
  const assertOnlyRuleRefuses = (crafted: Uint8Array, craftedKey: Uint8Array): void => {
    assert.ok(equationsHold(craftedKey, alpha, crafted));
    assert.equal(verify(craftedKey, alpha, crafted), undefined);
  };

  test('keys, proofs and outputs are those of RFC 9381', () => {
    for (const vector of RFC_9381) {
      const given = { secret: fromHex(vector.secret), alpha: fromHex(vector.alpha) };
      assert.equal(toHex(publicKey(given.secret)), vector.key);
      assert.equal(toHex(prove(given.secret, given.alpha)), vector.proof);
      const verified = verify(fromHex(vector.key), given.alpha, fromHex(vector.proof));
      assert.equal(verified && toHex(verified), vector.output);
      assert.equal(toHex(outputOf(fromHex(vector.proof))), vector.output);
    }
  });

  test('a proof of the other suite of the RFC is refused', () => {
    const [example] = RFC_9381;
    assert.equal(verify(fromHex(example!.key), new Uint8Array(), fromHex(OTHER_SUITE)), undefined);
  });

  test('any key proves any input, with an output of its own that the proof alone gives too', () => {
    const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const seen = new Set<string>();
    fc.assert(
      fc.property(secrets, fc.uint8Array({ maxLength: 200 }), (anySecret, anyAlpha) => {
        const copies = [Uint8Array.from(anySecret), Uint8Array.from(anyAlpha)];
        const made = prove(anySecret, anyAlpha);
        const verified = verify(publicKey(anySecret), anyAlpha, made);
        assert.deepEqual(verified, outputOf(made));
        assert.equal(verified?.length, 64);
        assert.deepEqual(prove(anySecret, anyAlpha), made);
        assert.deepEqual([anySecret, anyAlpha], copies);
        const pair = `${toHex(anySecret)} ${toHex(anyAlpha)}`;
        assert.equal(seen.has(toHex(verified!)), seen.has(pair));
        seen.add(pair).add(toHex(verified!));
      }),
      { numRuns: 20 },
    );
  });

  test('who knows the secret can make other proofs, with any nonce, zero included, but no other output', () => {
    for (const k of [0n, 1n, 2n, L - 1n]) {
      const other = proveWithNonce(secret, alpha, k);
      assert.notDeepEqual(other, proof);
      assert.deepEqual(verify(key, alpha, other), output);
    }
  });

  test('torsion in Gamma is refused, though the equations hold and the output would be the same', () => {
    for (const torsion of SMALL_ORDER.slice(1)) {
      const gamma = (h: EdwardsPoint): Uint8Array => h.multiplyUnsafe(x).add(torsion).toBytes();
      assertOnlyRuleRefuses(forge({ key, x, alpha, gamma }), key);
    }
  });

  test('torsion in the key is refused, though the equations hold: one secret would have eight keys', () => {
    for (const torsion of SMALL_ORDER.slice(1)) {
      const mixed = EdwardsPoint.BASE.multiplyUnsafe(x).add(torsion).toBytes();
      const gamma = (h: EdwardsPoint): Uint8Array => h.multiplyUnsafe(x).toBytes();
      assertOnlyRuleRefuses(forge({ key: mixed, x, alpha, gamma }), mixed);
    }
  });

  test('torsion in the key and in Gamma at once is refused', () => {
    for (const torsion of SMALL_ORDER.slice(1)) {
      const mixed = EdwardsPoint.BASE.multiplyUnsafe(x).add(torsion).toBytes();
      const gamma = (h: EdwardsPoint): Uint8Array => h.multiplyUnsafe(x).subtract(torsion).toBytes();
      assertOnlyRuleRefuses(forge({ key: mixed, x, alpha, gamma }), mixed);
    }
  });

  test('a key of small order, in any spelling, is refused: its output is the same for all inputs', () => {
    const spellings = [...SMALL_ORDER.map((point) => point.toBytes()), ...NOT_CANONICAL];
    for (const small of spellings) {
      for (const smallGamma of spellings) {
        const crafted = forge({ key: small, x: 0n, alpha, gamma: () => smallGamma });
        assert.equal(verify(small, alpha, crafted), undefined);
      }
      assertOnlyRuleRefuses(forge({ key: small, x: 0n, alpha, gamma: () => spellings[0]! }), small);
    }
  });

  test('a Gamma of small order, in any spelling, is refused under an honest key', () => {
    for (const gamma of [...SMALL_ORDER.map((point) => point.toBytes()), ...NOT_CANONICAL]) {
      assert.equal(verify(key, alpha, concat(gamma, proof.subarray(32))), undefined);
      assert.equal(verify(key, alpha, forge({ key, x, alpha, gamma: () => gamma })), undefined);
    }
  });

  test('a y that is not reduced is no key and no Gamma', () => {
    for (const spelling of UNREDUCED) {
      assert.equal(verify(spelling, alpha, proof), undefined);
      assert.equal(verify(key, alpha, concat(spelling, proof.subarray(32))), undefined);
      assert.throws(() => outputOf(concat(spelling, proof.subarray(32))), hasCode('point-not-canonical'));
    }
  });

  test('an s with L added is refused, though the equations hold for it', () => {
    const spellings = unreducedScalars(proof.subarray(48));
    assert.ok(spellings.length >= 14);
    for (const s of spellings) assertOnlyRuleRefuses(concat(proof.subarray(0, 48), s), key);
  });

  test('zero in the place of c, of s, or of both proves nothing', () => {
    const zero = new Uint8Array(32);
    assert.equal(
      verify(key, alpha, concat(proof.subarray(0, 32), zero.subarray(16), proof.subarray(48))),
      undefined,
    );
    assert.equal(verify(key, alpha, concat(proof.subarray(0, 48), zero)), undefined);
    assert.equal(verify(key, alpha, concat(proof.subarray(0, 32), zero.subarray(16), zero)), undefined);
  });

  test('a proof with any byte changed is refused, as is one for another input or key', () => {
    for (let i = 0; i < 80; i++) assert.equal(verify(key, alpha, flipped(proof, 8 * i + (i % 8))), undefined);
    for (let i = 0; i < 32; i++) assert.equal(verify(flipped(key, 8 * i + (i % 8)), alpha, proof), undefined);
    for (let i = 0; i < alpha.length; i++) assert.equal(verify(key, flipped(alpha, 8 * i), proof), undefined);
    assert.equal(verify(key, alpha.subarray(1), proof), undefined);
    assert.equal(verify(key, concat(alpha, Uint8Array.of(0)), proof), undefined);
    assert.equal(verify(publicKey(new Uint8Array(32).fill(8)), alpha, proof), undefined);
    assert.equal(verify(key, alpha, prove(new Uint8Array(32).fill(8), alpha)), undefined);
    assert.equal(
      verify(key, alpha, concat(prove(secret, utf8('round 2')).subarray(0, 32), proof.subarray(32))),
      undefined,
    );
  });

  test('Gamma, or the key, with the other sign is refused', () => {
    assert.equal(verify(key, alpha, flipped(proof, 255)), undefined);
    assert.equal(verify(flipped(key, 255), alpha, proof), undefined);
    assert.equal(verify(flipped(key, 255), alpha, flipped(proof, 255)), undefined);
  });

  test('wrong lengths are refused: by verification with nothing, by the others with an error', () => {
    for (const wrong of wrongLengths(proof)) {
      assert.equal(verify(key, alpha, wrong), undefined);
      assert.throws(() => outputOf(wrong), hasCode('wrong-length'));
    }
    for (const wrong of wrongLengths(key)) assert.equal(verify(wrong, alpha, proof), undefined);
    for (const wrong of wrongLengths(secret)) {
      assert.throws(() => publicKey(wrong), hasCode('wrong-length'));
      assert.throws(() => prove(wrong, alpha), hasCode('wrong-length'));
    }
  });

  test('whatever the bytes, verification answers no and never throws', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 90 }), fc.uint8Array({ minLength: 80, maxLength: 80 }));
    const anyKey = fc.oneof(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constant(key));
    fc.assert(
      fc.property(anyKey, any, any, (k, a, p) => assert.equal(verify(k, a, p), undefined)),
      { numRuns: 100 },
    );
  });
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}
