import { normalizeZ } from '@noble/curves/abstract/curve.js';
import { invert, modQ } from '@sero/crypto';
import type { Source } from './differential-points.ts';
import type { Proof } from './groth16.ts';
import { G1, type G1Point, G2, type G2Point } from './points.ts';
import { bytes1, bytes2, g1, g2, joinProof, type KnownKey } from './test-support.ts';

/** A true statement, its proof, and the proof's logarithms. */
export interface Statement {
  readonly key: KnownKey;
  readonly publicInputs: readonly bigint[];
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
  readonly proof: Proof;
}

/** Statements whose points are brought to affine form together. */
const BATCH = 64;

/** A statement as the walk has it: b stands in the first group too. */
interface Place {
  readonly inputs: readonly bigint[];
  readonly logs: readonly [a: bigint, b: bigint, c: bigint];
  readonly points: readonly [a: G1Point, b: G2Point, c: G1Point];
  readonly b1: G1Point;
}

/**
 * True statements of one key without end, none like another: a proof from the key's secrets (eprint 2016/260, section 3.2), then steps
 * that keep ab = alpha beta + x gamma + c delta and cost a few additions each, where multiplications would take all of a test's time:
 *
 *     b + delta, c + a        a + delta, c + b        -a, -b        x_i + 1, c - ic_i gamma / delta
 */
export function createWalk(source: Source, key: KnownKey): () => Statement {
  const { alpha, beta, gamma, delta, ic } = key.secrets;
  const [delta1, delta2] = [g1(delta), g2(delta)];
  const slopes = ic.slice(1).map((log) => modQ(log * gamma * invert(delta)));
  const slopePoints = slopes.map(g1);
  let ready: Statement[] = [];
  let place = begin();

  function begin(): Place {
    const inputs = slopes.map(() => source.field());
    const [a, b] = [source.field(), source.field()];
    const x = inputs.reduce((sum, value, i) => sum + value * ic[i + 1]!, ic[0]!);
    const c = modQ((a * b - alpha * beta - x * gamma) * invert(delta));
    return { inputs, logs: [a, b, c], points: [g1(a), g2(b), g1(c)], b1: g1(b) };
  }

  function step({ inputs, logs: [a, b, c], points: [pa, pb, pc], b1 }: Place): Place {
    const kind = source.below(5);
    if (kind === 0) {
      return {
        inputs,
        logs: [modQ(-a), modQ(-b), c],
        points: [pa.negate(), pb.negate(), pc],
        b1: b1.negate(),
      };
    }
    if (kind < 3) {
      const logs = [a, modQ(b + delta), modQ(c + a)] as const;
      return { inputs, logs, points: [pa, pb.add(delta2), pc.add(pa)], b1: b1.add(delta1) };
    }
    return {
      inputs,
      logs: [modQ(a + delta), b, modQ(c + b)],
      points: [pa.add(delta1), pb, pc.add(b1)],
      b1,
    };
  }

  /** Another statement, where the key has inputs. */
  function withOtherInputs({ inputs, logs: [a, b, c], points: [pa, pb, pc], b1 }: Place): Place {
    const i = source.below(inputs.length);
    return {
      inputs: inputs.with(i, modQ(inputs[i]! + 1n)),
      logs: [a, b, modQ(c - slopes[i]!)],
      points: [pa, pb, pc.subtract(slopePoints[i]!)],
      b1,
    };
  }

  function walk(): Statement[] {
    const places = Array.from({ length: BATCH }, () => {
      place = step(place);
      if (place.inputs.length > 0) place = withOtherInputs(place);
      return place;
    });
    const as = normalizeZ(
      G1,
      places.map(({ points }) => points[0]),
    );
    const bs = normalizeZ(
      G2,
      places.map(({ points }) => points[1]),
    );
    const cs = normalizeZ(
      G1,
      places.map(({ points }) => points[2]),
    );
    return places.map(({ inputs, logs: [a, b, c] }, i) => ({
      key,
      publicInputs: inputs,
      a,
      b,
      c,
      proof: joinProof(bytes1(as[i]!), bytes2(bs[i]!), bytes1(cs[i]!)),
    }));
  }

  return () => {
    if (ready.length === 0) ready = walk();
    return ready.pop()!;
  };
}
