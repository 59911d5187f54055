import type { SnarkjsProof, SnarkjsVerifyingKey } from 'snarkjs';
import { ProverError } from '../src/errors.ts';
import { type Proof, splitProof } from '../src/groth16.ts';
import { decompressG1, decompressG2, encodeG1, encodeG2, type G1Point, type G2Point } from '../src/points.ts';
import type { VerifyingKey } from '../src/verifying-key.ts';

/** Between our bytes and the decimal coordinates of snarkjs's JSON. */

const pair = (coordinates: readonly string[] | undefined): [bigint, bigint] => [
  BigInt(coordinates?.[0] ?? ''),
  BigInt(coordinates?.[1] ?? ''),
];

/** The 192 bytes of a proof as snarkjs gives it. */
export function proofFromSnarkjs({ pi_a, pi_b, pi_c }: SnarkjsProof): Proof {
  const [ax, ay] = pair(pi_a);
  const [cx, cy] = pair(pi_c);
  const [x0, x1] = pair(pi_b[0]);
  const [y0, y1] = pair(pi_b[1]);
  const a = encodeG1({ x: ax, y: ay });
  const b = encodeG2({ x: { c0: x0, c1: x1 }, y: { c0: y0, c1: y1 } });
  const c = encodeG1({ x: cx, y: cy });
  const proof = new Uint8Array(a.length + b.length + c.length);
  proof.set(a);
  proof.set(b, a.length);
  proof.set(c, a.length + b.length);
  return proof;
}

function onCurve<T>(point: T | string): T {
  if (typeof point === 'string')
    throw new ProverError('prove-failed', `snarkjs cannot be shown this point: ${point}`);
  return point;
}

function decimal1(bytes: Uint8Array): string[] {
  const { x, y } = onCurve<G1Point>(decompressG1(bytes)).toAffine();
  return [`${x}`, `${y}`, '1'];
}

function decimal2(bytes: Uint8Array): string[][] {
  const { x, y } = onCurve<G2Point>(decompressG2(bytes)).toAffine();
  return [
    [`${x.c0}`, `${x.c1}`],
    [`${y.c0}`, `${y.c1}`],
    ['1', '0'],
  ];
}

/** A proof for snarkjs. Its points must be on their curves; that they are in the subgroups is not asked. */
export function proofForSnarkjs(proof: Proof): SnarkjsProof {
  const { a, b, c } = splitProof(proof);
  return { protocol: 'groth16', curve: 'bls12381', pi_a: decimal1(a), pi_b: decimal2(b), pi_c: decimal1(c) };
}

/** A verifying key for snarkjs, on the same terms. */
export function verifyingKeyForSnarkjs(vk: VerifyingKey): SnarkjsVerifyingKey {
  return {
    protocol: 'groth16',
    curve: 'bls12381',
    nPublic: vk.ic.length - 1,
    vk_alpha_1: decimal1(vk.alpha),
    vk_beta_2: decimal2(vk.beta),
    vk_gamma_2: decimal2(vk.gamma),
    vk_delta_2: decimal2(vk.delta),
    IC: vk.ic.map(decimal1),
  };
}
