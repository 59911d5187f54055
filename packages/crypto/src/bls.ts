import { bls12_381 } from '@noble/curves/bls12-381.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, expectLength, utf8 } from './bytes.ts';
import { CryptoError } from './errors.ts';
import { type KeyDecoder, rememberingDecoder } from './remembered-keys.ts';

/** Bytes of a secret: a scalar in (0, r), big-endian. */
export const BLS_SECRET_LENGTH = 32;
/** Bytes of a public key: a compressed point of G1. */
export const BLS_KEY_LENGTH = 48;
/** Bytes of a signature, an aggregate or a proof of possession: a compressed point of G2. */
export const BLS_SIGNATURE_LENGTH = 96;

/**
 * BLS signatures with keys in G1 (draft-irtf-cfrg-bls-signature-05, scheme "proof of possession", section 3.3;
 * ciphersuite BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_). No key and no signature is the identity, and all of them are
 * in their only spelling and in the prime-order subgroup. Verification says no, and never throws, for any bytes.
 */
export interface Bls {
  /** @throws CryptoError `wrong-length`, or `scalar-not-canonical` for zero and for r and more */
  publicKey(secret: Uint8Array): Uint8Array;
  /** @throws CryptoError as `publicKey` */
  sign(secret: Uint8Array, message: Uint8Array): Uint8Array;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /**
   * Signs one's own public key, under a domain of its own, and whoever holds it behind the key: a proof that is public says nothing for another.
   *
   * @param holder who registers the key; empty: the draft's own form (PopProve, section 3.3.2)
   * @throws CryptoError as `publicKey`
   */
  provePossession(secret: Uint8Array, holder: Uint8Array): Uint8Array;
  verifyPossession(publicKey: Uint8Array, proof: Uint8Array, holder: Uint8Array): boolean;
  /**
   * One message signed by all of the keys (FastAggregateVerify, section 3.3.4). Sound only for keys whose possession was
   * proved: without, who chooses a key last can cancel all the others. None at all have signed nothing; a key that stands
   * twice has to have signed twice.
   */
  verifyAggregate(publicKeys: readonly Uint8Array[], message: Uint8Array, signature: Uint8Array): boolean;
  /**
   * The sum of signatures (section 2.8).
   *
   * @throws CryptoError `wrong-length` for none at all, `point-not-canonical` for what is no signature, or cancels out
   */
  aggregate(signatures: readonly Uint8Array[]): Uint8Array;
}

const MESSAGE_DOMAIN = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const POSSESSION_DOMAIN = 'BLS_POP_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';

const { G1, longSignatures } = bls12_381;
const R = G1.Point.Fn.ORDER;
type Key = InstanceType<typeof G1.Point>;
type Signature = ReturnType<typeof longSignatures.sign>;

/**
 * BLS in which `valid` decodes keys. The signers of checkpoints come back every 256 rounds, and their keys are most of what verifying an aggregate
 * costs: 2 ms each to decode, 10 us each to add. They are read in one order, and others sign the next time: so there is room for twice as many as
 * the largest aggregate had.
 */
export function blsWith(valid: KeyDecoder<Key>): Bls {
  const remembered = rememberingDecoder(BLS_KEY_LENGTH, 8_192, valid);
  return {
    publicKey: publicKeyOf,
    sign: (secret, message) => signIn(MESSAGE_DOMAIN, secret, message),
    verify: (publicKey, message, signature) =>
      verifyIn(MESSAGE_DOMAIN, [publicKey], message, signature, remembered.decode),
    provePossession: (secret, holder) =>
      signIn(POSSESSION_DOMAIN, secret, concat(publicKeyOf(secret), holder)),
    verifyPossession: (publicKey, proof, holder) =>
      // Of keys that are not registered yet anybody makes as many as he likes: they push none out of the memory.
      verifyIn(POSSESSION_DOMAIN, [publicKey], concat(publicKey, holder), proof, valid),
    verifyAggregate(publicKeys, message, signature) {
      remembered.makeRoom(2 * publicKeys.length);
      return verifyIn(MESSAGE_DOMAIN, publicKeys, message, signature, remembered.decode);
    },

    aggregate(signatures) {
      if (signatures.length === 0) throw new CryptoError('wrong-length', 'there is nothing to aggregate');
      const sum = signatures.map(expectSignature).reduce((a, b) => a.add(b));
      if (sum.is0()) throw new CryptoError('point-not-canonical', 'the signatures cancel out');
      return longSignatures.Signature.toBytes(sum);
    },
  };
}

