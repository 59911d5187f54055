import { createRequire } from 'node:module';
import type * as Blst from '@chainsafe/blst';
import {
  BLS_KEY_LENGTH,
  BLS_SECRET_LENGTH,
  BLS_SIGNATURE_LENGTH,
  type Bls,
  CryptoError,
  compareBytes,
  expectLength,
  fromHex,
  portableBls,
} from '@sero/crypto';

/** BLS, and what it runs on, in words for the log. */
export interface ChosenBls {
  readonly bls: Bls;
  readonly description: string;
}

/** r of BLS12-381, big-endian. */
const R = fromHex('73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001');
const ZERO = new Uint8Array(BLS_SECRET_LENGTH);

/** Keys that are remembered: decoding one takes 0.1 ms and verifying an aggregate of a thousand 1.5 ms. Some 300 bytes each. */
const MOST_KEYS = 8_192;

/**
 * blst, where its binary for this platform is installed (npm fetches it as an optional dependency); else the portable implementation, which answers
 * the same, 30 to 50 times slower.
 *
 * @param load gives the binding of @chainsafe/blst, or throws
 */
export function chooseBls(load: () => typeof Blst): ChosenBls {
  try {
    return { bls: blsOn(load()), description: 'blst' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { bls: portableBls, description: `portable, since blst cannot be loaded: ${reason}` };
  }
}

const chosen = chooseBls(() => createRequire(import.meta.url)('@chainsafe/blst') as typeof Blst);

/** BLS in native code wherever it can be loaded: the same answers as `portableBls`, to the byte and for bytes that no honest signer makes. */
export const nativeBls: Bls = chosen.bls;

/** What `nativeBls` runs on. */
export const blsDescription: string = chosen.description;

/**
 * blst's binding signs in the domain of messages alone. Proofs of possession, one a registration, are portable: their domain keeps them apart from
 * signatures, and that matters more than the ms.
 */
function blsOn({
  aggregateSignatures,
  fastAggregateVerify,
  PublicKey,
  SecretKey,
  Signature,
}: typeof Blst): Bls {
  type Key = Blst.PublicKey;
  const keys = new Map<string, Key>();
  let room = MOST_KEYS;

  /** The prime-order subgroup, the curve and the only spelling; not the identity. Remembered: the same signers come back. */
  function decodeKey(bytes: Uint8Array): Key | undefined {
    if (bytes.length !== BLS_KEY_LENGTH) return undefined;
    const name = String.fromCharCode(...bytes);
    const known = keys.get(name);
    if (known !== undefined) return known;
    const key = decoded(() => PublicKey.fromBytes(bytes, true));
    if (key === undefined) return undefined;
    const [oldest] = keys.keys();
    if (oldest !== undefined && keys.size >= room) keys.delete(oldest);
    keys.set(name, key);
    return key;
  }

  function decodeSignature(bytes: Uint8Array): Blst.Signature | undefined {
    if (bytes.length !== BLS_SIGNATURE_LENGTH) return undefined;
    return decoded(() => Signature.fromBytes(bytes, true, true));
  }

  function verifyAggregate(
    publicKeys: readonly Uint8Array[],
    message: Uint8Array,
    bytes: Uint8Array,
  ): boolean {
    // One point before many.
    const signature = decodeSignature(bytes);
    if (signature === undefined || publicKeys.length === 0) return false;
    if (2 * publicKeys.length > room) room = 2 * publicKeys.length;
    const signers: Key[] = [];
    for (const key of publicKeys) {
      const signer = decodeKey(key);
      if (signer === undefined) return false;
      signers.push(signer);
    }
    return fastAggregateVerify(message, signers, signature, false);
  }

  function secretKey(secret: Uint8Array): Blst.SecretKey {
    expectLength(secret, BLS_SECRET_LENGTH, 'BLS secret');
    if (compareBytes(secret, ZERO) === 0 || compareBytes(secret, R) >= 0) {
      throw new CryptoError('scalar-not-canonical', 'a BLS secret lies between zero and r');
    }
    return SecretKey.fromBytes(secret);
  }

  return {
    publicKey: (secret) => secretKey(secret).toPublicKey().toBytes(true),
    sign: (secret, message) => secretKey(secret).sign(message).toBytes(true),
    verify: (publicKey, message, signature) => verifyAggregate([publicKey], message, signature),
    provePossession: portableBls.provePossession,
    verifyPossession: portableBls.verifyPossession,
    verifyAggregate,

    aggregate(signatures) {
      if (signatures.length === 0) throw new CryptoError('wrong-length', 'there is nothing to aggregate');
      const points = signatures.map((bytes) => {
        const signature = decodeSignature(bytes);
        if (signature === undefined) throw new CryptoError('point-not-canonical', 'not a BLS signature');
        return signature;
      });
      const sum = aggregateSignatures(points, false).toBytes(true);
      if (isIdentity(sum)) throw new CryptoError('point-not-canonical', 'the signatures cancel out');
      return sum;
    },
  };
}

function isIdentity([first, ...others]: Uint8Array): boolean {
  return first === 0xc0 && others.every((byte) => byte === 0);
}

/** What blst decodes; undefined where it refuses the bytes, which it says by throwing with its code. */
function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof Error && isRefusal(error)) return undefined;
    throw error;
  }
}

function isRefusal(error: Error): boolean {
  return 'code' in error && String(error.code).startsWith('BLST_');
}
