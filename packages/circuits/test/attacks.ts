import {
  fromAffine,
  hashCm,
  hashNil,
  hashTrace,
  hashZpkr,
  IDENTITY,
  JubjubPoint,
  modQ,
  type Point,
  pointFromBytes,
  Q,
  R_J,
  SPEND_BASE,
  toAffine,
} from '@sero/crypto';
import type { CircuitErrorCode } from '../src/errors.ts';
import { type JoinSplitAssignment, spenderZpk } from '../src/join-split.ts';
import { assignSignals } from '../src/join-split-signals.ts';
import type { Shape } from '../src/shape.ts';
import type { SignalValues } from '../src/witness-program.ts';
import {
  addAffine,
  assignment,
  divide,
  field,
  OTHER_TOKEN,
  rederived,
  sparseTree,
  spenderOf,
  TOKEN,
  withInput,
  withOutput,
  withPublic,
  withSpender,
} from './fixtures.ts';

/** An attempt to prove what is not so. */
export interface Attack {
  readonly name: string;
  /** What the witness builder says; absent where no assignment can express the attack. */
  readonly code?: CircuitErrorCode;
  readonly assignment?: (shape: Shape) => JoinSplitAssignment;
  /** The circuit's inputs; by default the assignment's, unchecked. */
  readonly signals?: (shape: Shape) => SignalValues;
  /** The rule that stops it: these texts taken out of these files, the circuit accepts. */
  readonly rule?: readonly (readonly [file: string, text: string])[];
}

/** A token and SERO in, both out again, three SERO for the fee. */
export const honest = (shape: Shape): JoinSplitAssignment =>
  assignment(shape, {
    inputs: [
      { asset: TOKEN, value: 1000n, pos: 1n },
      { value: 50n, pos: 2n },
    ],
    outputs: [{ asset: TOKEN, value: 700n }, { asset: TOKEN, value: 300n }, { value: 47n }],
    pubOut: [3n, 0n],
  });

/** The same with a hundred of the token leaving in public. */
const withPublicToken = (shape: Shape): JoinSplitAssignment =>
  assignment(shape, {
    inputs: [
      { asset: TOKEN, value: 1000n, pos: 1n },
      { value: 50n, pos: 2n },
    ],
    outputs: [{ asset: TOKEN, value: 700n }, { asset: TOKEN, value: 200n }, { value: 47n }],
    pubOut: [3n, 100n],
  });

/** Both inputs SERO, and slot 1 SERO too. */
const allSero = (shape: Shape): JoinSplitAssignment =>
  assignment(shape, {
    slotAsset: 1n,
    inputs: [
      { value: 100n, pos: 1n },
      { value: 50n, pos: 2n },
    ],
    outputs: [{ value: 50n }, { value: 50n }, { value: 47n }],
    pubOut: [3n, 0n],
  });

const bob = spenderOf('bob');

/** The honest assignment with other account keys; public values follow, the tree does not. */
const otherAccount = (change: Parameters<typeof withSpender>[1]) => (shape: Shape) =>
  rederived(withSpender(honest(shape), change));

const withAk = (u: bigint, v: bigint) => (shape: Shape) => {
  const ak = { u, v };
  const { inputs, outputs } = honest(shape);
  return assignment(shape, { spender: spenderOf('alice', { ak }), inputs, outputs, pubOut: [3n, 0n] });
};

/** A point of order 8: [r_J]P for a P outside the subgroup. */
function pointOfOrder8(): Point {
  for (let seed = 0; ; seed++) {
    const bytes = new Uint8Array(32);
    bytes[0] = seed;
    const torsion = tryPoint(bytes);
    const quarter = torsion?.double().double();
    if (torsion !== undefined && quarter !== undefined && !quarter.equals(IDENTITY)) return torsion;
  }
}

function tryPoint(bytes: Uint8Array): Point | undefined {
  try {
    const point = pointFromBytes(bytes);
    return point.multiplyUnsafe(R_J - 1n).add(point);
  } catch {
    return undefined;
  }
}

