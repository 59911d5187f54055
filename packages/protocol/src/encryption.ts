import {
  blake2b,
  blake2b256,
  CryptoError,
  clearCofactor,
  concat,
  equalBytes,
  fieldFromBytes,
  fieldToBytes,
  hashZpkr,
  leBytes,
  leInteger,
  multiply,
  open,
  pointToBytes,
  R_J,
  seal,
  utf8,
  VIEW_BASE,
} from '@sero/crypto';
import {
  ADDRESS_LENGTH,
  decodeAddress,
  encodeAddress,
  oneTimeAddress,
  scalarToBytes,
  senderSecret,
} from './address.ts';
import { decodeKeyPoint } from './decode.ts';
import { ensure, ProtocolError } from './errors.ts';
import type { Address, ViewingKey } from './keys.ts';
import { type Note, noteCommitment, noteContext, noteRandomness, VALUE_LIMIT } from './note.ts';
import type { Output } from './transaction.ts';

/** Version byte of a note's plaintext. */
const NOTE_VERSION = 1;

/** Bytes of a memo before encryption; text is padded with zeros. */
export const MEMO_LENGTH = 512;

/** Bytes of a memo on the wire. */
export const SEALED_MEMO_LENGTH = MEMO_LENGTH + 16;

/** Bytes of a memo key on the wire. */
export const MEMO_KEY_LENGTH = 48;

/** K_memo under which a memo's key is wrapped for one output. */
function memoWrapKey(secret: Uint8Array, vpkr: Uint8Array, cm: Uint8Array): Uint8Array {
  return blake2b256('SERO_kdfm', secret, vpkr, cm);
}

/** The view tag: two bytes that spare a scanner most of its work. A wrong one is a wrong payment. */
export function viewTag(secret: Uint8Array, vpkr: Uint8Array): Uint8Array {
  return blake2b('SERO_tag', secret, vpkr).slice(0, 2);
}

/** One output before encryption. */
export interface OutputPlan {
  readonly to: Address;
  readonly asset: bigint;
  readonly value: bigint;
  /** 32 random bytes, drawn anew for every version of a transaction. */
  readonly rseed: Uint8Array;
  /** 32 bytes of the memo's key where this output may read the memo. */
  readonly memoKey?: Uint8Array;
  /** 48 random bytes for `memoKey` where it may not. */
  readonly memoFiller: Uint8Array;
}

/** The note that a plan makes, with the scalar e that its sender keeps. */
export function plannedNote(
  plan: OutputPlan,
  firstNullifier: bigint,
  index: number,
): { note: Note; e: bigint; secret: Uint8Array } {
  const { rcm, e } = noteRandomness(plan.rseed, noteContext(firstNullifier, index));
  const { shared, ...owner } = oneTimeAddress(plan.to, e);
  return { note: { asset: plan.asset, value: plan.value, owner, rcm }, e, secret: shared.secret };
}

/** Makes output number `index` of a transaction whose first nullifier is given. */
export function encryptOutput(
  plan: OutputPlan,
  ovk: Uint8Array,
  firstNullifier: bigint,
  index: number,
): Output {
  const { note, e, secret } = plannedNote(plan, firstNullifier, index);
  const vpkr = pointToBytes(note.owner.vpkr);
  const cm = fieldToBytes(noteCommitment(note));
  const plaintext = concat(
    Uint8Array.of(NOTE_VERSION),
    fieldToBytes(plan.asset),
    leBytes(plan.value, 16),
    plan.rseed,
  );
  return {
    cm,
    vpkr,
    tag: viewTag(secret, vpkr),
    enc: seal(blake2b256('SERO_kdf', secret, vpkr, cm), plaintext),
    out: seal(blake2b256('SERO_ock', ovk, cm, vpkr), concat(encodeAddress(plan.to), scalarToBytes(e))),
    memoKey: plan.memoKey === undefined ? plan.memoFiller : seal(memoWrapKey(secret, vpkr, cm), plan.memoKey),
  };
}

/** A note that was found in an output, with everything that spending or disclosing it takes. */
export interface OpenedNote {
  readonly note: Note;
  readonly rseed: Uint8Array;
  /** The r that links ZPKr to ZPK. */
  readonly r: bigint;
  /** P(S). */
  readonly secret: Uint8Array;
}

