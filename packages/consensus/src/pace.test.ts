import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEVELOPMENT, PRODUCTION } from '@sero/protocol';
import { buildDelay } from './pace.ts';
import { consensusParams } from './parameters.ts';

const SMALL = consensusParams(DEVELOPMENT);
/** A leader value of a tenth of the range. */
const TENTH = (1n << 256n) / 10n + 1n;
const TOTAL = 1_000n;

describe('the turns in which blocks are built', () => {
  // The small profile draws 20 proposals: a tenth of the range are two turns.
  test('are of 20 ms where a block is made in no time', () => {
    for (const buildTime of [0, 1, 10]) assert.equal(buildDelay(SMALL, TENTH, TOTAL, buildTime), 40);
  });

  test('are twice as long as a block takes, to an eighth of the longest filter time', () => {
    assert.equal(buildDelay(SMALL, TENTH, TOTAL, 30), 120);
    assert.equal(buildDelay(SMALL, TENTH, TOTAL, 60), 240);
    for (const buildTime of [63, 1_000, Number.MAX_SAFE_INTEGER]) {
      assert.equal(buildDelay(SMALL, TENTH, TOTAL, buildTime), 250);
    }
  });

  test('follow the leader value: who leads surely begins at once, and of fewer units than proposals each has its turn', () => {
    assert.equal(buildDelay(SMALL, 0n, TOTAL, 60), 0);
    assert.equal(buildDelay(SMALL, (1n << 256n) - 1n, TOTAL, 60), 20 * 120 - 1);
    assert.equal(buildDelay(SMALL, TENTH, 5n, 60), 60);
  });

  test('are not taken where proposers are drawn', () => {
    assert.equal(buildDelay(consensusParams(PRODUCTION), TENTH, TOTAL, 60), 0);
  });
});
