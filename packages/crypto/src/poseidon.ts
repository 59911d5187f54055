import { CryptoError } from './errors.ts';
import { isField, Q } from './field.ts';
import { POSEIDON_CONSTANTS } from './poseidon-constants.ts';

const FULL_ROUNDS = 8;

/** Parameters of one width t: 8 full rounds around `partialRounds` partial ones, S-box x^5. */
export interface PoseidonParameters {
  readonly t: number;
  readonly fullRounds: number;
  readonly partialRounds: number;
  /** (fullRounds + partialRounds) * t values, round by round. */
  readonly roundConstants: readonly bigint[];
  /** t rows of t values. */
  readonly mds: readonly (readonly bigint[])[];
}

const decoded = new Map<number, PoseidonParameters>();

/** The parameters of width t in 2..9 (eprint 2019/458; see tools/generate-poseidon.ts). */
export function poseidonParameters(t: number): PoseidonParameters {
  const known = decoded.get(t);
  if (known !== undefined) return known;
  const source = POSEIDON_CONSTANTS[t];
  if (source === undefined)
    throw new CryptoError('poseidon-arity', `Poseidon has no width ${t}: use 1 to 8 inputs`);
  const list = (hex: string): bigint[] => (hex.match(/.{64}/g) ?? []).map((digits) => BigInt(`0x${digits}`));
  const flat = list(source.mds);
  const parameters: PoseidonParameters = {
    t,
    fullRounds: FULL_ROUNDS,
    partialRounds: source.partialRounds,
    roundConstants: list(source.roundConstants),
    mds: Array.from({ length: t }, (_, row) => flat.slice(row * t, (row + 1) * t)),
  };
  decoded.set(t, parameters);
  return parameters;
}

function quintic(x: bigint): bigint {
  const square = (x * x) % Q;
  return (((square * square) % Q) * x) % Q;
}

type Vector = readonly bigint[];

const dot = (a: Vector, b: Vector): bigint => a.reduce((sum, x, i) => sum + x * b[i]!, 0n);
const times = (matrix: readonly Vector[], vector: Vector): bigint[] =>
  matrix.map((row) => dot(row, vector) % Q);
const transposed = (matrix: readonly Vector[]): bigint[][] =>
  matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));

/** Partial rounds that are taken together. */
const STRIDE = 8;

/**
 * A partial round's S-box touches lane 0 alone, so between two S-boxes everything is linear. With the matrix
 * [[m, w], [v, M]] split at lane 0, the other lanes L and the S-box outputs y_0 .. y_i of a stride give
 *
 *     lane 0 before S-box i + 1 = m y_i + (w v) y_(i-1) + (w M v) y_(i-2) + ... + (w M^i) L + constant
 *     L after k rounds          = M^k L + sum M^(k-1-i) v y_i + constant
 *
 * which costs fewer products and far fewer reductions than k full matrices, and is the same map to the bit.
 */
interface PartialRounds {
  /** w M^i. */
  readonly rows: readonly Vector[];
  /** M^i v. */
  readonly columns: readonly Vector[];
  /** m, w v, w M v, ... */
  readonly response: Vector;
  /** M^k; number 0 is not used. */
  readonly powers: readonly (readonly Vector[])[];
  /** Constant of lane 0 before S-box i, and at the end of the last partial round. */
  readonly heads: Vector;
  /** Constants of L at the end of each stride. */
  readonly tails: readonly Vector[];
}

const prepared = new Map<number, PartialRounds>();

