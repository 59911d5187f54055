import { interleavedMSMUnsafe, mulAddUnsafe, normalizeZ } from '@noble/curves/abstract/curve.js';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { isField, leInteger, Q } from '@sero/crypto';
import { breathe } from './breathe.ts';
import { ProverError, type VerdictCode } from './errors.ts';
import {
  type Groth16Verifier,
  PROOF_BYTES,
  type Proof,
  type ProofItem,
  splitProof,
  type Verdict,
} from './groth16.ts';
import { decodeG1, decodeG2, G1, type G1Point, type G2Point } from './points.ts';
import type { VerifyingKey } from './verifying-key.ts';
import { checkVerifyingKey } from './verifying-key-checks.ts';

/**
 * The reference verifier, on @noble/curves: Groth16 (eprint 2016/260) and its batch by random linear combination
 * (Zcash protocol, appendix B.2). A proof (A, B, C) holds for the public inputs x where, with
 * X = IC_0 + sum x_i IC_i,
 *
 *     e(A, B) = e(alpha, beta) e(X, gamma) e(C, delta)
 *
 * and N of them all hold where, with coefficients z_j that nobody could foresee,
 *
 *     prod e(z_j A_j, B_j) = e((sum z_j) alpha, beta) e(sum z_j X_j, gamma) e(sum z_j C_j, delta)
 *
 * with one such right side for each verifying key. All points lie in the subgroups of prime order q, so a false
 * equation survives with a chance below 2^-127.
 */

const { Fp12 } = bls12_381.fields;
const { calcPairingPrecomputes } = bls12_381.utils;

type Lines = ReturnType<typeof calcPairingPrecomputes>;
type Gt = ReturnType<typeof bls12_381.pairing>;
type MillerPair = [Lines, bigint, bigint];

/** What is fixed with a key: lines of the Miller loops, e(alpha, beta), tables for X. */
interface PreparedKey {
  readonly alpha: G1Point;
  readonly beta: Lines;
  readonly gamma: Lines;
  readonly delta: Lines;
  readonly alphaBeta: Gt;
  readonly inputs: number;
  /** sum s_i IC_i for scalars s_0 .. s_n in [0, q). */
  readonly combineIc: (scalars: bigint[]) => G1Point;
}

/** A proof whose public inputs and points passed every check but the equation. */
interface WellFormed {
  readonly index: number;
  readonly key: PreparedKey;
  readonly publicInputs: readonly bigint[];
  readonly a: G1Point;
  readonly b: G2Point;
  readonly c: G1Point;
}

/** Window of the tables for X: 64 points an IC point. */
const IC_WINDOW = 8;
const COEFFICIENT_BYTES = 16;
const COEFFICIENT_TRIES = 8;
/** Proofs of a batch between two looks at the abort signal and the event loop, some 100 ms. */
const CHUNK = 8;

const OK: Verdict = { ok: true };
const refuse = (code: VerdictCode): Verdict => ({ ok: false, code });

const preparedKeys = new WeakMap<VerifyingKey, PreparedKey>();

function prepare(vk: VerifyingKey): PreparedKey {
  const known = preparedKeys.get(vk);
  if (known !== undefined) return known;
  const { alpha, beta, gamma, delta, ic } = checkVerifyingKey(vk);
  const prepared: PreparedKey = {
    alpha,
    beta: calcPairingPrecomputes(beta),
    gamma: calcPairingPrecomputes(gamma),
    delta: calcPairingPrecomputes(delta),
    alphaBeta: bls12_381.pairing(alpha, beta),
    inputs: ic.length - 1,
    combineIc: interleavedMSMUnsafe(G1, [...ic], IC_WINDOW),
  };
  preparedKeys.set(vk, prepared);
  return prepared;
}

/** Everything about one proof that needs no pairing, cheapest first. */
function check(index: number, { vk, publicInputs, proof }: ProofItem): WellFormed | VerdictCode {
  const key = prepare(vk);
  if (publicInputs.length !== key.inputs) return 'public-input-count';
  // x and x + q are one element under the equation: a second spelling of a nullifier would be a double spend.
  if (!publicInputs.every(isField)) return 'public-input-not-canonical';
  if (proof.length !== PROOF_BYTES) return 'proof-length';
  const bytes = splitProof(proof);
  const a = decodeG1(bytes.a);
  if (typeof a === 'string') return a;
  const c = decodeG1(bytes.c);
  if (typeof c === 'string') return c;
  const b = decodeG2(bytes.b);
  if (typeof b === 'string') return b;
  return { index, key, publicInputs, a, b, c };
}

/** Pairs for the Miller loop; infinity, which has no affine coordinates and contributes 1, is left out. */
function millerPairs(points: readonly G1Point[], lines: readonly Lines[]): MillerPair[] {
  return normalizeZ(G1, [...points]).flatMap((point, i) => {
    if (point.is0()) return [];
    const { x, y } = point.toAffine();
    return [[lines[i]!, x, y] satisfies MillerPair];
  });
}

