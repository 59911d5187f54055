import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modQ, Q } from '@sero/crypto';
import fc from 'fast-check';
import { bothProgramsOf, small } from '../test/circuit.ts';
import { assignment, OTHER_TOKEN, spenderOf, TOKEN, type Wish } from '../test/fixtures.ts';
import { CircuitError, type CircuitErrorCode } from './errors.ts';
import type { JoinSplitAssignment } from './join-split.ts';
import { checkJoinSplit } from './join-split-check.ts';
import { assignSignals } from './join-split-signals.ts';
import { SHAPE_A, SHAPE_B, SHAPE_C, type Shape } from './shape.ts';

/** Random honest transactions: notes or dummies of SERO or a token, spread over two outputs and what leaves in public. */
function wishesOf({ inputs, slots }: Shape): fc.Arbitrary<Wish> {
  const assets = [1n, TOKEN, OTHER_TOKEN].slice(0, slots);
  const each = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
    fc.array(item, { minLength: inputs, maxLength: inputs });
  return fc
    .record({
      name: fc.string({ maxLength: 4 }),
      assets: each(fc.constantFrom(...assets)),
      values: each(fc.bigInt(0n, (1n << 124n) - 1n)),
      dummy: each(fc.boolean()),
      // A tree of one level has four leaves.
      positions: fc.shuffledSubarray([0n, 1n, 2n, 3n], { minLength: 4, maxLength: 4 }),
      share: fc.tuple(fc.bigInt(0n, 7n), fc.bigInt(0n, 7n)),
    })
    .map(({ name, assets, values, dummy, positions, share }): Wish => {
      const notes = values.map((value, i) => ({
        asset: assets[i]!,
        value: dummy[i] || i > 3 ? 0n : value,
        pos: positions[i % 4]!,
      }));
      const total = (asset: bigint): bigint =>
        notes.reduce((sum, note) => sum + (note.asset === asset ? note.value : 0n), 0n);
      const [sero, token] = [total(1n), total(TOKEN)];
      const [seroOut, tokenOut] = [(sero * share[0]) / 7n, (token * share[1]) / 7n];
      return {
        spender: spenderOf(name),
        inputs: notes,
        outputs: [
          { value: seroOut },
          { asset: TOKEN, value: tokenOut },
          slots > 2 ? { asset: OTHER_TOKEN, value: total(OTHER_TOKEN) } : { value: 0n },
        ],
        pubOut: [sero - seroOut, token - tokenOut],
      };
    });
}

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

function verdict(shape: Shape, whole: JoinSplitAssignment): CircuitErrorCode | 'accepted' {
  try {
    checkJoinSplit(shape, whole);
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

const CHANGES: readonly ((value: bigint) => bigint)[] = [
  (value) => modQ(value + 1n),
  (value) => modQ(value - 1n),
  (value) => modQ(-value),
  () => 0n,
  () => 1n,
  () => Q - 1n,
  (value) => modQ(value + (1n << 48n)),
  (value) => modQ(value + (1n << 128n)),
];

for (const [full, honestRuns, changedRuns] of [
  [SHAPE_A, 25, 150],
  [SHAPE_B, 6, 40],
  [SHAPE_C, 6, 40],
] as const) {
  const shape = small(full);
  const program = await bothProgramsOf(shape);
  const wishes = wishesOf(shape);
  const circuitTakes = async (whole: JoinSplitAssignment): Promise<boolean> =>
    program.run(assignSignals(shape, whole)).then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof CircuitError && error.code === 'witness-rejected', String(error));
        return false;
      },
    );

  test(`builder and circuit take random honest transactions of shape ${shape.name}`, async () => {
    await fc.assert(
      fc.asyncProperty(wishes, async (wish) => {
        const whole = assignment(shape, wish);
        assert.equal(verdict(shape, whole), 'accepted');
        assert.ok(await circuitTakes(whole));
      }),
      { numRuns: honestRuns },
    );
  });

  test(`builder and circuit agree on transactions of shape ${shape.name} with any one number changed`, async () => {
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(wishes, fc.nat(), fc.constantFrom(...CHANGES), async (wish, pick, change) => {
        const whole = assignment(shape, wish);
        const paths = leaves(whole);
        const mutated = changed(whole, paths[pick % paths.length]!, change);
        const said = verdict(shape, mutated);
        if (NODE_ONLY.has(said)) return;
        if (said !== 'accepted') refusals++;
        assert.equal(await circuitTakes(mutated), said === 'accepted', said);
      }),
      { numRuns: changedRuns },
    );
    assert.ok(refusals > changedRuns / 4, `${refusals} of ${changedRuns}`);
  });
}
