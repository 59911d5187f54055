/** Why a proof got no verdict. */
export type VerificationErrorCode =
  /** The queue is full: try again shortly. */
  | 'busy'
  /** The thread that checked it died or gave no answer in time, and so did the next one. */
  | 'worker-lost'
  /** The verifier was closed. */
  | 'closed';

/** A proof got no verdict: neither valid nor invalid. */
export class VerificationError extends Error {
  readonly code: VerificationErrorCode;

  constructor(code: VerificationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VerificationError';
    this.code = code;
  }
}
