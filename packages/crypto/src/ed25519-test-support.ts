import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { concat, equalBytes, fromHex, leBytes, leInteger, toHex, utf8 } from './bytes.ts';
import type { Ed25519 } from './ed25519.ts';
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

/** RFC 8032, section 7.1: tests 1, 2, 3 and SHA(abc). */
const RFC_8032: readonly { seed: string; key: string; message: string; signature: string }[] = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
      '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
      '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
  {
    seed: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    key: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    message: toHex(sha512(utf8('abc'))),
    signature:
      'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589' +
      '09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  },
];

/** The twelve published vectors of "Taming the many EdDSAs" (eprint 2020/1244, table 5), and what our rule says. */
const SPECCHECK: readonly {
  what: string;
  message: string;
  key: string;
  signature: string;
  valid: boolean;
}[] = [
  {
    what: 'A and R of small order, s = 0',
    message: '8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6',
    key: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    signature:
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a' +
      '0000000000000000000000000000000000000000000000000000000000000000',
    valid: false,
  },
  {
    what: 'A of small order, R mixed',
    message: '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    key: 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    signature:
      'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43' +
      'a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
    valid: false,
  },
  {
    what: 'A mixed, R of small order',
    message: 'aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab',
    key: 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    signature:
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa' +
      '8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e',
    valid: false,
  },
  {
    what: 'A and R mixed, torsion cancels: valid without the cofactor',
    message: '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    key: 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    signature:
      '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f' +
      '87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
    valid: true,
  },
  {
    what: 'A and R mixed, valid with the cofactor only',
    message: 'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    key: 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    signature:
      '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512' +
      '5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
    valid: false,
  },
  {
    what: 'A mixed, R of prime order, valid with the cofactor only',
    message: 'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    key: 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    signature:
      '21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7' +
      'e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405',
    valid: false,
  },
  {
    what: 's above L',
    message: '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    key: '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    signature:
      'e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e' +
      '547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514',
    valid: false,
  },
  {
    what: 's far above L',
    message: '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    key: '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    signature:
      '8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942' +
      '7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22',
    valid: false,
  },
  {
    what: 'R of small order and not canonical, reduced for the hash',
    message: '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    key: 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    signature:
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' +
      '03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f',
    valid: false,
  },
  {
    what: 'R of small order and not canonical, hashed as spelt',
    message: '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    key: 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    signature:
      'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' +
      'ca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908',
    valid: false,
  },
  {
    what: 'A of small order and not canonical, reduced for the hash',
    message: 'e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b',
    key: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    signature:
      'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc' +
      'a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
    valid: false,
  },
  {
    what: 'A of small order and not canonical, hashed as spelt',
    message: '39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f',
    key: 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    signature:
      'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc' +
      'a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
    valid: false,
  },
];

