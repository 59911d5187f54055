import { randomBytes } from 'node:crypto';
import { concat, leBytes, Q, toField } from '@sero/crypto';
import { GROUP_POINT_BYTES, type Group, type GroupEngine } from '@sero/prover';
import { invertAll, power as raise, rootOfUnity } from '../setup-qap.ts';
import { requireGood, requireThat, sameBytes } from './points.ts';
import type { LagrangeForms, Powers } from './ptau.ts';

/** What is brought into Lagrange form, and how large the largest domain is. */
const PARTS = [
  ['tau1', 'g1', 1],
  ['tau2', 'g2', 0],
  ['alpha1', 'g1', 0],
  ['beta1', 'g1', 0],
] as const satisfies readonly (readonly [keyof LagrangeForms, Group, number])[];

const SCALAR_BYTES = 32;

/** Where the form of the domain of 2^k points begins, counted in points. */
const levelStart = (k: number): number => 2 ** k - 1;

/** The Lagrange form of the domain of 2^k points. */
export function lagrangeLevel(group: Group, forms: Uint8Array, k: number): Uint8Array {
  const size = GROUP_POINT_BYTES[group];
  return forms.subarray(levelStart(k) * size, levelStart(k + 1) * size);
}

/**
 * Prepares powers for phase 2, once for all circuits of their size.
 *
 * @param report told what was done of what is to be done, counted in levels
 */
export async function preparePowers(
  engine: GroupEngine,
  powers: Powers,
  options: { readonly signal?: AbortSignal; readonly report?: (done: number, of: number) => void } = {},
): Promise<Powers> {
  const { signal, report } = options;
  const of = PARTS.reduce((sum, [, , more]) => sum + powers.power + 1 + more, 0);
  let done = 0;
  const formOf = async ([name, group, more]: (typeof PARTS)[number]): Promise<Uint8Array> => {
    const size = GROUP_POINT_BYTES[group];
    const levels: Uint8Array[] = [];
    for (let k = 0; k <= powers.power + more; k++) {
      const points = powers[name].subarray(0, 2 ** k * size);
      // The highest power that the largest domain would take is not there, and multiplies nothing.
      const missing = new Uint8Array(2 ** k * size - points.length);
      levels.push(
        await engine.lagrange(group, missing.length === 0 ? points : concat(points, missing), signal),
      );
      report?.(++done, of);
    }
    return concat(...levels);
  };
  const [tau1, tau2, alpha1, beta1] = [
    await formOf(PARTS[0]),
    await formOf(PARTS[1]),
    await formOf(PARTS[2]),
    await formOf(PARTS[3]),
  ];
  return { ...powers, lagrange: { tau1, tau2, alpha1, beta1 } };
}

const packScalars = (scalars: readonly bigint[]): Uint8Array => {
  const out = new Uint8Array(SCALAR_BYTES * scalars.length);
  for (const [i, scalar] of scalars.entries()) out.set(leBytes(scalar, SCALAR_BYTES), i * SCALAR_BYTES);
  return out;
};

const randomScalar = (): bigint => toField(randomBytes(64));

/**
 * Factors for both sides of: for each domain of n = 2^k points, sum_i rho^i P_i = sum_j c_j L_j, where
 * c_j = sum_i (rho w^j)^i = (rho^n - 1) / (rho w^j - 1); the domains together by a random factor each. The difference
 * of the sides is a polynomial in rho of degree below n: it is zero for a random rho with a chance of n / r.
 */
function factors(
  levels: number,
  points: number,
): { readonly powers: Uint8Array; readonly forms: Uint8Array } {
  const rho = randomScalar();
  const weights = Array.from({ length: levels }, randomScalar);
  const left: bigint[] = [];
  // Point i is in the domains of more than i points.
  let [level, rest, rhoPower] = [0, weights.reduce((sum, weight) => sum + weight, 0n) % Q, 1n];
  for (let i = 0; i < points; i++) {
    while (2 ** level <= i) rest = (rest - weights[level++]! + Q) % Q;
    left.push((rest * rhoPower) % Q);
    rhoPower = (rhoPower * rho) % Q;
  }
  const [denominators, numerators]: [bigint[], bigint[]] = [[], []];
  for (const [k, weight] of weights.entries()) {
    const [n, root] = [2 ** k, rootOfUnity(k)];
    const numerator = (weight * (raise(rho, BigInt(n)) + Q - 1n)) % Q;
    let point = rho;
    for (let j = 0; j < n; j++) {
      denominators.push((point + Q - 1n) % Q);
      numerators.push(numerator);
      point = (point * root) % Q;
    }
  }
  const right = invertAll(denominators).map((inverse, i) => (inverse * numerators[i]!) % Q);
  return { powers: packScalars(left), forms: packScalars(right) };
}

/** Verifies that the Lagrange forms are those of the powers, which are good. */
export async function verifyLagrange(
  engine: GroupEngine,
  powers: Powers,
  forms: LagrangeForms,
  signal?: AbortSignal,
): Promise<void> {
  for (const [name, group, more] of PARTS) {
    await requireGood(engine, group, forms[name], `the Lagrange forms of ${name}`, signal);
    const points = powers[name].length / GROUP_POINT_BYTES[group];
    const by = factors(powers.power + 1 + more, points);
    const sides = [
      await engine.multiExp(group, powers[name], by.powers, SCALAR_BYTES, signal),
      await engine.multiExp(group, forms[name], by.forms, SCALAR_BYTES, signal),
    ] as const;
    requireThat(
      sameBytes(...sides),
      'lagrange-wrong',
      `the Lagrange forms of ${name} are not those of the powers`,
    );
  }
}