function partialRoundsOf({ t, partialRounds, roundConstants, mds }: PoseidonParameters): PartialRounds {
  const known = prepared.get(t);
  if (known !== undefined) return known;
  const inner = mds.slice(1).map((row) => row.slice(1));
  const across = transposed(inner);
  const first = mds[0]!.slice(1);
  const rows = [first];
  const columns = [mds.slice(1).map((row) => row[0]!)];
  let power: readonly Vector[] = inner;
  const powers: (readonly Vector[])[] = [[], power];
  for (let i = 1; i < STRIDE; i++) {
    rows.push(times(across, rows[i - 1]!));
    columns.push(times(inner, columns[i - 1]!));
    power = transposed(transposed(power).map((column) => times(inner, column)));
    powers.push(power);
  }
  const constants = (round: number): Vector =>
    roundConstants.slice((FULL_ROUNDS / 2 + round) * t, (FULL_ROUNDS / 2 + round + 1) * t);
  const heads = [constants(0)[0]!];
  const tails: Vector[] = [];
  let offset: Vector = [];
  for (let round = 0; round < partialRounds; round++) {
    const [, ...added] = constants(round);
    // What the constants alone make of L: each stride begins anew, its end carries them on.
    offset = round % STRIDE === 0 ? added : times(inner, offset).map((x, i) => (x + added[i]!) % Q);
    const last = round + 1 === partialRounds;
    heads.push((dot(first, offset) + (last ? 0n : constants(round + 1)[0]!)) % Q);
    if (last || round % STRIDE === STRIDE - 1) tails.push(times(inner, offset));
  }
  const response = [mds[0]![0]!, ...columns.slice(0, -1).map((column) => dot(first, column) % Q)];
  const rounds = { rows, columns, response, powers, heads, tails };
  prepared.set(t, rounds);
  return rounds;
}

function fullRound(state: bigint[], next: bigint[], round: number, parameters: PoseidonParameters): void {
  const { t, roundConstants, mds } = parameters;
  for (let i = 0; i < t; i++) state[i] = quintic(state[i]! + roundConstants[round * t + i]!);
  for (let i = 0; i < t; i++) {
    // One reduction a row: the sum of t products stays below t * q * q.
    const row = mds[i]!;
    let sum = 0n;
    for (let j = 0; j < t; j++) sum += row[j]! * state[j]!;
    next[i] = sum % Q;
  }
  for (let i = 0; i < t; i++) state[i] = next[i]!;
}

function permutePartial(state: bigint[], next: bigint[], parameters: PoseidonParameters): void {
  const { t, partialRounds } = parameters;
  const { rows, columns, response, powers, heads, tails } = partialRoundsOf(parameters);
  const boxed = new Array<bigint>(STRIDE);
  let head = state[0]! + heads[0]!;
  for (let start = 0; start < partialRounds; start += STRIDE) {
    const length = Math.min(STRIDE, partialRounds - start);
    for (let i = 0; i < length; i++) {
      boxed[i] = quintic(head);
      const row = rows[i]!;
      let sum = heads[start + i + 1]!;
      for (let j = 1; j < t; j++) sum += row[j - 1]! * state[j]!;
      for (let back = 0; back <= i; back++) sum += response[back]! * boxed[i - back]!;
      head = sum % Q;
    }
    const power = powers[length]!;
    const tail = tails[start / STRIDE]!;
    for (let lane = 1; lane < t; lane++) {
      const row = power[lane - 1]!;
      let sum = tail[lane - 1]!;
      for (let j = 1; j < t; j++) sum += row[j - 1]! * state[j]!;
      for (let i = 0; i < length; i++) sum += columns[length - 1 - i]![lane - 1]! * boxed[i]!;
      next[lane] = sum % Q;
    }
    for (let lane = 1; lane < t; lane++) state[lane] = next[lane]!;
  }
  state[0] = head;
}

/** The permutation on a state of t field elements, in place. Big integers: time depends on the values. */
export function poseidonPermute(state: bigint[]): void {
  const parameters = poseidonParameters(state.length);
  const { t, partialRounds } = parameters;
  const next = new Array<bigint>(t);
  for (let round = 0; round < FULL_ROUNDS / 2; round++) fullRound(state, next, round, parameters);
  permutePartial(state, next, parameters);
  for (let round = FULL_ROUNDS / 2; round < FULL_ROUNDS; round++) {
    fullRound(state, next, round + partialRounds, parameters);
  }
}

/**
 * H_D of the designs: Poseidon with the domain tag in the capacity lane and 1 to 8 inputs, each a canonical
 * field element; returns the state's first lane. The tag fixes the arity, so no padding is needed.
 */
export function poseidon(tag: number, inputs: readonly bigint[]): bigint {
  if (!inputs.every(isField)) {
    throw new CryptoError('field-not-canonical', 'Poseidon takes canonical field elements only');
  }
  const state = [BigInt(tag), ...inputs];
  poseidonPermute(state);
  return state[0]!;
}
