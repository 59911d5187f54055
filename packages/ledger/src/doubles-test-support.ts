import { bls12_381 } from '@noble/curves/bls12-381.js';
import {
  blake2b,
  blake2b256,
  concat,
  equalBytes,
  fieldToBytes,
  leBytes,
  leInteger,
  modQ,
} from '@sero/crypto';
import { encodeVerifyingKey, type Groth16Verifier, type NoteHasher } from '@sero/prover';

/**
 * What stands for costly cryptography: the verifier takes a proof where its bytes are a hash of the public inputs, so whoever
 * builds a transaction can "prove" whatever he likes. What the ledger itself must refuse thereby stands alone.
 */

/** The one proof of these public inputs. */
export function proofOf(publicInputs: readonly bigint[]): Uint8Array {
  const inputs = concat(...publicInputs.map(fieldToBytes));
  return concat(...[0, 1, 2].map((part) => blake2b('TEST_PROOF', Uint8Array.of(part), inputs)));
}

/** A verifier that counts the proofs which it looked at. */
export interface TestVerifier extends Groth16Verifier {
  seen(): number;
}

export function testVerifier(): TestVerifier {
  let count = 0;
  const verdict: Groth16Verifier['verifySync'] = (_, publicInputs, proof) => {
    count++;
    return equalBytes(proofOf(publicInputs), proof) ? { ok: true } : { ok: false, code: 'proof-invalid' };
  };
  return {
    seen: () => count,
    verifySync: verdict,
    verify: async (vk, publicInputs, proof) => verdict(vk, publicInputs, proof),
    verifyBatch: async (items) => items.map((item) => verdict(item.vk, item.publicInputs, item.proof)),
  };
}

/** Stands for Poseidon where nothing is proved against the roots: a hundred times faster. */
export const testHasher: NoteHasher = {
  hash4(tuples) {
    const out = new Uint8Array(tuples.length >> 2);
    for (let at = 0; at < tuples.length; at += 128) {
      const hash = blake2b256('TEST_NODE', tuples.subarray(at, at + 128));
      out.set(leBytes(modQ(leInteger(hash)), 32), at >> 2);
    }
    return out;
  },
};

/** Canonical bytes of a verifying key that passes every check, as small as one can be; nobody knows a circuit for it. */
export function verifyingKey(
  change: { circuit?: number; development?: boolean; first?: bigint } = {},
): Uint8Array {
  const first = change.first ?? 100n;
  const g1 = (n: bigint): Uint8Array => bls12_381.G1.Point.BASE.multiply(first + n).toBytes();
  const g2 = (n: bigint): Uint8Array => bls12_381.G2.Point.BASE.multiply(first + n).toBytes();
  return encodeVerifyingKey({
    circuit: change.circuit ?? 1,
    proofSystem: 1,
    development: change.development ?? true,
    alpha: g1(1n),
    beta: g2(2n),
    gamma: g2(3n),
    delta: g2(4n),
    ic: [g1(5n), g1(6n)],
  });
}
