import { pippenger } from '@noble/curves/abstract/curve.js';
import { leInteger, Q } from '@sero/crypto';
import { breathe } from './breathe.ts';
import { ProverError } from './errors.ts';
import { type Groth16Prover, PROOF_BYTES, type Proof, type ProvingKeySource } from './groth16.ts';
import { encodeG1, encodeG2, G1, G1_BYTES, type G1Point, G2, type G2Point } from './points.ts';
import { createProofQueue } from './proof-queue.ts';
import { toOddCoset, unpackFields } from './reference-field.ts';
import { type ReferenceProvingKey, readReferenceProvingKey } from './reference-proving-key.ts';
import { createPortableVerifier } from './verifier.ts';
import type { VerifyingKey } from './verifying-key.ts';
import { checkVerifyingKey } from './verifying-key-checks.ts';
import { readWitnessValues, verifyingKeyFromZkey } from './zkey.ts';

/**
 * The reference prover: Groth16 (eprint 2016/260, section 3.2) on big integers and @noble/curves. It needs nothing
 * but JavaScript, and takes tens of seconds for a payment.
 *
 * With the witness w, the quotient's values p on the odd coset, and r, s at random,
 *
 *     A = alpha + sum w_i A_i + r delta       B = beta + sum w_i B_i + s delta, in both groups
 *     C = sum w_i C_i (private wires) + sum p_j H_j + s A + r B - r s delta
 */

/** Points that are multiplied between two looks at the abort signal, some 100 ms. */
const CHUNK = 256;

/** Options of the reference prover. */
export interface ReferenceProverOptions {
  /** Reads a key that is given by name. Default: names are refused. */
  readonly readKey?: (name: string) => Promise<Uint8Array>;
}

/** A scalar for the proof's blinding, unpredictable and nearly uniform: 512 bits modulo q. */
function randomScalar(): bigint {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(64));
  const scalar = leInteger(bytes) % Q;
  bytes.fill(0);
  return scalar;
}

/** What noble's two groups have in common. */
interface Addable<P> {
  add(other: P): P;
}

/** Sum of scalar_i point_i, in pieces; `yieldNow` lets others work and throws once the proof is not wanted. */
async function multiExponentiate<P extends Addable<P>>(
  zero: P,
  multiply: (points: P[], scalars: bigint[]) => P,
  points: readonly P[],
  scalars: readonly bigint[],
  yieldNow: () => Promise<void>,
): Promise<P> {
  let sum = zero;
  let [some, their]: [P[], bigint[]] = [[], []];
  const flush = async (): Promise<void> => {
    if (some.length > 0) sum = sum.add(multiply(some, their));
    [some, their] = [[], []];
    await yieldNow();
  };
  for (const [i, scalar] of scalars.entries()) {
    // Many wires are bits: an addition, or nothing.
    if (scalar === 0n) continue;
    if (scalar === 1n) sum = sum.add(points[i]!);
    else {
      some.push(points[i]!);
      their.push(scalar);
    }
    if (some.length === CHUNK) await flush();
  }
  await flush();
  return sum;
}

/** A(x) B(x) - C(x) on the odd coset, where the domain's own polynomial is the same everywhere. */
async function quotient(
  key: ReferenceProvingKey,
  witness: readonly bigint[],
  yieldNow: () => Promise<void>,
): Promise<bigint[]> {
  const [a, b] = [0, 1].map(() => new Array<bigint>(key.domainSize).fill(0n)) as [bigint[], bigint[]];
  for (const { matrix, row, wire, value } of key.entries) {
    const values = matrix === 0 ? a : b;
    values[row] = (values[row]! + value * witness[wire]!) % Q;
  }
  // Of a witness that satisfies the circuit: C is the product on the domain.
  const c = a.map((value, i) => (value * b[i]!) % Q);
  for (const values of [a, b, c]) {
    await yieldNow();
    toOddCoset(values);
  }
  return a.map((value, i) => (((value * b[i]! - c[i]!) % Q) + Q) % Q);
}

function checkWitness(key: ReferenceProvingKey, wtns: Uint8Array): bigint[] {
  const packed = readWitnessValues(wtns);
  if (packed.length !== 32 * key.wires) {
    throw new ProverError(
      'witness-length',
      `the key's circuit has ${key.wires} wires, the witness ${packed.length / 32} values`,
    );
  }
  const values = unpackFields(packed);
  if (values === undefined)
    throw new ProverError('witness-malformed', '.wtns: a value is not below the modulus');
  if (values[0] !== 1n) throw new ProverError('witness-malformed', '.wtns: the first value is not 1');
  return values;
}

