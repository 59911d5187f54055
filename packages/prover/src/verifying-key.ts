import { blake2b256, concat, utf8 } from '@sero/crypto';
import { ProverError } from './errors.ts';
import { G1_BYTES, G2_BYTES } from './points.ts';

/** Groth16 over BLS12-381, the one proof system of version 1 (design 9-parameters). */
export const PROOF_SYSTEM_GROTH16_BLS12381 = 1;

/** The mark inside the hashed bytes of a key whose toxic waste everybody knows. */
export const DEVELOPMENT_MARK = 'development';

const FORMAT = 1;
const HEAD_BYTES = 4;
export const MAX_PUBLIC_INPUTS = 1024;

/**
 * A Groth16 verifying key for one circuit. Points are compressed bytes (points.ts); what they are is checked by
 * `checkVerifyingKey`, which `loadVerifyingKeys` and every verifier call.
 */
export interface VerifyingKey {
  /** Circuit id, 1 to 255 (design 9-parameters; 0 means no circuit). */
  readonly circuit: number;
  readonly proofSystem: typeof PROOF_SYSTEM_GROTH16_BLS12381;
  /** True where the key came from a setup whose toxic waste is public: anybody can forge. */
  readonly development: boolean;
  /** In G1. */
  readonly alpha: Uint8Array;
  /** In G2. */
  readonly beta: Uint8Array;
  /** In G2. */
  readonly gamma: Uint8Array;
  /** In G2. */
  readonly delta: Uint8Array;
  /** In G1: one for the constant 1, then one for each public input. */
  readonly ic: readonly Uint8Array[];
}

/**
 * The canonical bytes of a key, the ones that genesis names by hash:
 *
 *     format 1 (u8) | proof system (u8) | circuit (u8) | length of the mark (u8) | mark (ASCII, "" or "development")
 *     | number n of public inputs (u16, little-endian) | alpha 48 | beta 96 | gamma 96 | delta 96 | IC_0 .. IC_n, 48 each
 */
export function encodeVerifyingKey(vk: VerifyingKey): Uint8Array {
  const mark = utf8(vk.development ? DEVELOPMENT_MARK : '');
  const inputs = vk.ic.length - 1;
  const head = Uint8Array.of(FORMAT, vk.proofSystem, vk.circuit, mark.length);
  const count = Uint8Array.of(inputs & 0xff, inputs >> 8);
  return concat(head, mark, count, vk.alpha, vk.beta, vk.gamma, vk.delta, ...vk.ic);
}

/** The hash that genesis names: B2b-256("SERO_VK_v1", canonical bytes). 32 bytes. */
export function verifyingKeyHash(bytes: Uint8Array): Uint8Array {
  return blake2b256('SERO_VK_v1', bytes);
}

const malformed = (why: string): ProverError => new ProverError('key-malformed', `verifying key: ${why}`);

function readMark(bytes: Uint8Array): boolean {
  const length = bytes[3]!;
  const mark = String.fromCharCode(...bytes.subarray(HEAD_BYTES, HEAD_BYTES + length));
  if (mark !== '' && mark !== DEVELOPMENT_MARK)
    throw malformed('its mark is neither empty nor "development"');
  return mark === DEVELOPMENT_MARK;
}

/**
 * Decodes the canonical bytes of a key: every key has one spelling, and bytes that are not one are refused.
 * The points are taken as they stand: `checkVerifyingKey` looks at them.
 *
 * @throws ProverError `key-malformed`, or `key-ic-count` where the IC points are not public inputs + 1
 */
export function decodeVerifyingKey(bytes: Uint8Array): VerifyingKey {
  if (bytes.length < HEAD_BYTES) throw malformed('shorter than its head');
  const [format, proofSystem, circuit] = bytes;
  if (format !== FORMAT) throw malformed(`unknown format ${format}`);
  if (proofSystem !== PROOF_SYSTEM_GROTH16_BLS12381) throw malformed(`unknown proof system ${proofSystem}`);
  if (circuit === undefined || circuit === 0) throw malformed('circuit id 0 means no circuit');
  const development = readMark(bytes);

  let at = HEAD_BYTES + bytes[3]!;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw malformed('cut short');
    at += length;
    return new Uint8Array(bytes.subarray(at - length, at));
  };
  const count = take(2);
  const inputs = count[0]! | (count[1]! << 8);
  if (inputs > MAX_PUBLIC_INPUTS) throw malformed(`${inputs} public inputs are beyond ${MAX_PUBLIC_INPUTS}`);
  const [alpha, beta, gamma, delta] = [take(G1_BYTES), take(G2_BYTES), take(G2_BYTES), take(G2_BYTES)];
  if (bytes.length - at !== (inputs + 1) * G1_BYTES) {
    throw new ProverError(
      'key-ic-count',
      `verifying key: ${inputs} public inputs need ${inputs + 1} IC points`,
    );
  }
  const ic = Array.from({ length: inputs + 1 }, () => take(G1_BYTES));
  return { circuit, proofSystem, development, alpha, beta, gamma, delta, ic };
}
