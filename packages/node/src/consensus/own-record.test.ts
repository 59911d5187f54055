import assert from 'node:assert/strict';
import { it } from 'node:test';
import { DEVELOPMENT, type StakeRow, stakeTable } from '@sero/protocol';
import { participants } from '@sero/protocol/test/consensus';
import { emptyGenesis } from '../test-support.ts';
import type { ValidatorKeys } from '../validator/keys.ts';
import { findOwnRecord } from './own-record.ts';

const ROWS = participants([10n, 20n, 30n]).map(({ row }) => row);
const OWN = ROWS[1]!;
const genesis = emptyGenesis();
const NEWEST = 5n + DEVELOPMENT.stake.balanceLookback;

const keysOf = (row: StakeRow): ValidatorKeys =>
  ({ public: row, prove: () => new Uint8Array(80), keys: { sign: () => 'signature' } }) as never;

/** A ledger at block 5 whose tables are those of the next round and of the newest one. */
function ledger(next: readonly StakeRow[], newest: readonly StakeRow[]): Parameters<typeof findOwnRecord>[0] {
  return {
    genesis,
    head: () => ({ height: 5n }) as never,
    stakeTable: (round) =>
      (round === NEWEST ? stakeTable(newest) : round === 6n ? stakeTable(next) : undefined) as never,
  };
}

it('finds the record of the keys in the newest table, and in that of the next round where it has left', () => {
  const others = ROWS.filter((row) => row !== OWN);
  assert.deepEqual(findOwnRecord(ledger(others, ROWS), keysOf(OWN))?.id, OWN.id);
  assert.deepEqual(findOwnRecord(ledger(ROWS, others), keysOf(OWN))?.id, OWN.id);
  assert.equal(findOwnRecord(ledger(others, others), keysOf(OWN)), undefined);
});

it('does not vote for a record that somebody else registered with copies of the public keys', () => {
  // He chooses an owner until the record stands first in the table. A BLS key that he has no secret of he cannot register.
  const thief: StakeRow = { ...OWN, id: new Uint8Array(32), blsKey: ROWS[0]!.blsKey };
  const rows = [thief, ...ROWS];
  assert.deepEqual(findOwnRecord(ledger(rows, rows), keysOf(OWN))?.id, OWN.id);
  const alone = [thief, ROWS[2]!];
  assert.equal(findOwnRecord(ledger(alone, alone), keysOf(OWN)), undefined);
});

it('does not vote for a record whose voting or VRF key was renewed', () => {
  for (const renewed of [
    { ...OWN, vrfKey: ROWS[0]!.vrfKey },
    { ...OWN, voteRoot: ROWS[0]!.voteRoot },
  ]) {
    assert.equal(findOwnRecord(ledger([renewed], [renewed]), keysOf(OWN)), undefined);
  }
});

it('signs in the rounds whose table has these keys: renewed ones not before, old ones not after', () => {
  const renewed = { ...OWN, vrfKey: ROWS[0]!.vrfKey, voteRoot: ROWS[0]!.voteRoot, blsKey: ROWS[0]!.blsKey };
  const signs = (row: StakeRow, next: StakeRow, newest: StakeRow): boolean[] => {
    const record = findOwnRecord(ledger([next], [newest]), keysOf(row))!;
    const sign = (round: bigint) => record.keys.sign(round, 0, 1, new Uint8Array(32));
    return [6n, NEWEST, NEWEST + 1n].map((round) => sign(round) !== undefined);
  };
  assert.deepEqual(signs(OWN, OWN, OWN), [true, true, false]);
  assert.deepEqual(signs(OWN, OWN, renewed), [true, false, false]);
  assert.deepEqual(signs(renewed, OWN, renewed), [false, true, false]);
});
