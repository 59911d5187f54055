import { SchemaError } from './codec.ts';
import { RPC_ERRORS, RpcError, RpcErrorDataCodec, type RpcErrorName, TransportError } from './errors.ts';
import { METHODS, type MethodName, type ParamsOf, type ResultOf } from './methods.ts';

/** Requests and answers of JSON-RPC 2.0 as a client writes and reads them. */

/** A request, ready for JSON.stringify. Throws SchemaError never: what it is given is typed. */
export function encodeRequest<M extends MethodName>(id: number, method: M, params: ParamsOf<M>): unknown {
  const encode = METHODS[method].params.encode as (value: ParamsOf<M>) => unknown;
  return { jsonrpc: '2.0', id, method, params: encode(params) };
}

/** One answer as it arrived, its envelope checked. */
export interface Answer {
  /** Null where the node could not read the request. */
  readonly id: number | null;
  readonly error?: RpcError;
  readonly result?: unknown;
}

const NAMES = new Map<number, RpcErrorName>(
  Object.entries(RPC_ERRORS).map(([name, { code }]) => [code, name as RpcErrorName]),
);

/** Longest message of a node that is shown. */
const MAX_MESSAGE = 1_024;

function invalid(what: string, cause?: unknown): TransportError {
  return new TransportError('answer-invalid', `the node's answer is not to be used: ${what}`, { cause });
}

/** Checks the envelope of an answer. Throws TransportError `answer-invalid`. */
export function readAnswer(json: unknown): Answer {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid('it is no object');
  const { jsonrpc, id, result, error } = json as Readonly<Record<string, unknown>>;
  if (jsonrpc !== '2.0') throw invalid('it is not JSON-RPC 2.0');
  if (id !== null && typeof id !== 'number') throw invalid('its id is none of ours');
  if ((result === undefined) === (error === undefined)) throw invalid('it has not one of result and error');
  return error === undefined ? { id, result } : { id, error: readError(error) };
}

function readError(json: unknown): RpcError {
  if (typeof json !== 'object' || json === null) throw invalid('its error is no object');
  const { code, message, data } = json as Readonly<Record<string, unknown>>;
  if (!Number.isSafeInteger(code) || typeof message !== 'string')
    throw invalid('its error has no code or message');
  const name = NAMES.get(code as number) ?? { unknownCode: code as number };
  try {
    return new RpcError(
      name,
      message.slice(0, MAX_MESSAGE),
      data === undefined ? {} : RpcErrorDataCodec.decode(data, '/data'),
    );
  } catch (cause) {
    if (cause instanceof SchemaError) throw invalid(`its error's ${cause.message}`, cause);
    throw cause;
  }
}

/** The result of a method out of an answer. Throws RpcError, or TransportError `answer-invalid`. */
export function resultOf<M extends MethodName>(method: M, answer: Answer): ResultOf<M> {
  if (answer.error !== undefined) throw answer.error;
  try {
    return METHODS[method].result.decode(answer.result, '/result') as ResultOf<M>;
  } catch (cause) {
    if (cause instanceof SchemaError) throw invalid(cause.message, cause);
    throw cause;
  }
}

/** JSON out of a text. Throws TransportError `answer-invalid`. */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid('it is no JSON', cause);
  }
}
