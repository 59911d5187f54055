import { createHash, type Hash } from 'node:crypto';
import { concat } from '@sero/crypto';
import type { Group, GroupEngine } from '@sero/prover';
import type { KeyContribution, ProvingKey } from '../zkey-file.ts';

/** The hashes of phase 2: BLAKE2b-512 over points with both coordinates, big-endian. */

/** Adds packed points to a hash. */
async function addPoints(
  engine: GroupEngine,
  hash: Hash,
  group: Group,
  points: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  hash.update(await engine.encode(group, points, 'uncompressed', signal));
}

const bigEndian32 = (value: number): Uint8Array => {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
};

/**
 * What stands for a circuit under certain powers: every point of the key as it began, and [tau^(i+N) - tau^i] for the
 * quotient.
 */
export async function hashCircuit(
  engine: GroupEngine,
  key: Omit<ProvingKey, 'circuitHash' | 'contributions'>,
  differences: { readonly points: Uint8Array; readonly count: number },
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const hash = createHash('blake2b512');
  await addPoints(engine, hash, 'g1', concat(key.alpha1, key.beta1), signal);
  await addPoints(engine, hash, 'g2', concat(key.beta2, key.gamma2), signal);
  await addPoints(engine, hash, 'g1', key.delta1, signal);
  await addPoints(engine, hash, 'g2', key.delta2, signal);
  const list = async (group: Group, points: Uint8Array, count: number): Promise<void> => {
    hash.update(bigEndian32(count));
    await addPoints(engine, hash, group, points, signal);
  };
  await list('g1', key.ic, key.publicInputs + 1);
  await list('g1', differences.points, differences.count);
  await list('g1', key.l1, key.wires - key.publicInputs - 1);
  await list('g1', key.a1, key.wires);
  await list('g1', key.b1, key.wires);
  await list('g2', key.b2, key.wires);
  return new Uint8Array(hash.digest());
}

async function addContribution(engine: GroupEngine, hash: Hash, it: KeyContribution): Promise<void> {
  await addPoints(engine, hash, 'g1', concat(it.delta1, it.key.s1, it.key.sx1));
  await addPoints(engine, hash, 'g2', it.key.spx2);
  hash.update(it.transcript);
}

/** The transcript so far: the circuit, and every contribution. More is added for the next one's proof. */
export async function transcriptHash(
  engine: GroupEngine,
  circuitHash: Uint8Array,
  contributions: readonly KeyContribution[],
): Promise<Hash> {
  const hash = createHash('blake2b512').update(circuitHash);
  for (const it of contributions) await addContribution(engine, hash, it);
  return hash;
}

/** What a contribution's author attests. */
export async function contributionHash(engine: GroupEngine, it: KeyContribution): Promise<Uint8Array> {
  const hash = createHash('blake2b512');
  await addContribution(engine, hash, it);
  return new Uint8Array(hash.digest());
}
