import type { Requester } from './client.ts';
import type { Decoded } from './codec.ts';
import { SchemaError } from './codec.ts';
import { TransportError } from './errors.ts';
import { HeadNotification, NOTIFICATION } from './methods/subscriptions.ts';
import type { MethodName, ParamsOf, ResultOf } from './methods.ts';
import { askInRate, delay } from './rate.ts';
import { type Answer, encodeRequest, parseAnswer, readAnswer, resultOf } from './wire.ts';

/** Where a node's socket is. */
export interface SocketClientOptions {
  /** `ws://` or `wss://`. */
  readonly url: string;
  /** Default: the platform's WebSocket. */
  readonly connect?: (url: string) => WebSocket;
  /** Milliseconds until opening or a request fails with `timeout`. Default 30,000. */
  readonly timeoutMs?: number;
  /**
   * What a node refuses for the rate of requests, or as `busy`, is asked again where it names a pause, after that pause, as long as that ends
   * within `timeoutMs` from the first try. Nothing else is ever tried twice. Default true.
   */
  readonly waitForRate?: boolean;
  /** Stops opening; the signal's reason is thrown. Later it does nothing. */
  readonly signal?: AbortSignal;
}

/** What a subscription to heads tells. */
export type HeadEvent = Decoded<typeof HeadNotification>['result'];

/** Ends a subscription. */
export interface HeadSubscription {
  end(): Promise<void>;
}

/** A node over one open socket. It is not opened again by itself: a caller that wants that waits for `closed` and makes a new one. */
export interface SocketClient extends Requester {
  /** Tells of each new head until it is ended or the socket closes. Heights may jump where the reader is slow, and never fall. */
  subscribeHeads(listener: (head: HeadEvent) => void, signal?: AbortSignal): Promise<HeadSubscription>;
  /** Settles once the socket is closed, from whatever side and cause. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Closes the socket; requests under way fail with `closed`. */
  close(): void;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Subscriptions of which a head is kept before their names are known: a node that makes up names fills no memory. */
const MAX_EARLY = 64;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Opens a socket to a node. Throws TransportError `unreachable` or `timeout`. */
export async function createSocketClient(options: SocketClientOptions): Promise<SocketClient> {
  const { url, timeoutMs = DEFAULT_TIMEOUT_MS, waitForRate = true, signal } = options;
  const socket = (options.connect ?? ((target) => new WebSocket(target)))(url);
  const waiting = new Map<number, Waiting>();
  const listeners = new Map<string, (head: HeadEvent) => void>();
  /** Heads that came before the answer that names their subscription was handed on; only while one is awaited. */
  const early = new Map<string, HeadEvent>();
  let subscribing = 0;
  let lastId = 0;
  /** Ends pauses with the socket. */
  const gone = new AbortController();

  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => {
      const error = new TransportError('closed', `the socket to ${url} was closed (${code})`);
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      listeners.clear();
      gone.abort(error);
      resolve({ code, reason });
    });
  });

  socket.addEventListener('message', ({ data }) => {
    try {
      receive(data);
    } catch (error) {
      // What cannot be read makes all that follows doubtful.
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      socket.close(4002, 'answer-invalid');
    }
  });

  function receive(data: unknown): void {
    if (typeof data !== 'string') throw new TransportError('answer-invalid', 'the node sent no text');
    const json = parseAnswer(data) as { readonly method?: unknown; readonly params?: unknown } | null;
    if (json !== null && json.method === NOTIFICATION) {
      notify(json.params);
      return;
    }
    const answer = readAnswer(json);
    const target = answer.id === null ? undefined : waiting.get(answer.id);
    if (target === undefined) {
      if (answer.id === null && answer.error !== undefined) throw answer.error;
      return; // of a request that was given up
    }
    waiting.delete(answer.id!);
    target.resolve(answer);
  }

  function notify(params: unknown): void {
    let event: Decoded<typeof HeadNotification>;
    try {
      event = HeadNotification.decode(params, '/params');
    } catch (cause) {
      if (!(cause instanceof SchemaError)) throw cause;
      throw new TransportError('answer-invalid', `a notification's ${cause.message}`, { cause });
    }
    const listener = listeners.get(event.subscription);
    if (listener !== undefined) listener(event.result);
    else if (subscribing > 0 && early.size < MAX_EARLY) early.set(event.subscription, event.result);
  }

  /** Sends a request once, and waits for its answer. */
  async function ask<M extends MethodName>(
    method: M,
    params: ParamsOf<M>,
    stop: AbortSignal | undefined,
  ): Promise<Answer> {
    stop?.throwIfAborted();
    if (socket.readyState !== WebSocket.OPEN)
      throw new TransportError('closed', `the socket to ${url} is closed`);
    const id = ++lastId;
    const late = AbortSignal.timeout(timeoutMs);
    return new Promise<Answer>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      late.addEventListener('abort', () =>
        reject(new TransportError('timeout', `no answer from ${url} within ${timeoutMs} ms`)),
      );
      stop?.addEventListener('abort', () => reject(stop.reason), { once: true });
      socket.send(JSON.stringify(encodeRequest(id, method, params)));
    }).finally(() => waiting.delete(id));
  }

  async function call<M extends MethodName>(
    method: M,
    params: ParamsOf<M>,
    stop?: AbortSignal,
  ): Promise<ResultOf<M>> {
    const answer = await askInRate(
      () => ask(method, params, stop),
      ({ error }) => error,
      { timeoutMs, waitForRate },
      (ms) => delay(ms, stop === undefined ? gone.signal : AbortSignal.any([stop, gone.signal])),
    );
    return resultOf(method, answer);
  }

  await opened(socket, url, timeoutMs, signal);
  return {
    request: call,

    async subscribeHeads(listener, stop) {
      subscribing++;
      const { subscription } = await call('sero_subscribe', { topic: 'heads' }, stop).finally(
        () => subscribing--,
      );
      listeners.set(subscription, listener);
      const missed = early.get(subscription);
      early.delete(subscription);
      if (subscribing === 0) early.clear();
      if (missed !== undefined) listener(missed);
      return {
        async end() {
          if (!listeners.delete(subscription)) return;
          await call('sero_unsubscribe', { subscription });
        },
      };
    },

    closed,
    close: () => socket.close(1000),
  };
}

async function opened(
  socket: WebSocket,
  url: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve(), { once: true });
      socket.addEventListener(
        'error',
        (event) =>
          reject(
            new TransportError('unreachable', `cannot reach a node at ${url}: is it running?`, {
              cause: event,
            }),
          ),
        { once: true },
      );
      late.addEventListener('abort', () =>
        reject(new TransportError('timeout', `no connection to ${url} within ${timeoutMs} ms`)),
      );
      signal?.throwIfAborted();
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  } catch (error) {
    socket.close();
    throw error;
  }
}
