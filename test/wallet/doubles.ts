import { bls12_381 } from '@noble/curves/bls12-381.js';
import { decodeWtns, encodeWtns, SHAPE_A, type Shape, shapeOf, type WitnessProgram } from '@sero/circuits';
import { loadShape } from '@sero/circuits/node';
import { blake2b, concat, equalBytes, fieldToBytes, toHex } from '@sero/crypto';
import {
  createPortableNoteHasher,
  encodeVerifyingKey,
  type Groth16Prover,
  type Groth16Verifier,
  type NoteHasher,
  type ProverBackend,
} from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import type { ProvingTools } from '@sero/wallet';

/**
 * Doubles of the costly parts: a proof is a hash of the public inputs, so that a payment costs no seconds. The circuit's own
 * program still computes each witness, so every rule of the statement is checked.
 */

/** The one "proof" of these public inputs. */
export function proofDouble(publicInputs: readonly bigint[]): Uint8Array {
  const inputs = concat(...publicInputs.map(fieldToBytes));
  return concat(...[0, 1, 2].map((part) => blake2b('TEST_PROOF', Uint8Array.of(part), inputs)));
}

let opened: Promise<ProverBackend> | undefined;

/** The prover that this run of the tests has chosen, opened once in a process: what is not doubled is done by it. */
export function chosenBackend(): Promise<ProverBackend> {
  opened ??= openBackend();
  return opened;
}

/** The circuit's own program, of whose witness only the public inputs are kept. */
async function programOf(shape: Shape): Promise<WitnessProgram> {
  const { witness } = await chosenBackend();
  const program = await loadShape(shape, witness);
  return {
    ...program,
    witnessSize: 1 + shape.publicInputs,
    run: async (signals) => (await program.run(signals)).slice(0, 32 * (1 + shape.publicInputs)),
  };
}

const programs = new Map<number, Promise<WitnessProgram>>();

const prover: Groth16Prover = {
  prove: async (_key, witness, signal) => {
    signal?.throwIfAborted();
    return proofDouble(decodeWtns(witness).slice(1));
  },
};

/** What `prove` takes, doubled. */
export const provingToolsDouble: ProvingTools = {
  prover,
  circuit: async (id) => {
    const program = programs.get(id) ?? programOf(shapeOf(id)!);
    programs.set(id, program);
    return { program: await program, provingKey: encodeWtns(new Uint8Array(0)) };
  },
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