const order8 = toAffine(pointOfOrder8());

const replaced = (signals: SignalValues, name: string, values: readonly (readonly [number, bigint])[]) => {
  const list = [...signals[name]!];
  for (const [at, value] of values) list[at] = value;
  return { ...signals, [name]: list };
};

/** Negated u: the other point of the same v. */
const negated = (shape: Shape) => {
  const whole = honest(shape);
  const { u, v } = whole.publicValues.rk;
  return withPublic(whole, { rk: { u: modQ(-u), v } });
};

/**
 * Digits that are no bits name points that are on no curve. Window 83's high bit is 2 and all others are 0: its
 * point is the table's [0]B + 2 ([4]B - [0]B), taken coordinate by coordinate.
 */
function alphaBitTwo(shape: Shape): SignalValues {
  let base = SPEND_BASE;
  for (let doubling = 0; doubling < 3 * 83 + 2; doubling++) base = base.double();
  const { u, v } = toAffine(base);
  const whole = withSpender(honest(shape), { alpha: 0n });
  const rk = addAffine(whole.spender.ak, { u: modQ(2n * u), v: modQ(1n + 2n * (v - 1n)) });
  return replaced(assignSignals(shape, withPublic(whole, { rk })), 'alpha', [[251, 2n]]);
}

/**
 * A second nullifier for one note. With b0 = b1 = 2 the indicator of index 0, (1 - b0)(1 - b1), is 1 as it
 * is for b0 = b1 = 0, and siblings can be found that give the same four children; the position becomes 6.
 */
function secondPosition(shape: Shape): SignalValues {
  const { inputs, outputs } = honest(shape);
  const whole = assignment(shape, {
    inputs: inputs.slice(0, 2).map(({ asset, value }, i) => ({ asset, value, pos: BigInt(2 * i) })),
    outputs,
    pubOut: [3n, 0n],
  });
  const note = whole.inputs[0]!;
  const nk = whole.spender.nk;
  const zpk = spenderZpk(whole.spender);
  const cm = hashCm(note.asset, note.value, note.vpkrU, hashZpkr(zpk, note.r), note.rcm, 0n);
  const [c1, c2, c3] = note.path[0]!;
  const s2 = divide(4n * cm - c3, 3n);
  const s1 = modQ(2n * cm + c1 - (c1 + c2 + c3 - s2));
  const s0 = modQ(c1 + c2 + c3 - s2 - s1);
  const nil = hashNil(nk, cm, 6n);
  const trace = modQ(6n + (1n << 48n) + hashTrace(whole.spender.tk, zpk, nil));
  const { publicValues } = whole;
  const forged = withPublic(whole, {
    nil: [nil, ...publicValues.nil.slice(1)],
    trace: [trace, ...publicValues.trace.slice(1)],
  });
  const signals = replaced(assignSignals(shape, forged), 'in_path_bit', [
    [0, 2n],
    [1, 2n],
  ]);
  return replaced(signals, 'in_sibling', [
    [0, s0],
    [1, s1],
    [2, s2],
  ]);
}

/** Spends the first input's note out of a tree that holds `leaf` there. */
const inTreeOf = (whole: JoinSplitAssignment, shape: Shape, leaf: bigint): JoinSplitAssignment => {
  const tree = sparseTree(shape.depth, new Map([[0n, leaf]]));
  const dummy = withOutput(
    withInput(withInput(whole, 1, { value: 0n }), 0, { pos: 0n, path: tree.path(0n) }),
    2,
    {
      value: 0n,
    },
  );
  return rederived(withPublic(dummy, { root: tree.root, pubOut: [0n, 0n] }));
};

const changedPublic =
  (list: 'nil' | 'trace' | 'cm', change: (whole: JoinSplitAssignment) => bigint, base = honest) =>
  (shape: Shape): JoinSplitAssignment => {
    const whole = base(shape);
    return withPublic(whole, { [list]: [change(whole), ...whole.publicValues[list].slice(1)] });
  };

