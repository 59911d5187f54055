import { invert, Q } from '@sero/crypto';
import type { R1cs } from './setup-r1cs.ts';

/** The secrets of a setup. Whoever knows them can prove anything. */
export interface ToxicWaste {
  readonly tau: bigint;
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly delta: bigint;
}

/** A coefficient of matrix A (0) or B (1): row, wire, value. */
export interface MatrixEntry {
  readonly matrix: 0 | 1;
  readonly row: number;
  readonly wire: number;
  readonly value: bigint;
}

/** The scalars behind a proving key's points, each times the generator of its group. */
export interface QapScalars {
  /** 2^k, at least constraints + public inputs + 1. */
  readonly domainSize: number;
  readonly entries: readonly MatrixEntry[];
  /** A_i(tau), one a wire. */
  readonly a: readonly bigint[];
  /** B_i(tau), one a wire. */
  readonly b: readonly bigint[];
  /** beta A_i + alpha B_i + C_i for the public wires (gamma = 1, as in snarkjs). */
  readonly ic: readonly bigint[];
  /** The same over delta, for the private wires. */
  readonly l: readonly bigint[];
  /** What the quotient's values on the odd coset are multiplied with, over delta (as snarkjs computes them). */
  readonly h: readonly bigint[];
}

const mul = (x: bigint, y: bigint): bigint => (x * y) % Q;
const sub = (x: bigint, y: bigint): bigint => (x >= y ? x - y : x - y + Q);

export function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mul(result, square);
    square = mul(square, square);
  }
  return result;
}

const TWO_ADICITY = 32;

/** The root of unity of order 2^k that ffjavascript and snarkjs take: powers of the smallest non-residue. */
export function rootOfUnity(k: number): bigint {
  let nonResidue = 2n;
  while (power(nonResidue, (Q - 1n) / 2n) === 1n) nonResidue++;
  let root = power(nonResidue, (Q - 1n) >> BigInt(TWO_ADICITY));
  for (let i = TWO_ADICITY; i > k; i--) root = mul(root, root);
  return root;
}

/** Inverses of all values by one inversion; none may be zero. */
export function invertAll(values: readonly bigint[]): bigint[] {
  const prefixes: bigint[] = [];
  let product = 1n;
  for (const value of values) {
    prefixes.push(product);
    product = mul(product, value);
  }
  let inverse = invert(product);
  const out = new Array<bigint>(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    out[i] = mul(inverse, prefixes[i]!);
    inverse = mul(inverse, values[i]!);
  }
  return out;
}

/** Values at tau of the Lagrange polynomials of the domain of 2^k points: (tau^n - 1)/n * w^i / (tau - w^i). */
function lagrangeAt(tau: bigint, k: number, indices: (i: number) => boolean): bigint[] {
  const size = 2 ** k;
  const root = rootOfUnity(k);
  const points: bigint[] = [];
  let point = 1n;
  for (let i = 0; i < size; i++) {
    if (indices(i)) points.push(point);
    point = mul(point, root);
  }
  const common = mul(sub(power(tau, BigInt(size)), 1n), invert(BigInt(size)));
  const inverses = invertAll(points.map((w) => sub(tau, w)));
  return points.map((w, i) => mul(common, mul(w, inverses[i]!)));
}

/** k for the least domain of 2^k rows that holds a circuit's constraints and a row for each public wire. */
export function domainPower({ constraints, publicInputs }: R1cs): number {
  const rows = constraints.length + publicInputs + 1;
  let k = 0;
  while (2 ** k < rows) k++;
  return k;
}

/** True where tau gives every polynomial a value to divide by: it must lie outside the domains. */
export function isUsable({ tau, alpha, beta, delta }: ToxicWaste): boolean {
  return power(tau, 1n << BigInt(TWO_ADICITY)) !== 1n && [tau, alpha, beta, delta].every((x) => x !== 0n);
}

/** Evaluates a circuit's QAP at tau (eprint 2016/260, section 3; the layout of keys is snarkjs's). */
export function evaluateQap(r1cs: R1cs, { tau, alpha, beta, delta }: ToxicWaste): QapScalars {
  const { wires, publicInputs, constraints } = r1cs;
  const k = domainPower(r1cs);
  const lagrange = lagrangeAt(tau, k, () => true);
  // Sums of products are reduced once at the end: most of the time would go into reductions otherwise.
  const [a, b, c] = [0, 1, 2].map(() => new Array<bigint>(wires).fill(0n)) as [bigint[], bigint[], bigint[]];
  const entries: MatrixEntry[] = [];
  for (const [row, [left, right, product]] of constraints.entries()) {
    const at = lagrange[row]!;
    for (const [wire, value] of left) {
      a[wire] = a[wire]! + value * at;
      entries.push({ matrix: 0, row, wire, value });
    }
    for (const [wire, value] of right) {
      b[wire] = b[wire]! + value * at;
      entries.push({ matrix: 1, row, wire, value });
    }
    for (const [wire, value] of product) c[wire] = c[wire]! + value * at;
  }
  // One further row for each public wire keeps their polynomials independent, whatever the circuit does with them.
  for (let wire = 0; wire <= publicInputs; wire++) {
    const row = constraints.length + wire;
    a[wire] = a[wire]! + lagrange[row]!;
    entries.push({ matrix: 0, row, wire, value: 1n });
  }
  for (let wire = 0; wire < wires; wire++) {
    a[wire] = a[wire]! % Q;
    b[wire] = b[wire]! % Q;
  }
  const combined = a.map((value, wire) => (beta * value + alpha * b[wire]! + c[wire]!) % Q);
  const overDelta = invert(delta);
  return {
    domainSize: 2 ** k,
    entries,
    a,
    b,
    ic: combined.slice(0, publicInputs + 1),
    l: combined.slice(publicInputs + 1).map((value) => mul(value, overDelta)),
    h: lagrangeAt(tau, k + 1, (i) => i % 2 === 1).map((value) => mul(value, overDelta)),
  };
}
