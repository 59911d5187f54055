/**
 * Regenerates native/src/poseidon_constants.hpp and native/src/jubjub_constants.hpp from @sero/crypto.
 *
 *   node packages/prover/tools/generate-constants.ts          writes the files
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  fromAffine,
  invert,
  JUBJUB_D,
  modQ,
  type Point,
  pointFromBytes,
  poseidonParameters,
  Q,
  R_J,
  SPEND_BASE,
  toAffine,
} from '@sero/crypto';

type Vector = readonly bigint[];
type Matrix = readonly Vector[];

const dot = (a: Vector, b: Vector): bigint => modQ(a.reduce((sum, x, i) => sum + x * b[i]!, 0n));
const transposed = (matrix: Matrix): Matrix =>
  matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));
const apply = (matrix: Matrix, vector: Vector): Vector => matrix.map((row) => dot(row, vector));
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => transposed(b).map((column) => dot(row, column)));
const plus = (a: Vector, b: Vector): Vector => a.map((x, i) => modQ(x + b[i]!));

function inverse(matrix: Matrix): Matrix {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1n : 0n))]);
  for (let column = 0; column < size; column++) {
    const pivot = rows.findIndex((row, i) => i >= column && row[column] !== 0n);
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const scale = invert(rows[column]![column]!);
    rows[column] = rows[column]!.map((x) => modQ(x * scale));
    for (let i = 0; i < size; i++) {
      const factor = rows[i]![column]!;
      if (i !== column) rows[i] = rows[i]!.map((x, j) => modQ(x - factor * rows[column]![j]!));
    }
  }
  return rows.map((row) => row.slice(size));
}

/** Poseidon's permutation with sparse partial rounds: the same map as `poseidonPermute` of @sero/crypto. */
export interface SparsePoseidon {
  readonly width: number;
  readonly partialRounds: number;
  /** Constants of the 4 full rounds before the partial ones, and of the 4 after them. */
  readonly before: Matrix;
  readonly after: Matrix;
  /** The matrix of a full round, and of the last one before the partial rounds. */
  readonly mds: Matrix;
  readonly merged: Matrix;
  /** Of each partial round: what is added to lane 0 before its S-box; then lane 0 becomes corner y + row L ... */
  readonly heads: Vector;
  readonly corner: bigint;
  readonly rows: Matrix;
  /** ... and L becomes L + column y, y being the S-box's output and L the other lanes. */
  readonly columns: Matrix;
}

/**
 * The sparse form (eprint 2019/458, appendix B). A partial round's S-box touches lane 0 alone; with the matrix
 * [[m, w], [v, A]] split there, the other lanes follow L' = A L + v y. In the coordinates A^(n - r) L of round r of n
 * the matrix A disappears from all rounds but the full one before them, and the constants of L move into those of
 * lane 0 and of the full round after them.
 */
export function sparsePoseidon(width: number): SparsePoseidon {
  const { fullRounds, partialRounds: n, roundConstants, mds } = poseidonParameters(width);
  const half = fullRounds / 2;
  const constants = (round: number): Vector => roundConstants.slice(round * width, (round + 1) * width);
  const w = mds[0]!.slice(1);
  const v = mds.slice(1).map((row) => row[0]!);
  const inner = mds.slice(1).map((row) => row.slice(1));
  const inverseTransposed = transposed(inverse(inner));

  const heads: bigint[] = [];
  let carried = 0n;
  let offset: Vector = w.map(() => 0n);
  for (let round = 0; round < n; round++) {
    const [head, ...rest] = constants(half + round);
    heads.push(modQ(head! + carried));
    offset = plus(offset, rest);
    carried = dot(w, offset);
    offset = apply(inner, offset);
  }
  const after = Array.from({ length: half }, (_, i) => constants(half + n + i));
  after[0] = plus(after[0]!, [carried, ...offset]);

  const columns: Vector[] = [];
  const rows: Vector[] = [];
  let [column, row]: [Vector, Vector] = [v, w];
  let power: Matrix = inner;
  for (let round = n - 1; round >= 0; round--) {
    row = apply(inverseTransposed, row);
    columns.unshift(column);
    rows.unshift(row);
    column = apply(inner, column);
    if (round > 0) power = product(inner, power);
  }
  const spread = [[1n, ...w.map(() => 0n)], ...power.map((line) => [0n, ...line])];
  return {
    width,
    partialRounds: n,
    before: Array.from({ length: half }, (_, i) => constants(i)),
    after,
    mds,
    merged: product(spread, mds),
    heads,
    corner: mds[0]![0]!,
    rows,
    columns,
  };
}

