import { isField, toHex } from '@sero/crypto';
import { createPool, DIFFERENTIAL_KINDS } from './differential-kinds.ts';
import { createSource } from './differential-points.ts';
import type { PointFault, VerdictCode } from './errors.ts';
import { PROOF_BYTES, type ProofItem, splitProof, type Verdict } from './groth16.ts';
import { decodeG1, decodeG2 } from './points.ts';
import { type KnownKey, knownKey } from './test-support.ts';
import { createPortableVerifier } from './verifier.ts';

/**
 * The differential test of verifiers: inputs that are valid, mutated and malicious, and what the reference on
 * @noble/curves says of them. The reference takes some milliseconds to decode a point and tens to decide an equation, so
 * it is asked once about the same bytes: cases draw their points from a pool.
 */

/** An input and the reference's verdict. */
export interface DifferentialCase {
  readonly kind: string;
  readonly item: ProofItem;
  readonly expected: Verdict;
}

export interface DifferentialOptions {
  /** How many cases. */
  readonly count: number;
  /** The same seed gives the same cases. */
  readonly seed: string;
  /** Of `count`, how many may differ in what only an equation decides. */
  readonly equations: number;
}

const PROOFS_PER_KEY = 6;

/** Keys of one ceremony (beta shared, gamma the generator in two), with different numbers of inputs. */
function differentialKeys(source: ReturnType<typeof createSource>): KnownKey[] {
  const [alpha, beta] = [source.field(), source.field()];
  return [3, 15, 0, 3].map((inputs, i) =>
    knownKey(
      inputs,
      {
        alpha,
        beta,
        gamma: i % 2 === 0 ? 1n : source.field(),
        delta: source.field(),
        ic: Array.from({ length: inputs + 1 }, source.field),
      },
      i + 1,
    ),
  );
}

/** Everything that the reference checks before the equation, in its order; bytes seen before are not decoded again. */
function createFormCheck(): (item: ProofItem) => VerdictCode | undefined {
  const seen = new Map<string, PointFault | undefined>();
  const faultOf = (bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): PointFault | undefined => {
    const name = toHex(bytes);
    if (!seen.has(name)) {
      const decoded = decode(bytes);
      seen.set(name, typeof decoded === 'string' ? (decoded as PointFault) : undefined);
    }
    return seen.get(name);
  };
  return ({ vk, publicInputs, proof }) => {
    if (publicInputs.length !== vk.ic.length - 1) return 'public-input-count';
    if (!publicInputs.every(isField)) return 'public-input-not-canonical';
    if (proof.length !== PROOF_BYTES) return 'proof-length';
    const { a, b, c } = splitProof(proof);
    return faultOf(a, decodeG1) ?? faultOf(c, decodeG1) ?? faultOf(b, decodeG2);
  };
}

/** Makes the cases. Kinds take turns; once the equations are used up, the kinds that need one repeat earlier cases. */
export async function differentialCases({
  count,
  seed,
  equations,
}: DifferentialOptions): Promise<DifferentialCase[]> {
  const source = createSource(seed);
  const pool = createPool(source, differentialKeys(source), PROOFS_PER_KEY);
  const checkForm = createFormCheck();
  const reference = createPortableVerifier();
  const decided: DifferentialCase[] = [];
  const out: DifferentialCase[] = [];

  for (let i = 0; i < count; i++) {
    const kind = DIFFERENTIAL_KINDS[i % DIFFERENTIAL_KINDS.length]!;
    if (kind.costly && decided.length >= equations) {
      out.push(source.pick(decided));
      continue;
    }
    const item = kind.make(pool, source.pick(pool.statements));
    const fault = checkForm(item);
    if (fault !== undefined) {
      out.push({ kind: kind.name, item, expected: { ok: false, code: fault } });
      continue;
    }
    const made = {
      kind: kind.name,
      item,
      expected: await reference.verify(item.vk, item.publicInputs, item.proof),
    };
    decided.push(made);
    out.push(made);
  }
  return out;
}
