import type { VerdictCode } from './errors.ts';
import { G1_BYTES, G2_BYTES } from './points.ts';
import type { VerifyingKey } from './verifying-key.ts';

/** A proof: A in G1, B in G2, C in G1, each compressed (see points.ts), one after the other. */
export type Proof = Uint8Array;

/** Bytes of a proof: 48 + 96 + 48. */
export const PROOF_BYTES = 2 * G1_BYTES + G2_BYTES;

/** Splits a proof of the right length into its three points' bytes. */
export function splitProof(proof: Proof): { a: Uint8Array; b: Uint8Array; c: Uint8Array } {
  return {
    a: proof.subarray(0, G1_BYTES),
    b: proof.subarray(G1_BYTES, G1_BYTES + G2_BYTES),
    c: proof.subarray(G1_BYTES + G2_BYTES),
  };
}

/** A .zkey (iden3 binary format, BLS12-381, Groth16): its bytes, or where the backend finds it (a file's path in Node). */
export type ProvingKeySource = Uint8Array | string;

/** Makes proofs. A proof is made in the user's own process only: the witness holds the nullifier key. */
export interface Groth16Prover {
  /**
   * Proves that `witness` satisfies the key's circuit. A witness that does not gives no proof but `prove-failed`, after
   * all the work: what to prove is checked by the witness builder, before.
   *
   * @param key the proving key
   * @param witness a .wtns (iden3 binary format); the prover wipes the copies it makes, the caller its own
   * @param signal aborts a waiting or a running proof
   * @throws ProverError with a `ProveFault`: `queue-full` where 64 proofs wait already
   */
  prove(key: ProvingKeySource, witness: Uint8Array, signal?: AbortSignal): Promise<Proof>;
}

/** What a verifier says of a proof. */
export type Verdict = { readonly ok: true } | { readonly ok: false; readonly code: VerdictCode };

/** A proof and what it is to be checked against. */
export interface ProofItem {
  readonly vk: VerifyingKey;
  /** One canonical element of the scalar field for each IC point but the first. */
  readonly publicInputs: readonly bigint[];
  readonly proof: Proof;
}

/**
 * Checks proofs. Whatever the public inputs and the proof hold, the answer is a verdict; the only exceptions are
 * a verifying key that `loadVerifyingKeys` would have refused, and a broken source of randomness.
 */
export interface Groth16Verifier {
  verify(vk: VerifyingKey, publicInputs: readonly bigint[], proof: Proof): Promise<Verdict>;
  /** The same verdict, at once, for callers that cannot wait. */
  verifySync(vk: VerifyingKey, publicInputs: readonly bigint[], proof: Proof): Verdict;
  /**
   * One verdict an item, in order, each equal to what `verify` says (but for a chance below 2^-100).
   *
   * @param signal ends the work; the promise is then rejected with its reason
   */
  verifyBatch(items: readonly ProofItem[], signal?: AbortSignal): Promise<Verdict[]>;
}
