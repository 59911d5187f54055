import { concat } from '@sero/crypto';
import type { Group, GroupEngine } from '@sero/prover';
import { checkAuthors } from './contribution.ts';
import { CeremonyError } from './errors.ts';
import { checkKnowledge, type PublicKey, powersChallenge, proveKnowledge, secretsOf } from './knowledge.ts';
import { verifyLagrange } from './lagrange.ts';
import { requirePointsGood } from './phase1.ts';
import {
  countOf,
  type Generators,
  generators,
  pointAt,
  requireGood,
  requireThat,
  type Step,
  sameBytes,
  sameFactor,
} from './points.ts';
import { challengeAfter, firstChallenge, hashResponse, responseHash } from './powers-hash.ts';
import type { Powers, PowersContribution } from './ptau.ts';
import { randomScalars, SHORT_SCALAR_BYTES } from './random-scalars.ts';

/** What a contribution starts from. */
type Before = Pick<PowersContribution, 'tau1' | 'tau2' | 'alpha1' | 'beta1' | 'beta2' | 'nextChallenge'>;

/** One line of a transcript that verified. */
export interface VerifiedContribution {
  readonly origin: PowersContribution['origin'];
  /** 64 bytes: what its author attested. */
  readonly attestation: Uint8Array;
}

const NAMES = ['tau', 'alpha', 'beta'] as const;

const pointsOf = (it: PowersContribution): { readonly g1: Uint8Array; readonly g2: Uint8Array } => {
  const keys = NAMES.map((name) => it[name]);
  return {
    g1: concat(it.tau1, it.alpha1, it.beta1, ...keys.flatMap(({ s1, sx1 }) => [s1, sx1])),
    g2: concat(it.tau2, it.beta2, ...keys.map(({ spx2 }) => spx2)),
  };
};

const sameKey = (a: PublicKey, b: PublicKey): boolean =>
  sameBytes(a.s1, b.s1) && sameBytes(a.sx1, b.sx1) && sameBytes(a.spx2, b.spx2);

/** A beacon's key is the one that its number gives. */
async function checkBeacon(
  engine: GroupEngine,
  it: PowersContribution,
  challenge: Uint8Array,
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  if (it.origin.beacon === undefined) return;
  const { scalars, next } = await secretsOf(it.origin, 3, new Uint8Array(0), signal);
  for (const [which, name] of NAMES.entries()) {
    const expected = await proveKnowledge(engine, scalars[which]!, next, powersChallenge(which, challenge));
    requireThat(
      sameKey(expected, it[name]),
      'beacon-wrong',
      `${what}: ${name} is not what the beacon's number gives`,
    );
  }
}

async function checkContribution(
  engine: GroupEngine,
  before: Before,
  it: PowersContribution,
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  const points = pointsOf(it);
  await requireGood(engine, 'g1', points.g1, what, signal);
  await requireGood(engine, 'g2', points.g2, what, signal);
  const challenge = before.nextChallenge;
  await checkBeacon(engine, it, challenge, what, signal);
  const [tau, alpha, beta] = [
    await checkKnowledge(engine, it.tau, powersChallenge(0, challenge), `${what}, tau`, signal),
    await checkKnowledge(engine, it.alpha, powersChallenge(1, challenge), `${what}, alpha`, signal),
    await checkKnowledge(engine, it.beta, powersChallenge(2, challenge), `${what}, beta`, signal),
  ];
  const follows = async (name: string, in1: Step, in2: Step): Promise<void> =>
    requireThat(
      await sameFactor(engine, in1, in2, signal),
      'contribution-not-next',
      `${what}: ${name} does not follow from the contribution before it`,
    );
  await follows('tau of G1', [before.tau1, it.tau1], tau.in2);
  await follows('tau of G2', tau.in1, [before.tau2, it.tau2]);
  await follows('alpha', [before.alpha1, it.alpha1], alpha.in2);
  await follows('beta of G1', [before.beta1, it.beta1], beta.in2);
  await follows('beta of G2', beta.in1, [before.beta2, it.beta2]);
}

/** Each point is the one before it times the same number: sum r_i P_i and sum r_i P_(i+1) by fresh 128-bit r_i. */
async function checkSteps(
  engine: GroupEngine,
  group: Group,
  points: Uint8Array,
  step: Step,
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  const size = pointAt(group, points, 0).length;
  const scalars = randomScalars(countOf(group, points) - 1);
  const sum = (from: number): Promise<Uint8Array> =>
    engine.multiExp(
      group,
      points.subarray(from * size, points.length - (1 - from) * size),
      scalars,
      SHORT_SCALAR_BYTES,
      signal,
    );
  const sums: Step = [await sum(0), await sum(1)];
  requireThat(
    await (group === 'g1' ? sameFactor(engine, sums, step, signal) : sameFactor(engine, step, sums, signal)),
    'powers-inconsistent',
    `${what}: the points are not powers of tau`,
  );
}

