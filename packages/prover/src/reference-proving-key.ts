import { bls12_381 } from '@noble/curves/bls12-381.js';
import { invert, leInteger, Q } from '@sero/crypto';
import { ProverError } from './errors.ts';
import { G1, type G1Point, G2, type G2Point } from './points.ts';
import { readZkeyParts, type ZkeyShape } from './zkey.ts';

/**
 * A .zkey's contents as points and numbers. The format is iden3's, version 1: affine points in Montgomery form with
 * R = 2^384, infinity all zeros; section 4 the entries of the matrices A and B times R^2, R = 2^256; section 5 the
 * points of A, 6 and 7 those of B in both groups, 8 those of the private wires, 9 those of the quotient on the odd
 * coset.
 */
export interface ReferenceProvingKey extends ZkeyShape {
  readonly alpha1: G1Point;
  readonly beta1: G1Point;
  readonly beta2: G2Point;
  readonly delta1: G1Point;
  readonly delta2: G2Point;
  readonly entries: readonly MatrixEntry[];
  readonly a: readonly G1Point[];
  readonly b1: readonly G1Point[];
  readonly b2: readonly G2Point[];
  readonly c: readonly G1Point[];
  readonly h: readonly G1Point[];
}

/** A coefficient of the matrix A (0) or B (1). */
interface MatrixEntry {
  readonly matrix: number;
  readonly row: number;
  readonly wire: number;
  readonly value: bigint;
}

const { Fp, Fp2 } = bls12_381.fields;
const FQ_BYTES = 48;
const G1_BYTES = 2 * FQ_BYTES;
const G2_BYTES = 4 * FQ_BYTES;
const ENTRY_BYTES = 12 + 32;
const MAX_DOMAIN = 1 << 28;
const FROM_MONTGOMERY = Fp.inv(Fp.create(1n << 384n));
const FROM_ENTRY = invert((1n << 512n) % Q);

const malformed = (why: string): ProverError => new ProverError('zkey-malformed', `.zkey: ${why}`);

function coordinates(bytes: Uint8Array): bigint[] {
  const out: bigint[] = [];
  for (let at = 0; at < bytes.length; at += FQ_BYTES) {
    const value = leInteger(bytes.subarray(at, at + FQ_BYTES));
    if (value >= Fp.ORDER) throw malformed('a coordinate is not below the modulus');
    out.push(Fp.mul(value, FROM_MONTGOMERY));
  }
  return out;
}

function readG1(bytes: Uint8Array): G1Point {
  const [x, y] = coordinates(bytes) as [bigint, bigint];
  if (x === 0n && y === 0n) return G1.ZERO;
  if (!Fp.eql(Fp.sqr(y), Fp.add(Fp.mul(Fp.sqr(x), x), 4n))) throw malformed('a point is not on the curve');
  return G1.fromAffine({ x, y });
}

const B2 = Fp2.fromBigTuple([4n, 4n]);

function readG2(bytes: Uint8Array): G2Point {
  const [x0, x1, y0, y1] = coordinates(bytes) as [bigint, bigint, bigint, bigint];
  const [x, y] = [Fp2.fromBigTuple([x0, x1]), Fp2.fromBigTuple([y0, y1])];
  if (Fp2.is0(x) && Fp2.is0(y)) return G2.ZERO;
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), B2)))
    throw malformed('a point is not on the twist');
  return G2.fromAffine({ x, y });
}

/** A point that stands for itself: neither infinity nor outside of the subgroup. */
function alone<P extends { is0(): boolean; isTorsionFree(): boolean }>(point: P): P {
  if (point.is0() || !point.isTorsionFree()) throw malformed('a point is not one of the subgroup');
  return point;
}

function readAll<P>(bytes: Uint8Array, size: number, read: (bytes: Uint8Array) => P): P[] {
  return Array.from({ length: bytes.length / size }, (_, i) =>
    read(bytes.subarray(i * size, (i + 1) * size)),
  );
}

function readEntries(section: Uint8Array, { wires, domainSize }: ZkeyShape): MatrixEntry[] {
  const view = new DataView(section.buffer, section.byteOffset, section.length);
  const count = view.getUint32(0, true);
  if (section.length !== 4 + count * ENTRY_BYTES) throw malformed('the entries are not as many as announced');
  return Array.from({ length: count }, (_, i) => {
    const at = 4 + i * ENTRY_BYTES;
    const [matrix, row, wire] = [0, 4, 8].map((offset) => view.getUint32(at + offset, true)) as [
      number,
      number,
      number,
    ];
    const value = leInteger(section.subarray(at + 12, at + ENTRY_BYTES));
    if (matrix > 1 || row >= domainSize || wire >= wires)
      throw malformed(`entry ${i} lies outside its matrix`);
    if (value >= Q) throw malformed(`entry ${i} is not below the modulus`);
    return { matrix, row, wire, value: (value * FROM_ENTRY) % Q };
  });
}

/**
 * Reads a .zkey whole. That points of the lists lie in the subgroup is not asked, nor whether the key is of any circuit: a key
 * is taken from whom one trusts.
 *
 * @throws ProverError `zkey-malformed`
 */
export function readReferenceProvingKey(zkey: Uint8Array): ReferenceProvingKey {
  const parts = readZkeyParts(zkey);
  const { wires, publicInputs, domainSize, points } = parts;
  if (domainSize < 2 || domainSize > MAX_DOMAIN || (domainSize & (domainSize - 1)) !== 0) {
    throw malformed('the domain is not a power of two');
  }
  if (wires <= publicInputs) throw malformed('there are fewer wires than public inputs');
  const g1 = (type: number, count: number): G1Point[] =>
    readAll(parts.section(type, count * G1_BYTES), G1_BYTES, readG1);
  const fixed1 = (at: number): G1Point => alone(readG1(points.subarray(at, at + G1_BYTES)));
  const fixed2 = (at: number): G2Point => alone(readG2(points.subarray(at, at + G2_BYTES)));
  for (const point of g1(3, publicInputs + 1)) alone(point);
  fixed2(2 * G1_BYTES + G2_BYTES); // gamma, which only the verifying key holds
  return {
    wires,
    publicInputs,
    domainSize,
    alpha1: fixed1(0),
    beta1: fixed1(G1_BYTES),
    beta2: fixed2(2 * G1_BYTES),
    delta1: fixed1(2 * G1_BYTES + 2 * G2_BYTES),
    delta2: fixed2(3 * G1_BYTES + 2 * G2_BYTES),
    entries: readEntries(parts.sectionFrom(4, 4), { wires, publicInputs, domainSize }),
    a: g1(5, wires),
    b1: g1(6, wires),
    b2: readAll(parts.section(7, wires * G2_BYTES), G2_BYTES, readG2),
    c: g1(8, wires - publicInputs - 1),
    h: g1(9, domainSize),
  };
}
