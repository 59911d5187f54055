import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bn254 } from '@noble/curves/bn254.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/curves/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { PrecompileName } from './engine.ts';
import { bytesFrom, hex, numbers, word } from './test-support.ts';

/** Valid inputs of every precompile: what tests change, and what engines are compared over. */

/** tau times the generator of G1, the second of `g1_monomial` in the trusted setup of Ethereum. */
const TAU_G1 =
  'ad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81';

/** Numbers that scalars go wrong at, beside those of a group's order. */
const EDGES = [0n, 1n, 2n, (1n << 128n) - 1n, (1n << 255n) + 1n, (1n << 256n) - 1n];

const BN = { G1: bn254.G1.Point, G2: bn254.G2.Point, order: bn254.fields.Fr.ORDER };
const BLS = { G1: bls12_381.G1.Point, G2: bls12_381.G2.Point, order: bls12_381.fields.Fr.ORDER };

export const bnG1 = (k: bigint): string => {
  const { x, y } = BN.G1.BASE.multiplyUnsafe(k).toAffine();
  return k === 0n ? word(0, 64) : word(x) + word(y);
};
export const bnG2 = (k: bigint): string => {
  const { x, y } = BN.G2.BASE.multiplyUnsafe(k).toAffine();
  return k === 0n ? word(0, 128) : word(x.c1) + word(x.c0) + word(y.c1) + word(y.c0);
};
export const blsG1 = (k: bigint): string => {
  const { x, y } = BLS.G1.BASE.multiplyUnsafe(k).toAffine();
  return k === 0n ? word(0, 128) : word(x, 64) + word(y, 64);
};
export const blsG2 = (k: bigint): string => {
  const { x, y } = BLS.G2.BASE.multiplyUnsafe(k).toAffine();
  return k === 0n ? word(0, 256) : [x.c0, x.c1, y.c0, y.c1].map((part) => word(part, 64)).join('');
};

/** An input of `modexp` with the lengths that its operands have, or others. */
export function modexpInput(
  base: string,
  exponent: string,
  modulus: string,
  lengths: readonly (bigint | number)[] = [base, exponent, modulus].map((digits) => digits.length >> 1),
): Uint8Array {
  return hex(lengths.map((length) => word(length)).join('') + base + exponent + modulus);
}

/** A proof that a + bx has its value at z; the polynomials that need no more of the trusted setup. */
export function evaluation(a: bigint, b: bigint, z: bigint): Uint8Array {
  const tau = BLS.G1.fromBytes(hexToBytes(TAU_G1));
  const commitment = BLS.G1.BASE.multiplyUnsafe(a).add(tau.multiplyUnsafe(b)).toBytes();
  const proof = BLS.G1.BASE.multiplyUnsafe(b).toBytes();
  const hash = sha256(commitment);
  hash[0] = 1;
  return concatBytes(hash, hex(word(z) + word((a + b * z) % BLS.order)), commitment, proof);
}

function signatures(next: () => number): Uint8Array[] {
  return Array.from({ length: 6 }, () => {
    const [hash, secret] = [bytesFrom(next, 32), bytesFrom(next, 32)];
    const options = { prehash: false, lowS: false, format: 'recovered', extraEntropy: false } as const;
    const signature = secp256k1.sign(hash, secret, options);
    return concatBytes(hash, hex(word(27 + signature[0]!)), signature.subarray(1));
  });
}

function hashes(next: () => number): Uint8Array[] {
  return [0, 1, 31, 32, 33, 55, 56, 63, 64, 65, 119, 120, 128, 1_000].map((length) =>
    bytesFrom(next, length),
  );
}

function powers(next: () => number): Uint8Array[] {
  const random = (length: number): string => bytesToHex(bytesFrom(next, length));
  const out: Uint8Array[] = [];
  for (const length of [0, 1, 2, 7, 8, 9, 16, 24, 31, 32, 33, 64, 72, 128, 200]) {
    for (const exponent of ['', '00', '01', '02', '03', 'ff', '010001', random(3), random(33), random(40)]) {
      out.push(modexpInput(random(length), exponent, random(length)));
    }
    const even = hex(`${random(length)}00000000`).map((byte, i) => (i === 0 ? byte & 0xf0 : byte));
    out.push(modexpInput(random(length + 9), random(33), bytesToHex(even)));
    out.push(modexpInput(random(length + 3), random(70), `80${'00'.repeat(length)}`));
    out.push(modexpInput(`${random(length)}0000`, random(70), `80${'00'.repeat(length)}`));
    out.push(modexpInput('ff'.repeat(length), 'ff'.repeat(34), 'ff'.repeat(length)));
    out.push(modexpInput(random(length), random(2), `01${random(length)}01`));
    out.push(modexpInput(random(length + 100), random(2), `01${random(length)}`));
  }
  for (const modulus of ['00', '0000', '01', '02', '03', '0001', '000000000000000000000001']) {
    for (const [base, exponent] of [
      ['00', '00'],
      ['', ''],
      ['05', ''],
      ['', '05'],
      ['ffff', 'ffff'],
    ] as const) {
      out.push(modexpInput(base, exponent, modulus));
    }
  }
  return out;
}

