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

/** The permutation on a state of t field elements, in place. Big integers: time depends on the values. */
export function poseidonPermute(state: bigint[]): void {
  const { t, partialRounds, roundConstants, mds } = poseidonParameters(state.length);
  const rounds = FULL_ROUNDS + partialRounds;
  const next = new Array<bigint>(t);
  for (let round = 0; round < rounds; round++) {
    const full = round < FULL_ROUNDS / 2 || round >= FULL_ROUNDS / 2 + partialRounds;
    for (let i = 0; i < t; i++) {
      const keyed = state[i]! + roundConstants[round * t + i]!;
      state[i] = full || i === 0 ? quintic(keyed) : keyed;
    }
    for (let i = 0; i < t; i++) {
      // One reduction a row: the sum of t products stays below t * 2q * q.
      const row = mds[i]!;
      let sum = 0n;
      for (let j = 0; j < t; j++) sum += row[j]! * state[j]!;
      next[i] = sum % Q;
    }
    for (let i = 0; i < t; i++) state[i] = next[i]!;
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
