import { fromAffine, hashZpkr, isField, isInPrimeSubgroup, isSmallOrder, JUBJUB_D, modQ } from '@sero/crypto';
import { CircuitError, type CircuitErrorCode } from './errors.ts';
import {
  type Coordinates,
  deriveInput,
  deriveOutput,
  type JoinSplitAssignment,
  pathRoot,
  publicInputs,
  randomizedKey,
  type Spender,
  spenderZpk,
} from './join-split.ts';
import { ALPHA_BITS, SERO_ASSET, type Shape, VALUE_LIMIT } from './shape.ts';

/**
 * Checks every rule of the statement, and what the node demands of the public values beside it, in plain
 * arithmetic; throws a `CircuitError` whose code names the first rule that is broken. The numbers are the lines
 * of "The join-split statement" (design 2).
 */
export function checkJoinSplit(shape: Shape, assignment: JoinSplitAssignment): void {
  checkBesideCircuit(shape, assignment);
  checkSpender(assignment); // 1, 2
  checkInputs(assignment); // 3
  checkOutputs(assignment); // 4
  checkBalance(shape, assignment); // 5; 6 asks nothing of the assignment
}

/**
 * The part of `checkJoinSplit` that the circuit leaves out: what its signals cannot say, and the node's own rules. An
 * assignment that passes here and has a witness passes `checkJoinSplit`.
 */
export function checkBesideCircuit(shape: Shape, assignment: JoinSplitAssignment): void {
  checkShape(shape, assignment);
  checkCanonical(assignment);
  checkSpendKey(assignment.spender);
  checkRanges(shape, assignment);
  // The node's rule: a repeated nullifier is a double spend.
  if (new Set(assignment.publicValues.nil).size !== shape.inputs) {
    refuse('input-repeated', 'an input note appears twice');
  }
  checkPublicAsset(assignment);
}

/** The slot that carries an asset: the first that has it; undefined if none does. */
export function slotOf(asset: bigint, slotAssets: readonly bigint[]): number | undefined {
  const slot = [SERO_ASSET, ...slotAssets].indexOf(asset);
  return slot < 0 ? undefined : slot;
}

function refuse(code: CircuitErrorCode, message: string): never {
  throw new CircuitError(code, message);
}

function checkShape(shape: Shape, { inputs, outputs, slotAssets, publicValues }: JoinSplitAssignment): void {
  const expected: readonly (readonly [string, number, number])[] = [
    ['input notes', inputs.length, shape.inputs],
    ['output notes', outputs.length, shape.outputs],
    ['slot assets', slotAssets.length, shape.slots - 1],
    ['nullifiers', publicValues.nil.length, shape.inputs],
    ['traces', publicValues.trace.length, shape.inputs],
    ['commitments', publicValues.cm.length, shape.outputs],
    ['public amounts', publicValues.pubOut.length, 2],
    ...inputs.flatMap(({ path }, i) => [
      [`levels in the path of input ${i}`, path.length, shape.depth] as const,
      ...path.map((siblings) => [`siblings in the path of input ${i}`, siblings.length, 3] as const),
    ]),
  ];
  for (const [what, found, wanted] of expected) {
    if (found !== wanted) {
      refuse('wrong-shape', `circuit ${shape.id} takes ${wanted} ${what}, not ${found}: pad with dummies`);
    }
  }
}

function checkCanonical({ spender, inputs, outputs, slotAssets, publicValues }: JoinSplitAssignment): void {
  const named: readonly (readonly [string, readonly bigint[]])[] = [
    ['spender', [spender.ak.u, spender.ak.v, spender.nk, spender.tk, spender.qk, spender.rFrom]],
    ...inputs.map(
      (note, i) =>
        [`input ${i}`, [note.asset, note.value, note.vpkrU, note.r, note.rcm, ...note.path.flat()]] as const,
    ),
    ...outputs.map(
      (note, j) => [`output ${j}`, [note.asset, note.value, note.vpkrU, note.zpkr, note.rcm]] as const,
    ),
    ['slot assets', slotAssets],
    ['public values', publicInputs(publicValues)],
  ];
  for (const [what, values] of named) {
    if (!values.every(isField)) refuse('field-not-canonical', `${what}: a field element is outside [0, q)`);
  }
}

function isOnCurve({ u, v }: Coordinates): boolean {
  const [uu, vv] = [u * u, v * v];
  return modQ(vv - uu - 1n - JUBJUB_D * modQ(uu) * modQ(vv)) === 0n;
}

