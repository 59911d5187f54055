import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { CryptoError, f4Jumble, f4JumbleInverse, fromHex, toHex } from './index.ts';

/** Message and jumbled message: zcash-test-vectors, test-vectors/json/f4jumble.json, lengths 48, 64, 129, 192. */
const ZIP_316 = [
  [
    '5d7a8f739a2d9e945b0ce152a8049e294c4d6e66b164939daffa2ef6ee6921481cdd86b3cc4318d9614fc820905d042b',
    '0304d029141b995da5387c125970673504d6c764d91ea6c082123770c7139ccd88ee27368cd0c0921a0444c8e5858d22',
  ],
  [
    'b1ef9ca3f24988c7b3534201cfb1cd8dbf69b8250c18ef41294ca97993db546c1fe01f7e9c8e36d6a5e29d4e30a73594' +
      'bf5098421c69378af1e40f64e125946f',
    '5271fa3321f3adbcfb075196883d542b438ec6339176537daf859841fe6a56222bff76d1662b5509a9e1079e446eeedd' +
      '2e683c31aae3ee1851d7954328526be1',
  ],
  [
    '25c9a138f49b1a537edcf04be34a9851a7af9db6990ed83dd64af3597c04323ea51b0052ad8084a8b9da948d320dadd6' +
      '4f5431e61ddf658d24ae67c22c8d1309131fc00fe7f235734276d38d47f1e191e00c7a1d48af046827591e9733a97fa6' +
      'b679f3dc601d008285edcbdae69ce8fc1be4aac00ff2711ebd931de518856878f7',
    '7508a3a146714f229db91b543e240633ed57853f6451c9db6d64c6e86af1b88b28704f608582c53c51ce7d5b8548827a' +
      '971d2b98d41b7f6258655902440cd66ee11e84dbfac7d2a43696fd0468810a3d9637c3fa58e7d2d341ef250fa09b9fb7' +
      '1a78a41d389370138a55ea58fcde779d714a04e0d30e61dc2d8be0da61cd684509',
  ],
  [
    '3476f21a482ec9378365c8f7393c94e2885315eb4671098b79535e790fe53e29fef2b3766697ac32b4f473f468a008e7' +
      '2389fc03880d780cb07fcfaabe3f1a84b27db59a4a153d882d2b2103596555ed9494c6ac893c49723833ec8926c10395' +
      '86a7afcf4a0d9c731e985d99589c8bb838e8aaf745533ed9e8ae3a1cd074a51a20da8aba18d1dbebbc862ded42435e92' +
      '476930d069896cff30eb414f727b89e001afa2fb8dc3436d75a4a6f26572504b192232ecb9f0c02411e52596bc5e9045',
    '5139912fe8b95492c12731995a0f4478dbeb81ec36653a21bc80d673f3c6a0feef70b6c566f9d34bb726c098648382d1' +
      '05afb19b2b8486b73cbd47a17a0d2d1fd593b14bb9826c5d114b850c6f0cf3083a6f61e38e42713a37ef7997ebd2b376' +
      'c8a410d797b3932e5a6e39e726b2894ce79604b4ae3c00acaea3be2c1dfe697fa644755102cf9ad78794d0594585494f' +
      'e38ab56fa6ef3271a68a33481015adf3944c115311421a7dc3ce73ef2abf47e18a6aca7f9dd25a85ce8dbd6f1ad89c8d',
  ],
] as const;

/** BLAKE2b-512 of the longest message, 00 01 .. ff 00 01 .., jumbled: f4jumble_long.json. */
const ZIP_316_LONGEST =
  'a5f18f163e598d4adb6ea7248057e24c1b61f29b33b7abcdabd420a0f2ee6c3e' +
  'd31394652f28b59c44d3ea9ecf85f4d501e6aac14df288efd62cf80d1829d025';

const message = fc.uint8Array({ minLength: 48, maxLength: 400 });

test('messages jumble as the vectors of ZIP 316 say, and back', () => {
  for (const [plain, jumbled] of ZIP_316) {
    assert.equal(toHex(f4Jumble(fromHex(plain))), jumbled);
    assert.equal(toHex(f4JumbleInverse(fromHex(jumbled))), plain);
  }
});

test('the longest message jumbles as the vectors of ZIP 316 say, block counters above one byte included', () => {
  const jumbled = f4Jumble(Uint8Array.from({ length: 4_194_368 }, (_, i) => i & 0xff));
  assert.equal(createHash('blake2b512').update(jumbled).digest('hex'), ZIP_316_LONGEST);
});

test('the inverse undoes the jumbling of every message, both ways round', () => {
  fc.assert(
    fc.property(message, (plain) => {
      assert.deepEqual(f4JumbleInverse(f4Jumble(plain)), plain);
      assert.deepEqual(f4Jumble(f4JumbleInverse(plain)), plain);
    }),
  );
});

test('one changed bit changes about half of all bits, so a look-alike address cannot be crafted', () => {
  const plain = new Uint8Array(81).fill(0x5a);
  const jumbled = f4Jumble(plain);
  for (let byte = 0; byte < plain.length; byte++) {
    const changed = plain.slice();
    changed[byte]! ^= 1;
    const other = f4Jumble(changed);
    const bits = jumbled.reduce(
      (sum, x, i) => sum + (x ^ other[i]!).toString(2).replaceAll('0', '').length,
      0,
    );
    // 648 bits of which each differs with probability 1/2: outside 200..448 lies less than 2^-70.
    assert.ok(bits > 200 && bits < 448, `byte ${byte}: ${bits} bits differ`);
  }
});

test('messages that are too short or too long are refused', () => {
  const isRefusal = (error: unknown): boolean =>
    error instanceof CryptoError && error.code === 'f4jumble-length';
  for (const length of [0, 1, 47, 4_194_369]) {
    assert.throws(() => f4Jumble(new Uint8Array(length)), isRefusal);
    assert.throws(() => f4JumbleInverse(new Uint8Array(length)), isRefusal);
  }
});
