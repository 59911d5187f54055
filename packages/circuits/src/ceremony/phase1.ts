import { leBytes } from '@sero/crypto';
import type { GroupEngine } from '@sero/prover';
import { checkNext, type Origin } from './contribution.ts';
import { CeremonyError } from './errors.ts';
import { powersChallenge, proveKnowledge, secretsOf } from './knowledge.ts';
import { generators, pointAt, requireGood } from './points.ts';
import { challengeAfter, firstChallenge, hashResponse, responseHash } from './powers-hash.ts';
import { checkPower, type Powers, type PowersContribution, pointCounts } from './ptau.ts';

/** Phase 1: powers of tau (eprint 2017/1050). What is made here, snarkjs checks and continues, and the other way round. */

const ONE = leBytes(1n, 32);

/** Powers to which nobody has contributed: tau = alpha = beta = 1. */
export async function startPowers(engine: GroupEngine, power: number): Promise<Powers> {
  checkPower(power);
  const { g1, g2 } = await generators(engine);
  const repeat = (point: Uint8Array, count: number): Uint8Array => {
    const out = new Uint8Array(point.length * count);
    for (let i = 0; i < count; i++) out.set(point, i * point.length);
    return out;
  };
  const counts = pointCounts(power);
  return {
    power,
    ceremonyPower: power,
    tau1: repeat(g1, counts.tau1),
    tau2: repeat(g2, counts.tau2),
    alpha1: repeat(g1, counts.alpha1),
    beta1: repeat(g1, counts.beta1),
    beta2: g2,
    contributions: [],
  };
}

/** What a step of a ceremony gives. */
export interface Contributed<T> {
  readonly result: T;
  /** 64 bytes: what the author publishes, so that others see that his contribution is in the transcript. */
  readonly attestation: Uint8Array;
}

/** Refuses powers of which a point is infinity, off the curve or outside the subgroup. */
export async function requirePointsGood(
  engine: GroupEngine,
  { tau1, tau2, alpha1, beta1, beta2 }: Powers,
  signal?: AbortSignal,
): Promise<void> {
  await requireGood(engine, 'g1', tau1, 'tau of G1', signal);
  await requireGood(engine, 'g2', tau2, 'tau of G2', signal);
  await requireGood(engine, 'g1', alpha1, 'alpha', signal);
  await requireGood(engine, 'g1', beta1, 'beta of G1', signal);
  await requireGood(engine, 'g2', beta2, 'beta of G2', signal);
}

/** The challenge of the next contribution. */
async function currentChallenge(engine: GroupEngine, powers: Powers): Promise<Uint8Array> {
  const last = powers.contributions.at(-1);
  return last?.nextChallenge ?? firstChallenge(engine, powers.ceremonyPower, await generators(engine));
}

/**
 * Multiplies tau, alpha and beta by secrets: those of a person, drawn here and wiped, or those of a beacon. Lagrange
 * forms are left out, since they are no longer those of the powers.
 *
 * Every point must lie in its subgroup: what a secret makes of a point of small order would tell a part of the secret.
 * Beyond that it is not asked whether `powers` are good: see `verifyPowers`.
 *
 * @param typed what the author typed, to be mixed with the operating system's randomness; may be empty
 * @throws CeremonyError
 */
export async function contributePowers(
  engine: GroupEngine,
  powers: Powers,
  origin: Origin,
  typed: Uint8Array,
  signal?: AbortSignal,
): Promise<Contributed<Powers>> {
  checkNext(powers.contributions, origin);
  if (powers.power !== powers.ceremonyPower) {
    throw new CeremonyError(
      'truncated',
      'these powers are part of a larger ceremony: nothing can be added to them',
    );
  }
  await requirePointsGood(engine, powers, signal);
  const challenge = await currentChallenge(engine, powers);
  const { scalars, next } = await secretsOf(origin, 3, typed, signal);
  const [tau, alpha, beta] = scalars as [Uint8Array, Uint8Array, Uint8Array];
  try {
    const key = {
      tau: await proveKnowledge(engine, tau, next, powersChallenge(0, challenge)),
      alpha: await proveKnowledge(engine, alpha, next, powersChallenge(1, challenge)),
      beta: await proveKnowledge(engine, beta, next, powersChallenge(2, challenge)),
    };
    const points = {
      tau1: await engine.multiplyPowers('g1', powers.tau1, ONE, tau, signal),
      tau2: await engine.multiplyPowers('g2', powers.tau2, ONE, tau, signal),
      alpha1: await engine.multiplyPowers('g1', powers.alpha1, alpha, tau, signal),
      beta1: await engine.multiplyPowers('g1', powers.beta1, beta, tau, signal),
      beta2: await engine.multiplyEach('g2', powers.beta2, beta, signal),
    };
    const hash = await hashResponse(engine, challenge, points, signal);
    const unfinished: PowersContribution = {
      tau1: pointAt('g1', points.tau1, 1),
      tau2: pointAt('g2', points.tau2, 1),
      alpha1: pointAt('g1', points.alpha1, 0),
      beta1: pointAt('g1', points.beta1, 0),
      beta2: points.beta2,
      ...key,
      hashState: hash.state(),
      nextChallenge: challenge,
      origin,
    };
    const attestation = await responseHash(engine, unfinished, powers.ceremonyPower);
    const nextChallenge = await challengeAfter(engine, attestation, points, signal);
    const contributions = [...powers.contributions, { ...unfinished, nextChallenge }];
    const { power, ceremonyPower } = powers;
    return { result: { power, ceremonyPower, ...points, contributions }, attestation };
  } finally {
    for (const scalar of scalars) scalar.fill(0);
  }
}
