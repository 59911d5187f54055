import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bech32, bech32m } from '@scure/base';
import fc from 'fast-check';
import { CryptoError, decodeJumbled, encodeJumbled, f4Jumble, fromHex, toHex } from './index.ts';

/** BIP 350, "Test vectors". */
const BIP_350_VALID = [
  'A1LQFN3A',
  'a1lqfn3a',
  'an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6',
  'abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx',
  '11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr8',
  'split1checkupstagehandshakeupstreamerranterredcaperredlc445v',
  '?1v759aa',
];
const BIP_350_INVALID = [
  '\u00201xj0phk',
  '\u007f1g6xzxy',
  '\u00801vctc34',
  'qyrz8wqd2c9m',
  '1qyrz8wqd2c9m',
  'y1b0jsk6g',
  'lt1igcx5c0',
  'in1muywd',
  'mm1crxm3i',
  'au1s5cgom',
  'M1VUXWEZ',
  '16plkw9',
  '1p2gdwpf',
];

interface AddressVectors {
  fromScalar: { PKr: string; text: Record<'production' | 'development', string> }[];
  refusedText: { why: string; text: string }[];
}
interface KeyVectors {
  accounts: Record<'PK' | 'TK' | 'PAK', string>[] &
    { text: Record<'production' | 'development', Record<'PK' | 'TK' | 'PAK', string>> }[];
}
const addresses: AddressVectors = read('addresses');
const keys: KeyVectors = read('keys');

function read(name: string) {
  return JSON.parse(readFileSync(new URL(`../../../test/vectors/${name}.json`, import.meta.url), 'utf8'));
}

const KEY_TEXTS = [
  ['PK', 1, 64, 'sero', 'serodev'],
  ['TK', 4, 160, 'serotk', 'serotkdev'],
  ['PAK', 5, 128, 'seropak', 'seropakdev'],
] as const;

/** An honest text of the production network and how to decode it. */
const GOOD = keys.accounts[0]!.text.production.PK;
const asPk = (text: string): Uint8Array => decodeJumbled('sero', 1, 64, text);

test('the valid strings of BIP 350 pass the checksum: only their prefix is refused', () => {
  for (const text of BIP_350_VALID) assert.throws(() => asPk(text), refusal('bech32m-wrong-prefix'), text);
});

test('the invalid strings of BIP 350 are malformed', () => {
  for (const text of BIP_350_INVALID) assert.throws(() => asPk(text), refusal('bech32m-malformed'), text);
});

test("keys and addresses are written and read as the Python reference's, on both networks", () => {
  for (const account of keys.accounts) {
    for (const [name, type, length, production, development] of KEY_TEXTS) {
      const content = fromHex(account[name]);
      assert.equal(encodeJumbled(production, type, content), account.text.production[name]);
      assert.equal(encodeJumbled(development, type, content), account.text.development[name]);
      assert.equal(
        toHex(decodeJumbled(production, type, length, account.text.production[name])),
        account[name],
      );
    }
  }
  for (const address of addresses.fromScalar) {
    assert.equal(encodeJumbled('seror', 2, fromHex(address.PKr)), address.text.production);
    assert.equal(toHex(decodeJumbled('serordev', 2, 64, address.text.development)), address.PKr);
  }
});

test('what is no PK of the production network is refused', async (t) => {
  // Fields and points are looked at one layer up: these texts are well-formed here.
  const ofContent = new Set(['ZPK is q', 'VPK is no point', 'VPK is the identity']);
  for (const { why, text } of addresses.refusedText) {
    await t.test(why, () => {
      if (ofContent.has(why)) assert.equal(asPk(text).length, 64);
      else assert.throws(() => asPk(text), isCryptoError);
    });
  }
});

test('upper case is the same string, mixed case is none', () => {
  assert.deepEqual(asPk(GOOD.toUpperCase()), asPk(GOOD));
  assert.throws(() => asPk(GOOD[0]!.toUpperCase() + GOOD.slice(1)), refusal('bech32m-malformed'));
});

