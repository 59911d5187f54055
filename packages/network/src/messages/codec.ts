import type { Type } from '@chainsafe/ssz';
import { decodeStrict, ProtocolError } from '@sero/protocol';

/** Longest chunk of any answer, bytes: a block, a bundle and their frame fit. */
export const MAX_CHUNK_BYTES = 16_777_216;

/** A kind of request: how it is spelt, what it costs whom it is asked of, and how long its answer may get. */
export interface RequestCodec<T> {
  encode(request: T): Uint8Array;
  /** Throws ProtocolError `too-large`, `malformed`, `not-canonical`. */
  decode(bytes: Uint8Array): T;
  /** Longest request, bytes. */
  readonly maxBytes: number;
  /** Longest chunk of its answer, bytes. */
  readonly chunkBytes: number;
  /** Most chunks of its answer. */
  chunks(request: T): number;
  /** What it counts in the limits of rates, at least 1: about one for each block that is read. */
  cost(request: T): number;
}

interface CodecParts<T> {
  readonly type: Type<T>;
  readonly what: string;
  readonly chunkBytes: number;
  readonly chunks: (request: T) => number;
  readonly cost: (request: T) => number;
  /** What is wrong with a request that decodes; undefined where nothing is. */
  readonly fault?: (request: T) => string | undefined;
}

/** A codec of these parts; what has a fault is neither made nor read. */
export function requestCodec<T>({ type, what, fault, ...rest }: CodecParts<T>): RequestCodec<T> {
  const check = (request: T): T => {
    const wrong = fault?.(request);
    if (wrong !== undefined) throw new ProtocolError('malformed', `${what}: ${wrong}`);
    return request;
  };
  return {
    ...rest,
    maxBytes: type.maxSize,
    encode: (request) => type.serialize(check(request)),
    decode: (bytes) => check(decodeStrict(type, bytes, type.maxSize, what)),
  };
}

/** The fault of a count, undefined where it is 1 to `most`. */
export function countFault(count: number, most: number): string | undefined {
  return count >= 1 && count <= most ? undefined : `a count is 1 to ${most}, not ${count}`;
}
