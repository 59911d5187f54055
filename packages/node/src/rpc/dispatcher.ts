import { randomUUID } from 'node:crypto';
import { METHODS, type ParamsOf, type RequestName, RpcError, SchemaError } from '@sero/api';
import type { Logger } from 'pino';
import { type Encoded, encoded } from './encoded.ts';
import { type Caller, type Handlers, resultJson } from './handlers.ts';
import { type Call, errorJson, readBody } from './json-rpc.ts';
import type { RpcLimits } from './limits.ts';
import type { Meter } from './meter.ts';
import type { RpcMetrics } from './metrics.ts';
import type { Unsent, UnsentAnswer } from './unsent.ts';

/** Bytes of question or answer that cost a unit beside the call's own. */
const BYTES_PER_UNIT = 262_144;

/** Methods that a caller's socket answers itself. */
export interface SocketMethods {
  subscribe(): { readonly subscription: string };
  unsubscribe(subscription: string): { readonly ended: boolean };
}

/** Who sent a body, and over what. */
export interface BodyCaller extends Caller {
  /** Absent over HTTP. */
  readonly socket?: SocketMethods;
}

/** What goes back. */
export interface BodyAnswer {
  /** JSON in parts that follow each other, some of them shared with other answers; undefined where there were only notifications. */
  readonly json: Encoded | undefined;
  /** ms after which to try again, where nothing was done for the client's rate; 0 otherwise. */
  readonly retryAfterMs: number;
  /** Its bytes count until it is released, which whoever sends it must see to. */
  readonly unsent: UnsentAnswer;
}

export interface Dispatcher {
  /** Answers a body. Never rejects: whatever goes wrong is an answer. */
  answer(body: Uint8Array, caller: BodyCaller): Promise<BodyAnswer>;
}

export interface DispatcherParts {
  readonly handlers: Handlers;
  readonly limits: RpcLimits;
  readonly meter: Meter;
  readonly unsent: Unsent;
  readonly metrics: RpcMetrics;
  readonly logger: Logger;
}

