import { createHash } from 'node:crypto';
import { concat } from '@sero/crypto';
import type { GroupEngine } from '@sero/prover';
import { type Blake2b, createBlake2b, resumeBlake2b } from './blake2b.ts';
import { CeremonyError } from './errors.ts';
import type { Generators } from './points.ts';
import { type Powers, type PowersContribution, pointCounts } from './ptau.ts';

/** The hashes that chain the contributions of phase 1: BLAKE2b-512 over points in the forms of GroupEngine.encode. */

type Points = Pick<Powers, 'tau1' | 'tau2' | 'alpha1' | 'beta1' | 'beta2'>;

const G1_COMPRESSED = 48;
const G2_COMPRESSED = 96;
const HASH_BYTES = 64;

/** Points that are encoded at one go: bounds the memory beside the file's own. */
const AT_ONCE = 1 << 14;

async function hashPoints(
  engine: GroupEngine,
  points: Points,
  form: 'compressed' | 'uncompressed',
  update: (bytes: Uint8Array) => unknown,
  signal?: AbortSignal,
): Promise<void> {
  const parts = [
    ['g1', points.tau1],
    ['g2', points.tau2],
    ['g1', points.alpha1],
    ['g1', points.beta1],
    ['g2', points.beta2],
  ] as const;
  for (const [group, bytes] of parts) {
    const size = AT_ONCE * (group === 'g1' ? 96 : 192);
    for (let at = 0; at < bytes.length; at += size) {
      update(await engine.encode(group, bytes.subarray(at, at + size), form, signal));
    }
  }
}

/** The challenge of the first contribution: hash of the hash of nothing and of powers of one, times one. */
export async function firstChallenge(
  engine: GroupEngine,
  power: number,
  { g1, g2 }: Generators,
): Promise<Uint8Array> {
  const [one1, one2] = [
    await engine.encode('g1', g1, 'uncompressed'),
    await engine.encode('g2', g2, 'uncompressed'),
  ];
  const hash = createHash('blake2b512').update(createHash('blake2b512').digest());
  const repeat = (point: Uint8Array, count: number): void => {
    const many = concat(...Array.from({ length: Math.min(count, 1024) }, () => point));
    for (let left = count; left > 0; left -= 1024)
      hash.update(many.subarray(0, Math.min(left, 1024) * point.length));
  };
  const counts = pointCounts(power);
  repeat(one1, counts.tau1);
  repeat(one2, counts.tau2);
  repeat(one1, counts.alpha1);
  repeat(one1, counts.beta1);
  return new Uint8Array(hash.update(one2).digest());
}

/** The hash over a contribution's challenge and the points after it, to which its key is to be added. */
export async function hashResponse(
  engine: GroupEngine,
  challenge: Uint8Array,
  points: Points,
  signal?: AbortSignal,
): Promise<Blake2b> {
  const hash = createBlake2b().update(challenge);
  await hashPoints(engine, points, 'compressed', hash.update, signal);
  return hash;
}

/** The hash that a contribution's author attests: over its challenge, the points after it, and its key. */
export async function responseHash(
  engine: GroupEngine,
  contribution: PowersContribution,
  ceremonyPower: number,
): Promise<Uint8Array> {
  const { tau1, tau2, alpha1, beta1 } = pointCounts(ceremonyPower);
  const length = HASH_BYTES + G1_COMPRESSED * (tau1 + alpha1 + beta1) + G2_COMPRESSED * (tau2 + 1);
  const hash = resumeBlake2b(contribution.hashState, length);
  if (hash === undefined) {
    throw new CeremonyError(
      'hash-mismatch',
      'the kept hash of a contribution is not of as many points as it made',
    );
  }
  const keys = [contribution.tau, contribution.alpha, contribution.beta];
  const inG1 = await engine.encode('g1', concat(...keys.flatMap(({ s1, sx1 }) => [s1, sx1])), 'uncompressed');
  const inG2 = await engine.encode('g2', concat(...keys.map(({ spx2 }) => spx2)), 'uncompressed');
  return hash.update(inG1).update(inG2).digest();
}

/** The next challenge: hash of the attested hash and of the points. */
export async function challengeAfter(
  engine: GroupEngine,
  response: Uint8Array,
  points: Points,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const hash = createHash('blake2b512').update(response);
  await hashPoints(engine, points, 'uncompressed', (bytes) => hash.update(bytes), signal);
  return new Uint8Array(hash.digest());
}
