import { randomBytes } from 'node:crypto';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import {
  multiply,
  pointToBytes,
  randomizeSecret,
  type SignedHash,
  SPEND_BASE,
  sign,
  toField,
  toScalar,
  VIEW_BASE,
} from '@sero/crypto';
import { scalarToBytes } from '@sero/protocol';
import { SCAN_OUTPUT_BYTES } from '@sero/prover';

const DISTINCT = 256;

/** A view key, and outputs of others: 256 distinct one-time keys again and again, which costs a scanner the same. */
export function viewKeyAndOutputs(count: number): { viewKey: Uint8Array; outputs: Uint8Array } {
  const outputs = new Uint8Array(SCAN_OUTPUT_BYTES * count);
  const keys = Array.from({ length: Math.min(DISTINCT, count) }, () =>
    pointToBytes(multiply(VIEW_BASE, toScalar(randomBytes(64)))),
  );
  for (let i = 0; i < count; i++) outputs.set(keys[i % keys.length]!, SCAN_OUTPUT_BYTES * i);
  return { viewKey: scalarToBytes(toScalar(randomBytes(64))), outputs };
}

/**
 * Different proofs of one statement: A/z, z B and C for random z hold where A, B and C do (Groth16, eprint 2016/260; the pairing is
 * bilinear).
 */
export function rerandomised(proof: Uint8Array, count: number): Uint8Array[] {
  const { G1, G2, fields } = bls12_381;
  const a = G1.Point.fromBytes(proof.subarray(0, 48));
  const b = G2.Point.fromBytes(proof.subarray(48, 144));
  return Array.from({ length: count }, () => {
    const z = toField(randomBytes(64));
    const parts = [a.multiply(fields.Fr.inv(z)).toBytes(), b.multiply(z).toBytes(), proof.subarray(144)];
    return new Uint8Array(Buffer.concat(parts));
  });
}

/** Signatures by as many keys. */
export function signedHashes(count: number): SignedHash[] {
  return Array.from({ length: count }, () => {
    const rsk = randomizeSecret(toScalar(randomBytes(64)), toScalar(randomBytes(64)));
    const hashE = toField(randomBytes(64));
    return {
      rk: pointToBytes(multiply(SPEND_BASE, rsk)),
      hashE,
      signature: sign(rsk, hashE, randomBytes(80)),
    };
  });
}
