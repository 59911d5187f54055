import { invert, modQ, Q } from '@sero/crypto';
import {
  curvePointsG1,
  curvePointsG2,
  EDGE_COORDINATES,
  firstOf,
  plusModulus,
  type Source,
  smallOrderG1,
  smallOrderG2,
  withFlags,
} from './differential-points.ts';
import type { Statement } from './differential-walk.ts';
import { type Proof, type ProofItem, splitProof } from './groth16.ts';
import { G1_BYTES, type G1Point, G2_BYTES, type G2Point } from './points.ts';
import { bytes1, bytes2, g1, g2, infinityBytes, joinProof } from './test-support.ts';

/** What the kinds of cases draw from. */
export interface Pool {
  readonly source: Source;
  readonly statements: readonly Statement[];
  readonly smallOrder1: readonly G1Point[];
  readonly smallOrder2: readonly G2Point[];
  readonly stray1: readonly Uint8Array[];
  readonly stray2: readonly Uint8Array[];
}

/** @param statements some of each key, from which points of others are drawn */
export function createPool(source: Source, statements: readonly Statement[]): Pool {
  return {
    source,
    statements,
    smallOrder1: smallOrderG1(),
    smallOrder2: smallOrderG2(),
    stray1: firstOf(curvePointsG1(), 24).map(bytes1),
    stray2: firstOf(curvePointsG2(), 24).map(bytes2),
  };
}

/** Logarithms of a proof's points, to their groups' generators. */
export interface Logs {
  readonly a: bigint;
  readonly b: bigint;
  readonly c: bigint;
}

/** A case: the input, what it was made of, and the logarithms where every check passes up to the equation. */
export interface Made {
  readonly item: ProofItem;
  readonly statement: Statement;
  readonly logs?: Logs;
}

/** How a case is made. */
export interface Kind {
  readonly name: string;
  readonly make: (pool: Pool, statement: Statement) => Made;
}

type Part = 'a' | 'b' | 'c';
const PARTS: readonly Part[] = ['a', 'b', 'c'];

function withPart(proof: Proof, part: Part, bytes: Uint8Array): Proof {
  const parts = { ...splitProof(proof), [part]: bytes };
  return joinProof(parts.a, parts.b, parts.c);
}

function itemOf(statement: Statement, changed: Partial<ProofItem> = {}, logs?: Logs): Made {
  const { key, publicInputs, proof } = statement;
  const item = { vk: key.vk, publicInputs, proof, ...changed };
  return { item, statement, ...(logs === undefined ? {} : { logs }) };
}

const logsOf = ({ a, b, c }: Statement, changed: Partial<Logs> = {}): Logs => ({ a, b, c, ...changed });

/** A kind that replaces one point of the proof. */
function pointKind(
  name: string,
  change: (pool: Pool, bytes: Uint8Array, statement: Statement, part: Part) => Uint8Array,
): Kind {
  return {
    name,
    make: (pool, statement) => {
      // B last in order and slowest to decode: drawn less often.
      const part = pool.source.pick<Part>(['a', 'c', 'a', 'c', 'b']);
      const bytes = change(pool, splitProof(statement.proof)[part], statement, part);
      return itemOf(statement, { proof: withPart(statement.proof, part, bytes) });
    },
  };
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const out = new Uint8Array(bytes);
  out[bit >> 3]! ^= 0x80 >> (bit & 7);
  return out;
}

/** Zeros but for one byte somewhere, so that "infinity" has a payload. */
function nearlyZero(source: Source, length: number): Uint8Array {
  const out = new Uint8Array(length);
  out[source.below(length)] = 1 << source.below(5);
  return out;
}

function edgeBytes(source: Source, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += 48) out.set(source.pick(EDGE_COORDINATES), at);
  return out;
}

