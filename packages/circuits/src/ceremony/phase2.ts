import { concat, leBytes } from '@sero/crypto';
import { GROUP_POINT_BYTES, type GroupEngine, type SparseRows } from '@sero/prover';
import { constraintsOf } from '../circuit-source.ts';
import { domainPower, type MatrixEntry } from '../setup-qap.ts';
import type { R1cs } from '../setup-r1cs.ts';
import { type ProvingKey, packEntries } from '../zkey-file.ts';
import { checkNext, type Origin } from './contribution.ts';
import { CeremonyError } from './errors.ts';
import { invertScalar } from './invert-scalar.ts';
import { type Challenge, proveKnowledge, secretsOf } from './knowledge.ts';
import { lagrangeLevel } from './lagrange.ts';
import type { Contributed } from './phase1.ts';
import { contributionHash, hashCircuit, transcriptHash } from './phase2-hash.ts';
import { generators, pickPoints, pointAt, requireGood, requireGoodOrInfinite } from './points.ts';
import type { LagrangeForms, Powers } from './ptau.ts';

/** Phase 2: a circuit's proving key, of which delta is everybody's. */

const ONE = leBytes(1n, 32);
const SCALAR_BYTES = 32;
/** snarkjs hashes the quotient's points in runs of so many, and where there is more than one, always whole ones. */
const HASHED_AT_ONCE = 1 << 14;

/** Terms of sums, before they stand in the order of the sums. */
interface Term {
  readonly row: number;
  readonly base: number;
  readonly value: bigint;
}

function sortRows(rows: number, terms: readonly Term[]): SparseRows {
  const starts = new Uint32Array(rows + 1);
  for (const { row } of terms) starts[row + 1]! += 1;
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!;
  const next = starts.slice();
  const [indices, coefficients] = [
    new Uint32Array(terms.length),
    new Uint8Array(SCALAR_BYTES * terms.length),
  ];
  for (const { row, base, value } of terms) {
    const at = next[row]!++;
    indices[at] = base;
    coefficients.set(leBytes(value, SCALAR_BYTES), SCALAR_BYTES * at);
  }
  return { starts, indices, coefficients };
}

/** Every matrix entry, and the row for each public wire that keeps their polynomials independent. */
function entriesOf({ constraints, publicInputs }: R1cs): MatrixEntry[] {
  const entries: MatrixEntry[] = [];
  for (const [row, [left, right]] of constraints.entries()) {
    for (const [wire, value] of left) entries.push({ matrix: 0, row, wire, value });
    for (const [wire, value] of right) entries.push({ matrix: 1, row, wire, value });
  }
  for (let wire = 0; wire <= publicInputs; wire++) {
    entries.push({ matrix: 0, row: constraints.length + wire, wire, value: 1n });
  }
  return entries;
}

/** The sums over Lagrange forms that a key's points of G1 are: A_i, B_i, then beta A_i + alpha B_i + C_i for each wire. */
function sums1(r1cs: R1cs, entries: readonly MatrixEntry[], domain: number): SparseRows {
  const { wires, constraints } = r1cs;
  // Bases: tau, alpha, beta, `domain` points each.
  const [TAU, ALPHA, BETA] = [0, domain, 2 * domain];
  const terms: Term[] = [];
  for (const { matrix, row, wire, value } of entries) {
    terms.push({ row: matrix * wires + wire, base: TAU + row, value });
    terms.push({ row: 2 * wires + wire, base: (matrix === 0 ? BETA : ALPHA) + row, value });
  }
  for (const [row, [, , product]] of constraints.entries()) {
    for (const [wire, value] of product) terms.push({ row: 2 * wires + wire, base: TAU + row, value });
  }
  return sortRows(3 * wires, terms);
}

function sums2({ wires }: R1cs, entries: readonly MatrixEntry[]): SparseRows {
  const terms = entries
    .filter(({ matrix }) => matrix === 1)
    .map(({ row, wire, value }) => ({ row: wire, base: row, value }));
  return sortRows(wires, terms);
}

function expectSize(powers: Powers, k: number): LagrangeForms {
  const { lagrange, power } = powers;
  if (lagrange === undefined)
    throw new CeremonyError('not-prepared', 'these powers are not prepared for phase 2');
  // Then snarkjs hashes [tau^(2N-1) - tau^(N-1)] too, which only more powers have.
  const needed = 2 ** k > HASHED_AT_ONCE ? k + 1 : k;
  if (needed > power) {
    throw new CeremonyError(
      'circuit-too-large',
      `this circuit needs 2^${needed} powers, these are 2^${power}`,
    );
  }
  return lagrange;
}

