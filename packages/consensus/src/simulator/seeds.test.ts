import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Happening } from './happenings.ts';
import { KINDS, kindOf, leadsTooOften, runSeed, type SeedOutcome } from './index.ts';
import { runWorld } from './real-ledger/scenario-test-support.ts';

/** The standard seeds: 1 to 200. A quarter a test, so that a failure is found where it is. */
const COUNT = 200;
const PARTS = 4;

const worlds = new Map<number, SeedOutcome>();

/** What came of a standard seed, run once. */
async function worldOf(seed: number): Promise<SeedOutcome> {
  const outcome = worlds.get(seed) ?? (await runWorld(seed));
  worlds.set(seed, outcome);
  return outcome;
}

/** How often something happened in the standard worlds of these scenarios; default: of all. */
async function count(what: Happening, scenarios?: readonly string[]): Promise<number> {
  let sum = 0;
  for (let seed = 1; seed <= COUNT; seed++) {
    const { scenario, happened } = await worldOf(seed);
    if (scenarios === undefined || scenarios.includes(scenario)) sum += happened[what] ?? 0;
  }
  return sum;
}

for (let part = 0; part < PARTS; part++) {
  const [first, last] = [part * (COUNT / PARTS) + 1, (part + 1) * (COUNT / PARTS)];
  test(`every invariant holds in the worlds of seeds ${first} to ${last}`, async () => {
    for (let seed = first; seed <= last; seed++) {
      const { scenario, violation } = await worldOf(seed);
      assert.equal(violation, undefined, `seed ${seed} (${scenario})`);
    }
  });
}

test('the standard seeds draw every kind of world', () => {
  const drawn = new Set<string>();
  for (let seed = 1; seed <= COUNT; seed++) drawn.add(kindOf(seed).name);
  assert.deepEqual(
    KINDS.map(({ name }) => name).filter((name) => !drawn.has(name)),
    [],
  );
});

test('what the standard worlds are for happens in them', async () => {
  const happened = {
    tornLogs: await count('torn-log'),
    unsyncedKeys: await count('unsynced-keys'),
    healedInTrouble: await count('healed-in-trouble'),
    emptyBlocks: await count('empty-block'),
  };
  assert.ok(happened.tornLogs >= 20, `${happened.tornLogs} logs were torn`);
  assert.ok((await count('kill')) >= 20, 'processes are killed');
  assert.ok(happened.unsyncedKeys >= 20, `${happened.unsyncedKeys} crashes hit erasures of keys`);
  assert.ok(happened.healedInTrouble >= 20, `${happened.healedInTrouble} scripts ended in trouble`);
  assert.ok(happened.emptyBlocks >= 5, `${happened.emptyBlocks} empty blocks`);
  assert.ok((await count('redo', ['fast-recovery'])) > 0, 'redo votes end periods where nothing else can');
  for (const step of ['late', 'down'] as const) assert.ok((await count(step)) > 0, `${step} votes`);
  const hostile = [
    'false-draw',
    'false-seed-proof',
    'early-block',
    'full-final',
    'overfull-block',
    'old-vote',
  ] as const;
  for (const act of hostile) assert.ok((await count(act)) >= 3, `${act}: ${await count(act)}`);
  const production = ['production-partition', 'production-hidden'];
  assert.ok(
    (await count('late', production)) +
      (await count('redo', production)) +
      (await count('down', production)) >
      0,
  );
  assert.ok((await count('period-3', production)) > 0);
});

test('withholders use all that they have, lead more often than their stake, and no more than their bound', async () => {
  assert.ok((await count('withheld-block')) >= 20);
  assert.ok((await count('other-record')) >= 3);
  const [rounds, led] = [await count('first-period'), await count('hostile-lead')];
  assert.ok(4 * led > rounds, `${led} of ${rounds}`);
  assert.equal(leadsTooOften({ rounds, led }), false, `${led} of ${rounds}`);
});

test('worlds on real ledgers and with real cryptography make more than a few blocks final', async () => {
  for (const kind of ['real-ledger', 'real-crypto', 'real-keys']) {
    let seeds = 0;
    for (const { scenario, rounds } of worlds.values()) {
      if (scenario !== kind) continue;
      seeds++;
      assert.ok(rounds >= 4, `${kind}: ${rounds}`);
    }
    assert.ok(seeds >= 2, `${kind}: ${seeds}`);
  }
});

test('a seed replays its world to the last message', () => {
  for (const scenario of ['mixed', 'crash-restart', 'double-voter']) {
    const lines = [0, 1].map(() => {
      const trace: string[] = [];
      const outcome = runSeed(7, { scenario, trace: (line) => trace.push(line) });
      return { trace, outcome };
    });
    assert.ok(lines[0]!.trace.length > 100);
    assert.deepEqual(lines[0], lines[1]);
  }
});