const MALFORMED_POINTS: readonly Kind[] = [
  pointKind('a flipped bit', ({ source }, bytes) => flipBit(bytes, source.below(8 * bytes.length))),
  pointKind('an overwritten byte', ({ source }, bytes) => {
    const out = new Uint8Array(bytes);
    out[source.below(bytes.length)] = source.below(256);
    return out;
  }),
  pointKind('random bytes for a point', ({ source }, bytes) => source.bytes(bytes.length)),
  pointKind('a random coordinate under honest flags', ({ source }, bytes) =>
    withFlags(source.bytes(bytes.length), 4 | source.below(2)),
  ),
  pointKind('an honest coordinate under any flags', ({ source }, bytes) =>
    withFlags(bytes, source.pick([0, 1, 2, 3, 6, 7])),
  ),
  pointKind('infinity', (_, bytes) => infinityBytes(bytes.length)),
  pointKind('zeros under any flags', ({ source }, bytes) =>
    withFlags(new Uint8Array(bytes.length), source.below(8)),
  ),
  pointKind('infinity with a payload', ({ source }, bytes) =>
    withFlags(nearlyZero(source, bytes.length), source.pick([6, 7])),
  ),
  pointKind('a coordinate at the edge of the field', ({ source }, bytes) =>
    withFlags(edgeBytes(source, bytes.length), source.pick([4, 5])),
  ),
  pointKind('a coordinate plus the modulus', ({ source }, bytes) => {
    const at = bytes.length === G2_BYTES && source.below(2) === 1 ? G1_BYTES : 0;
    return plusModulus(bytes, at) ?? plusModulus(bytes, bytes.length - G1_BYTES) ?? withFlags(bytes, 0);
  }),
  pointKind('halves of the coordinate swapped', (_, bytes) => {
    const out = new Uint8Array(bytes.length);
    out.set(bytes.subarray(bytes.length / 2));
    out.set(bytes.subarray(0, bytes.length / 2), bytes.length / 2);
    return withFlags(out, 4 | ((bytes[0]! >> 5) & 1));
  }),
  pointKind('a point of small order', (pool, bytes) =>
    bytes.length === G1_BYTES
      ? bytes1(pool.source.pick(pool.smallOrder1))
      : bytes2(pool.source.pick(pool.smallOrder2)),
  ),
  pointKind('an honest point plus one of small order', (pool, _, statement, part) =>
    part === 'b'
      ? bytes2(g2(statement.b).add(pool.source.pick(pool.smallOrder2)))
      : bytes1(g1(statement[part]).add(pool.source.pick(pool.smallOrder1))),
  ),
  pointKind('a point of the curve outside the subgroup', (pool, bytes) =>
    flipBit(
      pool.source.pick(bytes.length === G1_BYTES ? pool.stray1 : pool.stray2),
      pool.source.pick([2, 2, 7]),
    ),
  ),
];

const MALFORMED_REST: readonly Kind[] = [
  {
    name: 'random bytes for the whole proof',
    make: ({ source }, statement) => itemOf(statement, { proof: source.bytes(statement.proof.length) }),
  },
  {
    name: 'a proof of another length',
    make: ({ source }, statement) => {
      const length = source.pick([0, 1, 47, 48, 96, 144, 191, 193, 240, 384]);
      const proof = new Uint8Array(length);
      proof.set(statement.proof.subarray(0, length));
      return itemOf(statement, { proof });
    },
  },
  {
    name: 'a wrong number of inputs',
    make: ({ source }, statement) => {
      const inputs = statement.publicInputs;
      const other = source.pick([
        inputs.slice(0, -1),
        [...inputs, 0n],
        [...inputs, ...inputs, 1n],
        [0n, ...inputs],
      ]);
      return itemOf(statement, { publicInputs: other.length === inputs.length ? [...inputs, 1n] : other });
    },
  },
  {
    name: 'an input that is not canonical',
    make: ({ source }, statement) => {
      const inputs = [...statement.publicInputs];
      if (inputs.length === 0) return itemOf(statement, { publicInputs: [Q] });
      const at = source.below(inputs.length);
      const own = inputs[at]!;
      inputs[at] = source.pick([
        own + Q,
        own + Q,
        Q,
        Q + 1n,
        (1n << 256n) - 1n,
        1n << 255n,
        own + (1n << 256n),
        own - Q,
        -1n,
      ]);
      return itemOf(statement, { publicInputs: inputs });
    },
  },
];

