import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b256, concat, fromHex, toHex, utf8 } from '@sero/crypto';
import fc from 'fast-check';
import vectors from '../../../test/vectors/notes.json' with { type: 'json' };
import {
  type AssetKind,
  assetId,
  checkName,
  DEVELOPMENT,
  name32,
  nameCommitment,
  namePrice,
  SERO_UNIT,
  ticketName32,
} from './index.ts';
import { filler, refusal } from './test-support.ts';

test('asset numbers and name32 are those of the Python reference', () => {
  for (const vector of vectors.assets) {
    const bytes =
      vector.name === undefined ? ticketName32(vector.category!, fromHex(vector.id32!)) : name32(vector.name);
    assert.equal(toHex(bytes), vector.name32);
    const kind: AssetKind = vector.kind === 1 ? 1 : 2;
    assert.equal(assetId(BigInt(vector.chainId), kind, bytes), BigInt(vector.asset));
  }
});

test('a name has 1 to 32 of A-Z, 0-9, "_", "." and "-"', () => {
  for (const name of ['A', '7', '_', '.', '-', 'TEST-COIN_2.0', 'Z'.repeat(32), 'SEROS', 'XSERO'])
    checkName(name);
  const bad = [
    '',
    'Z'.repeat(33),
    'a',
    'sero',
    'A B',
    'A\n',
    '\nA',
    'A\u0000',
    'É',
    'Α',
    '中',
    'A/B',
    '💰',
    'A,B',
  ];
  for (const name of bad) assert.throws(() => checkName(name), refusal('asset-name'), JSON.stringify(name));
});

test('nobody takes the name SERO', () => {
  assert.throws(() => checkName('SERO'), refusal('asset-name-reserved'));
});

test('whatever the string, a name is taken or refused by its rule', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (name) => {
      const fits = [...name].every((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-'.includes(c));
      if (fits && name.length >= 1 && name.length <= 32 && name !== 'SERO') checkName(name);
      else assert.throws(() => checkName(name), { name: 'ProtocolError' });
    }),
  );
});

test('name32 refuses what does not fit and never cuts it', () => {
  assert.equal(name32('Z'.repeat(32)).length, 32);
  assert.throws(() => name32('Z'.repeat(33)), refusal('asset-name'));
  assert.throws(() => name32('É'.repeat(17)), refusal('asset-name'));
  for (const length of [0, 31, 33]) {
    assert.throws(() => assetId(1n, 1, new Uint8Array(length)), refusal('malformed'));
  }
});

test('chains, kinds and names give assets of their own', () => {
  const names = [name32('A'), name32('B'), name32('AB'), ticketName32('A', filler(1, 32))];
  const made = [1n, 2n].flatMap((chain) =>
    ([1, 2] as const).flatMap((kind) => names.map((name) => assetId(chain, kind, name))),
  );
  assert.equal(new Set(made).size, 16);
  assert.ok(!made.includes(1n), 'no issued asset is SERO');
});

test('a commitment binds name, salt and issuer, so that who sees it can neither read nor take the name', () => {
  const [salt, issuer] = [filler(1, 32), filler(2, 20)];
  const made = [
    nameCommitment('A', salt, issuer),
    nameCommitment('B', salt, issuer),
    nameCommitment('A', filler(3, 32), issuer),
    nameCommitment('A', salt, filler(3, 20)),
  ];
  assert.equal(new Set(made.map(toHex)).size, 4);
  const padded = concat(utf8('A'), new Uint8Array(31));
  assert.deepEqual(made[0], blake2b256('SERO_name', concat(padded, salt, issuer)));
  for (const [badSalt, badIssuer] of [
    [filler(1, 31), issuer],
    [filler(1, 33), issuer],
    [salt, filler(2, 19)],
    [salt, filler(2, 32)],
  ]) {
    assert.throws(() => nameCommitment('A', badSalt!, badIssuer!), refusal('malformed'));
  }
});

test('a name costs by its length: 1,000,000 SERO for one letter down to 1 SERO from seven on', () => {
  const prices = [1_000_000n, 100_000n, 10_000n, 1_000n, 100n, 10n, 1n, 1n, 1n];
  for (const [i, price] of prices.entries()) {
    assert.equal(namePrice('N'.repeat(i + 1), DEVELOPMENT.namePrices), price * SERO_UNIT);
  }
  assert.equal(namePrice('N'.repeat(32), DEVELOPMENT.namePrices), SERO_UNIT);
  assert.equal(namePrice('NN', [7n]), 7n);
  assert.throws(() => namePrice('N', []), refusal('genesis-invalid'));
});
