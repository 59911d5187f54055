import { randomUUID } from 'node:crypto';
import { METHODS, type ParamsOf, type RequestName, RpcError, SchemaError } from '@sero/api';
import type { Logger } from 'pino';
import { type Encoded, encoded } from './encoded.ts';
import { type Caller, type Handlers, resultJson } from './handlers.ts';
import { type Call, errorJson, type Id, idAtStart, readBody } from './json-rpc.ts';
import type { RpcLimits } from './limits.ts';
import type { Meter } from './meter.ts';
import type { RpcMetrics } from './metrics.ts';
import { createShares } from './shares.ts';
import type { Turns } from './turns.ts';
import type { Unsent, UnsentAnswer } from './unsent.ts';
import { BYTES_PER_UNIT, CALL_WORK, type Work } from './work.ts';

/** Bytes that join an answer to the others of its batch. */
const JOINED_BY = 2;

/** Characters of what a caller sent that stand in an error. */
const MAX_ECHO = 200;

/** Methods that a caller's socket answers itself. */
export interface SocketMethods {
  subscribe(): { readonly subscription: string };
  unsubscribe(subscription: string): { readonly ended: boolean };
}

/** Who sent a body, and over what. */
export interface BodyCaller extends Omit<Caller, 'work'> {
  /** Absent over HTTP. */
  readonly socket?: SocketMethods;
}

/** What goes back. */
export interface BodyAnswer {
  /** JSON in parts that follow each other, some of them shared with other answers; undefined where there were only notifications. */
  readonly json: Encoded | undefined;
  /** True where not even a refusal had room: the connection is to be ended, since an answer is owed that it does not get. */
  readonly cut: boolean;
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
  readonly turns: Turns;
  readonly metrics: RpcMetrics;
  readonly logger: Logger;
}

