import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from './index.ts';

/** Faults that the simulator found, each with the seed that found it. */
const FOUND: readonly (readonly [what: string, seed: number, scenario: string])[] = [
  ['a block is durable before the first cert vote for it leaves', 20, 'crash-all'],
  ['a block is durable before the first cert vote for it leaves (all nodes crash at once)', 44, 'crash-all'],
  ['what is known of a block does not outlive the block', 170, 'crash-restart'],
];

for (const [what, seed, scenario] of FOUND) {
  test(what, () => {
    assert.equal(runSeed(seed, { scenario }).violation, undefined);
  });
}