/** The points of the quotient: Lagrange form of the domain of 2N points, the odd ones. */
function oddPoints(forms: Uint8Array, k: number): Uint8Array {
  const level = lagrangeLevel('g1', forms, k + 1);
  return pickPoints(
    'g1',
    level,
    Array.from({ length: 2 ** k }, (_, i) => 2 * i + 1),
  );
}

/**
 * The proving key of a circuit under prepared powers, to which nobody has contributed: delta = 1. Deterministic. Whether
 * the powers are good is not asked: see `verifyPowers`.
 *
 * @param circuit bytes of the circuit's file or of its .r1cs
 * @throws CeremonyError, R1csError
 */
export async function startKey(
  engine: GroupEngine,
  circuit: Uint8Array,
  powers: Powers,
  signal?: AbortSignal,
): Promise<ProvingKey> {
  const r1cs = constraintsOf(circuit);
  const { wires, publicInputs } = r1cs;
  const k = domainPower(r1cs);
  const domain = 2 ** k;
  const forms = expectSize(powers, k);
  const entries = entriesOf(r1cs);
  const bases1 = concat(
    ...[forms.tau1, forms.alpha1, forms.beta1].map((part) => lagrangeLevel('g1', part, k)),
  );
  const points1 = await engine.combineRows('g1', bases1, sums1(r1cs, entries, domain), signal);
  const b2 = await engine.combineRows('g2', lagrangeLevel('g2', forms.tau2, k), sums2(r1cs, entries), signal);
  const size = GROUP_POINT_BYTES.g1;
  const [a1, b1, combined] = [0, 1, 2].map((i) => points1.subarray(i * wires * size, (i + 1) * wires * size));
  const { g1, g2 } = await generators(engine);
  const key = {
    ...{ wires, publicInputs, domainSize: domain },
    alpha1: pointAt('g1', powers.alpha1, 0),
    beta1: pointAt('g1', powers.beta1, 0),
    beta2: powers.beta2,
    ...{ gamma2: g2, delta1: g1, delta2: g2 },
    ic: combined!.subarray(0, (publicInputs + 1) * size),
    coefficients: packEntries(entries),
    ...{ a1: a1!, b1: b1!, b2 },
    l1: combined!.subarray((publicInputs + 1) * size),
    h1: oddPoints(forms.tau1, k),
  };
  const hashed = domain > HASHED_AT_ONCE ? domain : domain - 1;
  const differences = await engine.subtract(
    'g1',
    powers.tau1.subarray(domain * size, (domain + hashed) * size),
    powers.tau1.subarray(0, hashed * size),
    signal,
  );
  const circuitHash = await hashCircuit(engine, key, { points: differences, count: domain - 1 }, signal);
  return { ...key, circuitHash, contributions: [] };
}

/**
 * Multiplies delta by a secret: that of a person, drawn here and wiped, or that of a beacon. Every
 * point that it is applied to must lie in its subgroup; beyond that it is not asked whether `key` is good: see
 * `verifyKey`.
 *
 * @param typed what the author typed, to be mixed with the operating system's randomness; may be empty
 * @throws CeremonyError
 */
export async function contributeKey(
  engine: GroupEngine,
  key: ProvingKey,
  origin: Origin,
  typed: Uint8Array,
  signal?: AbortSignal,
): Promise<Contributed<ProvingKey>> {
  checkNext(key.contributions, origin);
  await requireGood(engine, 'g1', key.delta1, 'delta of G1', signal);
  await requireGood(engine, 'g2', key.delta2, 'delta of G2', signal);
  await requireGoodOrInfinite(engine, 'g1', concat(key.l1, key.h1), 'the points that delta divides', signal);
  const { scalars, next } = await secretsOf(origin, 1, typed, signal);
  const secret = scalars[0]!;
  const inverse = invertScalar(secret);
  try {
    const hash = await transcriptHash(engine, key.circuitHash, key.contributions);
    let transcript = new Uint8Array(0);
    const challenge: Challenge = (sAndSx) => {
      transcript = new Uint8Array(hash.update(sAndSx).digest());
      return transcript;
    };
    const proof = await proveKnowledge(engine, secret, next, challenge);
    const delta1 = await engine.multiplyEach('g1', key.delta1, secret);
    const contribution = { delta1, key: proof, transcript, origin };
    const result: ProvingKey = {
      ...key,
      delta1,
      delta2: await engine.multiplyEach('g2', key.delta2, secret),
      l1: await engine.multiplyPowers('g1', key.l1, inverse, ONE, signal),
      h1: await engine.multiplyPowers('g1', key.h1, inverse, ONE, signal),
      contributions: [...key.contributions, contribution],
    };
    return { result, attestation: await contributionHash(engine, contribution) };
  } finally {
    secret.fill(0);
    inverse.fill(0);
  }
}
