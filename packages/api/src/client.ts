import { RpcError, TransportError } from './errors.ts';
import type { ParamsOf, RequestName, ResultOf } from './methods.ts';
import { askInRate, delay } from './rate.ts';
import { type Answer, encodeRequest, parseAnswer, readAnswer, resultOf } from './wire.ts';

/** Where a node is, and how long to wait for it. */
export interface ClientOptions {
  /** `http://` or `https://`. */
  readonly url: string;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sent with every request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until a request fails with `timeout`. Default 30,000. */
  readonly timeoutMs?: number;
  /**
   * What a node refuses for the rate of requests, or as `busy`, is asked again where it names a pause, after that pause, as long as that ends within
   * `timeoutMs` from the first try. Nothing else is ever tried twice. Default true.
   */
  readonly waitForRate?: boolean;
  /** Bytes of an answer, or of a batch of them, that are read at most. Default 64 MiB: a largest block in hexadecimal digits fits. */
  readonly maxAnswerBytes?: number;
}

/** What asks a node. */
export interface Requester {
  /**
   * Calls a method; quantities come back as bigints, bytes as Uint8Array.
   *
   * @throws RpcError the node refused; TransportError there is no answer that can be used; the signal's reason once it aborts
   */
  request<M extends RequestName>(method: M, params: ParamsOf<M>, signal?: AbortSignal): Promise<ResultOf<M>>;
}

/** One call of a batch. */
export type BatchCall = {
  [M in RequestName]: { readonly method: M; readonly params: ParamsOf<M> };
}[RequestName];

/** What became of one call of a batch. */
export type BatchOutcome<M extends RequestName> =
  | { readonly ok: true; readonly result: ResultOf<M> }
  | { readonly ok: false; readonly error: RpcError };

export type BatchOutcomes<C extends readonly BatchCall[]> = {
  -readonly [I in keyof C]: BatchOutcome<C[I]['method']>;
};

/** A node, seen from outside. Its answers are checked against the schemas and otherwise not trusted. */
export interface SeroClient extends Requester {
  /** Several calls in one request, at most 64 by a node's default. Rejects as `request` does where no call was answered. */
  batch<const C extends readonly BatchCall[]>(calls: C, signal?: AbortSignal): Promise<BatchOutcomes<C>>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_ANSWER_BYTES = 67_108_864;

/** A client of a node's HTTP interface. It holds nothing open between requests but what `fetch` does. */
export function createClient(options: ClientOptions): SeroClient {
  const { url, headers = {}, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES, waitForRate = true } = options;
  const send = options.fetch ?? globalThis.fetch;
  let lastId = 0;

  /** Posts JSON, gives back JSON. */
  async function post(body: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const response = await send(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(body),
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
        redirect: 'error',
        credentials: 'omit',
      });
      const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
      if (!isJson) {
        await response.body?.cancel();
        throw new TransportError('http-status', `${url} answered with HTTP status ${response.status}`);
      }
      return parseAnswer(await boundedText(response, maxAnswerBytes));
    } catch (error) {
      signal?.throwIfAborted();
      if (late.aborted) {
        throw new TransportError('timeout', `no answer from ${url} within ${timeoutMs} ms`, { cause: error });
      }
      if (error instanceof TransportError) throw error;
      throw new TransportError('unreachable', `cannot reach a node at ${url}: is it running?`, {
        cause: error,
      });
    }
  }

  /** Posts until the node does not refuse it for its rate. A refusal of the whole is one object, also for a batch. */
  function ask(body: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    return askInRate(
      () => post(body, signal),
      refusalOf,
      { timeoutMs, waitForRate },
      (ms) => delay(ms, signal),
    );
  }

  return {
    async request(method, params, signal) {
      const id = ++lastId;
      const answer = readAnswer(await ask(encodeRequest(id, method, params), signal));
      expectId(answer, id);
      return resultOf(method, answer);
    },

    async batch(calls, signal) {
      if (calls.length === 0) return [] as never;
      const first = lastId + 1;
      lastId += calls.length;
      const body = calls.map(({ method, params }, i) => encodeRequest(first + i, method, params as never));
      const json = await ask(body, signal);
      if (!Array.isArray(json)) {
        const { error } = readAnswer(json);
        throw error ?? new TransportError('answer-invalid', 'the node answered a batch with one result');
      }
      const answers = new Map(json.map((item) => readAnswer(item)).map((answer) => [answer.id, answer]));
      return calls.map(({ method }, i) => outcomeOf(method, answers.get(first + i))) as never;
    },
  };
}

/** The refusal of the whole; a list has none. */
function refusalOf(json: unknown): RpcError | undefined {
  return Array.isArray(json) ? undefined : readAnswer(json).error;
}

/** The answer must be to this request; to one that the node could not read it is null, with an error. */
function expectId(answer: Answer, id: number): void {
  if (answer.id !== id && !(answer.id === null && answer.error !== undefined)) {
    throw new TransportError('answer-invalid', 'the node answered another request');
  }
}

function outcomeOf<M extends RequestName>(method: M, answer: Answer | undefined): BatchOutcome<M> {
  if (answer === undefined) {
    throw new TransportError('answer-invalid', `the node left a call of ${method} unanswered`);
  }
  try {
    return { ok: true, result: resultOf(method, answer) };
  } catch (error) {
    if (error instanceof RpcError) return { ok: false, error };
    throw error;
  }
}

/** A body as text, read no further than to the bound. */
async function boundedText(response: Response, max: number): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > max) {
      await reader.cancel();
      throw new TransportError('answer-too-large', `the node's answer has more than ${max} bytes`);
    }
    parts.push(decoder.decode(value, { stream: true }));
  }
  parts.push(decoder.decode());
  return parts.join('');
}
