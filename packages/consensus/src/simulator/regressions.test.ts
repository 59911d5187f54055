import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from './index.ts';

/** Faults that the simulator found, each with the seed that found it. */
const FOUND: readonly (readonly [what: string, seed: number, scenario: string])[] = [
  ['a block is durable before the first cert vote for it leaves', 20, 'crash-all'],
  ['a block is durable before the first cert vote for it leaves (all nodes crash at once)', 44, 'crash-all'],
  ['what is known of a block does not outlive the block', 170, 'crash-restart'],
  ['a block is in the log with the verdict that it holds', 130, 'crash-restart'],
  ['early votes are logged with the round that they are of', 41, 'crash-all'],
  ['a block that was voted for comes back from the log', 50, 'crash-all'],
  ['a certified block is there again after everybody crashed', 53, 'crash-all'],
  ['nothing is heard before the log is read', 94, 'late-joiner'],
  ['nothing that comes while the log is read is mixed with it', 40, 'old-keys'],
];

for (const [what, seed, scenario] of FOUND) {
  test(what, () => {
    assert.equal(runSeed(seed, { scenario }).violation, undefined);
  });
}
