import { concat } from '@sero/crypto';
import { GROUP_POINT_BYTES, type GroupEngine } from '@sero/prover';
import type { KeyContribution, ProvingKey } from '../zkey-file.ts';
import { checkAuthors } from './contribution.ts';
import { CeremonyError } from './errors.ts';
import { checkKnowledge, proveKnowledge, secretsOf } from './knowledge.ts';
import type { VerifiedContribution } from './phase1-verify.ts';
import { startKey } from './phase2.ts';
import { contributionHash, transcriptHash } from './phase2-hash.ts';
import {
  countOf,
  finiteIndices,
  generators,
  pickPoints,
  pointAt,
  requireGood,
  requireThat,
  type Step,
  sameBytes,
  sameFactor,
} from './points.ts';
import type { Powers } from './ptau.ts';
import { randomScalars, SHORT_SCALAR_BYTES } from './random-scalars.ts';

/** What no contribution changes. */
const FIXED = [
  'alpha1',
  'beta1',
  'beta2',
  'gamma2',
  'ic',
  'coefficients',
  'a1',
  'b1',
  'b2',
  'circuitHash',
] as const satisfies readonly (keyof ProvingKey)[];

function checkCircuit(start: ProvingKey, key: ProvingKey): void {
  const sizes = ['wires', 'publicInputs', 'domainSize'] as const;
  for (const name of [...sizes, ...FIXED]) {
    const [was, is] = [start[name], key[name]];
    const same = typeof was === 'number' || typeof is === 'number' ? was === is : sameBytes(was, is);
    requireThat(same, 'circuit-mismatch', `${name} is not that of this circuit under these powers`);
  }
}

async function checkContribution(
  engine: GroupEngine,
  before: Uint8Array,
  earlier: readonly KeyContribution[],
  circuitHash: Uint8Array,
  it: KeyContribution,
  what: string,
  signal?: AbortSignal,
): Promise<void> {
  const { key, delta1, transcript, origin } = it;
  await requireGood(engine, 'g1', concat(delta1, key.s1, key.sx1), what, signal);
  await requireGood(engine, 'g2', key.spx2, what, signal);
  const hash = await transcriptHash(engine, circuitHash, earlier);
  const challenge = (sAndSx: Uint8Array): Uint8Array => new Uint8Array(hash.copy().update(sAndSx).digest());
  const own = challenge(await engine.encode('g1', concat(key.s1, key.sx1), 'uncompressed', signal));
  requireThat(
    sameBytes(own, transcript),
    'hash-mismatch',
    `${what}: its hash is not of the transcript before it`,
  );
  if (origin.beacon !== undefined) {
    const { scalars, next } = await secretsOf(origin, 1, new Uint8Array(0), signal);
    const expected = await proveKnowledge(engine, scalars[0]!, next, challenge);
    const same = (['s1', 'sx1', 'spx2'] as const).every((name) => sameBytes(expected[name], key[name]));
    requireThat(same, 'beacon-wrong', `${what}: delta is not what the beacon's number gives`);
  }
  const { in2 } = await checkKnowledge(engine, key, () => transcript, what, signal);
  requireThat(
    await sameFactor(engine, [before, delta1], in2, signal),
    'contribution-not-next',
    `${what}: delta does not follow from the contribution before it`,
  );
}

function checkKeysDiffer(contributions: readonly KeyContribution[]): void {
  const seen = new Map<string, number>();
  for (const [i, { key }] of contributions.entries()) {
    const name = Buffer.from(key.s1).toString('hex');
    const earlier = seen.get(name);
    requireThat(
      earlier === undefined,
      'key-reused',
      `contribution ${i + 1} uses the key of contribution ${(earlier ?? 0) + 1}`,
    );
    seen.set(name, i);
  }
}

/** Leaves out the points that were infinity from the beginning (wires of no constraint): they must be so still. */
function finitePoints(start: Uint8Array, now: Uint8Array): readonly [start: Uint8Array, now: Uint8Array] {
  const finite = finiteIndices('g1', start);
  let next = 0;
  for (let i = 0; i < countOf('g1', start); i++) {
    if (finite[next] === i) next++;
    else {
      const stays = pointAt('g1', now, i).every((byte) => byte === 0);
      requireThat(stays, 'delta-mismatch', 'a point that delta does not divide has changed');
    }
  }
  return [pickPoints('g1', start, finite), pickPoints('g1', now, finite)];
}

/** Delta of the key is that of the last contribution, the same in both groups, and divides what it is to divide. */
async function checkDelta(
  engine: GroupEngine,
  start: ProvingKey,
  key: ProvingKey,
  last: KeyContribution,
  signal?: AbortSignal,
): Promise<void> {
  requireThat(
    sameBytes(key.delta1, last.delta1),
    'contribution-unmatched',
    'delta is not that of the last contribution',
  );
  await requireGood(engine, 'g2', key.delta2, 'delta of G2', signal);
  const { g1, g2 } = await generators(engine);
  const inverse: Step = [key.delta2, g2];
  requireThat(
    await sameFactor(engine, [key.delta1, g1], inverse, signal),
    'delta-mismatch',
    'delta of G1 and delta of G2 differ',
  );
  const [was, is] = finitePoints(concat(start.l1, start.h1), concat(key.l1, key.h1));
  await requireGood(engine, 'g1', is, 'the points that delta divides', signal);
  const scalars = randomScalars(was.length / GROUP_POINT_BYTES.g1);
  const sum = (points: Uint8Array): Promise<Uint8Array> =>
    engine.multiExp('g1', points, scalars, SHORT_SCALAR_BYTES, signal);
  requireThat(
    await sameFactor(engine, [await sum(was), await sum(is)], inverse, signal),
    'delta-mismatch',
    'the points are not divided by delta',
  );
}

/**
 * Verifies phase 2 as a whole: that the key began as that of this circuit under these powers, which is made again and
 * compared; every contribution, of which one is no beacon's; that delta divides what it is to divide. The powers are
 * `verifyPowers`'s to verify.
 *
 * @param circuit bytes of the circuit's file or of its .r1cs
 * @throws CeremonyError, R1csError
 */
export async function verifyKey(
  engine: GroupEngine,
  circuit: Uint8Array,
  powers: Powers,
  key: ProvingKey,
  signal?: AbortSignal,
): Promise<readonly VerifiedContribution[]> {
  const { contributions } = key;
  const last = contributions.at(-1);
  if (last === undefined)
    throw new CeremonyError('no-contribution', 'nobody has contributed: everybody knows delta');
  checkAuthors(contributions);
  const start = await startKey(engine, circuit, powers, signal);
  checkCircuit(start, key);
  checkKeysDiffer(contributions);
  const verified: VerifiedContribution[] = [];
  let before = start.delta1;
  for (const [i, it] of contributions.entries()) {
    const earlier = contributions.slice(0, i);
    await checkContribution(engine, before, earlier, key.circuitHash, it, `contribution ${i + 1}`, signal);
    verified.push({ origin: it.origin, attestation: await contributionHash(engine, it) });
    before = it.delta1;
  }
  await checkDelta(engine, start, key, last, signal);
  return verified;
}
