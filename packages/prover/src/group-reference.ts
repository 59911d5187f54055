import { bls12_381 } from '@noble/curves/bls12-381.js';
import { leBytes, leInteger, Q } from '@sero/crypto';
import { ProverError } from './errors.ts';
import { GROUP_POINT_BYTES, type Group, type GroupEngine } from './group-engine.ts';

/** The reference for the other engines, on @noble/curves: right, and a thousand times slower than they are. */

const { G1, G2, fields, pairingBatch } = bls12_381;
const { Fp, Fp2, Fp12 } = fields;
const FQ_BYTES = 48;
const FR_BYTES = 32;
const TO_MONTGOMERY = Fp.create(1n << 384n);
const FROM_MONTGOMERY = Fp.inv(TO_MONTGOMERY);
const LARGER = (Fp.ORDER - 1n) / 2n;
/** The smallest non-residue: roots of unity are its powers. */
const NON_RESIDUE = 5n;

type Point1 = typeof G1.Point.BASE;
type Point2 = typeof G2.Point.BASE;

/** What the engine needs of a point; noble's classes have no common type that takes both. */
interface Addable<P> {
  add(other: P): P;
  negate(): P;
  multiplyUnsafe(scalar: bigint): P;
  is0(): boolean;
  isTorsionFree(): boolean;
}

/** One group: its points from and to the bytes that the interface speaks of. */
interface Codec<P extends Addable<P>> {
  readonly base: P;
  readonly zero: P;
  /** The coordinates c0 (, c1) of x, then of y. */
  readonly coordinates: (point: P) => readonly bigint[];
  /** Whether they are those of a point of the curve is not asked. */
  readonly fromCoordinates: (coordinates: readonly bigint[]) => P;
  readonly isOnCurve: (coordinates: readonly bigint[]) => boolean;
}

const codec1: Codec<Point1> = {
  base: G1.Point.BASE,
  zero: G1.Point.ZERO,
  coordinates: (point) => {
    const { x, y } = point.toAffine();
    return [x, y];
  },
  fromCoordinates: ([x, y]) => G1.Point.fromAffine({ x: x!, y: y! }),
  isOnCurve: ([x, y]) => Fp.eql(Fp.sqr(y!), Fp.add(Fp.mul(Fp.sqr(x!), x!), 4n)),
};

const codec2: Codec<Point2> = {
  base: G2.Point.BASE,
  zero: G2.Point.ZERO,
  coordinates: (point) => {
    const { x, y } = point.toAffine();
    return [x.c0, x.c1, y.c0, y.c1];
  },
  fromCoordinates: ([x0, x1, y0, y1]) =>
    G2.Point.fromAffine({ x: Fp2.fromBigTuple([x0!, x1!]), y: Fp2.fromBigTuple([y0!, y1!]) }),
  isOnCurve: ([x0, x1, y0, y1]) => {
    const [x, y] = [Fp2.fromBigTuple([x0!, x1!]), Fp2.fromBigTuple([y0!, y1!])];
    return Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), Fp2.fromBigTuple([4n, 4n])));
  },
};

const cut = (bytes: Uint8Array, size: number): Uint8Array[] => {
  if (bytes.length % size !== 0)
    throw new ProverError('packed-length', `${bytes.length} bytes, each has ${size}`);
  return Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
};

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function readScalars(bytes: Uint8Array, size = FR_BYTES): bigint[] {
  return cut(bytes, size).map((part) => {
    const value = leInteger(part);
    if (value >= Q) throw new ProverError('field-not-canonical', 'a scalar is not below r');
    return value;
  });
}

function expectCount(actual: number, expected: number, what: string): void {
  if (actual !== expected) throw new ProverError('packed-length', `${actual} ${what} for ${expected}`);
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % Q;
    square = (square * square) % Q;
  }
  return result;
}

const isInfinity = (point: Uint8Array): boolean => point.every((byte) => byte === 0);

interface Operations {
  readonly multiplyGenerator: (scalars: Uint8Array) => Uint8Array;
  readonly multiplyEach: (points: Uint8Array, scalars: readonly bigint[]) => Uint8Array;
  readonly lagrange: (points: Uint8Array) => Uint8Array;
  readonly combine: (points: Uint8Array, terms: readonly (readonly [number, bigint])[]) => Uint8Array;
  readonly subtract: (left: Uint8Array, right: Uint8Array) => Uint8Array;
  readonly firstBad: (points: Uint8Array) => number | undefined;
  readonly coordinatesOf: (point: Uint8Array) => readonly bigint[] | undefined;
}

