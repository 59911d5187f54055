import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '@sero/crypto';
import fc from 'fast-check';
import vectors from '../../../test/vectors/addresses.json' with { type: 'json' };
import keyVectors from '../../../test/vectors/keys.json' with { type: 'json' };
import {
  addressFromText,
  addressToText,
  contractAddressFromText,
  contractAddressToText,
  decodeOneTimeAddress,
  decodeProofKey,
  decodeViewingKey,
  encodeAddress,
  encodeOneTimeAddress,
  encodeProofKey,
  encodeViewingKey,
  type Network,
  oneTimeAddressFromText,
  oneTimeAddressToText,
  ownAddress,
  ProtocolError,
  type ProtocolErrorCode,
  proofKeyFromText,
  proofKeyToText,
  viewingKeyFromText,
  viewingKeyToText,
} from './index.ts';
import { ALICE, filler, refusal } from './test-support.ts';

const NETWORKS: readonly Network[] = ['production', 'development'];

/** Each kind: its text of an honest value, and the bytes that its reader finds in a text. */
const KINDS: readonly {
  name: string;
  write: (network: Network) => string;
  read: (text: string, network: Network) => Uint8Array;
  content: Uint8Array;
}[] = [
  {
    name: 'PK',
    write: (network) => addressToText(ALICE.proof.viewing.address, network),
    read: (text, network) => encodeAddress(addressFromText(text, network)),
    content: encodeAddress(ALICE.proof.viewing.address),
  },
  {
    name: 'PKr',
    write: (network) => oneTimeAddressToText(ownAddress(ALICE.proof.viewing, 1n, 'once', 0n), network),
    read: (text, network) => encodeOneTimeAddress(oneTimeAddressFromText(text, network)),
    content: encodeOneTimeAddress(ownAddress(ALICE.proof.viewing, 1n, 'once', 0n)),
  },
  {
    name: 'CADDR',
    write: (network) => contractAddressToText(filler(3, 64), network),
    read: contractAddressFromText,
    content: filler(3, 64),
  },
  {
    name: 'TK',
    write: (network) => viewingKeyToText(ALICE.proof.viewing, network),
    read: (text, network) => encodeViewingKey(viewingKeyFromText(text, network)),
    content: encodeViewingKey(ALICE.proof.viewing),
  },
  {
    name: 'PAK',
    write: (network) => proofKeyToText(ALICE.proof, network),
    read: (text, network) => encodeProofKey(proofKeyFromText(text, network)),
    content: encodeProofKey(ALICE.proof),
  },
];

const everyText = KINDS.flatMap((kind) =>
  NETWORKS.map((network) => ({ kind, network, text: kind.write(network) })),
);

test('keys and addresses are written and read as the Python reference does, on both networks', () => {
  for (const network of NETWORKS) {
    for (const { PK, TK, PAK, text } of keyVectors.accounts) {
      assert.equal(toHex(encodeAddress(addressFromText(text[network].PK, network))), PK);
      const viewing = viewingKeyFromText(text[network].TK, network);
      assert.equal(toHex(encodeViewingKey(viewing)), TK);
      assert.equal(viewingKeyToText(decodeViewingKey(fromHex(TK)), network), text[network].TK);
      assert.equal(toHex(encodeProofKey(proofKeyFromText(text[network].PAK, network))), PAK);
      assert.equal(proofKeyToText(decodeProofKey(fromHex(PAK)), network), text[network].PAK);
      assert.equal(addressToText(viewing.address, network), text[network].PK);
    }
    for (const { PKr, text } of vectors.own) {
      const address = oneTimeAddressFromText(text[network], network);
      assert.deepEqual(address, decodeOneTimeAddress(fromHex(PKr)));
      assert.equal(oneTimeAddressToText(address, network), text[network]);
    }
    for (const { CADDR, text } of vectors.contracts) {
      assert.equal(contractAddressToText(fromHex(CADDR), network), text[network]);
      assert.equal(toHex(contractAddressFromText(text[network], network)), CADDR);
    }
  }
});

test('every string that the Python reference calls no PK is refused', async (t) => {
  const codes: Readonly<Record<string, ProtocolErrorCode>> = {
    "the development network's text": 'text-wrong-kind',
    "a PKr's text": 'text-wrong-kind',
    "a tracing key's text": 'text-wrong-kind',
    'ZPK is q': 'field-not-canonical',
    'VPK is no point': 'point-not-canonical',
    'VPK is the identity': 'point-is-identity',
  };
  const reasons = vectors.refusedText.map(({ why }) => why);
  for (const why of Object.keys(codes)) assert.ok(reasons.includes(why), why);
  for (const { why, text } of vectors.refusedText) {
    await t.test(why, () =>
      assert.throws(() => addressFromText(text, 'production'), refusal(codes[why] ?? 'text-malformed')),
    );
  }
});

test('a text is read as its own kind on its own network, and as nothing else', async (t) => {
  for (const { kind, network, text } of everyText) {
    await t.test(`${kind.name}, ${network}`, () => {
      for (const other of KINDS) {
        for (const otherNetwork of NETWORKS) {
          if (other === kind && otherNetwork === network) {
            assert.deepEqual(other.read(text, network), kind.content);
          } else {
            assert.throws(() => other.read(text, otherNetwork), refusal('text-wrong-kind'));
          }
        }
      }
    });
  }
});

test('one changed, missing, doubled or inserted character is refused in every kind of text', () => {
  const character = fc.constantFrom(...'qpzry9x8gf2tvdw0s3jn54khce6mua7lbio1QPZ -_é\u0000');
  fc.assert(
    fc.property(
      fc.constantFrom(...everyText),
      fc.nat(),
      character,
      fc.constantFrom('change', 'drop', 'double', 'insert'),
      ({ kind, network, text }, place, letter, how) => {
        const at = place % text.length;
        const middle = {
          change: letter,
          drop: '',
          double: text[at]! + text[at]!,
          insert: letter + text[at]!,
        };
        const mutated = text.slice(0, at) + middle[how] + text.slice(at + 1);
        fc.pre(mutated !== text);
        assert.throws(
          () => kind.read(mutated, network),
          (error) =>
            error instanceof ProtocolError && ['text-malformed', 'text-wrong-kind'].includes(error.code),
          `${kind.name}: ${mutated}`,
        );
      },
    ),
    { numRuns: 600 },
  );
});

test('whatever the string, a reader refuses it with a typed error', () => {
  const prefixed = fc
    .tuple(fc.constantFrom(...everyText), fc.string({ maxLength: 200 }))
    .map(([{ text }, rest]) => text.slice(0, text.indexOf('1') + 1) + rest);
  const strings = fc.oneof(fc.string({ unit: 'binary', maxLength: 1100 }), fc.string(), prefixed);
  fc.assert(
    fc.property(strings, fc.constantFrom(...KINDS), fc.constantFrom(...NETWORKS), (text, kind, network) => {
      assert.throws(() => kind.read(text, network), { name: 'ProtocolError' });
    }),
    { numRuns: 500 },
  );
});

test('upper case is the same text, mixed case is none', () => {
  for (const { kind, network, text } of everyText) {
    assert.deepEqual(kind.read(text.toUpperCase(), network), kind.content);
    const mixed = text.slice(0, 20) + text.slice(20).toUpperCase();
    assert.throws(() => kind.read(mixed, network), refusal('text-malformed'));
  }
});
