import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  blake2b,
  concat,
  fromAffine,
  IDENTITY,
  leBytes,
  multiply,
  type Point,
  pointFromBytes,
  pointToBytes,
  Q,
  R_J,
  toScalar,
  VIEW_BASE,
} from '@sero/crypto';
import { ProverError } from './errors.ts';
import { createPortableScanner, SCAN_OUTPUT_BYTES } from './scanner.ts';

const scanner = createPortableScanner();

const randomScalar = (): bigint => toScalar(globalThis.crypto.getRandomValues(new Uint8Array(64)));
const vsk = randomScalar();
const viewKey = leBytes(vsk, 32);
const vpk = multiply(VIEW_BASE, vsk);

/** [8]P by three doublings, not by the way that the scanner takes. */
const eight = (point: Point): Point => point.double().double().double();

const tagOf = (secret: Uint8Array, vpkr: Uint8Array): Uint8Array =>
  blake2b('SERO_tag', secret, vpkr).slice(0, 2);

/** An output to `to` as its payer makes it: S = [8e]VPK. */
function pay(to: Point): { vpkr: Uint8Array; secret: Uint8Array; packed: Uint8Array } {
  const e = randomScalar();
  const vpkr = pointToBytes(multiply(VIEW_BASE, e));
  const secret = pointToBytes(eight(multiply(to, e)));
  return { vpkr, secret, packed: concat(vpkr, tagOf(secret, vpkr)) };
}

const stranger = multiply(VIEW_BASE, randomScalar());
/** An output to a stranger whose tag does not happen to match ours. */
function payStranger(): Uint8Array {
  for (;;) {
    const { packed, vpkr } = pay(stranger);
    const ours = tagOf(pointToBytes(eight(multiply(pointFromBytes(vpkr), vsk))), vpkr);
    if (ours[0] !== packed[32] || ours[1] !== packed[33]) return packed;
  }
}

test("one's own outputs are hits, with the secret that their payer used", async () => {
  const mine = [pay(vpk), pay(vpk)];
  const outputs = concat(payStranger(), mine[0]!.packed, payStranger(), payStranger(), mine[1]!.packed);
  assert.deepEqual(await scanner.scan({ viewKey, outputs }), [
    { index: 1, sharedSecret: mine[0]!.secret },
    { index: 4, sharedSecret: mine[1]!.secret },
  ]);
});

test('no outputs give no hits', async () => {
  assert.deepEqual(await scanner.scan({ viewKey, outputs: new Uint8Array(0) }), []);
});

test('an output whose tag is wrong is no hit, unless an audit asks', async () => {
  const { packed, secret } = pay(vpk);
  packed[33]! ^= 1;
  assert.deepEqual(await scanner.scan({ viewKey, outputs: packed }), []);
  assert.deepEqual(await scanner.scan({ viewKey, outputs: packed, audit: true }), [
    { index: 0, sharedSecret: secret },
  ]);
});

test('an audit gets a secret for every output', async () => {
  const outputs = concat(payStranger(), pay(vpk).packed, payStranger());
  const hits = await scanner.scan({ viewKey, outputs, audit: true });
  assert.deepEqual(
    hits.map(({ index }) => index),
    [0, 1, 2],
  );
  const expected = pointToBytes(eight(multiply(pointFromBytes(outputs.slice(0, 32)), vsk)));
  assert.deepEqual(hits[0]!.sharedSecret, expected);
});

/** A point of order 2: (0, -1). */
const orderTwo = fromAffine({ u: 0n, v: Q - 1n });

test('a small-order VPKr, which every view key would own, is never a hit', async () => {
  const identity = pointToBytes(IDENTITY);
  for (const vpkr of [pointToBytes(orderTwo), identity]) {
    const outputs = concat(vpkr, tagOf(identity, vpkr));
    assert.deepEqual(await scanner.scan({ viewKey, outputs }), []);
    assert.deepEqual(await scanner.scan({ viewKey, outputs, audit: true }), []);
  }
});

test('torsion in VPKr does not reach the secret', async () => {
  const { vpkr, secret } = pay(vpk);
  const twisted = pointToBytes(pointFromBytes(vpkr).add(orderTwo));
  const [hit] = await scanner.scan({ viewKey, outputs: concat(twisted, tagOf(secret, twisted)) });
  assert.deepEqual(hit, { index: 0, sharedSecret: secret });
});

test('a VPKr that does not decode is never a hit', async () => {
  const tooLarge = leBytes(Q, 32);
  const signedZero = pointToBytes(IDENTITY);
  signedZero[31]! |= 0x80;
  const offCurve = Array.from({ length: 64 }, (_, i) => leBytes(BigInt(i + 2), 32)).find((bytes) => {
    try {
      pointFromBytes(bytes);
      return false;
    } catch {
      return true;
    }
  })!;
  for (const vpkr of [tooLarge, signedZero, offCurve]) {
    const outputs = concat(vpkr, Uint8Array.of(0, 0), payStranger(), pay(vpk).packed);
    assert.deepEqual(
      (await scanner.scan({ viewKey, outputs })).map(({ index }) => index),
      [2],
    );
    const audited = await scanner.scan({ viewKey, outputs, audit: true });
    assert.deepEqual(
      audited.map(({ index }) => index),
      [1, 2],
    );
  }
});

test('a view key that is zero, not below the order, or not 32 bytes is refused', async () => {
  for (const bad of [new Uint8Array(32), leBytes(R_J, 32), leBytes(vsk + R_J, 32), new Uint8Array(31)]) {
    await assert.rejects(
      scanner.scan({ viewKey: bad, outputs: new Uint8Array(0) }),
      (error) => error instanceof ProverError && error.code === 'view-key-not-canonical',
    );
  }
});

test('outputs that are not whole are refused', async () => {
  await assert.rejects(
    scanner.scan({ viewKey, outputs: new Uint8Array(SCAN_OUTPUT_BYTES + 1) }),
    (error) => error instanceof ProverError && error.code === 'packed-length',
  );
});

test('a scan stops when its signal does', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(
    scanner.scan({ viewKey, outputs: pay(vpk).packed, signal: controller.signal }),
    (error) => error === reason,
  );
  const later = new AbortController();
  const outputs = concat(...Array.from({ length: 200 }, () => new Uint8Array(SCAN_OUTPUT_BYTES)));
  const running = scanner.scan({ viewKey, outputs, signal: later.signal });
  later.abort(reason);
  await assert.rejects(running, (error) => error === reason);
});
