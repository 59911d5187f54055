import { createHash } from 'node:crypto';
import { concat, leBytes } from '@sero/crypto';
import type { GroupEngine } from '@sero/prover';
import { beaconStream } from './beacon.ts';
import { chachaStream, type WordStream } from './chacha.ts';
import type { Origin } from './contribution.ts';
import { drawG1, drawG2, drawScalar } from './draw.ts';
import { freshSecret, freshStream } from './entropy.ts';
import { requireThat, type Step, sameBytes, sameFactor } from './points.ts';

/**
 * A secret's public key, and with it the proof that its author knew the secret x (Bowe, Gabizon, Miers, "Scalable
 * Multi-party Computation for zk-SNARK Parameters in the Random Beacon Model", eprint 2017/1050, section 3): a point s
 * of G1, [x] s, and [x] of the point of G2 that a hash of the transcript and of both gives.
 */
export interface PublicKey {
  readonly s1: Uint8Array;
  readonly sx1: Uint8Array;
  readonly spx2: Uint8Array;
}

/** Secrets of one contribution, 32 bytes each, the caller's to wipe, and a stream for the points of their keys. */
export interface Secrets {
  readonly scalars: readonly Uint8Array[];
  readonly next: WordStream;
}

/** Secrets of a person, from the operating system and from what he typed; or those that everybody finds from a beacon. */
export async function secretsOf(
  { beacon }: Origin,
  count: number,
  typed: Uint8Array,
  signal?: AbortSignal,
): Promise<Secrets> {
  if (beacon === undefined) {
    return { scalars: Array.from({ length: count }, () => freshSecret(typed)), next: freshStream() };
  }
  const next = await beaconStream(beacon, signal);
  return { scalars: Array.from({ length: count }, () => leBytes(drawScalar(next), 32)), next };
}

/** Where the proof's point of G2 comes from: snarkjs' hash to G2, which takes the first 32 bytes as a key for ChaCha. */
const hashToG2 = (engine: GroupEngine, digest: Uint8Array): Promise<Uint8Array> =>
  drawG2(engine, chachaStream(digest));

/** How a phase makes the digest that fixes the point of G2, from s and [x] s in the form that transcripts hash. */
export type Challenge = (sAndSx: Uint8Array) => Uint8Array;

/** The challenge of phase 1: BLAKE2b-512(which of the three secrets | challenge of the contribution | s | [x] s). */
export const powersChallenge =
  (which: number, challenge: Uint8Array): Challenge =>
  (sAndSx) =>
    createHash('blake2b512').update(Uint8Array.of(which)).update(challenge).update(sAndSx).digest();

/** Proves knowledge of a secret. */
export async function proveKnowledge(
  engine: GroupEngine,
  secret: Uint8Array,
  next: WordStream,
  challenge: Challenge,
): Promise<PublicKey> {
  const s1 = drawG1(next);
  const sx1 = await engine.multiplyEach('g1', s1, secret);
  const sAndSx = await engine.encode('g1', concat(s1, sx1), 'uncompressed');
  const sp2 = await hashToG2(engine, challenge(sAndSx));
  return { s1, sx1, spx2: await engine.multiplyEach('g2', sp2, secret) };
}

/**
 * Checks a proof of knowledge; its points are good. Returns the step in G2 by the secret, for checking what it was
 * applied to.
 */
export async function checkKnowledge(
  engine: GroupEngine,
  key: PublicKey,
  challenge: Challenge,
  what: string,
  signal?: AbortSignal,
): Promise<{ readonly in1: Step; readonly in2: Step }> {
  requireThat(
    !sameBytes(key.s1, key.sx1),
    'secret-trivial',
    `${what}: its secret is one, it changes nothing`,
  );
  const sAndSx = await engine.encode('g1', concat(key.s1, key.sx1), 'uncompressed', signal);
  const sp2 = await hashToG2(engine, challenge(sAndSx));
  const [in1, in2] = [[key.s1, key.sx1] as const, [sp2, key.spx2] as const];
  requireThat(
    await sameFactor(engine, in1, in2, signal),
    'knowledge-false',
    `${what}: it does not prove that its author knew the secret, here`,
  );
  return { in1, in2 };
}
