import { bn254 } from '@noble/curves/bn254.js';
import { bytesToNumberBE, numberToBytesBE } from '@noble/curves/utils.js';
import { slicePadded, truthWord } from '../bytes.ts';

const { Fp, Fp2, Fp12, Fr } = bn254.fields;
const G1 = bn254.G1.Point;
const G2 = bn254.G2.Point;
type G1Point = InstanceType<typeof G1>;
type G2Point = InstanceType<typeof G2>;

const COORDINATE = 32;
const POINT_G1 = 64;
const PAIR = 192;
/** y^2 = x^3 + 3 / (9 + u) is the twist (EIP-197, "Definition of the groups"). */
const TWIST_B = Fp2.div(Fp2.fromBigTuple([3n, 0n]), Fp2.fromBigTuple([9n, 1n]));

const coordinateAt = (bytes: Uint8Array, from: number): bigint =>
  bytesToNumberBE(bytes.subarray(from, from + COORDINATE));

/** A point of y^2 = x^3 + 3, where zeros stand for infinity (EIP-196, "Encoding"); undefined where it is none. */
function decodeG1(bytes: Uint8Array): G1Point | undefined {
  const [x, y] = [coordinateAt(bytes, 0), coordinateAt(bytes, COORDINATE)];
  if (x >= Fp.ORDER || y >= Fp.ORDER) return undefined;
  if (x === 0n && y === 0n) return G1.ZERO;
  return Fp.sqr(y) === Fp.create(Fp.mul(Fp.sqr(x), x) + 3n) ? G1.fromAffine({ x, y }) : undefined;
}

/** A point of the twist and of the group of order r; imaginary parts come first (EIP-197, "Encoding"). */
function decodeG2(bytes: Uint8Array): G2Point | undefined {
  const parts = [0, 1, 2, 3].map((i) => coordinateAt(bytes, COORDINATE * i));
  if (parts.some((part) => part >= Fp.ORDER)) return undefined;
  if (parts.every((part) => part === 0n)) return G2.ZERO;
  const [x1, x0, y1, y0] = parts as [bigint, bigint, bigint, bigint];
  const [x, y] = [Fp2.fromBigTuple([x0, x1]), Fp2.fromBigTuple([y0, y1])];
  if (!Fp2.eql(Fp2.sqr(y), Fp2.add(Fp2.mul(Fp2.sqr(x), x), TWIST_B))) return undefined;
  const point = G2.fromAffine({ x, y });
  return point.isTorsionFree() ? point : undefined;
}

function encodeG1(point: G1Point): Uint8Array {
  const out = new Uint8Array(POINT_G1);
  if (point.is0()) return out;
  const { x, y } = point.toAffine();
  out.set(numberToBytesBE(x, COORDINATE));
  out.set(numberToBytesBE(y, COORDINATE), COORDINATE);
  return out;
}

/** Sum of two points (EIP-196). */
export function bn254Add(input: Uint8Array): Uint8Array | undefined {
  const left = decodeG1(slicePadded(input, 0, POINT_G1));
  const right = decodeG1(slicePadded(input, POINT_G1, POINT_G1));
  return left === undefined || right === undefined ? undefined : encodeG1(left.add(right));
}

/** A point times a number of 32 bytes (EIP-196). */
export function bn254Mul(input: Uint8Array): Uint8Array | undefined {
  const point = decodeG1(slicePadded(input, 0, POINT_G1));
  if (point === undefined) return undefined;
  const scalar = bytesToNumberBE(slicePadded(input, POINT_G1, 32));
  return encodeG1(point.multiplyUnsafe(Fr.create(scalar)));
}

/** Whether a product of pairings is one (EIP-197). */
export function bn254Pairing(input: Uint8Array): Uint8Array | undefined {
  if (input.length % PAIR !== 0) return undefined;
  const pairs: { g1: G1Point; g2: G2Point }[] = [];
  for (let at = 0; at < input.length; at += PAIR) {
    const g1 = decodeG1(input.subarray(at, at + POINT_G1));
    const g2 = decodeG2(input.subarray(at + POINT_G1, at + PAIR));
    if (g1 === undefined || g2 === undefined) return undefined;
    if (!g1.is0() && !g2.is0()) pairs.push({ g1, g2 });
  }
  return truthWord(Fp12.eql(bn254.pairingBatch(pairs), Fp12.ONE));
}