const note = (whole: JoinSplitAssignment, i = 0) => {
  const { asset, value, vpkrU, r, rcm, pos } = whole.inputs[i]!;
  return { cm: hashCm(asset, value, vpkrU, hashZpkr(spenderZpk(whole.spender), r), rcm, 0n), pos };
};
const mask = (whole: JoinSplitAssignment, tk = whole.spender.tk, zpk = spenderZpk(whole.spender)): bigint =>
  hashTrace(tk, zpk, whole.publicValues.nil[0]!);
const REAL = 1n << 48n;

export const LINE_1: readonly Attack[] = [
  {
    name: 'a spend key that is not on the curve',
    code: 'ak-not-on-curve',
    assignment: (shape) => {
      const { u, v } = spenderOf('alice').ak;
      return withAk(modQ(u + 1n), v)(shape);
    },
    rule: [['join_split.circom', 'OnCurve()(ak_u, ak_v);']],
  },
  {
    name: 'the identity as spend key, for which anyone can sign',
    code: 'ak-small-order',
    assignment: withAk(0n, 1n),
    rule: [['join_split.circom', 'NotSmallOrder()(ak_u, ak_v);']],
  },
  { name: 'a spend key of order 2', code: 'ak-small-order', assignment: withAk(0n, Q - 1n) },
  { name: 'a spend key of order 8', code: 'ak-small-order', assignment: withAk(order8.u, order8.v) },
  {
    name: 'a thief signs with a key of his own',
    code: 'rk-mismatch',
    assignment: (shape) => withPublic(honest(shape), { rk: bob.ak }),
    rule: [
      ['join_split.circom', 'key.u3 === rk_u;'],
      ['join_split.circom', 'key.v3 === rk_v;'],
    ],
  },
  { name: 'the negative of rk', code: 'rk-mismatch', assignment: negated },
  {
    name: 'the right u of rk with another v',
    code: 'rk-mismatch',
    assignment: (shape) => {
      const whole = honest(shape);
      const { u, v } = whole.publicValues.rk;
      return withPublic(whole, { rk: { u, v: modQ(-v) } });
    },
  },
  {
    name: 'another re-randomiser than rk has',
    code: 'rk-mismatch',
    assignment: (shape) => withSpender(honest(shape), { alpha: honest(shape).spender.alpha + 1n }),
  },
  {
    name: 'a digit of the re-randomiser that is no bit, for an rk off the curve',
    signals: alphaBitTwo,
    rule: [['jubjub.circom', 'Boolean()(bit[i]);']],
  },
  {
    name: 'another nullifier key, for a second nullifier of a note',
    code: 'input-not-in-tree',
    assignment: otherAccount({ nk: field('another nk') }),
  },
  {
    name: 'another trace key, to hide the spend from the auditor',
    code: 'input-not-in-tree',
    assignment: otherAccount({ tk: field('another tk') }),
  },
  { name: 'another qk', code: 'input-not-in-tree', assignment: otherAccount({ qk: field('another qk') }) },
  {
    name: 'another spend key over the victim’s notes',
    code: 'input-not-in-tree',
    assignment: otherAccount({ ak: bob.ak }),
  },
];

const LINE_2: readonly Attack[] = [
  {
    name: 'a call from the address of someone else',
    code: 'zpkr-from-mismatch',
    assignment: (shape) => withPublic(honest(shape), { zpkrFrom: hashZpkr(spenderZpk(bob), bob.rFrom) }),
    rule: [['join_split.circom', 'zpkr_from === expectedFrom;']],
  },
  {
    name: 'another opening of the sender’s address',
    code: 'zpkr-from-mismatch',
    assignment: (shape) => withSpender(honest(shape), { rFrom: field('another r') }),
  },
];