/** A point at infinity has no encoding in a proof: the chance is 2^-255 for any key that is one. */
function encode({ a, b, c }: { a: G1Point; b: G2Point; c: G1Point }): Proof {
  if (a.is0() || b.is0() || c.is0())
    throw new ProverError('prove-failed', 'a point of the proof is infinity');
  const proof = new Uint8Array(PROOF_BYTES);
  proof.set(encodeG1(a.toAffine()));
  proof.set(encodeG2(b.toAffine()), G1_BYTES);
  proof.set(encodeG1(c.toAffine()), PROOF_BYTES - G1_BYTES);
  return proof;
}

const scale1 = (point: G1Point, scalar: bigint): G1Point => point.multiplyUnsafe(scalar);
const scale2 = (point: G2Point, scalar: bigint): G2Point => point.multiplyUnsafe(scalar);

async function proveWith(
  key: ReferenceProvingKey,
  witness: readonly bigint[],
  yieldNow: () => Promise<void>,
): Promise<Proof> {
  const [r, s] = [randomScalar(), randomScalar()];
  const sum1 = (points: readonly G1Point[], scalars: readonly bigint[]): Promise<G1Point> =>
    multiExponentiate(G1.ZERO, (some, their) => pippenger(G1, some, their), points, scalars, yieldNow);
  const p = await quotient(key, witness, yieldNow);
  const a = (await sum1(key.a, witness)).add(key.alpha1).add(scale1(key.delta1, r));
  const b1 = (await sum1(key.b1, witness)).add(key.beta1).add(scale1(key.delta1, s));
  const inG2 = await multiExponentiate(
    G2.ZERO,
    (some, their) => pippenger(G2, some, their),
    key.b2,
    witness,
    yieldNow,
  );
  const b = inG2.add(key.beta2).add(scale2(key.delta2, s));
  const c = (await sum1(key.c, witness.slice(key.publicInputs + 1)))
    .add(await sum1(key.h, p))
    .add(scale1(a, s))
    .add(scale1(b1, r))
    .add(scale1(key.delta1, (r * s) % Q).negate());
  return encode({ a, b, c });
}

/** The key that the proofs are checked by; which circuit it is stands in no equation. */
function verifyingKeyOf(zkey: Uint8Array): VerifyingKey {
  const vk = verifyingKeyFromZkey(zkey, 1, true);
  try {
    checkVerifyingKey(vk);
  } catch (error) {
    if (!(error instanceof ProverError)) throw error;
    throw new ProverError('zkey-malformed', `.zkey: ${error.message}`, { cause: error });
  }
  return vk;
}

/** A prover that can be closed. */
export interface ReferenceProver extends Groth16Prover {
  /** What waits or runs is refused with `closed`, and so is what comes later. */
  close(): Promise<void>;
}

/**
 * Makes the reference prover. It works on the thread that calls it, one proof at a time, in pieces of some 100 ms; it reads
 * the key anew for each. Numbers of the witness are JavaScript's, which cannot be wiped.
 */
export function createReferenceProver({ readKey }: ReferenceProverOptions = {}): ReferenceProver {
  const queue = createProofQueue();
  const verifier = createPortableVerifier();

  async function bytesOf(source: ProvingKeySource): Promise<Uint8Array> {
    if (typeof source !== 'string') return source;
    if (readKey === undefined)
      throw new ProverError('zkey-malformed', 'a proving key is given by its bytes here');
    return readKey(source);
  }

  async function make(source: ProvingKeySource, wtns: Uint8Array, ended: AbortSignal): Promise<Proof> {
    const yieldNow = async (): Promise<void> => {
      await breathe();
      ended.throwIfAborted();
    };
    await yieldNow();
    const zkey = await bytesOf(source);
    const key = readReferenceProvingKey(zkey);
    const vk = verifyingKeyOf(zkey);
    const witness = checkWitness(key, wtns);
    await yieldNow();
    const proof = await proveWith(key, witness, yieldNow);
    const publicInputs = witness.slice(1, key.publicInputs + 1);
    if (verifier.verifySync(vk, publicInputs, proof).ok) return proof;
    throw new ProverError('prove-failed', 'the witness does not satisfy the circuit');
  }

  return {
    async prove(source, witness, signal) {
      const wtns = new Uint8Array(witness);
      try {
        return await queue.run((ended) => make(source, wtns, ended), signal);
      } finally {
        wtns.fill(0);
      }
    },
    close: () => queue.close(),
  };
}
