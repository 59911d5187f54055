import {
  blake2b,
  clearCofactor,
  concat,
  equalBytes,
  leBytes,
  multiply,
  multiplyPublic,
  type Point,
  pointToBytes,
  R_J,
  toScalar,
  VIEW_BASE,
} from '@sero/crypto';
import { addressRandomness, encodeAddress, senderSecret } from './address.ts';
import { decodeKeyPoint, decodeScalar } from './decode.ts';
import { type OpenedNote, openOutput } from './encryption.ts';
import { ensure, ProtocolError } from './errors.ts';
import type { Address, ViewingKey } from './keys.ts';
import { noteContext, noteRandomness } from './note.ts';
import type { Output } from './transaction.ts';

/** The output that a disclosure speaks of, as it stands in the chain. */
export interface DisclosedOutput {
  readonly output: Output;
  /** First nullifier of its transaction, field element. */
  readonly firstNullifier: bigint;
  /** Its place among the transaction's outputs. */
  readonly index: number;
}

/** The payer's disclosure: reveals this payment and nothing else. */
export interface PayerDisclosure {
  readonly to: Address;
  /** 32 bytes. */
  readonly rseed: Uint8Array;
}

/**
 * What the payer says opens the output to `to`, or undefined: [e]G = VPKr, the shared secret opens the ciphertext, the
 * same rseed stands inside, the view tag is right (a wrong one is no payment), and CM recomputes. It shows that the payment
 * was made, not who says so: whoever opens the note, its payee too, knows rseed.
 */
export function verifyPayerDisclosure(
  disclosed: DisclosedOutput,
  claim: PayerDisclosure,
): OpenedNote | undefined {
  const { output, firstNullifier, index } = disclosed;
  const context = noteContext(firstNullifier, index);
  try {
    const { e } = noteRandomness(claim.rseed, context);
    if (!equalBytes(pointToBytes(multiply(VIEW_BASE, e)), output.vpkr)) return undefined;
    const { secret, r } = senderSecret(claim.to, e, output.vpkr);
    const opened = openOutput(output, claim.to.zpk, secret, r, context, true);
    return opened !== undefined && equalBytes(opened.rseed, claim.rseed) ? opened : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The payee's disclosure: S of one output, with a proof that it is the one that the address gives. */
export interface PayeeDisclosure {
  readonly address: Address;
  /** P(S), 32 bytes. */
  readonly secret: Uint8Array;
  /** Challenge and response of the proof, 64 bytes. */
  readonly proof: Uint8Array;
}

/**
 * Reveals one received output: S = [8 vsk]VPKr with a Chaum-Pedersen proof that log_G(VPK) = log_[8]VPKr(S), so that vsk
 * stays secret and a false S is noticed.
 *
 * @param random 64 random bytes
 */
export function discloseReceipt(key: ViewingKey, vpkr: Uint8Array, random: Uint8Array): PayeeDisclosure {
  ensure(random.length === 64, 'malformed', 'a disclosure takes 64 random bytes');
  const base = clearCofactor(decodeKeyPoint(vpkr, 'VPKr'));
  const secret = multiply(base, key.vsk);
  const k = toScalar(blake2b('SERO_DLEQ_N', leBytes(key.vsk, 32), random, vpkr));
  const c = challenge(key.address, vpkr, secret, multiply(VIEW_BASE, k), multiply(base, k));
  const s = (k + c * key.vsk) % R_J;
  return {
    address: key.address,
    secret: pointToBytes(secret),
    proof: concat(leBytes(c, 32), leBytes(s, 32)),
  };
}

/** What the payee says opens the output to its address, or undefined where the proof or the opening is false. */
export function verifyPayeeDisclosure(
  disclosed: DisclosedOutput,
  claim: PayeeDisclosure,
): OpenedNote | undefined {
  const { output, firstNullifier, index } = disclosed;
  try {
    ensure(claim.proof.length === 64, 'disclosure-malformed', 'a receipt proof has 64 bytes');
    const secret = decodeKeyPoint(claim.secret, 'S');
    const base = clearCofactor(decodeKeyPoint(output.vpkr, 'VPKr'));
    const c = decodeScalar(claim.proof.subarray(0, 32), 'challenge');
    const s = decodeScalar(claim.proof.subarray(32), 'response');
    const a = multiplyPublic(VIEW_BASE, s).subtract(multiplyPublic(claim.address.vpk, c));
    const b = multiplyPublic(base, s).subtract(multiplyPublic(secret, c));
    if (challenge(claim.address, output.vpkr, secret, a, b) !== c) return undefined;
    const r = addressRandomness(claim.secret, output.vpkr);
    return openOutput(output, claim.address.zpk, claim.secret, r, noteContext(firstNullifier, index), true);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function challenge(address: Address, vpkr: Uint8Array, secret: Point, a: Point, b: Point): bigint {
  return toScalar(
    blake2b(
      'SERO_DLEQ_C',
      encodeAddress(address),
      vpkr,
      pointToBytes(secret),
      pointToBytes(a),
      pointToBytes(b),
    ),
  );
}