export const LINE_3: readonly Attack[] = [
  {
    name: 'a note that was never made',
    code: 'input-not-in-tree',
    assignment: (shape) => {
      const whole = assignment(shape, {
        inputs: [{ asset: TOKEN, value: 0n }, { value: 50n }],
        outputs: [{ asset: TOKEN, value: 5n }, { value: 47n }, { value: 3n }],
      });
      return rederived(withInput(whole, 0, { value: 5n }));
    },
    rule: [['join_split.circom', 'isReal * (path.root - root) === 0;']],
  },
  {
    name: 'an input worth more than its note',
    code: 'input-not-in-tree',
    assignment: (shape) =>
      rederived(withOutput(withInput(honest(shape), 1, { value: 1050n }), 2, { value: 1047n })),
  },
  {
    name: 'a token’s note spent as SERO',
    code: 'input-not-in-tree',
    assignment: (shape) => {
      const whole = withInput(honest(shape), 0, { asset: 1n });
      return rederived(withOutput(withOutput(whole, 0, { asset: 1n }), 1, { asset: 1n }));
    },
  },
  {
    name: 'a note of someone else',
    code: 'input-not-in-tree',
    assignment: (shape) => {
      const whole = honest(shape);
      const { asset, value, vpkrU, r, rcm } = whole.inputs[0]!;
      return inTreeOf(whole, shape, hashCm(asset, value, vpkrU, hashZpkr(spenderZpk(bob), r), rcm, 0n));
    },
  },
  {
    name: 'a note with data, whose rules are another circuit’s',
    code: 'input-not-in-tree',
    assignment: (shape) => {
      const whole = honest(shape);
      const { asset, value, vpkrU, r, rcm } = whole.inputs[0]!;
      const zpkr = hashZpkr(spenderZpk(whole.spender), r);
      return inTreeOf(whole, shape, hashCm(asset, value, vpkrU, zpkr, rcm, 5n));
    },
  },
  {
    name: 'a root that is not the path’s',
    code: 'input-not-in-tree',
    assignment: (shape) => withPublic(honest(shape), { root: field('another root') }),
  },
  {
    name: 'the two inputs from two trees',
    code: 'input-not-in-tree',
    assignment: (shape) => {
      const whole = honest(shape);
      const path = sparseTree(shape.depth, new Map([[2n, note(whole, 1).cm]])).path(2n);
      return withInput(whole, 1, { path });
    },
  },
  {
    name: 'a sibling that is not the tree’s',
    code: 'input-not-in-tree',
    assignment: (shape) => {
      const whole = honest(shape);
      const path = whole.inputs[0]!.path.map(([a, b, c], level) => [a, b, level ? c : modQ(c + 1n)] as const);
      return withInput(whole, 0, { path });
    },
  },
  {
    name: 'a note at another position than its own',
    code: 'input-not-in-tree',
    assignment: (shape) => rederived(withInput(honest(shape), 0, { pos: 3n })),
  },
  {
    name: 'a note opened with another rcm',
    code: 'input-not-in-tree',
    assignment: (shape) => rederived(withInput(honest(shape), 0, { rcm: field('another rcm') })),
  },
  {
    name: 'a note opened with another VPKr',
    code: 'input-not-in-tree',
    assignment: (shape) => rederived(withInput(honest(shape), 0, { vpkrU: field('another vpkr') })),
  },
  {
    name: 'a path digit that is no bit, for a second position of one note',
    signals: secondPosition,
    rule: [['merkle.circom', 'Boolean()(bit[i]);']],
  },
  {
    name: 'a nullifier drawn at will',
    code: 'nil-mismatch',
    assignment: (shape) => {
      const nil = field('a nullifier');
      const whole = changedPublic('nil', () => nil)(shape);
      const [, ...others] = whole.publicValues.trace;
      return withPublic(whole, { trace: [modQ(1n + REAL + mask(whole)), ...others] });
    },
    rule: [['join_split.circom', 'nil === expectedNil;']],
  },
  {
    name: 'the nullifier of another position',
    code: 'nil-mismatch',
    assignment: changedPublic('nil', (whole) => hashNil(whole.spender.nk, note(whole).cm, 3n)),
  },
  {
    name: 'a nullifier under another nk',
    code: 'nil-mismatch',
    assignment: changedPublic('nil', (whole) => hashNil(bob.nk, note(whole).cm, 1n)),
  },
  {
    name: 'the nullifier of a position beyond the tree',
    code: 'nil-mismatch',
    assignment: changedPublic('nil', (whole) => hashNil(whole.spender.nk, note(whole).cm, 1n + (1n << 36n))),
  },
  {
    name: 'a trace that names another position',
    code: 'trace-mismatch',
    assignment: changedPublic('trace', (whole) => modQ(2n + REAL + mask(whole))),
    rule: [['join_split.circom', 'trace === path.pos + (1 << 48) * isReal + mask;']],
  },
  {
    name: 'a real spend traced as a dummy',
    code: 'trace-mismatch',
    assignment: changedPublic('trace', (whole) => modQ(1n + mask(whole))),
  },
  {
    name: 'a dummy traced as a real spend',
    code: 'trace-mismatch',
    assignment: changedPublic(
      'trace',
      (whole) => modQ(whole.inputs[0]!.pos + REAL + mask(whole)),
      (shape) =>
        assignment(shape, {
          inputs: [{ value: 0n }, { value: 50n }],
          outputs: [{ value: 47n }, { value: 0n }, { value: 0n }],
          pubOut: [3n, 0n],
        }),
    ),
  },
  {
    name: 'a trace under another trace key',
    code: 'trace-mismatch',
    assignment: changedPublic('trace', (whole) => modQ(1n + REAL + mask(whole, bob.tk))),
  },
  {
    name: 'a trace that frames another account',
    code: 'trace-mismatch',
    assignment: changedPublic('trace', (whole) =>
      modQ(1n + REAL + mask(whole, whole.spender.tk, spenderZpk(bob))),
    ),
  },
];

