import { randomBytes } from 'node:crypto';
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
