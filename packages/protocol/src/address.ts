import { keccak_256 } from '@noble/hashes/sha3.js';
import {
  blake2b,
  clearCofactor,
  concat,
  fieldToBytes,
  hashZpkr,
  le64,
  leBytes,
  multiply,
  type Point,
  pointToBytes,
  R_J,
  toField,
  toScalar,
  utf8,
  VIEW_BASE,
} from '@sero/crypto';
import { decodeField, decodeKeyPoint } from './decode.ts';
import { ensure } from './errors.ts';
import type { Address, ViewingKey } from './keys.ts';

/** PKr (WP 3.3): a one-time address that nobody without VSK can link to its PK. */
export interface OneTimeAddress {
  readonly vpkr: Point;
  /** ZPKr, field element. */
  readonly zpkr: bigint;
}

/** Length of PK and of PKr in bytes. */
export const ADDRESS_LENGTH = 64;

/** What an own one-time address is for: `once` for one payment or call, `session` for one dApp origin, `owner` for names and stakes. */
export type AddressClass = 'once' | 'session' | 'owner';

const CLASS_BYTE: Readonly<Record<AddressClass, number>> = { once: 0, session: 1, owner: 2 };

/** PK as 64 bytes: P(VPK) || F(ZPK). */
export function encodeAddress(address: Address): Uint8Array {
  return concat(pointToBytes(address.vpk), fieldToBytes(address.zpk));
}

/** Decodes PK: VPK canonical, in the prime-order subgroup, not the identity; ZPK canonical. */
export function decodeAddress(bytes: Uint8Array): Address {
  ensure(bytes.length === ADDRESS_LENGTH, 'malformed', `PK has 64 bytes, got ${bytes.length}`);
  return { vpk: decodeKeyPoint(bytes.subarray(0, 32), 'VPK'), zpk: decodeField(bytes.subarray(32), 'ZPK') };
}

/** PKr as 64 bytes: P(VPKr) || F(ZPKr). */
export function encodeOneTimeAddress(address: OneTimeAddress): Uint8Array {
  return concat(pointToBytes(address.vpkr), fieldToBytes(address.zpkr));
}

/** Decodes PKr with the same rules as PK. */
export function decodeOneTimeAddress(bytes: Uint8Array): OneTimeAddress {
  ensure(bytes.length === ADDRESS_LENGTH, 'malformed', `PKr has 64 bytes, got ${bytes.length}`);
  return {
    vpkr: decodeKeyPoint(bytes.subarray(0, 32), 'VPKr'),
    zpkr: decodeField(bytes.subarray(32), 'ZPKr'),
  };
}

/** What payer and payee share: P(S), and the r that links ZPKr to ZPK (ENC_r and DEC_r, WP 3.3). */
export interface SharedSecret {
  /** P(S), 32 bytes. */
  readonly secret: Uint8Array;
  readonly r: bigint;
}

/** r of the address with this VPKr (32 bytes), from P(S). */
export function addressRandomness(secret: Uint8Array, vpkr: Uint8Array): bigint {
  return toField(blake2b('SERO_r', secret, vpkr));
}

function sharedSecret(point: Point, vpkr: Uint8Array): SharedSecret {
  ensure(!point.is0(), 'shared-secret-is-identity', 'the shared secret is the identity');
  const secret = pointToBytes(point);
  return { secret, r: addressRandomness(secret, vpkr) };
}

/** The payer's side: S = [8e]VPK. */
export function senderSecret(address: Address, e: bigint, vpkr: Uint8Array): SharedSecret {
  return sharedSecret(clearCofactor(multiply(address.vpk, e)), vpkr);
}

/** The payee's side: S = [8 vsk]VPKr. */
export function receiverSecret(vsk: bigint, vpkr: Point): SharedSecret {
  return sharedSecret(clearCofactor(multiply(vpkr, vsk)), pointToBytes(vpkr));
}

/** The one-time address of `address` under the scalar e in (0, r_J), with the secret that both sides then know. */
export function oneTimeAddress(
  address: Address,
  e: bigint,
): OneTimeAddress & { readonly shared: SharedSecret } {
  ensure(e > 0n && e < R_J, 'scalar-not-canonical', 'e lies in (0, r_J)');
  const vpkr = multiply(VIEW_BASE, e);
  const shared = senderSecret(address, e, pointToBytes(vpkr));
  return { vpkr, zpkr: hashZpkr(address.zpk, shared.r), shared };
}

/** The r of an address that belongs to this key, or undefined where it is somebody else's. */
export function recognise(key: ViewingKey, address: OneTimeAddress): SharedSecret | undefined {
  const shared = receiverSecret(key.vsk, address.vpkr);
  return hashZpkr(key.address.zpk, shared.r) === address.zpkr ? shared : undefined;
}

function ownScalar(key: ViewingKey, chainId: bigint, addressClass: AddressClass, index: bigint): bigint {
  return toScalar(
    blake2b('SERO_pkr', key.vskSeed, le64(chainId), Uint8Array.of(CLASS_BYTE[addressClass]), le64(index)),
  );
}

/** The account's own one-time address number `index` of a class: nothing needs storing, a restored wallet derives it again. */
export function ownAddress(
  key: ViewingKey,
  chainId: bigint,
  addressClass: AddressClass,
  index: bigint,
): OneTimeAddress & { readonly shared: SharedSecret } {
  return oneTimeAddress(key.address, ownScalar(key, chainId, addressClass, index));
}

/** P(VPKr) of an own one-time address: half the work, enough to recognise it in the chain. */
export function ownAddressKey(
  key: ViewingKey,
  chainId: bigint,
  addressClass: AddressClass,
  index: bigint,
): Uint8Array {
  return pointToBytes(multiply(VIEW_BASE, ownScalar(key, chainId, addressClass, index)));
}

/** The 20 bytes under which the machine and the asset registry see a PKr. */
export function alias(pkr: Uint8Array): Uint8Array {
  ensure(pkr.length === ADDRESS_LENGTH, 'malformed', `PKr has 64 bytes, got ${pkr.length}`);
  return keccak_256(concat(utf8('sero/alias/1'), pkr)).slice(12);
}

/** LE256 of a scalar. */
export function scalarToBytes(scalar: bigint): Uint8Array {
  return leBytes(scalar, 32);
}