/** Takes -300 to pay 1300. */
const negative = (shape: Shape): JoinSplitAssignment =>
  rederived(withOutput(withOutput(honest(shape), 0, { value: 1300n }), 1, { value: Q - 300n }));

export const LINE_4: readonly Attack[] = [
  {
    name: 'an output of negative value',
    code: 'value-out-of-range',
    assignment: negative,
    rule: [
      ['join_split.circom', 'component range = Range(128);'],
      ['join_split.circom', 'range.in <== value;'],
    ],
  },
  {
    name: 'an output of 2^128',
    code: 'value-out-of-range',
    assignment: (shape) =>
      assignment(shape, {
        inputs: [
          { value: 1n << 127n, pos: 1n },
          { value: 1n << 127n, pos: 2n },
        ],
        outputs: [{ value: 1n << 128n }, { value: 0n }, { value: 0n }],
      }),
  },
  {
    name: 'a commitment to more than the output',
    code: 'cm-mismatch',
    assignment: changedPublic('cm', (whole) => {
      const { asset, vpkrU, zpkr, rcm } = whole.outputs[0]!;
      return hashCm(asset, 1_000_000n, vpkrU, zpkr, rcm, 0n);
    }),
    rule: [['join_split.circom', 'cm === expectedCm;']],
  },
  {
    name: 'a commitment to another asset than the output’s',
    code: 'cm-mismatch',
    assignment: changedPublic('cm', (whole) => {
      const { value, vpkrU, zpkr, rcm } = whole.outputs[0]!;
      return hashCm(1n, value, vpkrU, zpkr, rcm, 0n);
    }),
  },
  {
    name: 'an output with data',
    code: 'cm-mismatch',
    assignment: changedPublic('cm', (whole) => {
      const { asset, value, vpkrU, zpkr, rcm } = whole.outputs[0]!;
      return hashCm(asset, value, vpkrU, zpkr, rcm, 1n);
    }),
  },
];