/** What the check for the prime subgroup takes; see `residueOf`. */
interface SubgroupCheck {
  readonly slope: bigint;
  readonly shift: bigint;
  readonly quarter: bigint;
  readonly scale: bigint;
  /** v^2 of the points of order 8. */
  readonly eighth: bigint;
}

/**
 * The Tate pairing with a point T of order 8 tells whether a point is a multiple of 8 (Koshelev, eprint 2022/037): the
 * torsion of Jubjub's group is cyclic of order 8, so P has a part of prime order only where f_T(P) is an 8th power.
 * On the Montgomery curve B y^2 = x^3 + A x^2 + x, with the tangents l1 at T and l2 at 2T = (1, .), and 4T = (0, 0),
 * f_T = (l1 / (x - 1))^4 l2^2 / x, whose leading coefficient is B.
 */
function subgroupCheck(): SubgroupCheck {
  const torsion = orderEight();
  const { u, v } = toAffine(torsion);
  const d = JUBJUB_D;
  const a = modQ(2n * (d - 1n) * invert(-1n - d));
  const b = modQ(4n * invert(-1n - d));
  const x = modQ((1n + v) * invert(1n - v));
  const y = modQ(x * invert(u));
  const slope = modQ((3n * x * x + 2n * a * x + 1n) * invert(2n * b * y));
  const double = toAffine(torsion.double());
  if (double.v !== 0n) throw new Error('twice a point of order 8 has v = 0');
  return {
    slope,
    shift: modQ(slope * x - y),
    quarter: invert(double.u),
    // 2v stands for x - 1 with its denominator; to the 4th power that is 16 v^4.
    scale: modQ(16n * invert(b)),
    eighth: modQ(v * v),
  };
}

function orderEight(): Point {
  for (let v = 2n; ; v++) {
    const point = decoded(v);
    if (point === undefined) continue;
    // [r_J]P: what is left has an order that divides 8.
    const torsion = point.multiplyUnsafe(R_J - 1n).add(point);
    if (!torsion.double().double().is0()) return torsion;
  }
}

function decoded(v: bigint): Point | undefined {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => Number((v >> BigInt(8 * i)) & 0xffn));
  try {
    const { u } = toAffine(pointFromBytes(bytes));
    return fromAffine({ u, v });
  } catch {
    return undefined;
  }
}

const CHECK = subgroupCheck();

/** An element whose 8th-power character says whether the point (u, v), not of small order, lies in the subgroup. */
export function residueOf(u: bigint, v: bigint): bigint {
  const { slope, shift, quarter, scale } = CHECK;
  const [n, m] = [1n + v, 1n - v];
  const line = modQ(n * modQ(1n - slope * u) + modQ(shift * m) * u);
  const root = modQ(modQ((line * v) ** 2n) * modQ(u * (1n - quarter * u)) * m ** 3n);
  return modQ(scale * modQ(n * m) * root * root);
}

const WORD = (1n << 64n) - 1n;
const words = (value: bigint): string =>
  `{${[0n, 64n, 128n, 192n].map((at) => `0x${((value >> at) & WORD).toString(16)}ull`).join(', ')}}`;
/** Montgomery form with R = 2^256, as blst holds elements. */
const montgomery = (value: bigint): bigint => modQ(value << 256n);

function table(type: string, name: string, values: Vector): string {
  const lines = values.map((value) => `    ${words(montgomery(value))},`);
  return `${type} ${name}[${values.length}][4] = {\n${lines.join('\n')}\n};`;
}

/** t: 2^32 t is the number of units of the field. */
const ODD = (Q - 1n) >> 32n;

/** Powers of 7^t, which generates the elements whose order divides 2^32, since 7 generates the units. */
function rootTable(rows: number, exponent: (row: bigint, digit: bigint) => bigint): bigint[] {
  const generator = power(7n, ODD);
  return Array.from({ length: 16 * rows }, (_, i) =>
    power(generator, BigInt.asUintN(32, exponent(BigInt(i >> 4), BigInt(i & 15)))),
  );
}

const HEAD = `// Generated by packages/prover/tools/generate-constants.ts; do not edit.`;