function holds({ key, publicInputs, a, b, c }: WellFormed): boolean {
  const x = key.combineIc([1n, ...publicInputs]);
  const product = bls12_381.millerLoopBatch(
    millerPairs([a, x.negate(), c.negate()], [calcPairingPrecomputes(b), key.gamma, key.delta]),
  );
  return Fp12.eql(Fp12.finalExponentiate(product), key.alphaBeta);
}

/** What a batch needs beside its proofs. */
interface BatchMeans {
  readonly coefficient: () => bigint;
  /** Lets others work and throws once the batch is not wanted. */
  readonly yieldNow: () => Promise<void>;
}

async function holdTogether(
  proofs: readonly WellFormed[],
  { coefficient, yieldNow }: BatchMeans,
): Promise<boolean> {
  const points: G1Point[] = [];
  const lines: Lines[] = [];
  const byKey = new Map<PreparedKey, { proof: WellFormed; z: bigint }[]>();
  for (const [i, proof] of proofs.entries()) {
    if (i > 0 && i % CHUNK === 0) await yieldNow();
    const z = coefficient();
    points.push(proof.a.multiplyUnsafe(z));
    lines.push(calcPairingPrecomputes(proof.b));
    const group = byKey.get(proof.key);
    if (group === undefined) byKey.set(proof.key, [{ proof, z }]);
    else group.push({ proof, z });
  }
  for (const [key, group] of byKey) {
    const scalars = Array.from({ length: key.inputs + 1 }, (_, i) =>
      group.reduce((sum, { proof, z }) => (sum + z * (i === 0 ? 1n : proof.publicInputs[i - 1]!)) % Q, 0n),
    );
    const zAlpha = key.alpha.multiplyUnsafe(scalars[0]!);
    const zX = key.combineIc(scalars);
    const zC = mulAddUnsafe(
      G1,
      group.map(({ proof }) => proof.c),
      group.map(({ z }) => z),
    );
    points.push(zAlpha.negate(), zX.negate(), zC.negate());
    lines.push(key.beta, key.gamma, key.delta);
  }
  const product = bls12_381.millerLoopBatch(millerPairs(points, lines));
  return Fp12.eql(Fp12.finalExponentiate(product), Fp12.ONE);
}

/** Halves until the culprits stand alone; a single proof is checked by its own equation. */
async function markVerdicts(
  proofs: readonly WellFormed[],
  means: BatchMeans,
  verdicts: Verdict[],
): Promise<void> {
  const [first] = proofs;
  if (first === undefined) return;
  if (proofs.length === 1) {
    verdicts[first.index] = holds(first) ? OK : refuse('proof-invalid');
    return;
  }
  if (await holdTogether(proofs, means)) {
    for (const { index } of proofs) verdicts[index] = OK;
    return;
  }
  await means.yieldNow();
  const middle = proofs.length >> 1;
  await markVerdicts(proofs.slice(0, middle), means, verdicts);
  await markVerdicts(proofs.slice(middle), means, verdicts);
}

/** Options of the portable verifier. */
export interface PortableVerifierOptions {
  /** Unpredictable bytes for the batch's coefficients. Default: `globalThis.crypto`. A guessable source lets false proofs through. */
  readonly randomBytes?: (length: number) => Uint8Array;
}

function systemRandomBytes(length: number): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(length));
}

function drawCoefficient(randomBytes: (length: number) => Uint8Array): bigint {
  for (let i = 0; i < COEFFICIENT_TRIES; i++) {
    const z = leInteger(randomBytes(COEFFICIENT_BYTES).subarray(0, COEFFICIENT_BYTES));
    if (z !== 0n) return z;
  }
  throw new ProverError('randomness-broken', 'the source of randomness gives zeros: no batch can be checked');
}

/**
 * The portable verifier: runs anywhere, has no state but tables of the keys it has seen, and is the reference
 * that other backends are compared with. It computes on the calling thread, a batch in pieces.
 */
export function createPortableVerifier(options: PortableVerifierOptions = {}): Groth16Verifier {
  const randomBytes = options.randomBytes ?? systemRandomBytes;

  const verifySync = (vk: VerifyingKey, publicInputs: readonly bigint[], proof: Proof): Verdict => {
    const checked = check(0, { vk, publicInputs, proof });
    if (typeof checked === 'string') return refuse(checked);
    return holds(checked) ? OK : refuse('proof-invalid');
  };

  return {
    verifySync,
    verify: async (vk, publicInputs, proof) => verifySync(vk, publicInputs, proof),
    verifyBatch: async (items, signal) => {
      signal?.throwIfAborted();
      const yieldNow = async (): Promise<void> => {
        await breathe();
        signal?.throwIfAborted();
      };
      const checked: (WellFormed | VerdictCode)[] = [];
      for (const [index, item] of items.entries()) {
        if (index > 0 && index % CHUNK === 0) await yieldNow();
        checked.push(check(index, item));
      }
      const verdicts = checked.map((one) => (typeof one === 'string' ? refuse(one) : OK));
      const wellFormed = checked.filter((one) => typeof one !== 'string');
      await markVerdicts(wellFormed, { coefficient: () => drawCoefficient(randomBytes), yieldNow }, verdicts);
      return verdicts;
    },
  };
}