export const LINE_5: readonly Attack[] = [
  {
    name: 'more SERO out than in',
    code: 'unbalanced',
    assignment: (shape) => rederived(withOutput(honest(shape), 2, { value: 48n })),
    rule: [['join_split.circom', 'difference === 0;']],
  },
  {
    name: 'more of a token out than in',
    code: 'unbalanced',
    assignment: (shape) => rederived(withOutput(honest(shape), 0, { value: 701n })),
  },
  {
    name: 'SERO out for tokens in',
    code: 'unbalanced',
    assignment: (shape) =>
      rederived(withOutput(withOutput(honest(shape), 0, { value: 0n }), 2, { value: 747n })),
  },
  {
    name: 'a public amount that no input pays',
    code: 'unbalanced',
    assignment: (shape) => withPublic(honest(shape), { pubOut: [4n, 0n] }),
  },
  {
    name: 'a public amount of a token that no input pays',
    code: 'unbalanced',
    assignment: (shape) => withPublic(honest(shape), { pubOut: [3n, 1n], assetPub: TOKEN }),
  },
  {
    name: 'a public amount under the name of another asset',
    code: 'public-asset-mismatch',
    assignment: (shape) => withPublic(withPublicToken(shape), { assetPub: field('a dearer token') }),
    rule: [['join_split.circom', 'pub_out[1] * (slot[0] - asset_pub) === 0;']],
  },
  {
    name: 'an output of an asset that no slot has, which counts nowhere',
    code: 'asset-not-in-slot',
    assignment: (shape) => {
      const minted = withOutput(honest(shape), 2, { asset: field('a third asset'), value: 1_000_000n });
      return rederived(withPublic(minted, { pubOut: [50n, 0n] }));
    },
    rule: [['join_split.circom', 'chosen === 1;']],
  },
  {
    name: 'a dearer asset paid from a slot of another',
    code: 'asset-not-in-slot',
    assignment: (shape) => rederived(withOutput(honest(shape), 2, { asset: field('a third asset') })),
    signals: (shape) => {
      const whole = rederived(withOutput(honest(shape), 2, { asset: field('a third asset') }));
      return replaced(assignSignals(shape, whole), 'out_choice', [[2 * shape.slots, 1n]]);
    },
    rule: [['join_split.circom', 'choice[k] * (asset - slot_asset[k]) === 0;']],
  },
  {
    name: 'an output that chooses no slot although one has its asset',
    signals: (shape) => {
      const minted = rederived(withOutput(honest(shape), 2, { value: 1_000_000n }));
      return replaced(assignSignals(shape, withPublic(minted, { pubOut: [50n, 0n] })), 'out_choice', [
        [2 * shape.slots, 0n],
      ]);
    },
  },
  {
    name: 'an input that counts in two slots',
    signals: (shape) => {
      const whole = rederived(withOutput(allSero(shape), 0, { value: 100n }));
      // 100 in slot 0 and again in slot 1, where the first output takes it; slot 0: 100 + 50 = 50 + 97 + 3.
      const spent = rederived(withOutput(whole, 2, { value: 97n }));
      const signals = replaced(assignSignals(shape, spent), 'in_choice', [[1, 1n]]);
      return replaced(signals, 'out_choice', [
        [0, 0n],
        [1, 1n],
      ]);
    },
    rule: [['join_split.circom', 'chosen === 1;']],
  },
  {
    // Nothing is gained: the slots hold one asset and the choices sum to 1. Refused all the same.
    name: 'a note spread over two slots of one asset',
    signals: (shape) => {
      const signals = replaced(assignSignals(shape, allSero(shape)), 'in_choice', [
        [0, 2n],
        [1, Q - 1n],
      ]);
      return replaced(signals, 'out_choice', [
        [0, 3n],
        [1, Q - 2n],
      ]);
    },
    rule: [['join_split.circom', 'Boolean()(choice[k]);']],
  },
];

export const ATTACKS: readonly Attack[] = [...LINE_1, ...LINE_2, ...LINE_3, ...LINE_4, ...LINE_5];

/** All three assets in, through all three slots, and out again. */
const threeAssets = (shape: Shape): JoinSplitAssignment =>
  assignment(shape, {
    inputs: [
      { asset: OTHER_TOKEN, value: 60n, pos: 1n },
      { value: 50n, pos: 2n },
    ],
    outputs: [{ asset: OTHER_TOKEN, value: 60n }, { value: 40n }, { asset: TOKEN, value: 0n }],
    pubOut: [10n, 0n],
  });

