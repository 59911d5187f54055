import { type PointFault, ProverError, type ProverErrorCode, type VerdictCode } from './errors.ts';
import type { CoreAddon, NativeCancel } from './native-addon.ts';

/** Between sero_prover.h's numbers and the codes of TypeScript. */

export const STATUS_OK = 0;
export const STATUS_LENGTH = 3;
export const STATUS_WITNESS_REJECTED = 202;

const POINT_FAULTS: Readonly<Record<number, PointFault>> = {
  101: 'point-not-canonical',
  102: 'point-at-infinity',
  103: 'point-not-on-curve',
  104: 'point-not-in-subgroup',
};

const VERDICTS: Readonly<Record<number, VerdictCode>> = {
  ...POINT_FAULTS,
  110: 'public-input-count',
  111: 'public-input-not-canonical',
  112: 'proof-invalid',
};

/** Codes of statuses that are the caller's fault, or the machine's. */
const REFUSALS: Readonly<Record<number, ProverErrorCode>> = {
  3: 'packed-length',
  4: 'randomness-broken',
  200: 'circuit-malformed',
  201: 'field-not-canonical',
  501: 'field-not-canonical',
  600: 'field-not-canonical',
  601: 'view-key-not-canonical',
  700: 'zkey-malformed',
  701: 'witness-malformed',
  702: 'witness-length',
  703: 'prove-failed',
};

/** The verdict's code behind a status; throws for one that is no verdict. */
export function verdictCode(status: number): VerdictCode {
  const code = VERDICTS[status];
  if (code === undefined) throw statusError(status);
  return code;
}

/** The error for a status that is neither 0 nor a verdict. What no caller can bring about is an error of ours, without a code. */
export function statusError(status: number): Error {
  const code = REFUSALS[status];
  if (code !== undefined)
    return new ProverError(code, MESSAGES[status] ?? `the native prover refuses: ${status}`);
  if (status === 1) return new Error('the native prover found no memory');
  return new Error(`the native prover answered with status ${status}`);
}

const MESSAGES: Readonly<Record<number, string>> = {
  3: 'the bytes are not as long as they must be',
  4: 'the source of randomness gives zeros',
  200: 'the bytes are no circuit file',
  201: 'an input is not below the modulus',
  501: 'a scalar is not below the modulus',
  600: 'a field element is not below the modulus',
  601: 'a view key is 32 little-endian bytes in [1, r_J)',
  700: '.zkey: no Groth16 key over BLS12-381, cut short, or with a point that is none',
  701: ".wtns: no witness over BLS12-381's scalar field",
  702: 'the witness has another number of values than the key’s circuit has wires',
  703: 'the witness does not satisfy the circuit',
};

/**
 * Runs native work that a signal ends. Once aborted its result is thrown away, whatever it is, when it comes.
 *
 * @param refuse the error for an abort
 */
export async function cancellable<T>(
  addon: CoreAddon,
  signal: AbortSignal | undefined,
  refuse: (signal: AbortSignal) => unknown,
  work: (flag: NativeCancel | undefined) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return work(undefined);
  if (signal.aborted) throw refuse(signal);
  const flag = addon.newCancel();
  const cancel = (): void => addon.cancel(flag);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const result = await work(flag);
    if (!signal.aborted) return result;
    // It may hold secrets, and nobody else has it.
    if (result instanceof Uint8Array) result.fill(0);
    throw refuse(signal);
  } finally {
    signal.removeEventListener('abort', cancel);
    addon.release(flag);
  }
}