/**
 * Opens an output with the shared secret and checks everything that makes it a payment to `zpk`: version, value below 2^128, [e]G =
 * VPKr as a whole point, r, ZPKr, and that CM recomputes with data = 0 (ZIP 212's lesson). Undefined where any of it is off.
 *
 * @param checkTag false for audits, which ignore tags
 */
export function openOutput(
  output: Output,
  zpk: bigint,
  secret: Uint8Array,
  r: bigint,
  context: Uint8Array,
  checkTag: boolean,
): OpenedNote | undefined {
  if (checkTag && !equalBytes(viewTag(secret, output.vpkr), output.tag)) return undefined;
  const plaintext = tryOpen(blake2b256('SERO_kdf', secret, output.vpkr, output.cm), output.enc);
  if (plaintext === undefined || plaintext[0] !== NOTE_VERSION) return undefined;
  const rseed = plaintext.slice(49, 81);
  try {
    const asset = fieldFromBytes(plaintext.subarray(1, 33));
    const value = leInteger(plaintext.subarray(33, 49));
    const { rcm, e } = noteRandomness(rseed, context);
    const vpkr = multiply(VIEW_BASE, e);
    if (value >= VALUE_LIMIT || !equalBytes(pointToBytes(vpkr), output.vpkr)) return undefined;
    const note = { asset, value, owner: { vpkr, zpkr: hashZpkr(zpk, r) }, rcm };
    return equalBytes(fieldToBytes(noteCommitment(note)), output.cm) ? { note, rseed, r, secret } : undefined;
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof CryptoError) return undefined;
    throw error;
  }
}

/** Opens an output of another's that this key's account sent, and says to whom it went; undefined where it did not send it. */
export function recoverSent(
  output: Output,
  key: ViewingKey,
  firstNullifier: bigint,
  index: number,
): (OpenedNote & { readonly to: Address }) | undefined {
  const plaintext = tryOpen(blake2b256('SERO_ock', key.ovk, output.cm, output.vpkr), output.out);
  if (plaintext === undefined) return undefined;
  try {
    const to = decodeAddress(plaintext.subarray(0, ADDRESS_LENGTH));
    const e = leInteger(plaintext.subarray(ADDRESS_LENGTH));
    if (e === 0n || e >= R_J || !equalBytes(pointToBytes(multiply(VIEW_BASE, e)), output.vpkr))
      return undefined;
    const { secret, r } = senderSecret(to, e, output.vpkr);
    const opened = openOutput(output, to.zpk, secret, r, noteContext(firstNullifier, index), false);
    return opened === undefined ? undefined : { ...opened, to };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** A memo's text as 512 bytes. Throws `memo-too-long`. */
export function encodeMemo(text: string): Uint8Array {
  const bytes = utf8(text);
  ensure(bytes.length <= MEMO_LENGTH, 'memo-too-long', `a memo has at most ${MEMO_LENGTH} bytes of UTF-8`);
  const out = new Uint8Array(MEMO_LENGTH);
  out.set(bytes);
  return out;
}

/** Seals a memo under its fresh key: 528 bytes. */
export function sealMemo(key: Uint8Array, text: string): Uint8Array {
  return seal(key, encodeMemo(text));
}

/** The memo's text for the holder of an output's secret; undefined where the sender did not choose this output to read it. */
export function openMemo(memo: Uint8Array, output: Output, secret: Uint8Array): string | undefined {
  if (memo.length !== SEALED_MEMO_LENGTH) return undefined;
  const key = tryOpen(memoWrapKey(secret, output.vpkr, output.cm), output.memoKey);
  const bytes = key === undefined ? undefined : tryOpen(key, memo);
  if (bytes === undefined) return undefined;
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, end));
}

/** S = [8 vsk]VPKr of an output, or undefined where VPKr does not decode or S is the identity. */
export function outputSecret(vsk: bigint, vpkr: Uint8Array): Uint8Array | undefined {
  try {
    const point = clearCofactor(multiply(decodeKeyPoint(vpkr, 'VPKr'), vsk));
    return point.is0() ? undefined : pointToBytes(point);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function tryOpen(key: Uint8Array, ciphertext: Uint8Array): Uint8Array | undefined {
  try {
    return open(key, ciphertext);
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}