async function checkPoints(
  engine: GroupEngine,
  powers: Powers,
  { g1, g2 }: Generators,
  signal?: AbortSignal,
): Promise<void> {
  const { tau1, tau2, alpha1, beta1, beta2 } = powers;
  await requirePointsGood(engine, powers, signal);
  const starts = sameBytes(pointAt('g1', tau1, 0), g1) && sameBytes(pointAt('g2', tau2, 0), g2);
  requireThat(starts, 'powers-inconsistent', 'the powers of tau do not begin with the generators');
  const [in1, in2]: [Step, Step] = [
    [g1, pointAt('g1', tau1, 1)],
    [g2, pointAt('g2', tau2, 1)],
  ];
  await checkSteps(engine, 'g1', tau1, in2, 'tau of G1', signal);
  await checkSteps(engine, 'g2', tau2, in1, 'tau of G2', signal);
  await checkSteps(engine, 'g1', alpha1, in2, 'alpha', signal);
  await checkSteps(engine, 'g1', beta1, in2, 'beta of G1', signal);
  requireThat(
    await sameFactor(engine, [g1, pointAt('g1', beta1, 0)], [g2, beta2], signal),
    'powers-inconsistent',
    'beta of G1 and beta of G2 differ',
  );
}

/** The points are those that the last contribution made, and its hashes are theirs. */
async function checkLast(
  engine: GroupEngine,
  powers: Powers,
  last: PowersContribution,
  challenge: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const matches =
    sameBytes(last.tau1, pointAt('g1', powers.tau1, 1)) &&
    sameBytes(last.tau2, pointAt('g2', powers.tau2, 1)) &&
    sameBytes(last.alpha1, pointAt('g1', powers.alpha1, 0)) &&
    sameBytes(last.beta1, pointAt('g1', powers.beta1, 0)) &&
    sameBytes(last.beta2, powers.beta2);
  requireThat(matches, 'contribution-unmatched', 'the points are not those that the last contribution made');
  // Of a larger ceremony, not all points that were hashed are here.
  if (powers.power !== powers.ceremonyPower) return;
  const attested = await responseHash(engine, last, powers.ceremonyPower);
  const hash = await hashResponse(engine, challenge, powers, signal);
  const hashState = hash.state();
  const response = await responseHash(engine, { ...last, hashState }, powers.ceremonyPower);
  requireThat(sameBytes(response, attested), 'hash-mismatch', 'the last contribution attests other points');
  const next = await challengeAfter(engine, response, powers, signal);
  requireThat(
    sameBytes(next, last.nextChallenge),
    'hash-mismatch',
    'the hash of the transcript is not of these points',
  );
}

function checkKeysDiffer(contributions: readonly PowersContribution[]): void {
  const seen = new Map<string, number>();
  for (const [i, it] of contributions.entries()) {
    for (const name of NAMES) {
      const key = Buffer.from(it[name].s1).toString('hex');
      const earlier = seen.get(key);
      requireThat(
        earlier === undefined,
        'key-reused',
        `contribution ${i + 1} uses the key of contribution ${(earlier ?? 0) + 1}`,
      );
      seen.set(key, i);
    }
  }
}

/**
 * Verifies phase 1 as a whole: every contribution's proofs of knowledge and that it follows from the one before; that
 * all points are powers of one tau, of alpha and of beta, by random combination; the hashes; Lagrange forms where there
 * are such; that somebody contributed who is no beacon. Whoever reads the transcript must know one author of whom he
 * believes that he forgot his secret: who somebody is, and that his secret was one, is not in the file, so he compares
 * attestations with what their authors published.
 *
 * @throws CeremonyError
 */
export async function verifyPowers(
  engine: GroupEngine,
  powers: Powers,
  signal?: AbortSignal,
): Promise<readonly VerifiedContribution[]> {
  const { contributions, ceremonyPower } = powers;
  const last = contributions.at(-1);
  if (last === undefined)
    throw new CeremonyError('no-contribution', 'nobody has contributed: everybody knows tau');
  checkAuthors(contributions);
  const { g1, g2 } = await generators(engine);
  const first = await firstChallenge(engine, ceremonyPower, { g1, g2 });
  // What is quickly checked goes first.
  checkKeysDiffer(contributions);
  await checkPoints(engine, powers, { g1, g2 }, signal);
  await checkLast(engine, powers, last, contributions.at(-2)?.nextChallenge ?? first, signal);
  if (powers.lagrange !== undefined) await verifyLagrange(engine, powers, powers.lagrange, signal);
  const verified: VerifiedContribution[] = [];
  let before: Before = { tau1: g1, tau2: g2, alpha1: g1, beta1: g1, beta2: g2, nextChallenge: first };
  for (const [i, it] of contributions.entries()) {
    await checkContribution(engine, before, it, `contribution ${i + 1}`, signal);
    verified.push({ origin: it.origin, attestation: await responseHash(engine, it, ceremonyPower) });
    before = it;
  }
  return verified;
}
