/** Why the bytes of a point of BLS12-381 were refused. */
export type PointFault =
  | 'point-not-canonical'
  | 'point-at-infinity'
  | 'point-not-on-curve'
  | 'point-not-in-subgroup';

/** Why a proof was refused. The verifier returns these as values and never throws for what a peer sent. */
export type VerdictCode =
  | PointFault
  | 'proof-length'
  | 'proof-invalid'
  | 'public-input-count'
  | 'public-input-not-canonical';

/** Why a verifying key was refused. */
export type VerifyingKeyFault =
  | PointFault
  | 'key-malformed'
  | 'key-ic-count'
  | 'key-gamma-equals-delta'
  | 'key-points-related'
  | 'key-generator'
  | 'key-ic-repeated'
  | 'key-development'
  | 'key-not-in-genesis'
  | 'key-circuit-mismatch'
  | 'key-duplicate'
  | 'key-missing';

/** Why a proof was not made. */
export type ProveFault =
  | 'zkey-malformed'
  | 'witness-malformed'
  | 'witness-length'
  | 'aborted'
  | 'closed'
  | 'queue-full'
  | 'prove-failed';

/** Why a circuit file was refused. */
export type CircuitFault = 'circuit-malformed';

/** Why a backend was not opened. */
export type BackendFault = 'backend-unknown' | 'backend-unavailable' | 'option-invalid';

export type ProverErrorCode =
  | BackendFault
  | VerifyingKeyFault
  | ProveFault
  | CircuitFault
  | 'field-not-canonical'
  | 'packed-length'
  | 'view-key-not-canonical'
  | 'randomness-broken';

/** A typed refusal: `code` is stable and meant for programs, `message` for people. */
export class ProverError extends Error {
  readonly code: ProverErrorCode;

  constructor(code: ProverErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProverError';
    this.code = code;
  }
}

/** The refusal of work that its caller no longer wants. */
export function abortedError(signal: AbortSignal): ProverError {
  return new ProverError('aborted', 'the proof was aborted', { cause: signal.reason });
}

/** The refusal of a proof where as many as may be wait already. */
export function queueFullError(most: number): ProverError {
  return new ProverError('queue-full', `${most} proofs wait already: ask again when some are done`);
}

/** The refusal of work by a backend that was closed. */
export function closedError(): ProverError {
  return new ProverError('closed', 'this prover was closed: make another');
}
