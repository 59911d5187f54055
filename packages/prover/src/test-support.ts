import { bls12_381 } from '@noble/curves/bls12-381.js';
import { invert, leInteger, modQ, toField } from '@sero/crypto';
import { type Proof, splitProof } from './groth16.ts';
import {
  decompressG1,
  decompressG2,
  encodeG1,
  encodeG2,
  G1,
  type G1Point,
  G2,
  type G2Point,
} from './points.ts';
import type { VerifyingKey } from './verifying-key.ts';

/** Keys whose secrets the tests know, and proofs made from the secrets: valid ones need no circuit. */

const { Fp, Fp2, Fp12 } = bls12_381.fields;

export function randomField(): bigint {
  return toField(globalThis.crypto.getRandomValues(new Uint8Array(64)));
}

export const g1 = (scalar: bigint): G1Point => G1.BASE.multiplyUnsafe(modQ(scalar));
export const g2 = (scalar: bigint): G2Point => G2.BASE.multiplyUnsafe(modQ(scalar));
export const bytes1 = (point: G1Point): Uint8Array => encodeG1(point.toAffine());
export const bytes2 = (point: G2Point): Uint8Array => encodeG2(point.toAffine());

export interface Secrets {
  readonly alpha: bigint;
  readonly beta: bigint;
  readonly gamma: bigint;
  readonly delta: bigint;
  readonly ic: readonly bigint[];
}

export interface KnownKey {
  readonly secrets: Secrets;
  readonly vk: VerifyingKey;
}

/** A key with random secrets, some of them chosen. */
export function knownKey(inputs: number, chosen: Partial<Secrets> = {}, circuit = 1): KnownKey {
  const secrets: Secrets = {
    alpha: randomField(),
    beta: randomField(),
    gamma: randomField(),
    delta: randomField(),
    ic: Array.from({ length: inputs + 1 }, randomField),
    ...chosen,
  };
  const vk: VerifyingKey = {
    circuit,
    proofSystem: 1,
    development: false,
    alpha: bytes1(g1(secrets.alpha)),
    beta: bytes2(g2(secrets.beta)),
    gamma: bytes2(g2(secrets.gamma)),
    delta: bytes2(g2(secrets.delta)),
    ic: secrets.ic.map((scalar) => bytes1(g1(scalar))),
  };
  return { secrets, vk };
}

export function joinProof(a: Uint8Array, b: Uint8Array, c: Uint8Array): Proof {
  const out = new Uint8Array(a.length + b.length + c.length);
  out.set(a);
  out.set(b, a.length);
  out.set(c, a.length + b.length);
  return out;
}

/** A proof from the secrets, as the zero-knowledge simulator makes it (eprint 2016/260, section 3.2). */
export function simulate({ secrets }: KnownKey, publicInputs: readonly bigint[]): Proof {
  const [a, b] = [randomField(), randomField()];
  const x = publicInputs.reduce((sum, value, i) => sum + value * secrets.ic[i + 1]!, secrets.ic[0]!);
  const c = (a * b - secrets.alpha * secrets.beta - x * secrets.gamma) * invert(secrets.delta);
  return joinProof(bytes1(g1(a)), bytes2(g2(b)), bytes1(g1(c)));
}

/** The bare equation, with no check of anything: what an attack would meet in a careless verifier. */
export function bareEquation(vk: VerifyingKey, publicInputs: readonly bigint[], proof: Proof): boolean {
  const on1 = (bytes: Uint8Array): G1Point => (bytes[0]! & 0x40 ? G1.ZERO : (decompressG1(bytes) as G1Point));
  const on2 = (bytes: Uint8Array): G2Point => decompressG2(bytes) as G2Point;
  const { a, b, c } = splitProof(proof);
  const x = publicInputs.reduce(
    (sum, value, i) => sum.add(on1(vk.ic[i + 1]!).multiplyUnsafe(modQ(value))),
    on1(vk.ic[0]!),
  );
  const terms: [G1Point, G2Point][] = [
    [on1(a), on2(b)],
    [on1(vk.alpha).negate(), on2(vk.beta)],
    [x.negate(), on2(vk.gamma)],
    [on1(c).negate(), on2(vk.delta)],
  ];
  const pairs = terms.flatMap(([p, q]): Parameters<typeof bls12_381.millerLoopBatch>[0] => {
    if (p.is0()) return [];
    const { x: px, y: py } = p.toAffine();
    return [[bls12_381.utils.calcPairingPrecomputes(q), px, py]];
  });
  return Fp12.eql(Fp12.finalExponentiate(bls12_381.millerLoopBatch(pairs)), Fp12.ONE);
}

/** A point of the first curve outside the subgroup. */
export function strayG1(): G1Point {
  for (let x = 1n; ; x++) {
    const point = decompressG1(encodeG1({ x, y: 0n }));
    if (typeof point !== 'string' && !point.isTorsionFree()) return point;
  }
}

/** A point whose order divides the cofactor: pairings do not see it. */
export function torsionG1(): G1Point {
  const stray = strayG1();
  return stray.subtract(projectG1(stray));
}

/** The part of a point that lies in the subgroup: [h (h^-1 mod q)]P. */
function projectG1(point: G1Point): G1Point {
  const h = 0x396c8c005555e1568c00aaab0000aaabn;
  return point.multiplyUnsafe(h).multiplyUnsafe(invert(h));
}

/** A point of the twist outside the subgroup. */
export function strayG2(): G2Point {
  for (let c0 = 1n; ; c0++) {
    const point = decompressG2(encodeG2({ x: Fp2.fromBigTuple([c0, 1n]), y: Fp2.ZERO }));
    if (typeof point !== 'string' && !point.isTorsionFree()) return point;
  }
}

/** An x-coordinate's encoding with no point of the first curve on it. */
export function offCurveG1(): Uint8Array {
  for (let x = 1n; ; x++) {
    const bytes = encodeG1({ x, y: 0n });
    if (decompressG1(bytes) === 'point-not-on-curve') return bytes;
  }
}

/** The same x written as x + p, where it fits under the flags. */
export function aliasG1(bytes: Uint8Array): Uint8Array | undefined {
  const x =
    leInteger(Uint8Array.from(bytes, (byte, i) => (i === 0 ? byte & 0x1f : byte)).reverse()) + Fp.ORDER;
  if (x >> 381n !== 0n) return undefined;
  const out = encodeG1({ x, y: 0n });
  out[0]! |= bytes[0]! & 0xe0;
  return out;
}

/** Infinity's encoding. */
export function infinityBytes(length: number): Uint8Array {
  const out = new Uint8Array(length);
  out[0] = 0xc0;
  return out;
}
