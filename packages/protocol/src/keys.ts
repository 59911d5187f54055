import {
  blake2b,
  concat,
  expectLength,
  fieldToBytes,
  hashNk,
  hashQk,
  hashZpk,
  le32,
  multiply,
  type Point,
  pointToBytes,
  SPEND_BASE,
  toAffine,
  toField,
  toScalar,
  VIEW_BASE,
} from '@sero/crypto';
import { decodeField, decodeKeyPoint } from './decode.ts';
import { ensure } from './errors.ts';

/**
 * The keys of one account (WP 3.3). A Seed gives everything; each narrower type gives less:
 * SpendingKey (SK) spends, ProofKey (PAK) proves and views, ViewingKey (TK) audits, Address (PK) receives.
 */

/** PK, the address that people publish. */
export interface Address {
  readonly vpk: Point;
  /** ZPK, field element. */
  readonly zpk: bigint;
}

/** TK, the auditor's key: sees every honest receipt and every spend, cannot spend. */
export interface ViewingKey {
  /** VSK, 32 secret bytes. */
  readonly vskSeed: Uint8Array;
  /** Scalar in (0, r_J) that opens one-time addresses. */
  readonly vsk: bigint;
  /** Takes the mask off TRACE. */
  readonly tk: bigint;
  /** Opens the copies that the sender keeps of its own outputs, 32 bytes. */
  readonly ovk: Uint8Array;
  readonly ak: Point;
  readonly nkc: bigint;
  readonly qk: bigint;
  readonly address: Address;
}

/** PAK, what a prover holds: proves, views and nullifies, cannot sign. */
export interface ProofKey {
  readonly nk: bigint;
  readonly viewing: ViewingKey;
}

/** SK in memory: signs. Never stored; at rest there is the encrypted seed. */
export interface SpendingKey {
  /** Scalar in (0, r_J). */
  readonly ask: bigint;
  readonly proof: ProofKey;
}

/**
 * Seed_i of account i from the 64 bytes that BIP-39's PBKDF2 makes of the words.
 *
 * @param account 0 to 2^32 - 1
 */
export function accountSeed(bip39Seed: Uint8Array, account: number): Uint8Array {
  expectLength(bip39Seed, 64, 'BIP-39 seed');
  ensure(
    Number.isInteger(account) && account >= 0 && account <= 0xffff_ffff,
    'index-out-of-range',
    'accounts are numbered from 0 to 2^32 - 1',
  );
  return blake2b('SERO_HD_v1', bip39Seed, le32(account)).slice(0, 32);
}

/** All keys of the account with this Seed (32 bytes). Throws `weak-seed` in the one case of 2^252 that gives a zero key. */
export function deriveSpendingKey(seed: Uint8Array): SpendingKey {
  expectLength(seed, 32, 'Seed');
  const zsk = blake2b('SERO_ZSKADD', seed).subarray(0, 32);
  const vskSeed = blake2b('SERO_VSKADD', seed).slice(0, 32);
  const ask = toScalar(blake2b('SERO_ask', zsk));
  ensure(ask !== 0n, 'weak-seed', 'this seed gives a zero spend key: choose another');
  const nk = toField(blake2b('SERO_nk', zsk));
  const qk = hashQk(toField(blake2b('SERO_qk', zsk)));
  const viewing = viewingKey(vskSeed, multiply(SPEND_BASE, ask), hashNk(nk), qk);
  zsk.fill(0);
  return { ask, proof: { nk, viewing } };
}

function viewingKey(vskSeed: Uint8Array, ak: Point, nkc: bigint, qk: bigint): ViewingKey {
  const vsk = toScalar(blake2b('SERO_vsk', vskSeed));
  ensure(vsk !== 0n, 'weak-seed', 'this seed gives a zero viewing key: choose another');
  const tk = toField(blake2b('SERO_tk', vskSeed));
  const ovk = blake2b('SERO_ovk', vskSeed).slice(0, 32);
  const { u, v } = toAffine(ak);
  const address = { vpk: multiply(VIEW_BASE, vsk), zpk: hashZpk(u, v, nkc, tk, qk) };
  return { vskSeed, vsk, tk, ovk, ak, nkc, qk, address };
}

/** TK as 160 bytes: VSK, ZPK, AK, nkc, qk. */
export function encodeViewingKey(key: ViewingKey): Uint8Array {
  return concat(
    key.vskSeed,
    fieldToBytes(key.address.zpk),
    pointToBytes(key.ak),
    fieldToBytes(key.nkc),
    fieldToBytes(key.qk),
  );
}

/**
 * Decodes TK and recomputes ZPK from its opening: without that check an auditor could be handed a viewing key
 * whose trace key is not the account's, and would see no spend at all (`viewing-key-mismatch`).
 */
export function decodeViewingKey(bytes: Uint8Array): ViewingKey {
  ensure(bytes.length === 160, 'malformed', `TK has 160 bytes, got ${bytes.length}`);
  const key = viewingKey(
    new Uint8Array(bytes.subarray(0, 32)),
    decodeKeyPoint(bytes.subarray(64, 96), 'AK'),
    decodeField(bytes.subarray(96, 128), 'nkc'),
    decodeField(bytes.subarray(128, 160), 'qk'),
  );
  const zpk = decodeField(bytes.subarray(32, 64), 'ZPK');
  ensure(key.address.zpk === zpk, 'viewing-key-mismatch', 'TK does not open its ZPK');
  return key;
}

/** PAK as 128 bytes: AK, nk, qk, VSK. */
export function encodeProofKey(key: ProofKey): Uint8Array {
  const { ak, qk, vskSeed } = key.viewing;
  return concat(pointToBytes(ak), fieldToBytes(key.nk), fieldToBytes(qk), vskSeed);
}

/** Decodes PAK. */
export function decodeProofKey(bytes: Uint8Array): ProofKey {
  ensure(bytes.length === 128, 'malformed', `PAK has 128 bytes, got ${bytes.length}`);
  const nk = decodeField(bytes.subarray(32, 64), 'nk');
  const ak = decodeKeyPoint(bytes.subarray(0, 32), 'AK');
  const qk = decodeField(bytes.subarray(64, 96), 'qk');
  return { nk, viewing: viewingKey(new Uint8Array(bytes.subarray(96, 128)), ak, hashNk(nk), qk) };
}
