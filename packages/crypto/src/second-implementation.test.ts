import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';
import { test } from 'node:test';
import { blake2b } from '@noble/hashes/blake2.js';
import { f4Jumble, f4JumbleInverse } from './f4jumble.ts';
import { SPEND_BASE, toAffine } from './jubjub.ts';
import { sign, verify } from './redjubjub.ts';

/**
 * RedJubjub and F4Jumble written a second time, plainly: affine points on big integers by the textbook law, BLAKE2b
 * straight from its library, nothing of this package but the base point. Compared on random inputs.
 */

const Q = 52435875175126190479447740508185965837690552500527637822603658699938581184513n;
const R_J = 6554484396890773809930967563523245729705921265872317281365359162392183254199n;
const D = 19257038036680949359750312669786877991949435402254120286184196891950884077233n;

type Affine = readonly [u: bigint, v: bigint];

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base % Q, e = exponent; e > 0n; e >>= 1n, b = (b * b) % Q)
    if (e & 1n) result = (result * b) % Q;
  return result;
}

const divide = (a: bigint, b: bigint): bigint => (((a % Q) + Q) * power(((b % Q) + Q) % Q, Q - 2n)) % Q;

function add([u1, v1]: Affine, [u2, v2]: Affine): Affine {
  const t = (((D * u1) % Q) * u2 * ((v1 * v2) % Q)) % Q;
  return [divide(u1 * v2 + v1 * u2, 1n + t), divide(v1 * v2 + u1 * u2, 1n - t)];
}

function times(point: Affine, scalar: bigint): Affine {
  let result: Affine = [0n, 1n];
  for (let p = point, s = scalar; s > 0n; s >>= 1n, p = add(p, p)) if (s & 1n) result = add(result, p);
  return result;
}

function little(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

const integer = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

const encode = ([u, v]: Affine): Buffer => little(v | ((u & 1n) << 255n));

function wide(personal: string, ...parts: Uint8Array[]): bigint {
  const personalization = Buffer.alloc(16);
  personalization.write(personal);
  return integer(blake2b(Buffer.concat(parts), { dkLen: 64, personalization })) % R_J;
}

const { u, v } = toAffine(SPEND_BASE);
const BASE: Affine = [u, v];

test('RedJubjub signs random messages as a second implementation does, and each accepts the other’s', () => {
  for (let i = 0; i < 8; i++) {
    const rsk = integer(randomBytes(64)) % R_J;
    const hashE = integer(randomBytes(64)) % Q;
    const random = randomBytes(80);
    const rk = encode(times(BASE, rsk));
    const nu = wide('SERO_RedJ_N', little(rsk), random, rk, little(hashE));
    const r = encode(times(BASE, nu));
    const s = (nu + wide('SERO_RedJ_C', r, rk, little(hashE)) * rsk) % R_J;
    const signature = new Uint8Array(Buffer.concat([r, little(s)]));
    assert.deepEqual(sign(rsk, hashE, random), signature);
    assert.ok(verify({ rk: new Uint8Array(rk), hashE, signature }));
  }
});

test('RedJubjub’s equation holds in a second implementation where verify says so, and fails where it does not', () => {
  for (let i = 0; i < 6; i++) {
    const rsk = integer(randomBytes(64)) % R_J;
    const hashE = integer(randomBytes(64)) % Q;
    const key = times(BASE, rsk);
    const rk = new Uint8Array(encode(key));
    const signature = sign(rsk, hashE, randomBytes(80));
    // Odd rounds change s: still a scalar below r_J, no longer the right one.
    if (i % 2 === 1) signature.set(little((integer(signature.subarray(32)) + 1n) % R_J), 32);
    const r = signature.subarray(0, 32);
    const c = wide('SERO_RedJ_C', r, rk, little(hashE));
    const nonce = times(BASE, (integer(signature.subarray(32)) + R_J * R_J - ((c * rsk) % R_J)) % R_J);
    const holds = Buffer.from(encode(nonce)).equals(Buffer.from(r));
    assert.equal(holds, i % 2 === 0);
    assert.equal(verify({ rk, hashE, signature }), holds);
  }
});

/** ZIP 316 read once more: four Feistel rounds, G stretching the left half over the right, H folding it back. */
function jumbleAgain(message: Buffer): Buffer {
  const cut = Math.min(64, Math.floor(message.length / 2));
  const hash = (kind: string, round: number, block: number, length: number, input: Buffer): Buffer => {
    const personalization = Buffer.concat([
      Buffer.from(`UA_F4Jumble_${kind}`),
      Buffer.of(round, block & 255, block >> 8),
    ]);
    return Buffer.from(blake2b(input, { dkLen: length, personalization }));
  };
  const stretch = (round: number, input: Buffer, length: number): Buffer => {
    const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, block) =>
      hash('G', round, block, 64, input),
    );
    return Buffer.concat(blocks).subarray(0, length);
  };
  const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ b[i]!));
  let [left, right] = [message.subarray(0, cut), message.subarray(cut)];
  for (const round of [0, 1]) {
    right = xor(right, stretch(round, left, right.length));
    left = xor(left, hash('H', round, 0, left.length, right));
  }
  return Buffer.concat([left, right]);
}

test('F4Jumble permutes random messages as a second implementation does, and comes back', () => {
  const lengths = [
    48,
    49,
    63,
    64,
    127,
    128,
    129,
    192,
    193,
    1_000,
    ...Array.from({ length: 40 }, () => randomInt(48, 600)),
  ];
  for (const length of lengths) {
    const message = randomBytes(length);
    const jumbled = f4Jumble(new Uint8Array(message));
    assert.deepEqual(Buffer.from(jumbled), jumbleAgain(message), `${length} bytes`);
    assert.deepEqual(Buffer.from(f4JumbleInverse(jumbled)), message);
  }
});
