import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashNode, Q } from '@sero/crypto';
import { attacksOn, honest, tornKey } from '../test/attacks.ts';
import { small } from '../test/circuit.ts';
import {
  assignment,
  OTHER_TOKEN,
  rederived,
  TOKEN,
  type Wish,
  withInput,
  withOutput,
  withPublic,
  withSpender,
} from '../test/fixtures.ts';
import { extremes, honestFor } from '../test/honest.ts';
import { CircuitError, type CircuitErrorCode } from './errors.ts';
import {
  computePublic,
  type JoinSplitAssignment,
  type JoinSplitPublic,
  pathRoot,
  publicInputs,
} from './join-split.ts';
import { checkJoinSplit } from './join-split-check.ts';
import { joinSplitSignals } from './join-split-signals.ts';
import { SHAPE_A, SHAPE_B, SHAPE_C, type Shape } from './shape.ts';

const refused = (whole: JoinSplitAssignment, code: CircuitErrorCode, shape: Shape = SHAPE_A): void =>
  assert.throws(
    () => joinSplitSignals(shape, whole),
    (error) => error instanceof CircuitError && error.code === code && error.message.length > 20,
  );

// The rules are the same for every depth: the larger shapes stand over a small tree.
for (const shape of [SHAPE_A, small(SHAPE_B), small(SHAPE_C)]) {
  for (const [name, wish] of honestFor(shape)) {
    if (!fitsTree(shape, wish)) continue;
    test(`the witness builder takes ${name} in shape ${shape.name}`, () => {
      checkJoinSplit(shape, assignment(shape, wish));
    });
  }

  for (const [name, whole] of extremes(shape)) {
    test(`the witness builder takes ${name} in shape ${shape.name}`, () => {
      checkJoinSplit(shape, whole);
    });
  }

  for (const { name, code, assignment: make } of attacksOn(shape)) {
    if (code === undefined || make === undefined) continue;
    test(`the witness builder refuses ${name} in shape ${shape.name} (${code})`, () => {
      refused(make(shape), code, shape);
    });
  }
}

/** Real notes need leaves of their own. */
function fitsTree({ depth }: Shape, { inputs }: Wish): boolean {
  const leaves = 4n ** BigInt(depth);
  const real = inputs.filter(({ value }) => value > 0n);
  return BigInt(real.length) <= leaves && real.every(({ pos }) => pos === undefined || pos < leaves);
}

test('the public inputs stand in the order of the design', () => {
  const values: JoinSplitPublic = {
    root: 1n,
    hashE: 2n,
    rk: { u: 3n, v: 4n },
    zpkrFrom: 5n,
    nil: [6n, 7n],
    trace: [8n, 9n],
    cm: [10n, 11n, 12n],
    assetPub: 13n,
    pubOut: [14n, 15n],
  };
  assert.deepEqual(
    publicInputs(values),
    Array.from({ length: SHAPE_A.publicInputs }, (_, i) => BigInt(i + 1)),
  );
});

test('computePublic gives what the builder accepts', () => {
  const whole = honest(SHAPE_A);
  const { publicValues, ...secret } = whole;
  assert.deepEqual({ ...publicValues, ...computePublic(secret) }, publicValues);
});

test('a path puts the leaf at its index among three siblings', () => {
  const siblings = [[7n, 8n, 9n] as const];
  assert.equal(pathRoot(5n, 0n, siblings), hashNode(5n, 7n, 8n, 9n));
  assert.equal(pathRoot(5n, 1n, siblings), hashNode(7n, 5n, 8n, 9n));
  assert.equal(pathRoot(5n, 2n, siblings), hashNode(7n, 8n, 5n, 9n));
  assert.equal(pathRoot(5n, 3n, siblings), hashNode(7n, 8n, 9n, 5n));
});

test('a spend key outside the prime-order subgroup is refused before the node refuses its rk', () => {
  const { inputs, outputs } = honest(SHAPE_A);
  const spender = { ...honest(SHAPE_A).spender, ak: tornKey() };
  refused(assignment(SHAPE_A, { spender, inputs, outputs, pubOut: [3n, 0n] }), 'ak-outside-subgroup');
});

test('a re-randomiser of more than 252 bits is refused', () => {
  refused(withSpender(honest(SHAPE_A), { alpha: 1n << 252n }), 'alpha-out-of-range');
  refused(withSpender(honest(SHAPE_A), { alpha: -1n }), 'alpha-out-of-range');
});

test('a position outside the tree is refused', () => {
  refused(withInput(honest(SHAPE_A), 0, { pos: 4n ** 18n }), 'position-out-of-range');
  refused(withInput(honest(SHAPE_A), 0, { pos: -1n }), 'position-out-of-range');
});

test('an input value of 2^128 is refused, dummy or not', () => {
  refused(withInput(honest(SHAPE_A), 0, { value: 1n << 128n }), 'value-out-of-range');
});

