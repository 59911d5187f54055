import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed, SCENARIOS, scenarioOf } from './index.ts';

/** The standard seeds: 1 to 200. A quarter a test, so that a failure is found where it is. */
const COUNT = 200;
const PARTS = 4;

for (let part = 0; part < PARTS; part++) {
  const [first, last] = [part * (COUNT / PARTS) + 1, (part + 1) * (COUNT / PARTS)];
  test(`every invariant holds in the worlds of seeds ${first} to ${last}`, () => {
    for (let seed = first; seed <= last; seed++) {
      const { scenario, violation } = runSeed(seed);
      assert.equal(violation, undefined, `seed ${seed} (${scenario})`);
    }
  });
}

test('the standard seeds draw every kind of world', () => {
  const drawn = new Set<string>();
  for (let seed = 1; seed <= COUNT; seed++) drawn.add(scenarioOf(seed).name);
  assert.deepEqual(
    SCENARIOS.map(({ name }) => name).filter((name) => !drawn.has(name)),
    [],
  );
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
