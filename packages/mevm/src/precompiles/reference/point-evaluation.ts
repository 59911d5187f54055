import { bls12_381 } from '@noble/curves/bls12-381.js';
import { bytesToNumberBE, concatBytes, hexToBytes, numberToBytesBE } from '@noble/curves/utils.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeCompressedG1 } from './bls-compressed.ts';
import { G1, G2 } from './bls-points.ts';

const LENGTH = 192;
/** VERSIONED_HASH_VERSION_KZG of EIP-4844. */
const VERSION = 1;
/** FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS of EIP-4844, which every success answers. */
const ANSWER = concatBytes(numberToBytesBE(4096n, 32), numberToBytesBE(bls12_381.fields.Fr.ORDER, 32));
/** tau times the generator of G2: the second of `g2_monomial` in the trusted setup of Ethereum (consensus-specs, Deneb). */
const TAU_G2 =
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d' +
  '2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e2' +
  '3926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2';
const tau = G2.fromBytes(hexToBytes(TAU_G2));

/**
 * Proves that a blob's polynomial has a value at a point (EIP-4844, "Point evaluation precompile"): versioned hash, z, y,
 * commitment C and proof pi. It holds where e(C - yG1 + z pi, -G2) e(pi, tau G2) = 1.
 */
export function pointEvaluation(input: Uint8Array): Uint8Array | undefined {
  if (input.length !== LENGTH) return undefined;
  const hash = sha256(input.subarray(96, 144));
  hash[0] = VERSION;
  if (hash.some((byte, i) => byte !== input[i])) return undefined;
  const z = bytesToNumberBE(input.subarray(32, 64));
  const y = bytesToNumberBE(input.subarray(64, 96));
  const { Fr, Fp12 } = bls12_381.fields;
  if (z >= Fr.ORDER || y >= Fr.ORDER) return undefined;
  const commitment = decodeCompressedG1(input.subarray(96, 144));
  const proof = decodeCompressedG1(input.subarray(144, 192));
  if (commitment === undefined || proof === undefined) return undefined;
  const left = commitment.add(G1.BASE.multiplyUnsafe(Fr.neg(y))).add(proof.multiplyUnsafe(z));
  const pairs = [
    { g1: left, g2: G2.BASE.negate() },
    { g1: proof, g2: tau },
  ].filter(({ g1 }) => !g1.is0());
  return Fp12.eql(bls12_381.pairingBatch(pairs), Fp12.ONE) ? ANSWER.slice() : undefined;
}