/** BLS wherever JavaScript runs; not constant-time, as the README says. */
export const portableBls: Bls = blsWith(validKey);

/**
 * A secret from key material (KeyGen, section 2.3 of the draft, without key_info).
 *
 * @param material at least 32 bytes from a good source
 * @returns 32 bytes, a scalar in (0, r)
 * @throws CryptoError `wrong-length`
 */
export function blsSecret(material: Uint8Array): Uint8Array {
  if (material.length < 32) throw new CryptoError('wrong-length', 'a BLS secret takes 32 bytes or more');
  const ikm = concat(material, Uint8Array.of(0));
  let salt = utf8('BLS-SIG-KEYGEN-SALT-');
  for (;;) {
    salt = sha256(salt);
    // L = ceil((3 ceil(log2 r)) / 16) = 48, and the info is L in two bytes.
    const wide = bigEndian(hkdf(sha256, ikm, salt, Uint8Array.of(0, 48), 48)) % R;
    if (wide !== 0n) return G1.Point.Fn.toBytes(wide);
  }
}

function publicKeyOf(secret: Uint8Array): Uint8Array {
  expectSecret(secret);
  return longSignatures.getPublicKey(secret).toBytes();
}

function signIn(domain: string, secret: Uint8Array, message: Uint8Array): Uint8Array {
  expectSecret(secret);
  return longSignatures.Signature.toBytes(longSignatures.sign(longSignatures.hash(message, domain), secret));
}

/** CoreVerify (section 2.7) under the sum of the keys. */
function verifyIn(
  domain: string,
  publicKeys: readonly Uint8Array[],
  message: Uint8Array,
  signature: Uint8Array,
  decode: KeyDecoder<Key>,
): boolean {
  // One point before many.
  const signed = decodeSignature(signature);
  if (signed === undefined) return false;
  const key = sumOfKeys(publicKeys, decode);
  if (key === undefined) return false;
  return longSignatures.verify(signed, longSignatures.hash(message, domain), key);
}

/** Undefined where there are no keys, where one is none (KeyValidate, section 2.5), or where the sum is none. */
function sumOfKeys(publicKeys: readonly Uint8Array[], decode: KeyDecoder<Key>): Key | undefined {
  let sum = G1.Point.ZERO;
  for (const bytes of publicKeys) {
    const key = decode(bytes);
    if (key === undefined) return undefined;
    sum = sum.add(key);
  }
  return sum.is0() ? undefined : sum;
}

function validKey(bytes: Uint8Array): Key | undefined {
  // Uncompressed points have another length.
  if (bytes.length !== BLS_KEY_LENGTH) return undefined;
  try {
    // Asks for the curve and for the subgroup, but takes the identity.
    const key = G1.Point.fromBytes(bytes);
    return key.is0() ? undefined : key;
  } catch {
    return undefined;
  }
}

function decodeSignature(bytes: Uint8Array): Signature | undefined {
  if (bytes.length !== BLS_SIGNATURE_LENGTH) return undefined;
  try {
    const signature = longSignatures.Signature.fromBytes(bytes);
    return signature.is0() ? undefined : signature;
  } catch {
    return undefined;
  }
}

function expectSignature(bytes: Uint8Array): Signature {
  const signature = decodeSignature(bytes);
  if (signature === undefined) throw new CryptoError('point-not-canonical', 'not a BLS signature');
  return signature;
}

/** noble reduces modulo r, so that one key would have several secrets. */
function expectSecret(secret: Uint8Array): void {
  expectLength(secret, BLS_SECRET_LENGTH, 'BLS secret');
  const scalar = bigEndian(secret);
  if (scalar === 0n || scalar >= R) {
    throw new CryptoError('scalar-not-canonical', 'a BLS secret lies between zero and r');
  }
}

function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