test('any one changed, missing or doubled character is refused', () => {
  for (let i = 0; i < GOOD.length; i++) {
    const other = GOOD[i] === 'q' ? 'p' : 'q';
    assert.throws(() => asPk(GOOD.slice(0, i) + other + GOOD.slice(i + 1)), isCryptoError);
    assert.throws(() => asPk(GOOD.slice(0, i) + GOOD.slice(i + 1)), isCryptoError);
    assert.throws(() => asPk(GOOD.slice(0, i) + GOOD[i] + GOOD.slice(i)), isCryptoError);
  }
});

test('the prefix inside the jumbled bytes must be the one outside', () => {
  const { words } = bech32m.decode(GOOD as `sero1${string}`, 1024);
  const moved = bech32m.encode('serodev', words, false);
  assert.throws(() => decodeJumbled('serodev', 1, 64, moved), refusal('bech32m-malformed'));
});

test('a bech32 checksum (BIP 173) does not pass for bech32m', () => {
  const { words } = bech32m.decode(GOOD as `sero1${string}`, 1024);
  assert.throws(() => asPk(bech32.encode('sero', words, false)), refusal('bech32m-malformed'));
});

test('padding bits that are not zero, or a whole word of padding, are refused: one content, one text', () => {
  const { words } = bech32m.decode(GOOD as `sero1${string}`, 1024);
  // 81 bytes are 648 bits: 130 words with 2 bits of padding.
  assert.equal(words.length, 130);
  for (const padding of [1, 2, 3]) {
    const changed = [...words.slice(0, -1), words.at(-1)! | padding];
    assert.throws(() => asPk(bech32m.encode('sero', changed, false)), refusal('bech32m-malformed'));
  }
  assert.throws(() => asPk(bech32m.encode('sero', [...words, 0], false)), refusal('bech32m-malformed'));
});

test('bytes that are too short to have been jumbled are malformed, whatever length is asked for', () => {
  const short = bech32m.encode('sero', bech32m.toWords(new Uint8Array(20)), false);
  assert.throws(() => asPk(short), refusal('bech32m-malformed'));
  assert.throws(() => decodeJumbled('sero', 1, 3, short), isCryptoError);
});

test('every content comes back, and another type byte or length is refused', () => {
  const content = fc.uint8Array({ minLength: 31, maxLength: 200 });
  fc.assert(
    fc.property(content, fc.nat(255), fc.stringMatching(/^[a-z]{1,16}$/), (bytes, type, prefix) => {
      const text = encodeJumbled(prefix, type, bytes);
      assert.deepEqual(decodeJumbled(prefix, type, bytes.length, text), bytes);
      assert.throws(
        () => decodeJumbled(prefix, (type + 1) % 256, bytes.length, text),
        refusal('bech32m-malformed'),
      );
      assert.throws(() => decodeJumbled(prefix, type, bytes.length + 1, text), refusal('bech32m-malformed'));
      assert.throws(
        () => decodeJumbled(`${prefix}x`, type, bytes.length, text),
        refusal('bech32m-wrong-prefix'),
      );
    }),
  );
});

test('whatever the text, it is refused with a typed error', () => {
  const wellSummed = fc
    .uint8Array({ maxLength: 120 })
    .map((bytes) => bech32m.encode('sero', bech32m.toWords(bytes), false));
  const jumbled = fc
    .uint8Array({ minLength: 81, maxLength: 81 })
    .map((bytes) => bech32m.encode('sero', bech32m.toWords(f4Jumble(bytes)), false));
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), wellSummed, jumbled);
  fc.assert(fc.property(text, (string) => void assert.throws(() => asPk(string), isCryptoError)));
  for (const string of [
    '',
    '1',
    'sero1',
    'sero',
    'q'.repeat(5000),
    `sero1${'q'.repeat(2000)}`,
    '\0',
    '💰1qqqqqq',
  ]) {
    assert.throws(() => asPk(string), isCryptoError);
  }
});

function isCryptoError(error: unknown): boolean {
  return error instanceof CryptoError;
}

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof CryptoError && error.code === code;
}
