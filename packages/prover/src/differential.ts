import { isField, modQ, toHex } from '@sero/crypto';
import { createPool, DIFFERENTIAL_KINDS, type Logs, type Made } from './differential-kinds.ts';
import { createSource, type Source } from './differential-points.ts';
import { createWalk, type Statement } from './differential-walk.ts';
import type { PointFault, VerdictCode } from './errors.ts';
import { PROOF_BYTES, type ProofItem, splitProof, type Verdict } from './groth16.ts';
import { decodeG1, decodeG2 } from './points.ts';
import { type KnownKey, knownKey } from './test-support.ts';
import { createPortableVerifier } from './verifier.ts';

/**
 * The differential test of verifiers: inputs that are valid, mutated and malicious, no two alike, and the verdict that each must get.
 *
 * The verdict of a case is known from how it was made. Where a check before the equation refuses it, the reference's own decoders say
 * so, on @noble/curves. Where none does, all logarithms are known, those of the key and of the proof's points, and the equation is one
 * of numbers modulo q: no pairing has a part in it. The reference, which takes some 60 ms to decide an equation, judges as many cases
 * as there is time for.
 */

/** An input and the verdict that it must get. */
export interface DifferentialCase {
  readonly kind: string;
  readonly item: ProofItem;
  readonly expected: Verdict;
  /** Whether every check before the equation passes. */
  readonly reachesEquation: boolean;
}

export interface DifferentialOptions {
  /** How many cases, all distinct. */
  readonly count: number;
  /** The same seed gives the same cases. */
  readonly seed: string;
}

/** Of each key in the pool from which points of others are drawn. */
const STATEMENTS_PER_KEY = 6;
/** How often a case is made anew where it is like an earlier one. */
const TRIES = 50;

/** Keys of one ceremony (beta shared, gamma the generator in two), with different numbers of inputs. */
function differentialKeys(source: Source): KnownKey[] {
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

/** What tells an input from others. */
export function inputName({ vk, publicInputs, proof }: ProofItem): string {
  return `${vk.circuit} ${publicInputs.join(' ')} ${toHex(proof)}`;
}

/** Everything that the reference checks before the equation, in its order; honest points are known to be good. */
function createFormCheck(): (item: ProofItem, honest: Statement) => VerdictCode | undefined {
  const seen = new Map<string, PointFault | undefined>();
  const faultOf = (
    bytes: Uint8Array,
    honest: Uint8Array,
    decode: (bytes: Uint8Array) => unknown,
  ): PointFault | undefined => {
    const name = toHex(bytes);
    if (name === toHex(honest)) return undefined;
    if (!seen.has(name)) {
      const decoded = decode(bytes);
      seen.set(name, typeof decoded === 'string' ? (decoded as PointFault) : undefined);
    }
    return seen.get(name);
  };
  return ({ vk, publicInputs, proof }, honest) => {
    if (publicInputs.length !== vk.ic.length - 1) return 'public-input-count';
    if (!publicInputs.every(isField)) return 'public-input-not-canonical';
    if (proof.length !== PROOF_BYTES) return 'proof-length';
    const [{ a, b, c }, own] = [splitProof(proof), splitProof(honest.proof)];
    return faultOf(a, own.a, decodeG1) ?? faultOf(c, own.c, decodeG1) ?? faultOf(b, own.b, decodeG2);
  };
}

/** The equation in logarithms: ab = alpha beta + x gamma + c delta. */
function holdsInLogs({ item, statement }: Made, { a, b, c }: Logs): boolean {
  const { alpha, beta, gamma, delta, ic } = statement.key.secrets;
  const x = item.publicInputs.reduce((sum, value, i) => sum + value * ic[i + 1]!, ic[0]!);
  return modQ(a * b - alpha * beta - x * gamma - c * delta) === 0n;
}

/** Makes the cases. Kinds and keys take turns, each case of a statement of its own. */
export async function differentialCases({ count, seed }: DifferentialOptions): Promise<DifferentialCase[]> {
  const source = createSource(seed);
  const walks = differentialKeys(source).map((key) => createWalk(source, key));
  const pool = createPool(
    source,
    walks.flatMap((walk) => Array.from({ length: STATEMENTS_PER_KEY }, walk)),
  );
  const checkForm = createFormCheck();
  const reference = createPortableVerifier();
  const names = new Set<string>();

  const makeNew = (make: () => Made): Made => {
    for (let i = 0; i < TRIES; i++) {
      const made = make();
      const name = inputName(made.item);
      if (names.has(name)) continue;
      names.add(name);
      return made;
    }
    throw new RangeError('a kind of cases gives the same ones over and over');
  };

  async function judge(made: Made): Promise<Omit<DifferentialCase, 'kind' | 'item'>> {
    const { item, statement, logs } = made;
    const verdict = (holds: boolean): Verdict =>
      holds ? { ok: true } : { ok: false, code: 'proof-invalid' };
    if (logs !== undefined) return { expected: verdict(holdsInLogs(made, logs)), reachesEquation: true };
    const fault = checkForm(item, statement);
    if (fault !== undefined) return { expected: { ok: false, code: fault }, reachesEquation: false };
    // Meant to be malformed and by chance a good point: nobody knows its logarithm.
    const expected = await reference.verify(item.vk, item.publicInputs, item.proof);
    return { expected, reachesEquation: true };
  }

  const out: DifferentialCase[] = [];
  for (let i = 0; i < count; i++) {
    const kind = DIFFERENTIAL_KINDS[i % DIFFERENTIAL_KINDS.length]!;
    const made = makeNew(() => kind.make(pool, source.pick(walks)()));
    out.push({ kind: kind.name, item: made.item, ...(await judge(made)) });
  }
  return out;
}