/** Reads bodies, checks calls, runs them, writes answers. */
export function createDispatcher({
  handlers,
  limits,
  meter,
  unsent,
  turns,
  metrics,
  logger,
}: DispatcherParts): Dispatcher {
  const inFlight = createShares(limits.maxInFlight, limits.maxInFlightPerClient);

  /** Takes units; throws where there are too few. */
  function pay(client: string, units: number): void {
    inRate(meter.take(client, units));
  }

  function inRate(retryAfterMs: number): void {
    if (retryAfterMs === 0) return;
    metrics.refused('rate');
    throw new RpcError('limit-exceeded', `too many requests: try again in ${retryAfterMs} ms`, {
      limit: 'rate',
      retryAfterMs,
    });
  }

  /** Waits for a turn, where there is need to; rejects once nobody waits for the answer. */
  function turn(units: number, { client, signal }: BodyCaller): Promise<void> | undefined {
    return turns.take(client, units)?.then(() => signal.throwIfAborted());
  }

  function workOf(caller: BodyCaller, held: UnsentAnswer): Work {
    return {
      charge: (units) => inRate(meter.charge(caller.client, units)),
      made(bytes) {
        if (!held.take(bytes)) throw busy();
      },
      pause: (units) => turn(units, caller),
    };
  }

  /** Of what was not done, or may be done twice: it names the pause after which clients ask again by themselves. */
  function busy(): RpcError {
    metrics.refused('busy');
    return new RpcError('busy', 'the node has too much to do: try again shortly', {
      retryAfterMs: limits.minReadMs,
    });
  }

  /** Of what was done and has no room for its answer: whether to ask again is for the caller to decide. */
  function noRoom(): RpcError {
    metrics.refused('busy');
    return new RpcError('busy', 'the call was carried out, and there is no room for its answer');
  }

  /** An error as its caller learns it. What is no refusal stays here, under a name that both sides know. */
  function publicError(error: unknown, method: string, { signal }: BodyCaller): RpcError {
    if (error instanceof RpcError) return error;
    if (signal.aborted) return new RpcError('busy', 'the call was given up');
    const id = randomUUID();
    logger.error({ id, method, err: error }, 'an RPC call failed');
    return new RpcError('internal', `the node failed; its log names the cause under ${id}`, { id });
  }

  /** The JSON of a call's result. */
  function run(
    method: string,
    params: unknown,
    caller: BodyCaller,
    held: UnsentAnswer,
  ): Encoded | string | Promise<Encoded | string> {
    if (!Object.hasOwn(METHODS, method)) {
      throw new RpcError('method-not-found', 'there is no such method: rpc.discover lists all');
    }
    const name = method as keyof typeof METHODS;
    if (METHODS[name].transport === 'socket') return JSON.stringify(runOnSocket(name, params, caller.socket));
    const request = name as RequestName;
    const handler = handlers[request] as (params: unknown, caller: Caller) => unknown;
    const json = (result: unknown): Encoded | string =>
      isEncoded(result) ? result : resultJson(request, result);
    const { client, signal } = caller;
    const result = handler(decodeParams(name, params), { client, signal, work: workOf(caller, held) });
    return result instanceof Promise ? result.then(json) : json(result);
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

  /** A refusal as JSON, counted. Throws NoRoom where there is none even for that. */
  function refusal(id: Id, error: RpcError, held: UnsentAnswer): Buffer[] {
    const json = Buffer.from(errorJson(id, error));
    if (!held.take(json.length + JOINED_BY, 'refusal')) throw new NoRoom();
    return [json];
  }

  /** One call's answer as JSON, counted, or undefined for a notification. */
  async function answerCall(
    call: Call,
    caller: BodyCaller,
    held: UnsentAnswer,
    price: number,
  ): Promise<Buffer[] | undefined> {
    if (call.error !== undefined) {
      metrics.answered('unknown', call.error.name, 0);
      return refusal(call.id, call.error, held);
    }
    const { id, method, params } = call;
    const start = performance.now();
    const counted = (outcome: string): void =>
      metrics.answered(method, outcome, (performance.now() - start) / 1_000);
    const before = held.bytes();
    const leave = inFlight.enter(caller.client);
    try {
      if (leave === undefined) throw busy();
      if (price > 0) {
        pay(caller.client, price);
        const wait = turn(CALL_WORK, caller);
        if (wait !== undefined) await wait;
      }
      if (before >= limits.maxBatchAnswerBytes) {
        metrics.refused('size');
        throw new RpcError('limit-exceeded', 'the answer to this batch is full: ask again for the rest', {
          limit: 'size',
          max: limits.maxBatchAnswerBytes,
        });
      }
      const running = run(method, params, caller, held);
      const result = running instanceof Promise ? await running : running;
      if (id === undefined) {
        held.give(held.bytes() - before);
        counted('ok');
        return undefined;
      }
      const json = typeof result === 'string' ? [Buffer.from(result)] : result.json;
      const parts = [Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`), ...json, CLOSING];
      const length = parts.reduce((sum, part) => sum + part.length, JOINED_BY);
      if (!held.take(Math.max(0, before + length - held.bytes())))
        throw CHANGES.has(method) ? noRoom() : busy();
      counted('ok');
      return parts;
    } catch (error) {
      // What was made of it goes nowhere.
      held.give(held.bytes() - before);
      const shown = publicError(error, method, caller);
      counted(shown.name);
      if (shown.data.limit === 'range' || shown.data.limit === 'subscriptions')
        metrics.refused(shown.data.limit);
      return id === undefined ? undefined : refusal(id, shown, held);
    } finally {
      leave?.();
    }
  }

  async function answerBody(
    bytes: Uint8Array,
    caller: BodyCaller,
    held: UnsentAnswer,
  ): Promise<Encoded | undefined> {
    const { client, signal } = caller;
    const size = Math.floor(bytes.length / BYTES_PER_UNIT);
    pay(client, 1 + size);
    const wait = turn(CALL_WORK + size, caller);
    if (wait !== undefined) await wait;
    const body = readBody(bytes, limits);
    if (!body.batch) {
      const parts = await answerCall(body.calls[0], caller, held, 0);
      return parts === undefined ? undefined : encoded(parts);
    }
    // In order and one after the other, so that a batch is never ahead of its price.
    const items: Buffer[] = [];
    for (const [i, call] of body.calls.entries()) {
      signal.throwIfAborted();
      // The first call is paid for already.
      const parts = await answerCall(call, caller, held, i === 0 ? 0 : 1);
      if (parts === undefined) continue;
      items.push(items.length === 0 ? OPEN_LIST : COMMA);
      for (const part of parts) items.push(part);
    }
    if (items.length === 0) return undefined;
    items.push(CLOSE_LIST);
    return encoded(items);
  }

  return {
    async answer(bytes, caller) {
      const held = unsent.open(caller.client);
      const cut: BodyAnswer = { json: undefined, cut: true, retryAfterMs: 0, unsent: held };
      try {
        const json = await answerBody(bytes, caller, held);
        if (json !== undefined) meter.charge(caller.client, Math.floor(json.length / BYTES_PER_UNIT));
        return { json, cut: false, retryAfterMs: 0, unsent: held };
      } catch (error) {
        if (error instanceof NoRoom) return cut;
        const shown = publicError(error, 'unknown', caller);
        metrics.answered('unknown', shown.name, 0);
        if (shown.data.limit === 'batch') metrics.refused('batch');
        const retryAfterMs = shown.data.limit === 'rate' ? (shown.data.retryAfterMs ?? 0) : 0;
        const id = shown.data.limit === 'rate' ? idAtStart(bytes) : null;
        const json = Buffer.from(errorJson(id, shown));
        // Nothing else of this body is sent.
        held.give(held.bytes());
        if (!held.take(json.length, 'refusal')) return cut;
        return { json: encoded([json]), cut: false, retryAfterMs, unsent: held };
      }
    },
  };
}

/** What does something: done twice it is not what it was. */
const CHANGES: ReadonlySet<string> = new Set(['sero_submit', 'sero_subscribe', 'sero_unsubscribe']);

/** Not even a refusal has room. */
class NoRoom extends Error {}

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
    const path = error.path.slice(0, MAX_ECHO);
    const message = error.message.slice(0, 2 * MAX_ECHO);
    throw new RpcError('invalid-params', `${name}: ${message}`, { path });
  }
}
