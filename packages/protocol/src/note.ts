import {
  blake2b,
  concat,
  fieldToBytes,
  hashCm,
  hashNil,
  hashPub,
  hashTrace,
  le32,
  le64,
  modQ,
  toAffine,
  toField,
  toScalar,
} from '@sero/crypto';
import type { OneTimeAddress } from './address.ts';
import { ensure } from './errors.ts';

/** A note's contents. `data` is 0 in every circuit that exists. */
export interface Note {
  /** Asset number, a field element. */
  readonly asset: bigint;
  /** 0 to 2^128 - 1, in the asset's smallest unit. */
  readonly value: bigint;
  readonly owner: OneTimeAddress;
  /** Randomness of the commitment, a field element. */
  readonly rcm: bigint;
}

/** First value that a note cannot hold. */
export const VALUE_LIMIT = 1n << 128n;

/** Bit of TRACE that says whether the spent note was real. */
const REAL_BIT = 1n << 48n;

/** CM, the note's commitment: a leaf of the tree. */
export function noteCommitment(note: Note): bigint {
  ensure(note.value >= 0n && note.value < VALUE_LIMIT, 'value-out-of-range', 'a value lies in [0, 2^128)');
  return hashCm(note.asset, note.value, toAffine(note.owner.vpkr).u, note.owner.zpkr, note.rcm, 0n);
}

/** ctx: ties a note's randomness to its transaction and place, so that no seed serves twice. */
export function noteContext(firstNullifier: bigint, outputIndex: number): Uint8Array {
  return concat(fieldToBytes(firstNullifier), le32(outputIndex));
}

/** rcm and e of a new note. Throws `rseed-unusable` where e would be zero: draw another rseed. */
export function noteRandomness(rseed: Uint8Array, context: Uint8Array): { rcm: bigint; e: bigint } {
  ensure(rseed.length === 32, 'malformed', 'rseed has 32 bytes');
  const e = toScalar(blake2b('SERO_esk', rseed, context));
  ensure(e !== 0n, 'rseed-unusable', 'this rseed gives e = 0: draw another');
  return { rcm: toField(blake2b('SERO_rcm', rseed, context)), e };
}

/** NIL: fixed by the leaf, so a note has exactly one; keyed by nk, so nobody else can know it beforehand. */
export function nullifier(nk: bigint, cm: bigint, position: bigint): bigint {
  return hashNil(nk, cm, position);
}

/** TRACE: the spent position, under a mask that only tk takes off. */
export function trace(tk: bigint, zpk: bigint, nil: bigint, position: bigint, real: boolean): bigint {
  return modQ(position + (real ? REAL_BIT : 0n) + hashTrace(tk, zpk, nil));
}

/** What a TRACE says to its account's tk. */
export interface DecodedTrace {
  readonly position: bigint;
  /** False for a dummy input, whose position means nothing. */
  readonly real: boolean;
}

/** Takes the mask off; undefined where the TRACE is of another account (a wrong guess has probability 2^-206). */
export function decodeTrace(
  tk: bigint,
  zpk: bigint,
  nil: bigint,
  traceValue: bigint,
): DecodedTrace | undefined {
  return tracedPosition(modQ(traceValue - hashTrace(tk, zpk, nil)));
}

/** What a TRACE without its mask says; undefined for what no own TRACE comes to. */
export function tracedPosition(plain: bigint): DecodedTrace | undefined {
  if (plain >= REAL_BIT << 1n) return undefined;
  return { position: plain & (REAL_BIT - 1n), real: plain >= REAL_BIT };
}

/** rcm of public output number `index` of the transaction with this txid. */
export function publicOutputRandomness(txid: bigint, index: number): bigint {
  return hashPub(txid, BigInt(index));
}

/** Why the protocol credits without a transaction. */
export const CREDIT_PURPOSE = { genesisAllocation: 0 } as const;

/** The txid that stands in H_pub for credits without a transaction. */
export function systemTxid(genesisHash: Uint8Array, height: bigint, purpose: number, n: number): bigint {
  return toField(blake2b('SERO_SYS_v1', genesisHash, le64(height), Uint8Array.of(purpose), le32(n)));
}
