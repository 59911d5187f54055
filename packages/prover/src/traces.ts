import { CryptoError, fieldFromBytes, hashTrace, modQ } from '@sero/crypto';
import { ProverError } from './errors.ts';

/** Bytes of a spent note as its account's trace key is tried on it: NIL (32), then TRACE (32). */
const TRACE_ENTRY_BYTES = 64;

const ELEMENT_BYTES = 32;
/** What is opened is below this, so that it is a safe integer. */
const OPENED_LIMIT = 1n << 53n;

/** A trace key with the ZPK of its account, and the entries to try it on. */
export interface TraceRequest {
  /** tk: a field element, 32 bytes little-endian. */
  readonly traceKey: Uint8Array;
  /** ZPK: a field element, 32 bytes little-endian. */
  readonly zpk: Uint8Array;
  /** NIL || TRACE of each input, 64 bytes each, one after the other. */
  readonly entries: Uint8Array;
  readonly signal?: AbortSignal;
}

/** Tries a trace key on many inputs at once: TRACE - H_trace(tk, ZPK, NIL) is small for the account's own alone. */
export interface TraceOpener {
  /**
   * @returns one number an entry, below 2^53, or undefined for another account's
   * @throws ProverError `packed-length`, `field-not-canonical`; the signal's reason when aborted
   */
  open(request: TraceRequest): Promise<(number | undefined)[]>;
}

/** How many entries there are; throws `packed-length` where a part is not as long as it must be. */
export function countTraces({ traceKey, zpk, entries }: TraceRequest): number {
  const whole = entries.length % TRACE_ENTRY_BYTES === 0;
  if (whole && traceKey.length === ELEMENT_BYTES && zpk.length === ELEMENT_BYTES) {
    return entries.length / TRACE_ENTRY_BYTES;
  }
  throw new ProverError('packed-length', 'tk and ZPK have 32 bytes, an entry 64: NIL, then TRACE');
}

function readElement(bytes: Uint8Array): bigint {
  try {
    return fieldFromBytes(bytes);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new ProverError('field-not-canonical', error.message, { cause: error });
  }
}

/** The reference, on big integers: some 0.2 ms an entry, on the thread that calls it. */
export function createReferenceTraceOpener(): TraceOpener {
  return {
    async open(request) {
      const count = countTraces(request);
      const [tk, zpk] = [readElement(request.traceKey), readElement(request.zpk)];
      return Array.from({ length: count }, (_, i) => {
        request.signal?.throwIfAborted();
        const at = i * TRACE_ENTRY_BYTES;
        const nil = readElement(request.entries.subarray(at, at + ELEMENT_BYTES));
        const trace = readElement(request.entries.subarray(at + ELEMENT_BYTES, at + TRACE_ENTRY_BYTES));
        const opened = modQ(trace - hashTrace(tk, zpk, nil));
        return opened < OPENED_LIMIT ? Number(opened) : undefined;
      });
    },
  };
}
