import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DEVELOPMENT, NO_VALIDATORS, PRODUCTION, SERO_UNIT } from '@sero/protocol';
import { CliError } from '../errors.ts';
import { parametersFrom, profileOf } from './parameters-file.ts';

const genesisOf = (parameters: typeof PRODUCTION) => ({
  ...parameters,
  ...NO_VALIDATORS,
  name: new Uint8Array(1),
  time: 0n,
  verifyingKeys: [],
  allocations: [],
  derivation: new Uint8Array(0),
});

it('a file of parameters says otherwise where it says something, and nowhere else', () => {
  assert.deepEqual(parametersFrom('production', '{}'), PRODUCTION);
  const changes = {
    pace: { idle: 20_000 },
    stake: { unit: String(2n ** 100n), seedRefresh: 81 },
    namePrices: ['5', 6],
    transparentAccounts: 1,
  };
  assert.deepEqual(parametersFrom('development', JSON.stringify(changes)), {
    ...DEVELOPMENT,
    pace: { ...DEVELOPMENT.pace, idle: 20_000 },
    stake: { ...DEVELOPMENT.stake, unit: 2n ** 100n, seedRefresh: 81n },
    namePrices: [5n, 6n],
    transparentAccounts: 1,
  });
});

it('what differs from the profile is named, and a chain of its own is no difference', () => {
  assert.deepEqual(profileOf(genesisOf({ ...PRODUCTION, chainId: 7n })), {
    profile: 'production',
    differences: [],
  });
  const changes = { stake: { unit: String(SERO_UNIT * 1_000n) }, namePrices: [1, 2] };
  const { profile, differences } = profileOf(
    genesisOf(parametersFrom('development', JSON.stringify(changes))),
  );
  assert.equal(profile, 'development');
  assert.deepEqual(
    differences.map(({ name, value }) => [name, value]),
    [
      ['stake.unit', String(SERO_UNIT * 1_000n)],
      ['namePrices', '1,2'],
    ],
  );
});

it('names that do not exist, other kinds of values and what options say are refused: a mistyped parameter is not lost', () => {
  for (const text of [
    '',
    'null',
    '[]',
    '{"pace":5}',
    '{"pace":{"idel":5}}',
    '{"__proto__":{"pace":1}}',
    '{"toString":1}',
    '{"pace":{"idle":-1}}',
    '{"pace":{"idle":1.5}}',
    '{"pace":{"idle":"0x5"}}',
    '{"pace":{"idle":null}}',
    '{"stake":{"unit":1e30}}',
    '{"namePrices":5}',
    '{"namePrices":[[1]]}',
    '{"devnet":1}',
    '{"chainId":1}',
    '{"version":2}',
  ]) {
    assert.throws(
      () => parametersFrom('production', text),
      (error: unknown) => error instanceof CliError && error.exit === 'usage',
      text,
    );
  }
});