const SCALARS_BN = [...EDGES, BN.order - 1n, BN.order, BN.order + 1n, 4n * BN.order];
const SCALARS_BLS = [...EDGES, BLS.order - 1n, BLS.order, BLS.order + 1n, 2n * BLS.order];

/** Valid inputs of a precompile, the same every time. */
export function samples(name: PrecompileName): Uint8Array[] {
  const next = numbers(7);
  const scalar = (): bigint => BigInt(`0x${bytesToHex(bytesFrom(next, 31))}`);
  const [k, l] = [scalar(), scalar()];
  switch (name) {
    case 'ecrecover':
      return signatures(next);
    case 'sha256':
    case 'ripemd160':
    case 'identity':
      return hashes(next);
    case 'modexp':
      return powers(next);
    case 'bn254Add':
      return [
        [k, l],
        [k, k],
        [k, BN.order - k],
        [0n, k],
        [k, 0n],
        [0n, 0n],
        [1n, 2n],
      ].map(([a, b]) => hex(bnG1(a!) + bnG1(b!)));
    case 'bn254Mul':
      return [...SCALARS_BN, k, l].flatMap((s) => [k, 0n, 1n].map((p) => hex(bnG1(p) + word(s))));
    case 'bn254Pairing':
      return [
        '',
        bnG1(k) + bnG2(l),
        bnG1(k) + bnG2(l) + bnG1(BN.order - l) + bnG2(k),
        bnG1(0n) + bnG2(l),
        bnG1(k) + bnG2(0n) + bnG1(0n) + bnG2(0n),
        bnG1(2n) + bnG2(3n) + bnG1(BN.order - 1n) + bnG2(2n) + bnG1(BN.order - 4n) + bnG2(1n),
      ].map(hex);
    case 'blake2f':
      return [0, 1, 2, 9, 10, 11, 12, 25, 300].flatMap((rounds) =>
        ['00', '01'].map((last) => hex(word(rounds, 4) + bytesToHex(bytesFrom(next, 208)) + last)),
      );
    case 'pointEvaluation':
      return [evaluation(k, l, k + 1n), evaluation(k, 0n, l), evaluation(0n, 0n, 5n), evaluation(0n, 1n, 0n)];
    case 'blsG1Add':
      return [
        [k, l],
        [k, k],
        [k, BLS.order - k],
        [0n, k],
        [k, 0n],
        [0n, 0n],
      ].map(([a, b]) => hex(blsG1(a!) + blsG1(b!)));
    case 'blsG2Add':
      return [
        [k, l],
        [k, k],
        [k, BLS.order - k],
        [0n, k],
        [k, 0n],
        [0n, 0n],
      ].map(([a, b]) => hex(blsG2(a!) + blsG2(b!)));
    case 'blsG1Msm':
      return [
        ...[...SCALARS_BLS, k].flatMap((s) => [k, 0n].map((p) => blsG1(p) + word(s))),
        blsG1(k) + word(l) + blsG1(l) + word(BLS.order - k),
        [1n, 0n, 2n, k, l, k].map((p, i) => blsG1(p) + word(i === 3 ? 0n : l)).join(''),
        Array.from({ length: 40 }, (_, i) => blsG1(BigInt(i % 7)) + word(scalar() << 8n)).join(''),
      ].map(hex);
    case 'blsG2Msm':
      return [
        ...[...SCALARS_BLS, k].flatMap((s) => [k, 0n].map((p) => blsG2(p) + word(s))),
        blsG2(k) + word(l) + blsG2(l) + word(BLS.order - k),
        [1n, 0n, 2n, k, l, k].map((p, i) => blsG2(p) + word(i === 3 ? 0n : l)).join(''),
      ].map(hex);
    case 'blsPairing':
      return [
        blsG1(k) + blsG2(l),
        blsG1(k) + blsG2(l) + blsG1(BLS.order - l) + blsG2(k),
        blsG1(0n) + blsG2(l),
        blsG1(k) + blsG2(0n) + blsG1(0n) + blsG2(0n),
        blsG1(2n) + blsG2(3n) + blsG1(BLS.order - 1n) + blsG2(2n) + blsG1(BLS.order - 4n) + blsG2(1n),
      ].map(hex);
    case 'blsMapFpToG1':
      return [0n, 1n, 2n, k, bls12_381.fields.Fp.ORDER - 1n].map((u) => hex(word(u, 64)));
    case 'blsMapFp2ToG2':
      return [
        [0n, 0n],
        [0n, 1n],
        [1n, 0n],
        [k, l],
        [bls12_381.fields.Fp.ORDER - 1n, bls12_381.fields.Fp.ORDER - 1n],
      ].map(([a, b]) => hex(word(a!, 64) + word(b!, 64)));
  }
}
