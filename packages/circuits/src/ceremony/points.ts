import { concat, leBytes, leInteger } from '@sero/crypto';
import { GROUP_POINT_BYTES, type Group, type GroupEngine } from '@sero/prover';
import { CeremonyError } from './errors.ts';

const FQ_BYTES = 48;
const FQ_MODULUS =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;

/** The generators. */
export interface Generators {
  readonly g1: Uint8Array;
  readonly g2: Uint8Array;
}

const ONE = leBytes(1n, 32);

export async function generators(engine: GroupEngine): Promise<Generators> {
  return { g1: await engine.multiplyGenerator('g1', ONE), g2: await engine.multiplyGenerator('g2', ONE) };
}

/** The point at an index of packed ones. */
export function pointAt(group: Group, points: Uint8Array, index: number): Uint8Array {
  const size = GROUP_POINT_BYTES[group];
  return points.subarray(index * size, (index + 1) * size);
}

/** The points at these indices, packed. (Not `concat` of them all: there may be more than a call takes arguments.) */
export function pickPoints(group: Group, points: Uint8Array, indices: readonly number[]): Uint8Array {
  const size = GROUP_POINT_BYTES[group];
  const out = new Uint8Array(indices.length * size);
  for (const [i, index] of indices.entries()) out.set(pointAt(group, points, index), i * size);
  return out;
}

/** Where the points are that are not infinity. */
export function finiteIndices(group: Group, points: Uint8Array): number[] {
  const indices: number[] = [];
  for (let i = 0; i < countOf(group, points); i++) {
    if (pointAt(group, points, i).some((byte) => byte !== 0)) indices.push(i);
  }
  return indices;
}

export const countOf = (group: Group, points: Uint8Array): number => points.length / GROUP_POINT_BYTES[group];

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** A point of G1 with the other y. */
function negated(point: Uint8Array): Uint8Array {
  const y = leInteger(point.subarray(FQ_BYTES));
  return concat(point.subarray(0, FQ_BYTES), leBytes(y === 0n ? 0n : FQ_MODULUS - y, FQ_BYTES));
}

/** Two points, the second a multiple of the first. */
export type Step = readonly [from: Uint8Array, to: Uint8Array];

/** Whether the step in G1 and the one in G2 are by the same factor: e(from1, to2) = e(to1, from2). Points are checked before. */
export async function sameFactor(
  engine: GroupEngine,
  [from1, to1]: Step,
  [from2, to2]: Step,
  signal?: AbortSignal,
): Promise<boolean> {
  return engine.pairingProductIsOne(concat(from1, negated(to1)), concat(to2, from2), signal);
}

/** Refuses points that are infinity, off the curve or outside the subgroup. */
export async function requireGood(
  engine: GroupEngine,
  group: Group,
  points: Uint8Array,
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  const bad = await engine.firstBad(group, points, signal);
  if (bad === undefined) return;
  throw new CeremonyError(
    'point-invalid',
    `${what}: point ${bad} is infinity, off the curve or outside the subgroup`,
  );
}

/** Refuses where `holds` is false. */
export function requireThat(
  holds: boolean,
  ...[code, message]: ConstructorParameters<typeof CeremonyError>
): void {
  if (!holds) throw new CeremonyError(code, message);
}

/** Refuses points that are neither infinity (of wires in no constraint) nor good. */
export async function requireGoodOrInfinite(
  engine: GroupEngine,
  group: Group,
  points: Uint8Array,
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  const finite = finiteIndices(group, points);
  const packed = finite.length === countOf(group, points) ? points : pickPoints(group, points, finite);
  await requireGood(engine, group, packed, what, signal);
}
