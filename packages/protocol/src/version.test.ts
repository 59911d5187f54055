import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@sero/crypto';
import fc from 'fast-check';
import { ProtocolError } from './errors.ts';
import { GENESIS } from './test-support.ts';
import {
  decodeVersion,
  encodeVersion,
  isDisableVote,
  isVersionVote,
  numberInHash,
  type Version,
  versionHash,
} from './version.ts';

const SECOND: Version = { number: 2, rules: new Uint8Array(32).fill(7), disabled: [1, 3] };

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return error.code;
  }
  return 'fine';
}

test('a version’s record comes back as it was, and each part of it is in its hash', () => {
  assert.deepEqual(decodeVersion(encodeVersion(SECOND)), SECOND);
  const others: Version[] = [
    { ...SECOND, number: 3 },
    { ...SECOND, rules: new Uint8Array(32).fill(8) },
    { ...SECOND, disabled: [1] },
    { ...SECOND, disabled: [] },
  ];
  assert.equal(new Set([SECOND, ...others].map((version) => toHex(versionHash(version)))).size, 5);
  for (const version of [SECOND, ...others]) assert.equal(numberInHash(versionHash(version)), version.number);
  const renumbered = versionHash(others[0]!).subarray(1);
  assert.notDeepEqual(
    renumbered,
    versionHash(SECOND).subarray(1),
    'the number is hashed too, not only shown',
  );
});

test('a record that no header could approve is refused', () => {
  const refused: Partial<Version>[] = [
    { number: 0 },
    { number: 1 },
    { disabled: [0] },
    { disabled: [3, 1] },
    { disabled: [2, 2] },
  ];
  for (const change of refused) {
    assert.equal(
      codeOf(() => decodeVersion(encodeVersion({ ...SECOND, ...change }))),
      'version-invalid',
    );
  }
  assert.equal(
    codeOf(() => decodeVersion(new Uint8Array(65))),
    'too-large',
  );
});

test('whatever the bytes, decoding gives a record of these very bytes or a typed refusal', () => {
  const good = encodeVersion(SECOND);
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 70 }), mutated(good)), (bytes) => {
      if (codeOf(() => decodeVersion(bytes)) !== 'fine') return;
      assert.deepEqual(encodeVersion(decodeVersion(bytes)), new Uint8Array(bytes));
    }),
    { seed: 5 },
  );
});

function mutated(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat({ max: bytes.length - 1 });
  return fc.tuple(place, fc.nat({ max: 255 })).map(([at, value]) => {
    const copy = bytes.slice();
    copy[at] = value;
    return copy;
  });
}

test('headers name versions with a delay that leaves everybody time, and circuits that genesis has', () => {
  const { delay } = GENESIS.versions;
  const vote = (of: bigint): boolean => isVersionVote(GENESIS, { hash: versionHash(SECOND), delay: of });
  assert.deepEqual(
    [vote(delay - 1n), vote(delay), vote(10_000_000n), vote(10_000_001n), vote((1n << 64n) - 1n)],
    [false, true, true, false, false],
  );
  const circuits = GENESIS.verifyingKeys.map(({ circuit }) => circuit);
  for (const circuit of [0, 1, 2, 3, 4, 255]) {
    assert.equal(isDisableVote(GENESIS, circuit), circuits.includes(circuit));
  }
});