test('one note spent twice in one transaction is refused', () => {
  const whole = assignment(SHAPE_A, {
    inputs: [
      { value: 50n, pos: 3n },
      { value: 0n, pos: 9n },
    ],
    outputs: [{ value: 100n }, { value: 0n }, { value: 0n }],
  });
  refused(rederived({ ...whole, inputs: [whole.inputs[0]!, whole.inputs[0]!] }), 'input-repeated');
});

test('asset_pub is 0 without a public amount', () => {
  refused(withPublic(honest(SHAPE_A), { assetPub: TOKEN }), 'public-asset-mismatch');
});

test('asset_pub is never SERO', () => {
  const whole = assignment(SHAPE_A, {
    inputs: [{ value: 50n }, { value: 0n }],
    outputs: [{ value: 40n }, { value: 0n }, { value: 0n }],
    slotAsset: 1n,
    pubOut: [0n, 10n],
  });
  refused(whole, 'public-asset-mismatch');
});

test('asset_pub names the asset of slot 1', () => {
  const whole = withPublic(honest(SHAPE_A), { pubOut: [3n, 1n], assetPub: OTHER_TOKEN });
  refused(whole, 'public-asset-mismatch');
});

test('a public amount of 2^128, or a negative one in the guise of a field element, is refused', () => {
  refused(withPublic(honest(SHAPE_A), { pubOut: [1n << 128n, 0n] }), 'public-amount-out-of-range');
  // 50 SERO in and 97 out: the circuit's sums hold with a public amount of -44.
  const minted = rederived(withOutput(honest(SHAPE_A), 2, { value: 97n }));
  refused(withPublic(minted, { pubOut: [Q - 47n, 0n] }), 'public-amount-out-of-range');
});

test('every field element must be canonical: x + q is another spelling of x', () => {
  const whole = honest(SHAPE_A);
  const { spender, inputs, outputs, publicValues } = whole;
  const { ak } = spender;
  const [input] = inputs;
  const [output] = outputs;
  const path = input!.path.map(([a, b, c], level) =>
    level === 17 ? ([a, b + Q, c] as const) : ([a, b, c] as const),
  );
  const spelled: readonly JoinSplitAssignment[] = [
    withSpender(whole, { ak: { ...ak, u: ak.u + Q } }),
    withSpender(whole, { ak: { ...ak, v: ak.v + Q } }),
    ...(['nk', 'tk', 'qk', 'rFrom'] as const).map((key) => withSpender(whole, { [key]: spender[key] + Q })),
    ...(['asset', 'value', 'vpkrU', 'r', 'rcm'] as const).map((key) =>
      withInput(whole, 0, { [key]: input![key] + Q }),
    ),
    withInput(whole, 0, { path }),
    ...(['asset', 'value', 'vpkrU', 'zpkr', 'rcm'] as const).map((key) =>
      withOutput(whole, 0, { [key]: output![key] + Q }),
    ),
    { ...whole, slotAssets: [TOKEN + Q] },
    ...(['root', 'hashE', 'zpkrFrom', 'assetPub'] as const).map((key) =>
      withPublic(whole, { [key]: publicValues[key] + Q }),
    ),
    withPublic(whole, { rk: { ...publicValues.rk, u: publicValues.rk.u + Q } }),
    withPublic(whole, { rk: { ...publicValues.rk, v: publicValues.rk.v + Q } }),
    ...(['nil', 'trace', 'cm'] as const).map((key) =>
      withPublic(whole, { [key]: publicValues[key].map((value) => value + Q) }),
    ),
    withPublic(whole, { pubOut: [3n + Q, 0n] }),
    withPublic(whole, { pubOut: [3n, Q] }),
    withOutput(whole, 0, { value: -1n }),
  ];
  for (const assignment of spelled) refused(assignment, 'field-not-canonical');
});

test('counts other than the shape’s are refused', () => {
  const whole = honest(SHAPE_A);
  const { inputs, outputs, publicValues } = whole;
  const short = inputs[0]!.path.slice(1);
  const narrow = inputs[0]!.path.map(([a, b]) => [a, b] as unknown as readonly [bigint, bigint, bigint]);
  const shapes: readonly JoinSplitAssignment[] = [
    { ...whole, inputs: inputs.slice(1) },
    { ...whole, inputs: [...inputs, inputs[0]!] },
    { ...whole, outputs: outputs.slice(1) },
    { ...whole, outputs: [...outputs, outputs[0]!] },
    { ...whole, slotAssets: [] },
    { ...whole, slotAssets: [TOKEN, OTHER_TOKEN] },
    withInput(whole, 0, { path: short }),
    withInput(whole, 0, { path: narrow }),
    withPublic(whole, { nil: publicValues.nil.slice(1) }),
    withPublic(whole, { trace: publicValues.trace.slice(1) }),
    withPublic(whole, { cm: publicValues.cm.slice(1) }),
    withPublic(whole, { pubOut: [3n] as unknown as readonly [bigint, bigint] }),
  ];
  for (const assignment of shapes) refused(assignment, 'wrong-shape');
});