/** Reads bodies, checks calls, runs them, writes answers. */
export function createDispatcher({
  handlers,
  limits,
  meter,
  unsent,
  metrics,
  logger,
}: DispatcherParts): Dispatcher {
  let inFlight = 0;

  /** Takes units; throws where there are too few. */
  function pay(client: string, units: number): void {
    const retryAfterMs = meter.take(client, units);
    if (retryAfterMs === 0) return;
    metrics.refused('rate');
    throw new RpcError('limit-exceeded', `too many requests: try again in ${retryAfterMs} ms`, {
      limit: 'rate',
      retryAfterMs,
    });
  }

  function busy(): RpcError {
    metrics.refused('busy');
    return new RpcError('busy', 'the node has too much to do: try again shortly');
  }

  /** An error as its caller learns it. What is no refusal stays here, under a name that both sides know. */
  function publicError(error: unknown, method: string, { signal }: Caller): RpcError {
    if (error instanceof RpcError) return error;
    if (signal.aborted) return new RpcError('busy', 'the call was given up');
    const id = randomUUID();
    logger.error({ id, method, err: error }, 'an RPC call failed');
    return new RpcError('internal', `the node failed; its log names the cause under ${id}`, { id });
  }

  /** The JSON of a call's result. */
  function run(method: string, params: unknown, caller: BodyCaller): Encoded | string | Promise<string> {
    if (!Object.hasOwn(METHODS, method)) {
      throw new RpcError('method-not-found', 'there is no such method: rpc.discover lists all');
    }
    const name = method as keyof typeof METHODS;
    if (METHODS[name].transport === 'socket') return JSON.stringify(runOnSocket(name, params, caller.socket));
    const request = name as RequestName;
    const handler = handlers[request] as (params: unknown, caller: Caller) => unknown;
    const result = handler(decodeParams(name, params), caller);
    if (isEncoded(result)) return result;
    if (result instanceof Promise) return result.then((value) => resultJson(request, value));
    return resultJson(request, result);
  }

  function runOnSocket(
    name: keyof typeof METHODS,
    params: unknown,
    socket: SocketMethods | undefined,
  ): unknown {
    if (socket === undefined) {
      throw new RpcError(
        'method-not-found',
        `${name} is for WebSockets: connect to the same address with ws://`,
      );
    }
    const decoded = decodeParams(name, params);
    if (name === 'sero_subscribe') return socket.subscribe();
    return socket.unsubscribe((decoded as ParamsOf<'sero_unsubscribe'>).subscription);
  }

  /** One call's answer as JSON, or undefined for a notification. */
  async function answerCall(
    call: Call,
    caller: BodyCaller,
    held: UnsentAnswer,
    price: number,
  ): Promise<Buffer[] | undefined> {
    if (call.error !== undefined) {
      metrics.answered('unknown', call.error.name, 0);
      return [Buffer.from(errorJson(call.id, call.error))];
    }
    const { id, method, params } = call;
    const start = performance.now();
    const counted = (outcome: string): void =>
      metrics.answered(method, outcome, (performance.now() - start) / 1_000);
    if (inFlight >= limits.maxInFlight) {
      counted('busy');
      return id === undefined ? undefined : [Buffer.from(errorJson(id, busy()))];
    }
    inFlight++;
    try {
      if (price > 0) pay(caller.client, price);
      if (held.bytes() >= limits.maxBatchAnswerBytes) {
        metrics.refused('size');
        throw new RpcError('limit-exceeded', 'the answer to this batch is full: ask again for the rest', {
          limit: 'size',
          max: limits.maxBatchAnswerBytes,
        });
      }
      const running = run(method, params, caller);
      const result = running instanceof Promise ? await running : running;
      const { json, length } = typeof result === 'string' ? encoded(Buffer.from(result)) : result;
      if (id !== undefined && !held.take(length)) throw busy();
      counted('ok');
      if (id === undefined) return undefined;
      return [Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`), ...json, CLOSING];
    } catch (error) {
      const shown = publicError(error, method, caller);
      counted(shown.name);
      if (shown.data.limit === 'range' || shown.data.limit === 'subscriptions')
        metrics.refused(shown.data.limit);
      return id === undefined ? undefined : [Buffer.from(errorJson(id, shown))];
    } finally {
      inFlight--;
    }
  }

  async function answerBody(
    bytes: Uint8Array,
    caller: BodyCaller,
    held: UnsentAnswer,
  ): Promise<Encoded | undefined> {
    const { client } = caller;
    pay(client, 1 + Math.floor(bytes.length / BYTES_PER_UNIT));
    const body = readBody(bytes, limits);
    if (!body.batch) {
      const parts = await answerCall(body.calls[0], caller, held, 0);
      return parts === undefined ? undefined : encoded(...parts);
    }
    // The first call is paid for already.
    const answers = await Promise.all(
      body.calls.map((call, i) => answerCall(call, caller, held, i === 0 ? 0 : 1)),
    );
    const given = answers.filter((parts) => parts !== undefined);
    if (given.length === 0) return undefined;
    const items = given.flatMap((parts, i) => (i === 0 ? parts : [COMMA, ...parts]));
    return encoded(OPEN_LIST, ...items, CLOSE_LIST);
  }

  return {
    async answer(bytes, caller) {
      const held = unsent.open(caller.client);
      try {
        const answer = await answerBody(bytes, caller, held);
        if (answer !== undefined) meter.charge(caller.client, Math.floor(answer.length / BYTES_PER_UNIT));
        return { json: answer, retryAfterMs: 0, unsent: held };
      } catch (error) {
        const shown = publicError(error, 'unknown', caller);
        metrics.answered('unknown', shown.name, 0);
        if (shown.data.limit === 'batch') metrics.refused('batch');
        const retryAfterMs = shown.data.limit === 'rate' ? (shown.data.retryAfterMs ?? 0) : 0;
        return { json: encoded(Buffer.from(errorJson(null, shown))), retryAfterMs, unsent: held };
      }
    },
  };
}

const COMMA = Buffer.from(',');
const CLOSING = Buffer.from('}');
const OPEN_LIST = Buffer.from('[');
const CLOSE_LIST = Buffer.from(']');

function isEncoded(result: unknown): result is Encoded {
  return typeof result === 'object' && result !== null && 'json' in result && 'length' in result;
}

function decodeParams(name: keyof typeof METHODS, params: unknown): unknown {
  try {
    return METHODS[name].params.decode(params, '');
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    throw new RpcError('invalid-params', `${name}: ${error.message}`, { path: error.path });
  }
}
