import { bls12_381 } from '@noble/curves/bls12-381.js';
import { decodeWtns, encodeWtns, SHAPE_A, type Shape, shapeOf, type WitnessProgram } from '@sero/circuits';
import { blake2b, concat, equalBytes, fieldToBytes, toHex } from '@sero/crypto';
import {
  createPortableNoteHasher,
  encodeVerifyingKey,
  type Groth16Prover,
  type Groth16Verifier,
  type NoteHasher,
} from '@sero/prover';
import type { ProvingTools } from '@sero/wallet';

/**
 * Doubles of the costly parts: a proof is a hash of the public inputs, so that a payment costs no seconds. They hold only what
 * the witness builder let through, so every rule of the statement is still checked in plain numbers.
 */

/** The one "proof" of these public inputs. */
export function proofDouble(publicInputs: readonly bigint[]): Uint8Array {
  const inputs = concat(...publicInputs.map(fieldToBytes));
  return concat(...[0, 1, 2].map((part) => blake2b('TEST_PROOF', Uint8Array.of(part), inputs)));
}

/** Signals that are public, in the verifier's order. */
const PUBLIC_SIGNALS = [
  'root',
  'hash_e',
  'rk_u',
  'rk_v',
  'zpkr_from',
  'nil',
  'trace',
  'cm',
  'asset_pub',
  'pub_out',
];

/** A witness that is its public inputs and nothing else. */
const programOf = (shape: Shape): WitnessProgram => ({
  inputSize: 0,
  witnessSize: 1 + shape.publicInputs,
  run: async (signals) => {
    const values = PUBLIC_SIGNALS.flatMap((name) => signals[name] ?? []);
    return concat(...[1n, ...values].map(fieldToBytes));
  },
});

const prover: Groth16Prover = {
  prove: async (_key, witness, signal) => {
    signal?.throwIfAborted();
    return proofDouble(decodeWtns(witness).slice(1));
  },
};

/** What `prove` takes, doubled. */
export const provingToolsDouble: ProvingTools = {
  prover,
  circuit: async (id) => ({
    program: programOf(shapeOf(id)!),
    provingKey: encodeWtns(new Uint8Array(0)),
  }),
};

const verdict: Groth16Verifier['verifySync'] = (_, publicInputs, proof) =>
  equalBytes(proofDouble(publicInputs), proof) ? { ok: true } : { ok: false, code: 'proof-invalid' };

/** Takes the prover's proofs and no other. */
export const verifierDouble: Groth16Verifier = {
  verifySync: verdict,
  verify: async (vk, publicInputs, proof) => verdict(vk, publicInputs, proof),
  verifyBatch: async (items) => items.map(({ vk, publicInputs, proof }) => verdict(vk, publicInputs, proof)),
};

/** The portable hasher, with a memory: many wallets of one chain hash the same nodes. */
export function rememberingHasher(): NoteHasher {
  const portable = createPortableNoteHasher();
  const known = new Map<string, Uint8Array>();
  return {
    hash4(tuples) {
      const hashes: Uint8Array[] = [];
      for (let at = 0; at < tuples.length; at += 128) {
        const tuple = tuples.slice(at, at + 128);
        const name = toHex(tuple);
        const hash = known.get(name) ?? portable.hash4(tuple);
        known.set(name, hash);
        hashes.push(hash);
      }
      return concat(...hashes);
    },
  };
}

/** A well-formed development key of a shape, under which nothing is proved. */
export function verifyingKeyDouble(shape: Shape = SHAPE_A): Uint8Array {
  const g1 = (n: number): Uint8Array => bls12_381.G1.Point.BASE.multiply(BigInt(n)).toBytes();
  const g2 = (n: number): Uint8Array => bls12_381.G2.Point.BASE.multiply(BigInt(n)).toBytes();
  return encodeVerifyingKey({
    circuit: shape.id,
    proofSystem: 1,
    development: true,
    alpha: g1(1 + shape.id),
    beta: g2(3),
    gamma: g2(4),
    delta: g2(5),
    ic: Array.from({ length: shape.publicInputs + 1 }, (_, i) => g1(6 + i)),
  });
}
