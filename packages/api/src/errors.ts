import { count, type Decoded, object, oneOf, optional, text } from './codec.ts';

/** Every error that a node answers with: code, meaning, and what a caller does about it. The codes are stable. */
export const RPC_ERRORS = {
  'parse-error': { code: -32700, meaning: 'The body is not JSON, or nests too deeply.' },
  'invalid-request': {
    code: -32600,
    meaning: 'The JSON is no request of JSON-RPC 2.0, or its id has more than 128 bytes.',
  },
  'method-not-found': { code: -32601, meaning: 'There is no such method here.' },
  'invalid-params': {
    code: -32602,
    meaning: 'A parameter is not what the schema says; `data.path` is a JSON pointer to it.',
  },
  internal: {
    code: -32603,
    meaning: "A fault of the node; `data.id` stands in the node's log beside what happened.",
  },
  'not-found': { code: -32001, meaning: 'What was asked for does not exist (yet).' },
  'limit-exceeded': {
    code: -32005,
    meaning:
      '`data.limit` names the limit: `rate` (try again after `data.retryAfterMs`), `batch`, `range`, `size`, `subscriptions`; `data.max` is its value.',
  },
  'transaction-refused': {
    code: -32010,
    meaning:
      "The transaction breaks the rule that `data.code` names; `data.source` says whose: `protocol` or `ledger`. It is refused for good, or until the chain's state changes.",
  },
  'mempool-refused': {
    code: -32011,
    meaning: 'The node does not keep the transaction, though it breaks no rule: `data.code` says why.',
  },
  busy: {
    code: -32012,
    meaning:
      'The node has too much to do: try again after a pause, of `data.retryAfterMs` where it is named.',
  },
} as const;

export type RpcErrorName = keyof typeof RPC_ERRORS;

/** Limits that a caller can run into. */
export type LimitName = 'rate' | 'batch' | 'range' | 'size' | 'subscriptions';

const NUMBER_SCHEMA = { type: 'integer', minimum: 0 } as const;

/** A JSON number; only in errors, whose other parts are plain JSON too. */
const plainNumber = {
  ...count(),
  schema: NUMBER_SCHEMA,
  decode: (json: unknown): number => (Number.isSafeInteger(json) ? Number(json) : 0),
  encode: (value: number): unknown => value,
};

/** What an error says beside code and message. */
export const RpcErrorDataCodec = object({
  path: optional(text(512)),
  limit: optional(oneOf<LimitName>('rate', 'batch', 'range', 'size', 'subscriptions')),
  max: optional(plainNumber),
  retryAfterMs: optional(plainNumber),
  code: optional(text(64)),
  source: optional(oneOf('protocol', 'ledger')),
  id: optional(text(64)),
});

export type RpcErrorData = Decoded<typeof RpcErrorDataCodec>;

/**
 * A node's answer that is an error. `name` and `code` are of RPC_ERRORS, or `unknown` and the code that a newer node gave;
 * `data` is empty where there is nothing to add.
 */
export class RpcError extends Error {
  override readonly name: RpcErrorName | 'unknown';
  readonly code: number;
  readonly data: RpcErrorData;

  constructor(
    name: RpcErrorName | { readonly unknownCode: number },
    message: string,
    data: RpcErrorData = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = typeof name === 'string' ? name : 'unknown';
    this.code = typeof name === 'string' ? RPC_ERRORS[name].code : name.unknownCode;
    this.data = data;
  }
}

/** Why there is no answer that can be used. */
export type TransportErrorCode =
  /** No connection, or it broke. Whether the node acted on the request is unknown. */
  | 'unreachable'
  /** No answer in time. Whether the node acted on the request is unknown. */
  | 'timeout'
  /** An HTTP status without a JSON-RPC answer. */
  | 'http-status'
  /** The answer is not JSON-RPC, or not what the schema says: this is no node of ours, or one that lies. */
  | 'answer-invalid'
  /** The answer is larger than any honest one. */
  | 'answer-too-large'
  /** The client or its socket was closed. */
  | 'closed';

/** The other end did not answer as a node does. */
export class TransportError extends Error {
  readonly code: TransportErrorCode;

  constructor(code: TransportErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
    this.code = code;
  }
}
