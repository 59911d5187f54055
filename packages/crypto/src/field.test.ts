import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import fc from 'fast-check';
import {
  CryptoError,
  type CryptoErrorCode,
  fieldFromBytes,
  fieldToBytes,
  invert,
  isField,
  leBytes,
  leInteger,
  modQ,
  packFields,
  Q,
  R_J,
  scalarFromBytes,
  toField,
  toScalar,
  unpackFields,
} from './index.ts';

/** What the tests use of ffjavascript's field: WebAssembly, Montgomery form; it has no types of its own. */
interface WasmField {
  readonly p: bigint;
  e(value: bigint): Uint8Array;
  toObject(element: Uint8Array): bigint;
  inv(element: Uint8Array): Uint8Array;
  mul(a: Uint8Array, b: Uint8Array): Uint8Array;
  sub(a: Uint8Array, b: Uint8Array): Uint8Array;
  toRprLE(target: Uint8Array, offset: number, element: Uint8Array): void;
  fromRprLE(source: Uint8Array, offset: number): Uint8Array;
}
interface Ffjavascript {
  buildBls12381(singleThread: boolean): Promise<{ Fr: WasmField; terminate(): Promise<void> }>;
}

const ffjavascript: Ffjavascript = createRequire(import.meta.url)('ffjavascript');
const curve = await ffjavascript.buildBls12381(true);
const wasm = curve.Fr;
after(() => curve.terminate());

const edges = [0n, 1n, 2n, Q - 2n, Q - 1n, Q >> 1n, 2n ** 64n, 2n ** 128n - 1n, 2n ** 254n];
const element = fc.oneof(fc.bigInt({ min: 0n, max: Q - 1n }), fc.constantFrom(...edges));
const runs = { numRuns: 300 };

test('the moduli are those of BLS12-381 and Jubjub', () => {
  assert.equal(Q, wasm.p);
  assert.equal(Q, 52435875175126190479447740508185965837690552500527637822603658699938581184513n);
  assert.equal(R_J, 6554484396890773809930967563523245729705921265872317281365359162392183254199n);
});

test("a field element's 32 bytes are those of snarkjs' field, both ways", () => {
  fc.assert(
    fc.property(element, (x) => {
      const bytes = new Uint8Array(32);
      wasm.toRprLE(bytes, 0, wasm.e(x));
      assert.deepEqual(fieldToBytes(x), bytes);
      assert.equal(fieldFromBytes(bytes), wasm.toObject(wasm.fromRprLE(bytes, 0)));
    }),
    runs,
  );
});

test("inverses, products and differences are those of snarkjs' field", () => {
  fc.assert(
    fc.property(element, element, (x, y) => {
      if (x !== 0n) assert.equal(invert(x), wasm.toObject(wasm.inv(wasm.e(x))));
      assert.equal(modQ(x * y), wasm.toObject(wasm.mul(wasm.e(x), wasm.e(y))));
      assert.equal(modQ(x - y), wasm.toObject(wasm.sub(wasm.e(x), wasm.e(y))));
    }),
    runs,
  );
});

test('invert takes any representative and refuses zero in each of its forms', () => {
  assert.equal(invert(-2n), invert(Q - 2n));
  assert.equal(invert(Q + 7n), invert(7n));
  for (const zero of [0n, Q, -Q, 5n * Q]) assert.throws(() => invert(zero), refusal('field-not-canonical'));
});

test('x + q is not a second spelling of x', () => {
  for (const x of [Q, Q + 1n, 2n ** 255n, 2n ** 256n - 1n]) {
    assert.equal(isField(x), false);
    assert.throws(() => fieldToBytes(x), refusal('field-not-canonical'));
    assert.throws(() => fieldFromBytes(leBytes(x, 32)), refusal('field-not-canonical'));
  }
  assert.throws(() => fieldToBytes(-1n), refusal('field-not-canonical'));
  assert.equal(fieldFromBytes(fieldToBytes(Q - 1n)), Q - 1n);
});

test('s + r_J is not a second spelling of s', () => {
  for (const s of [R_J, R_J + 1n, 2n * R_J, Q, 2n ** 256n - 1n]) {
    assert.throws(() => scalarFromBytes(leBytes(s, 32)), refusal('scalar-not-canonical'));
  }
  assert.equal(scalarFromBytes(leBytes(R_J - 1n, 32)), R_J - 1n);
});

test('whatever the bytes, a decoder returns a value that encodes to them or refuses with a typed error', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 70 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((x) => leBytes(x, 32)),
  );
  fc.assert(
    fc.property(anything, (bytes) => {
      for (const [decode, limit] of [[fieldFromBytes, Q] as const, [scalarFromBytes, R_J] as const]) {
        const isCanonical = bytes.length === 32 && leInteger(bytes) < limit;
        if (isCanonical) assert.deepEqual(leBytes(decode(bytes), 32), bytes);
        else assert.throws(() => decode(bytes), CryptoError);
      }
    }),
  );
});

test('wide reductions are the little-endian integer mod q and mod r_J', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (wide) => {
      const value = BigInt(`0x${Buffer.from(wide).reverse().toString('hex')}`);
      assert.equal(toField(wide), value % Q);
      assert.equal(toScalar(wide), value % R_J);
    }),
  );
  const ones = new Uint8Array(80).fill(0xff);
  assert.equal(toScalar(ones), (2n ** 640n - 1n) % R_J);
});

test('a wide reduction refuses input short enough to bias it', () => {
  for (const length of [0, 32, 63]) {
    assert.throws(() => toField(new Uint8Array(length)), refusal('wrong-length'));
    assert.throws(() => toScalar(new Uint8Array(length)), refusal('wrong-length'));
  }
  assert.throws(() => toField(new Uint8Array(65)), refusal('wrong-length'));
});

function refusal(code: CryptoErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}

test('packed field elements are their 32 bytes one after the other, both ways', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: Q - 1n }), { maxLength: 9 }), (values) => {
      const packed = packFields(values);
      assert.deepEqual(packed, new Uint8Array(values.flatMap((value) => [...fieldToBytes(value)])));
      // From where they lie in a larger array.
      const moved = new Uint8Array([7, ...packed]).subarray(1);
      assert.deepEqual(unpackFields(moved), values);
    }),
  );
});

test('no packed element may be q or more, or negative, or cut short', () => {
  for (const value of [Q, Q + 1n, 1n << 256n, -1n]) {
    assert.throws(() => packFields([1n, value]), { code: 'field-not-canonical' });
  }
  assert.throws(() => unpackFields(leBytes(Q, 64)), { code: 'field-not-canonical' });
  assert.throws(() => unpackFields(new Uint8Array(32).fill(0xff)), { code: 'field-not-canonical' });
  assert.throws(() => unpackFields(new Uint8Array(33)), { code: 'wrong-length' });
});