function operations<P extends Addable<P>>(group: Group, codec: Codec<P>): Operations {
  const size = GROUP_POINT_BYTES[group];
  const { zero } = codec;
  const coordinatesIn = (bytes: Uint8Array): bigint[] =>
    cut(bytes, FQ_BYTES).map((part) => Fp.mul(leInteger(part), FROM_MONTGOMERY));
  const read = (bytes: Uint8Array): P =>
    isInfinity(bytes) ? zero : codec.fromCoordinates(coordinatesIn(bytes));
  const readAll = (bytes: Uint8Array): P[] => cut(bytes, size).map(read);
  const write = (point: P): Uint8Array =>
    point.is0()
      ? new Uint8Array(size)
      : join(codec.coordinates(point).map((value) => leBytes(Fp.mul(value, TO_MONTGOMERY), FQ_BYTES)));
  const sum = (points: readonly P[]): P => points.reduce((total, point) => total.add(point), zero);
  const times = (point: P, scalar: bigint): P => (point.is0() ? zero : point.multiplyUnsafe(scalar));

  return {
    multiplyGenerator: (scalars) =>
      join(readScalars(scalars).map((scalar) => write(times(codec.base, scalar)))),
    multiplyEach: (points, scalars) =>
      join(readAll(points).map((point, i) => write(times(point, scalars[i]!)))),
    lagrange: (bytes) => {
      const points = readAll(bytes);
      const n = BigInt(points.length);
      if (n === 0n || (n & (n - 1n)) !== 0n)
        throw new ProverError('packed-length', `${n} is no power of two`);
      const backwards = power(power(NON_RESIDUE, (Q - 1n) / n), Q - 2n);
      const inverse = power(n, Q - 2n);
      return join(
        points.map((_, j) => {
          const step = power(backwards, BigInt(j));
          let factor = inverse;
          const terms = points.map((point) => {
            const term = times(point, factor);
            factor = (factor * step) % Q;
            return term;
          });
          return write(sum(terms));
        }),
      );
    },
    combine: (bytes, terms) =>
      write(
        sum(
          terms.map(([index, scalar]) =>
            times(read(bytes.subarray(index * size, (index + 1) * size)), scalar),
          ),
        ),
      ),
    subtract: (left, right) => {
      const others = readAll(right);
      return join(readAll(left).map((point, i) => write(point.add(others[i]!.negate()))));
    },
    firstBad: (bytes) => {
      const isGood = (part: Uint8Array): boolean => {
        if (cut(part, FQ_BYTES).some((coordinate) => leInteger(coordinate) >= Fp.ORDER)) return false;
        const coordinates = coordinatesIn(part);
        if (isInfinity(part) || !codec.isOnCurve(coordinates)) return false;
        return codec.fromCoordinates(coordinates).isTorsionFree();
      };
      const at = cut(bytes, size).findIndex((part) => !isGood(part));
      return at === -1 ? undefined : at;
    },
    coordinatesOf: (bytes) => (isInfinity(bytes) ? undefined : coordinatesIn(bytes)),
  };
}

const OPERATIONS: Readonly<Record<Group, Operations>> = {
  g1: operations('g1', codec1),
  g2: operations('g2', codec2),
};

const countOf = (group: Group, points: Uint8Array): number => cut(points, GROUP_POINT_BYTES[group]).length;

/** c1 before c0, each big-endian. */
const bigEndian = (parts: readonly bigint[]): Uint8Array =>
  join(parts.toReversed().map((value) => leBytes(value, FQ_BYTES).reverse()));

function encodePoint(group: Group, point: Uint8Array, compressed: boolean): Uint8Array {
  const coordinates = OPERATIONS[group].coordinatesOf(point);
  if (coordinates === undefined) {
    const out = new Uint8Array(compressed ? point.length / 2 : point.length);
    if (compressed) out[0] = 0x40;
    return out;
  }
  const half = coordinates.length / 2;
  const [x, y] = [coordinates.slice(0, half), coordinates.slice(half)];
  if (!compressed) return join([bigEndian(x), bigEndian(y)]);
  const out = bigEndian(x);
  const deciding = y.toReversed().find((part) => part !== 0n) ?? 0n;
  if (deciding > LARGER) out[0]! |= 0x80;
  return out;
}