/** What a third slot could be misused for: shapes B and C alone. */
export const THIRD_SLOT: readonly Attack[] = [
  {
    name: 'more out of the third slot than in',
    code: 'unbalanced',
    assignment: (shape) => rederived(withOutput(threeAssets(shape), 0, { value: 61n })),
    rule: [['join_split.circom', 'difference === 0;']],
  },
  {
    name: 'SERO out of the third slot for a token in',
    code: 'unbalanced',
    assignment: (shape) =>
      rederived(withOutput(withOutput(threeAssets(shape), 0, { value: 0n }), 1, { value: 100n })),
  },
  {
    name: 'a public amount out of the third slot, which has none',
    code: 'public-asset-mismatch',
    assignment: (shape) =>
      withPublic(rederived(withOutput(threeAssets(shape), 0, { value: 55n })), {
        pubOut: [10n, 5n],
        assetPub: OTHER_TOKEN,
      }),
  },
  {
    name: 'a token’s output that counts in the third slot, whose asset is another',
    code: 'unbalanced',
    assignment: (shape) => rederived(withOutput(threeAssets(shape), 0, { asset: TOKEN })),
    signals: (shape) => {
      const whole = rederived(withOutput(threeAssets(shape), 0, { asset: TOKEN }));
      return replaced(assignSignals(shape, whole), 'out_choice', [
        [1, 0n],
        [2, 1n],
      ]);
    },
    rule: [['join_split.circom', 'choice[k] * (asset - slot_asset[k]) === 0;']],
  },
  {
    name: 'an input that counts in the first slot and in the third',
    signals: (shape) => {
      // The third slot holds SERO too: 50 in slot 0 and again in slot 2, where the last output takes it.
      const whole = { ...threeAssets(shape), slotAssets: [OTHER_TOKEN, 1n] };
      const spent = rederived(withOutput(whole, 2, { asset: 1n, value: 50n }));
      const signals = replaced(assignSignals(shape, spent), 'in_choice', [[shape.slots + 2, 1n]]);
      return replaced(signals, 'out_choice', [
        [2 * shape.slots, 0n],
        [2 * shape.slots + 2, 1n],
      ]);
    },
    rule: [['join_split.circom', 'chosen === 1;']],
  },
];

/** The attacks that a shape has slots for. */
export function attacksOn(shape: Shape): readonly Attack[] {
  return shape.slots > 2 ? [...ATTACKS, ...THIRD_SLOT] : ATTACKS;
}

/** Inputs and outputs in reverse order: what was done to the first is done to the last. */
export function reversed(shape: Shape, signals: SignalValues): SignalValues {
  return Object.fromEntries(
    Object.entries(signals).map(([name, values]) => {
      const count =
        name.startsWith('in_') || name === 'nil' || name === 'trace' ? shape.inputs : shape.outputs;
      const isList = /^(in_|out_|nil$|trace$|cm$)/.test(name);
      const size = values.length / count;
      const parts = Array.from({ length: isList ? count : 0 }, (_, i) =>
        values.slice(i * size, (i + 1) * size),
      );
      return [name, isList ? parts.toReversed().flat() : values];
    }),
  );
}

/** The circuit's inputs for an attack. */
export function attackSignals(attack: Attack, shape: Shape): SignalValues {
  if (attack.signals !== undefined) return attack.signals(shape);
  if (attack.assignment === undefined) throw new TypeError(`${attack.name}: nothing to try`);
  return assignSignals(shape, attack.assignment(shape));
}

/** A spend key with a small-order component, which the circuit takes and the node refuses by way of rk. */
export const tornKey = (): { u: bigint; v: bigint } =>
  toAffine(fromAffine(spenderOf('alice').ak).add(JubjubPoint.fromAffine({ x: 0n, y: Q - 1n })));
