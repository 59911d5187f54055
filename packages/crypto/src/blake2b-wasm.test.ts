import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { blake2bOfLength, nobleBlake2bOfLength, wasmBlake2bOfLength } from './blake.ts';
import { blake2bModule, PIECE } from './blake2b-wasm.ts';
import { CryptoError, toHex, utf8 } from './index.ts';

const wasm = wasmBlake2bOfLength(blake2bModule()!);

/** Sizes at which blocks and pieces begin and end. */
const EDGES = [0, 1, 127, 128, 129, 255, 256, 257].flatMap((size) => [
  size,
  PIECE - 128 + size,
  3 * PIECE + size,
]);

const bytesOf = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + size) & 255);

describe('BLAKE2b on WebAssembly', () => {
  it('is what is used where there is WebAssembly', () => {
    const module = blake2bModule()!;
    const seen = wasmBlake2bOfLength({
      ...module,
      compress: () => module.state.fill(7),
    });
    assert.deepEqual(seen('SERO_TREENODE', 32, []), new Uint8Array(32).fill(7), 'the module is what hashes');
    assert.notEqual(blake2bOfLength, nobleBlake2bOfLength);
  });

  it('hashes "abc" as RFC 7693, appendix A', () => {
    assert.equal(
      toHex(wasm('', 64, [utf8('abc')])),
      'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1' +
        '7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923',
    );
  });

  it('agrees with @noble/hashes at the ends of blocks and pieces, and with every length of digest', () => {
    for (const size of EDGES) {
      const message = bytesOf(size);
      assert.deepEqual(wasm('SERO', 32, [message]), nobleBlake2bOfLength('SERO', 32, [message]), `${size}`);
      const cut = [message.subarray(0, size >> 2), new Uint8Array(0), message.subarray(size >> 2)];
      assert.deepEqual(wasm('SERO', 64, cut), nobleBlake2bOfLength('SERO', 64, cut), `${size} in pieces`);
    }
    for (let length = 1; length <= 64; length++) {
      assert.deepEqual(wasm('', length, [utf8('x')]), nobleBlake2bOfLength('', length, [utf8('x')]));
    }
  });

  it('agrees with @noble/hashes on random chunks and personalisations, one after another', () => {
    const personalisation = fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.uint8Array({ maxLength: 16 }),
      fc.constant('64 x'),
    );
    const chunks = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 6 });
    fc.assert(
      fc.property(personalisation, fc.integer({ min: 1, max: 64 }), chunks, (text, length, parts) => {
        assert.deepEqual(wasm(text, length, parts), nobleBlake2bOfLength(text, length, parts));
      }),
      { numRuns: 500 },
    );
  });

  it('takes no digest of another length and no longer personalisation', () => {
    for (const length of [0, -1, 65, 1.5, Number.NaN]) {
      assert.throws(() => wasm('', length, []), CryptoError);
    }
    assert.throws(() => wasm('seventeen letters', 32, []), CryptoError);
    assert.throws(() => wasm(new Uint8Array(17), 32, []), CryptoError);
  });

  it('gives digests that later ones do not change', () => {
    const first = wasm('', 32, [utf8('one')]);
    const copy = first.slice();
    wasm('', 32, [utf8('two')]);
    assert.deepEqual(first, copy);
  });

  it('takes nothing but bytes, as @noble/hashes does', () => {
    const strange = [
      'text',
      7,
      {},
      true,
      null,
      undefined,
      [1, 2],
      new ArrayBuffer(4),
      new DataView(new ArrayBuffer(4)),
      new Uint16Array(2),
    ];
    for (const value of strange) {
      for (const hash of [wasm, nobleBlake2bOfLength]) {
        assert.throws(() => hash('', 32, [value as unknown as Uint8Array]), TypeError, String(value));
      }
    }
    assert.deepEqual(wasm('', 32, [Buffer.from('abc')]), wasm('', 32, [utf8('abc')]));
  });

  it('hashes rightly after a message that could not be read to its end', () => {
    const bad = new BigInt64Array(3) as unknown as Uint8Array;
    assert.throws(() => wasm('', 32, [bytesOf(300), bad]), TypeError);
    assert.deepEqual(wasm('', 32, [bytesOf(5)]), nobleBlake2bOfLength('', 32, [bytesOf(5)]));
    assert.deepEqual(wasm('', 32, []), nobleBlake2bOfLength('', 32, []));
  });

  it('keeps nothing of what it hashed', () => {
    const module = blake2bModule()!;
    const hash = wasmBlake2bOfLength(module);
    for (const size of [20, 500, PIECE + 100]) {
      hash('', 32, [new Uint8Array(size).fill(0xaa)]);
      assert.ok(!module.message.includes(0xaa), `${size} bytes`);
      assert.ok(module.state.every((byte) => byte === 0));
    }
    const secret = new Uint8Array(300).fill(0xaa);
    assert.throws(() => hash('', 32, [secret, 'no bytes' as unknown as Uint8Array]), TypeError);
    assert.ok(!module.message.includes(0xaa), 'of what was refused neither');
    assert.ok(module.state.every((byte) => byte === 0));
  });

  it('counts beyond 2^32 bytes', () => {
    const { state, message, compress } = blake2bModule()!;
    const before = new Uint8Array(64).fill(1);
    const run = (bytes: number): string => {
      state.set(before);
      message.fill(0);
      compress(bytes, 128, -1);
      return toHex(state.slice(0, 8));
    };
    assert.notEqual(run(0), run(2 ** 32), 'the upper half of the counter counts');
    assert.equal(run(2 ** 32), run(2 ** 32));
    assert.notEqual(run(2 ** 32), run(2 ** 33));
  });

  it('is the one of @noble/hashes where WebAssembly is not allowed', (t) => {
    t.mock.method(WebAssembly, 'Module', function refused() {
      throw new Error('not allowed by the content security policy');
    });
    assert.equal(blake2bModule(), undefined);
  });
});