/** The reference engine: for small circuits, tests, and machines on which nothing else runs. */
export function createReferenceGroupEngine(): GroupEngine {
  const guarded = async <T>(signal: AbortSignal | undefined, work: () => T): Promise<T> => {
    signal?.throwIfAborted();
    return work();
  };
  return {
    multiplyGenerator: (group, scalars, signal) =>
      guarded(signal, () => OPERATIONS[group].multiplyGenerator(scalars)),
    multiplyEach: (group, points, scalars, signal) =>
      guarded(signal, () => {
        const values = readScalars(scalars);
        expectCount(values.length, countOf(group, points), 'scalars');
        return OPERATIONS[group].multiplyEach(points, values);
      }),
    multiplyPowers: (group, points, first, factor, signal) =>
      guarded(signal, () => {
        const [[start], [step]] = [readScalars(first), readScalars(factor)];
        expectCount(first.length + factor.length, 2 * FR_BYTES, 'bytes of scalars');
        let value = start!;
        const values = Array.from({ length: countOf(group, points) }, () => {
          const now = value;
          value = (value * step!) % Q;
          return now;
        });
        return OPERATIONS[group].multiplyEach(points, values);
      }),
    lagrange: (group, points, signal) => guarded(signal, () => OPERATIONS[group].lagrange(points)),
    combineRows: (group, bases, { starts, indices, coefficients }, signal) =>
      guarded(signal, () => {
        const scalars = readScalars(coefficients);
        const count = countOf(group, bases);
        expectCount(scalars.length, indices.length, 'coefficients');
        const falls = starts.some((start, i) => i > 0 && start < starts[i - 1]!);
        if (starts[0] !== 0 || starts.at(-1) !== indices.length || falls || indices.some((i) => i >= count)) {
          throw new ProverError('packed-length', 'the rows do not fit their terms');
        }
        const rows = Array.from({ length: starts.length - 1 }, (_, row) =>
          Array.from({ length: starts[row + 1]! - starts[row]! }, (_, i) => {
            const term = starts[row]! + i;
            return [indices[term]!, scalars[term]!] as const;
          }),
        );
        return join(rows.map((terms) => OPERATIONS[group].combine(bases, terms)));
      }),
    multiExp: (group, points, scalars, scalarBytes, signal) =>
      guarded(signal, () => {
        const values = readScalars(scalars, scalarBytes);
        expectCount(values.length, countOf(group, points), 'scalars');
        return OPERATIONS[group].combine(
          points,
          values.map((value, i) => [i, value]),
        );
      }),
    subtract: (group, left, right, signal) =>
      guarded(signal, () => {
        expectCount(countOf(group, left), countOf(group, right), 'points');
        return OPERATIONS[group].subtract(left, right);
      }),
    firstBad: (group, points, signal) => guarded(signal, () => OPERATIONS[group].firstBad(points)),
    encode: (group, points, form, signal) =>
      guarded(signal, () =>
        join(
          cut(points, GROUP_POINT_BYTES[group]).map((point) =>
            encodePoint(group, point, form === 'compressed'),
          ),
        ),
      ),
    pairingProductIsOne: (left, right, signal) =>
      guarded(signal, () => {
        expectCount(countOf('g1', left), countOf('g2', right), 'points');
        const rights = cut(right, GROUP_POINT_BYTES.g2).map((bytes) => OPERATIONS.g2.coordinatesOf(bytes));
        const pairs = cut(left, GROUP_POINT_BYTES.g1).flatMap((bytes, i) => {
          const [p, q] = [OPERATIONS.g1.coordinatesOf(bytes), rights[i]];
          return p === undefined || q === undefined
            ? []
            : [{ g1: codec1.fromCoordinates(p), g2: codec2.fromCoordinates(q) }];
        });
        return pairs.length === 0 || Fp12.eql(pairingBatch(pairs), Fp12.ONE);
      }),
  };
}
