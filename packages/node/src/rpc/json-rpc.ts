import { RpcError } from '@sero/api';

/** Bodies of JSON-RPC 2.0 (jsonrpc.org/specification), read from bytes that anybody may have sent. */

/** What names a call; null where the call could not be read. */
export type Id = string | number | null;

/** One call of a body, or why it is none. A call without an id is a notification: nothing is answered. */
export type Call =
  | { readonly id: Id | undefined; readonly method: string; readonly params: unknown; readonly error?: never }
  | { readonly id: Id; readonly error: RpcError };

/** A body: one call, or a batch of them. */
export type Body =
  | { readonly batch: false; readonly calls: readonly [Call] }
  | { readonly batch: true; readonly calls: readonly Call[] };

export interface BodyLimits {
  readonly maxDepth: number;
  readonly maxBatch: number;
}

/** Bytes of an id that is text: it goes back with the answer. */
const MAX_ID_BYTES = 128;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a body. What is no JSON, or too much of it, is thrown as RpcError; a call that is none stands in its place. */
export function readBody(bytes: Uint8Array, { maxDepth, maxBatch }: BodyLimits): Body {
  if (nestsDeeper(bytes, maxDepth)) {
    throw new RpcError('parse-error', `the body nests deeper than ${maxDepth} levels`);
  }
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(bytes));
  } catch {
    throw new RpcError('parse-error', 'the body is no JSON');
  }
  if (!Array.isArray(json)) return { batch: false, calls: [readCall(json)] };
  if (json.length === 0) throw new RpcError('invalid-request', 'a batch has at least one call');
  if (json.length > maxBatch) {
    throw new RpcError('limit-exceeded', `a batch has at most ${maxBatch} calls: send several`, {
      limit: 'batch',
      max: maxBatch,
    });
  }
  return { batch: true, calls: json.map(readCall) };
}

/**
 * The id of a call that is not read, where it stands where this project's clients write it. Over a socket it alone says which of many
 * requests was refused.
 */
export function idAtStart(bytes: Uint8Array): number | null {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64)).toString('latin1');
  const id = /^\{"jsonrpc":"2\.0","id":(0|[1-9]\d{0,14}),/.exec(start)?.[1];
  return id === undefined ? null : Number(id);
}

function readCall(json: unknown): Call {
  const refused = (id: Id, message: string): Call => ({
    id,
    error: new RpcError('invalid-request', message),
  });
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return refused(null, 'a call is an object');
  }
  const { jsonrpc, id, method, params = {} } = json as Readonly<Record<string, unknown>>;
  if (!isId(id)) {
    return refused(
      null,
      `an id is a string of at most ${MAX_ID_BYTES} bytes, a number that is exact, or null`,
    );
  }
  if (jsonrpc !== '2.0') return refused(id ?? null, 'jsonrpc must be "2.0"');
  if (typeof method !== 'string') return refused(id ?? null, 'method is a string');
  if (typeof params !== 'object' || params === null) return refused(id ?? null, 'params is an object');
  // Some clients say "no parameters" so.
  const named = Array.isArray(params) && params.length === 0 ? {} : params;
  return { id, method, params: named };
}

/** A number beyond 2^53, or a fraction, would come back as another one. */
function isId(id: unknown): id is Id | undefined {
  if (typeof id === 'string') return id.length <= MAX_ID_BYTES && Buffer.byteLength(id) <= MAX_ID_BYTES;
  return id === undefined || id === null || Number.isSafeInteger(id);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);

/** Counts brackets outside strings, before anything is built of them. */
function nestsDeeper(bytes: Uint8Array, maxDepth: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (inString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPEN.has(byte) && ++depth > maxDepth) return true;
    else if (CLOSE.has(byte)) depth--;
  }
  return false;
}

/** The answer to a call that failed, as JSON. */
export function errorJson(id: Id, { code, message, data }: RpcError): string {
  const error = Object.keys(data).length === 0 ? { code, message } : { code, message, data };
  return JSON.stringify({ jsonrpc: '2.0', id, error });
}
