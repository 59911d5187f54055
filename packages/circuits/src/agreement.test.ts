import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modQ, Q } from '@sero/crypto';
import fc from 'fast-check';
import { SMALL_SHAPE, smallProgram } from '../test/circuit.ts';
import { assignment, spenderOf, TOKEN, type Wish } from '../test/fixtures.ts';
import { CircuitError, type CircuitErrorCode } from './errors.ts';
import type { JoinSplitAssignment } from './join-split.ts';
import { checkJoinSplit } from './join-split-check.ts';
import { assignSignals } from './join-split-signals.ts';

const program = await smallProgram();

/** Random honest transactions: two notes or dummies of SERO or a token, spread over three outputs. */
const wishes: fc.Arbitrary<Wish> = fc
  .record({
    name: fc.string({ maxLength: 4 }),
    tokens: fc.tuple(fc.boolean(), fc.boolean()),
    values: fc.tuple(fc.bigInt(0n, (1n << 127n) - 1n), fc.bigInt(0n, (1n << 127n) - 1n)),
    dummy: fc.tuple(fc.boolean(), fc.boolean()),
    positions: fc.uniqueArray(fc.bigInt(0n, 3n), { minLength: 2, maxLength: 2 }),
    share: fc.tuple(fc.bigInt(0n, 7n), fc.bigInt(0n, 7n)),
  })
  .map(({ name, tokens, values, dummy, positions, share }): Wish => {
    const inputs = [0, 1].map((i) => ({
      asset: tokens[i] ? TOKEN : 1n,
      value: dummy[i] ? 0n : values[i]!,
      pos: positions[i]!,
    }));
    const total = (asset: bigint): bigint =>
      inputs.reduce((sum, note) => sum + (note.asset === asset ? note.value : 0n), 0n);
    const [sero, token] = [total(1n), total(TOKEN)];
    const [seroOut, tokenOut] = [(sero * share[0]) / 7n, (token * share[1]) / 7n];
    return {
      spender: spenderOf(name),
      inputs,
      outputs: [{ value: seroOut }, { asset: TOKEN, value: tokenOut }, { value: 0n }],
      pubOut: [sero - seroOut, token - tokenOut],
    };
  });

type Path = readonly (string | number)[];

/** Paths to every number of an assignment. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'bigint') return [path];
  return Object.entries(value as object).flatMap(([key, part]) => leaves(part, [...path, key]));
}

function changed<T>(value: T, [key, ...rest]: Path, change: (value: bigint) => bigint): T {
  if (key === undefined) return change(value as bigint) as T;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string | number, unknown>;
  copy[key] = changed(copy[key], rest, change);
  return copy as T;
}

function verdict(whole: JoinSplitAssignment): CircuitErrorCode | 'accepted' {
  try {
    checkJoinSplit(SMALL_SHAPE, whole);
    return 'accepted';
  } catch (error) {
    if (error instanceof CircuitError) return error.code;
    throw error;
  }
}

/** What the builder refuses and the circuit does not: the node's checks, and what no signal can say. */
const NODE_ONLY: ReadonlySet<string> = new Set([
  'ak-outside-subgroup',
  'alpha-out-of-range',
  'position-out-of-range',
  'input-repeated',
  'public-amount-out-of-range',
  'public-asset-mismatch',
]);

async function circuitTakes(whole: JoinSplitAssignment): Promise<boolean> {
  return program.run(assignSignals(SMALL_SHAPE, whole)).then(
    () => true,
    (error: unknown) => {
      assert.ok(error instanceof CircuitError && error.code === 'witness-rejected', String(error));
      return false;
    },
  );
}

test('builder and circuit take random honest transactions', async () => {
  await fc.assert(
    fc.asyncProperty(wishes, async (wish) => {
      const whole = assignment(SMALL_SHAPE, wish);
      assert.equal(verdict(whole), 'accepted');
      assert.ok(await circuitTakes(whole));
    }),
    { numRuns: 25 },
  );
});

test('builder and circuit agree on transactions with any one number changed', async () => {
  const changes: readonly ((value: bigint) => bigint)[] = [
    (value) => modQ(value + 1n),
    (value) => modQ(value - 1n),
    (value) => modQ(-value),
    () => 0n,
    () => 1n,
    () => Q - 1n,
    (value) => modQ(value + (1n << 48n)),
    (value) => modQ(value + (1n << 128n)),
  ];
  let refusals = 0;
  await fc.assert(
    fc.asyncProperty(wishes, fc.nat(), fc.constantFrom(...changes), async (wish, pick, change) => {
      const whole = assignment(SMALL_SHAPE, wish);
      const paths = leaves(whole);
      const mutated = changed(whole, paths[pick % paths.length]!, change);
      const said = verdict(mutated);
      if (NODE_ONLY.has(said)) return;
      if (said !== 'accepted') refusals++;
      assert.equal(await circuitTakes(mutated), said === 'accepted', said);
    }),
    { numRuns: 150 },
  );
  assert.ok(refusals > 50);
});