function fromLogs(statement: Statement, logs: Logs): Made {
  const { a, b, c } = logs;
  return itemOf(statement, { proof: joinProof(bytes1(g1(a)), bytes2(g2(b)), bytes1(g1(c))) }, logs);
}

function changedInputs(source: Source, inputs: readonly bigint[]): bigint[] {
  const out = [...inputs];
  const at = source.below(inputs.length);
  const change = source.below(4);
  if (change === 0) out[at] = (out[at]! + 1n) % Q;
  else if (change === 1) out[at] = 0n;
  else if (change === 2) out[at] = Q - 1n;
  else out.reverse();
  return out;
}

const WELL_FORMED: readonly Kind[] = [
  { name: 'an honest proof', make: (_, statement) => itemOf(statement, {}, logsOf(statement)) },
  {
    name: 'a re-randomised proof that holds: rA, B/r, C',
    make: ({ source }, statement) => {
      const r = source.pick([source.field(), Q - 1n, 2n]);
      const { a, b, c } = statement;
      return fromLogs(statement, { a: modQ(a * r), b: modQ(b * invert(r)), c });
    },
  },
  {
    name: 'a re-randomised proof that holds: A, B + r delta, C + rA',
    make: ({ source }, statement) => {
      const r = source.field();
      const { a, b, c, key } = statement;
      return fromLogs(statement, { a, b: modQ(b + r * key.secrets.delta), c: modQ(c + r * a) });
    },
  },
  {
    name: 'the other root of one point',
    make: ({ source }, statement) => {
      const part = source.pick(PARTS);
      const proof = withPart(statement.proof, part, flipBit(splitProof(statement.proof)[part], 2));
      return itemOf(statement, { proof }, logsOf(statement, { [part]: modQ(-statement[part]) }));
    },
  },
  {
    name: 'A and C swapped',
    make: (_, statement) => {
      const { a, b, c } = splitProof(statement.proof);
      const logs = logsOf(statement, { a: statement.c, c: statement.a });
      return itemOf(statement, { proof: joinProof(c, b, a) }, logs);
    },
  },
  {
    name: "a point of another statement's proof",
    make: ({ source, statements }, statement) => {
      const part = source.pick(PARTS);
      const other = source.pick(statements);
      const proof = withPart(statement.proof, part, splitProof(other.proof)[part]);
      return itemOf(statement, { proof }, logsOf(statement, { [part]: other[part] }));
    },
  },
  {
    name: 'a proof of another statement or key',
    make: ({ source, statements }, statement) => {
      // Under the inputs and the key of one of the pool: which proof it is makes the case.
      const other = source.pick(statements);
      return itemOf(other, { proof: statement.proof }, logsOf(statement));
    },
  },
  {
    name: 'other inputs',
    make: ({ source, statements }, statement) => {
      const one =
        statement.publicInputs.length > 1 ? statement : statements.find((s) => s.publicInputs.length > 1)!;
      return itemOf(one, { publicInputs: changedInputs(source, one.publicInputs) }, logsOf(one));
    },
  },
  {
    name: 'a point of the key in the proof',
    make: ({ source }, statement) => {
      const { vk, secrets } = statement.key;
      const [part, bytes, log] = source.pick<readonly [Part, Uint8Array, bigint]>([
        ['a', vk.alpha, secrets.alpha],
        ['b', vk.beta, secrets.beta],
        ['b', vk.gamma, secrets.gamma],
        ['b', vk.delta, secrets.delta],
        ['c', vk.alpha, secrets.alpha],
        ['c', vk.ic[0]!, secrets.ic[0]!],
      ]);
      const proof = withPart(statement.proof, part, bytes);
      return itemOf(statement, { proof }, logsOf(statement, { [part]: log }));
    },
  },
];

/** In the order in which they take turns: faults of points twice, of which there are the most ways. */
export const DIFFERENTIAL_KINDS: readonly Kind[] = [
  ...MALFORMED_POINTS,
  ...MALFORMED_REST,
  ...MALFORMED_POINTS,
  ...WELL_FORMED,
];