function checkSpendKey({ ak, alpha }: Spender): void {
  if (!isOnCurve(ak)) refuse('ak-not-on-curve', 'AK must be a point of Jubjub: derive the account again');
  const point = fromAffine(ak);
  if (isSmallOrder(point))
    refuse('ak-small-order', 'AK must not be of small order: anyone could sign for it');
  // Not the circuit's rule but the node's, on rk, which has AK's torsion.
  if (!isInPrimeSubgroup(point)) {
    refuse('ak-outside-subgroup', 'AK must be in the prime-order subgroup: derive the account again');
  }
  if (alpha < 0n || alpha >> BigInt(ALPHA_BITS) !== 0n) {
    refuse('alpha-out-of-range', `alpha must lie in [0, 2^${ALPHA_BITS}): draw it below r_J`);
  }
}

function checkSpender({ spender, publicValues }: JoinSplitAssignment): void {
  const { ak, alpha, rFrom } = spender;
  const rk = randomizedKey(ak, alpha);
  if (rk.u !== publicValues.rk.u || rk.v !== publicValues.rk.v) {
    refuse('rk-mismatch', 'rk must be AK + [alpha]G_s of the spender');
  }
  if (hashZpkr(spenderZpk(spender), rFrom) !== publicValues.zpkrFrom) {
    refuse('zpkr-from-mismatch', 'the address that the transaction is from must be the spender’s own');
  }
}

function checkRanges(shape: Shape, { inputs, publicValues }: JoinSplitAssignment): void {
  inputs.forEach(({ value, pos }, i) => {
    if (value >= VALUE_LIMIT) refuse('value-out-of-range', `input ${i}: a value is below 2^128`);
    if (pos < 0n || pos >> BigInt(2 * shape.depth) !== 0n) {
      refuse('position-out-of-range', `input ${i}: a position lies in [0, 4^${shape.depth})`);
    }
  });
  if (publicValues.pubOut.some((amount) => amount >= VALUE_LIMIT)) {
    refuse('public-amount-out-of-range', 'a public amount is below 2^128');
  }
}

/** The circuit's rule, and the node's: asset_pub is 0 iff nothing leaves slot 1, and never SERO. */
function checkPublicAsset({ slotAssets, publicValues: { assetPub, pubOut } }: JoinSplitAssignment): void {
  const expectedAsset = pubOut[1] === 0n ? 0n : slotAssets[0];
  if (assetPub !== expectedAsset || assetPub === SERO_ASSET) {
    refuse(
      'public-asset-mismatch',
      'asset_pub must be the asset of slot 1, not SERO, or 0 with no public amount',
    );
  }
}

function checkInputs({ spender, inputs, publicValues }: JoinSplitAssignment): void {
  inputs.forEach((input, i) => {
    const { cm, nil, trace } = deriveInput(spender, input);
    // A dummy's path is free.
    if (input.value !== 0n && pathRoot(cm, input.pos, input.path) !== publicValues.root) {
      refuse('input-not-in-tree', `input ${i}: its note must be the spender’s and in the tree of the anchor`);
    }
    if (nil !== publicValues.nil[i]) refuse('nil-mismatch', `input ${i}: NIL must be H_nil(nk, CM, pos)`);
    if (trace !== publicValues.trace[i]) {
      refuse('trace-mismatch', `input ${i}: TRACE must be pos + 2^48 isReal + H_trace(tk, ZPK, NIL)`);
    }
  });
}

function checkOutputs({ outputs, publicValues }: JoinSplitAssignment): void {
  outputs.forEach((output, j) => {
    if (output.value >= VALUE_LIMIT) refuse('value-out-of-range', `output ${j}: a value is below 2^128`);
    if (deriveOutput(output) !== publicValues.cm[j]) {
      refuse('cm-mismatch', `output ${j}: CM must be H_cm(asset, value, VPKr.u, ZPKr, rcm, 0)`);
    }
  });
}

function checkBalance(shape: Shape, assignment: JoinSplitAssignment): void {
  const { inputs, outputs, slotAssets, publicValues } = assignment;
  const { pubOut } = publicValues;
  const slot = (asset: bigint, what: string): number =>
    slotOf(asset, slotAssets) ?? refuse('asset-not-in-slot', `${what}: no slot has its asset`);

  const difference = Array.from({ length: shape.slots }, (_, k) => -(pubOut[k] ?? 0n));
  inputs.forEach(({ asset, value }, i) => {
    difference[slot(asset, `input ${i}`)]! += value;
  });
  outputs.forEach(({ asset, value }, j) => {
    difference[slot(asset, `output ${j}`)]! -= value;
  });
  difference.forEach((rest, k) => {
    if (rest !== 0n) refuse('unbalanced', `slot ${k}: inputs exceed outputs and public amount by ${rest}`);
  });
}
