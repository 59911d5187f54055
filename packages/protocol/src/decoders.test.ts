import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes, le32 } from '@sero/crypto';
import fc from 'fast-check';
import {
  AssetBodyType,
  decodeAddress,
  decodeAssetBody,
  decodeBlock,
  decodeEnvelope,
  decodeExecutedBlock,
  decodeField,
  decodeGenesis,
  decodeKeyPoint,
  decodeOneTimeAddress,
  decodeProofKey,
  decodeScalar,
  decodeViewingKey,
  type Envelope,
  encodeAddress,
  encodeBareEnvelope,
  encodeBlock,
  encodeEnvelope,
  encodeExecutedBlock,
  encodeGenesis,
  encodeOneTimeAddress,
  encodeProofKey,
  encodeViewingKey,
  type Header,
  ProtocolError,
} from './index.ts';
import {
  ALICE,
  bareInner,
  COMMIT_BODY,
  contractCall,
  filler,
  GENESIS,
  issueBody,
  joined,
  payment,
  refusal,
  signed,
  spliced,
} from './test-support.ts';

const zero = new Uint8Array(32);
const header: Header = {
  version: 1,
  genesisHash: zero,
  height: 1n,
  period: 0,
  parent: zero,
  time: 1n,
  proposer: [],
  vrfProof: [],
  seed: zero,
  transactionsRoot: zero,
  receiptsRoot: zero,
  logsBloom: new Uint8Array(256),
  stateRoot: zero,
  notesRoot: zero,
  validatorsRoot: zero,
  gasUsed: 0n,
  gasLimit: 1n,
  baseFee: 1n,
  versionVote: [],
  disableVote: [],
  absent: [],
};
const block = { header, transactions: [filler(1, 30), filler(2, 40)] };
const receipt = {
  txid: zero,
  status: 1,
  failure: new Uint8Array(0),
  gasUsed: 1n,
  publicOutputs: [{ asset: zero, value: 1n, pkr: filler(3, 64) }],
  logs: [],
};

const again = (envelope: Envelope): Uint8Array =>
  envelope.bare === undefined ? encodeEnvelope(envelope.private) : encodeBareEnvelope(envelope.bare);

/** Each decoder followed by its encoder, with honest bytes. */
const DECODERS: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array, readonly Uint8Array[]])[] = [
  [
    'decodeEnvelope',
    (bytes) => again(decodeEnvelope(bytes)),
    [signed(payment()), signed(contractCall()), joined(bareInner(9), new Uint8Array(0))],
  ],
  ['decodeGenesis', (bytes) => encodeGenesis(decodeGenesis(bytes)), [encodeGenesis(GENESIS)]],
  ['decodeBlock', (bytes) => encodeBlock(decodeBlock(bytes)), [encodeBlock(block)]],
  [
    'decodeExecutedBlock',
    (bytes) => encodeExecutedBlock(decodeExecutedBlock(bytes)),
    [encodeExecutedBlock({ block, receipts: [receipt] })],
  ],
  [
    'decodeAssetBody',
    (bytes) => AssetBodyType.serialize(decodeAssetBody(bytes)),
    [COMMIT_BODY, issueBody(), AssetBodyType.serialize({ commit: [], issue: [] })],
  ],
  [
    'decodeAddress',
    (bytes) => encodeAddress(decodeAddress(bytes)),
    [encodeAddress(ALICE.proof.viewing.address)],
  ],
  [
    'decodeOneTimeAddress',
    (bytes) => encodeOneTimeAddress(decodeOneTimeAddress(bytes)),
    [encodeAddress(ALICE.proof.viewing.address)],
  ],
  [
    'decodeViewingKey',
    (bytes) => encodeViewingKey(decodeViewingKey(bytes)),
    [encodeViewingKey(ALICE.proof.viewing)],
  ],
  ['decodeProofKey', (bytes) => encodeProofKey(decodeProofKey(bytes)), [encodeProofKey(ALICE.proof)]],
];

/** Either the bytes come back as they were, or a typed error says why not. */
function assertStrict(roundTrip: (bytes: Uint8Array) => Uint8Array, bytes: Uint8Array): void {
  let back: Uint8Array;
  try {
    back = roundTrip(bytes);
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return;
  }
  assert.ok(equalBytes(back, bytes), 'two spellings of one object');
}

for (const [name, roundTrip, honest] of DECODERS) {
  const runs = { numRuns: 200 };

  test(`${name} gives honest bytes back`, () => {
    for (const bytes of honest) assert.deepEqual(roundTrip(bytes), bytes);
  });

  test(`${name} refuses arbitrary bytes with a typed error`, () => {
    const sized = fc
      .constantFrom(...honest.map(({ length }) => length))
      .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 700 }), sized), (bytes) =>
        assertStrict(roundTrip, bytes),
      ),
      runs,
    );
  });

  test(`${name} has one spelling for each object: changed, cut, lengthened or shuffled bytes never pass for others`, () => {
    const mutation = fc.oneof(
      fc.record({
        how: fc.constant('word' as const),
        at: fc.nat(),
        value: fc.integer({ min: 0, max: 2000 }),
      }),
      fc.record({ how: fc.constant('byte' as const), at: fc.nat(), value: fc.nat(255) }),
      fc.record({ how: fc.constant('cut' as const), at: fc.nat(), value: fc.nat(8) }),
      fc.record({ how: fc.constant('tail' as const), at: fc.nat(), value: fc.nat(40) }),
      fc.record({ how: fc.constant('drop' as const), at: fc.nat(), value: fc.integer({ min: 1, max: 70 }) }),
      fc.record({ how: fc.constant('swap' as const), at: fc.nat(), value: fc.nat(255) }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...honest),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (bytes, mutations) => {
          let changed = bytes;
          for (const { how, at, value } of mutations) {
            if (changed.length < 8) break;
            const place = at % (changed.length - 4);
            switch (how) {
              case 'word':
                changed = spliced(changed, place & ~3, le32(value));
                break;
              case 'byte':
                changed = spliced(changed, place, Uint8Array.of(value));
                break;
              case 'cut':
                changed = changed.slice(0, changed.length - value);
                break;
              case 'tail':
                changed = Uint8Array.from([...changed, ...filler(at, value)]);
                break;
              case 'drop':
                changed = Uint8Array.from([...changed.slice(0, place), ...changed.slice(place + value)]);
                break;
              case 'swap': {
                const other = value % (changed.length - 4);
                const [a, b] = [changed.slice(place, place + 4), changed.slice(other, other + 4)];
                changed = spliced(spliced(changed, place, b), other, a);
                break;
              }
            }
          }
          assertStrict(roundTrip, changed);
        },
      ),
      runs,
    );
  });
}

test('field elements, scalars and points of a wrong length are malformed', () => {
  for (const length of [0, 31, 33, 64]) {
    for (const decode of [decodeField, decodeScalar, decodeKeyPoint]) {
      assert.throws(() => decode(new Uint8Array(length), 'it'), refusal('malformed'));
    }
  }
});

test('an error says what it is about', () => {
  assert.throws(
    () => decodeField(new Uint8Array(32).fill(255), 'the seventh nullifier'),
    /the seventh nullifier/,
  );
  assert.throws(() => decodeKeyPoint(new Uint8Array(32).fill(255), 'VPKr'), /VPKr/);
});