/** A signature made with knowledge of all that no honest signer has to know. */
interface Crafted {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** [scalar]B + T: T by its place in SMALL_ORDER, and the bytes where they are not the canonical ones. */
interface Half {
  readonly scalar: bigint;
  readonly torsion: number;
  readonly spelling?: Uint8Array;
}

/**
 * Signs with s = r + ha, which is right but for torsion. Messages are tried until the equation without the cofactor holds,
 * or fails, as wanted: T' + [h]T decides.
 *
 * @returns undefined where no message of 64 does, since T' is no multiple of T
 */
function craft(key: Half, commitment: Half, holds: boolean): Crafted | undefined {
  const [keyBytes, r] = [spell(key), spell(commitment)];
  for (let counter = 0; counter < 64; counter++) {
    const message = utf8(`message ${counter}`);
    const h = challengeOf(r, keyBytes, message);
    const residue = (BigInt(commitment.torsion) + h * BigInt(key.torsion)) % 8n;
    if ((residue === 0n) !== holds) continue;
    const s = leBytes((commitment.scalar + h * key.scalar) % L, 32);
    return { key: keyBytes, message, signature: concat(r, s) };
  }
  return undefined;
}

function spell({ scalar, torsion, spelling }: Half): Uint8Array {
  return spelling ?? product(EdwardsPoint.BASE, scalar).add(SMALL_ORDER[torsion]!).toBytes();
}

/** The place in SMALL_ORDER of what bytes spell for a lenient decoder. */
function torsionOf(spelling: Uint8Array): number {
  return SMALL_ORDER.findIndex((point) => point.equals(decodeLoosely(spelling)));
}

function challengeOf(commitment: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return leInteger(sha512(concat(commitment, key, message))) % L;
}

/** [s]B = R + [h]A between points, however they are spelt and whatever their order. */
function equationHolds({ key, message, signature }: Crafted): boolean {
  const commitment = signature.subarray(0, 32);
  const left = product(EdwardsPoint.BASE, leInteger(signature.subarray(32)));
  const right = product(decodeLoosely(key), challengeOf(commitment, key, message));
  return left.equals(decodeLoosely(commitment).add(right));
}

const A = 0x1f2e3d4c5b6a798897a6b5c4d3e2f1n;
const R = 0x123456789abcdef0fedcba9876543210n;

/** What every implementation of Ed25519 here has to do, honest and otherwise: registers the tests of one. */
export function ed25519Compliance(implementation: Ed25519): void {
  const { publicKey, sign, verify } = implementation;
  const verdict = ({ key, message, signature }: Crafted): boolean => verify(key, message, signature);
  const seed = new Uint8Array(32).fill(7);
  const key = publicKey(seed);
  const message = utf8('a vote');
  const signature = sign(seed, message);

  test('keys and signatures are those of RFC 8032', () => {
    for (const vector of RFC_8032) {
      const given = { seed: fromHex(vector.seed), message: fromHex(vector.message) };
      assert.equal(toHex(publicKey(given.seed)), vector.key);
      assert.equal(toHex(sign(given.seed, given.message)), vector.signature);
      assert.equal(verify(fromHex(vector.key), given.message, fromHex(vector.signature)), true);
    }
  });

  test('the published vectors on which implementations disagree are judged as libsodium judges them', async (t) => {
    for (const vector of SPECCHECK) {
      await t.test(vector.what, () => {
        const crafted = {
          key: fromHex(vector.key),
          message: fromHex(vector.message),
          signature: fromHex(vector.signature),
        };
        assert.equal(verdict(crafted), vector.valid);
      });
    }
  });

  test('torsion in A and R passes where it cancels without the cofactor, unless one has nothing else', () => {
    const seen = { valid: 0, refused: 0 };
    for (const { key: a, commitment: r, holds, crafted } of overTorsion()) {
      if (holds) assert.ok(equationHolds(crafted));
      const valid = holds && a.scalar !== 0n && r.scalar !== 0n;
      assert.equal(verdict(crafted), valid);
      seen[valid ? 'valid' : 'refused']++;
    }
    // T' = -hT has an answer for 43 of the 64 pairs, and fails for all but that of two identities.
    assert.deepEqual(seen, { valid: 43, refused: 3 * 43 + 4 * 63 });
  });

  test('second spellings of a key of small order are refused, though the equation holds for them', () => {
    for (const spelling of NOT_CANONICAL) {
      const smallKey = { scalar: 0n, torsion: torsionOf(spelling), spelling };
      const crafted = craft(smallKey, { scalar: R, torsion: 0 }, true);
      assert.ok(crafted !== undefined && equationHolds(crafted));
      assert.equal(verdict(crafted), false);
    }
  });

  test('second spellings of a commitment of small order are refused, though the equation holds for them', () => {
    for (const spelling of NOT_CANONICAL) {
      const torsion = torsionOf(spelling);
      const crafted = craft({ scalar: A, torsion }, { scalar: 0n, torsion, spelling }, true);
      assert.ok(crafted !== undefined && equationHolds(crafted));
      assert.equal(verdict(crafted), false);
    }
  });

  test('a y that is not reduced is no key and no commitment', () => {
    for (const spelling of UNREDUCED) {
      assert.equal(verify(spelling, message, signature), false);
      assert.equal(verify(key, message, concat(spelling, signature.subarray(32))), false);
    }
  });

  test('an s with L added is refused, though the equation holds for it', () => {
    const spellings = unreducedScalars(signature.subarray(32));
    assert.ok(spellings.length >= 14);
    for (const s of spellings) {
      const crafted = { key, message, signature: concat(signature.subarray(0, 32), s) };
      assert.equal(equationHolds(crafted), true);
      assert.equal(verdict(crafted), false);
    }
  });

  test('a signature with any byte changed is refused, as is one for another message or key', () => {
    for (let i = 0; i < 64; i++)
      assert.equal(verify(key, message, flipped(signature, 8 * i + (i % 8))), false);
    for (let i = 0; i < 32; i++)
      assert.equal(verify(flipped(key, 8 * i + (i % 8)), message, signature), false);
    for (let i = 0; i < message.length; i++) {
      assert.equal(verify(key, flipped(message, 8 * i), signature), false);
    }
    assert.equal(verify(publicKey(new Uint8Array(32).fill(8)), message, signature), false);
  });

  test('wrong lengths are refused: by verification with no, by the others with an error', () => {
    for (const wrong of wrongLengths(signature)) assert.equal(verify(key, message, wrong), false);
    for (const wrong of wrongLengths(key)) assert.equal(verify(wrong, message, signature), false);
    for (const wrong of wrongLengths(seed)) {
      assert.throws(() => publicKey(wrong), isWrongLength);
      assert.throws(() => sign(wrong, message), isWrongLength);
    }
  });

  test('any key signs any message, and nothing is changed in what it is given', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 300 }), (anySeed, anyMessage) => {
        const copies = [Uint8Array.from(anySeed), Uint8Array.from(anyMessage)];
        const made = sign(anySeed, anyMessage);
        assert.equal(verify(publicKey(anySeed), anyMessage, made), true);
        assert.ok(equalBytes(anySeed, copies[0]!) && equalBytes(anyMessage, copies[1]!));
      }),
      { numRuns: 20 },
    );
  });

  test('whatever the bytes, verification answers no and never throws', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ minLength: 64, maxLength: 64 }));
    const anyKey = fc.oneof(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constant(key));
    fc.assert(
      fc.property(anyKey, any, any, (k, m, s) => assert.equal(verify(k, m, s), false)),
      { numRuns: 100 },
    );
  });
}

/** All pairs of torsion, beside nothing or beside a part of prime order, with the equation true and false. */
function* overTorsion(): Generator<{ key: Half; commitment: Half; holds: boolean; crafted: Crafted }> {
  const halves = (scalar: bigint): Half[] => SMALL_ORDER.map((_, torsion) => ({ scalar, torsion }));
  for (const key of [...halves(0n), ...halves(A)]) {
    for (const commitment of [...halves(0n), ...halves(R)]) {
      for (const holds of [true, false]) {
        const crafted = craft(key, commitment, holds);
        if (crafted !== undefined) yield { key, commitment, holds, crafted };
      }
    }
  }
}

function isWrongLength(error: unknown): boolean {
  return error instanceof CryptoError && error.code === 'wrong-length';
}