function poseidonHeader(): string {
  const parts = [4, 5].map((width) => {
    const p = sparsePoseidon(width);
    const constant = 'static constexpr uint64_t';
    return `
template <>
struct PoseidonConstants<${width}> {
static constexpr int PARTIAL_ROUNDS = ${p.partialRounds};
/// Rounds 0 to 3, ${width} values each.
${table(constant, 'BEFORE', p.before.flat())}
/// The last 4 rounds.
${table(constant, 'AFTER', p.after.flat())}
/// By rows.
${table(constant, 'MDS', p.mds.flat())}
/// Instead of MDS in round 3, by rows.
${table(constant, 'MERGED', p.merged.flat())}
/// Of each partial round: what lane 0 gets before the S-box; the row, corner first; the column without it.
${table(
  constant,
  'PARTIAL',
  p.heads.flatMap((head, i) => [head, p.corner, ...p.rows[i]!, ...p.columns[i]!]),
)}
};`;
  });
  return `${HEAD}
// Poseidon (eprint 2019/458) in its sparse form (appendix B). 4 words a value, little-endian, in Montgomery
// form with R = 2^256.
#pragma once

#include <cstdint>

namespace sero {

template <int WIDTH>
struct PoseidonConstants;
${parts.join('\n')}

}  // namespace sero
`;
}

function jubjubHeader(): string {
  const check = CHECK;
  const spend = toAffine(SPEND_BASE);
  const one = (comment: string, name: string, value: bigint): string =>
    `${comment === '' ? '' : `/// ${comment}\n`}static constexpr uint64_t ${name}[4] =\n    ${words(value)};`;
  return `${HEAD}
// Jubjub (Zcash protocol, section 5.4.9.3) and its base field. 4 words a value, little-endian, canonical.
#pragma once

#include <cstdint>

namespace sero {
namespace jubjub_constants {

${one('d of -u^2 + v^2 = 1 + d u^2 v^2.', 'D', JUBJUB_D)}
${one('2 d.', 'D2', modQ(2n * JUBJUB_D))}
${one('The order of the prime subgroup.', 'ORDER', R_J)}
/// -1/order modulo 2^32.
static constexpr uint32_t ORDER_INVERSE = 0x${(-orderInverse() & 0xffffffffn).toString(16)}u;
${one('2^256 modulo the order.', 'ORDER_R', (1n << 256n) % R_J)}
${one('2^512 modulo the order.', 'ORDER_R2', (1n << 512n) % R_J)}
/// g^(-d 16^k) at 16 k + d, for a generator g of the elements whose order divides 2^32. Montgomery form with
/// R = 2^256.
${table(
  'static constexpr uint64_t',
  'ROOT_INVERSE',
  rootTable(7, (k, d) => -d << (4n * k)),
)}
/// g^(-d 16^k / 2) at 16 k + d, d / 2 rounded down where k = 0; Montgomery form.
${table(
  'static constexpr uint64_t',
  'ROOT_HALF',
  rootTable(8, (k, d) => -((d << (4n * k)) >> 1n)),
)}
/// The lowest word of g^(d 2^28), at d.
static constexpr uint64_t ROOT_WORD[16] = {
${rootTable(1, (_, d) => d << 28n)
  .map((value) => `    0x${(value & WORD).toString(16)}ull,`)
  .join('\n')}
};
${one('(t - 1) / 2, 2^32 t being the number of units.', 'HALF_ODD', (ODD - 1n) / 2n)}
${one('The modulus less 2.', 'INVERT', Q - 2n)}
${one('(A - 2) / 4 of the Montgomery curve B y^2 = x^3 + A x^2 + x, A = 2 (d - 1) / (-1 - d) = 40962.', 'LADDER', 10240n)}
${one('2 A.', 'TWICE_A', 81924n)}
${one('2 B, B = 4 / (-1 - d) = -40964.', 'TWICE_B', Q - 81928n)}
${one('u of G_s.', 'SPEND_U', spend.u)}
${one('v of G_s.', 'SPEND_V', spend.v)}
// The check for the prime subgroup (eprint 2022/037): the tangent at T, of order 8, is y - SLOPE x + SHIFT.
${one('', 'SLOPE', check.slope)}
${one('', 'SHIFT', check.shift)}
${one('1/u of 2T.', 'QUARTER', check.quarter)}
${one('16 / B.', 'SCALE', check.scale)}
${one('v^2 of the points of order 8.', 'EIGHTH', check.eighth)}

}  // namespace jubjub_constants
}  // namespace sero
`;
}

/** 1/R_J modulo 2^32, by Newton's iteration. */
function orderInverse(): bigint {
  let inverse = 1n;
  for (let i = 0; i < 5; i++) inverse = BigInt.asUintN(32, inverse * (2n - R_J * inverse));
  return inverse;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = modQ(result * result);
    if (bit === '1') result = modQ(result * base);
  }
  return result;
}

export const FILES = [
  { url: new URL('../native/src/poseidon_constants.hpp', import.meta.url), content: poseidonHeader },
  { url: new URL('../native/src/jubjub_constants.hpp', import.meta.url), content: jubjubHeader },
] as const;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { url, content } of FILES) writeFileSync(url, content());
}
