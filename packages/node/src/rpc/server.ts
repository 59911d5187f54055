import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import websocket from '@fastify/websocket';
import { openRpcDocument } from '@sero/api';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Logger, pino } from 'pino';
import { Registry } from 'prom-client';
import { guardConnections } from './connections.ts';
import { createTexts, endConnection, releaseOnceTaken, sendPieces, type Texts } from './deliver.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { createDoors, type DoorOptions, type Doors } from './doors.ts';
import { createHandlers } from './handlers.ts';
import { DEFAULT_LIMITS, type RpcLimits } from './limits.ts';
import { clientOf, createMeter, type Meter } from './meter.ts';
import { createRpcMetrics, type RpcMetrics } from './metrics.ts';
import { noteCounter } from './note-counter.ts';
import { createRanges } from './ranges.ts';
import { BodyError, receiveBody } from './receive.ts';
import { createSockets, type Sockets } from './sockets.ts';
import type { RpcSource } from './source.ts';
import { createTurns } from './turns.ts';
import { createUnsent, type Unsent, type UnsentAnswer } from './unsent.ts';
import { METRICS_WORK, TURN_WORK } from './work.ts';

/** What an RPC server needs, and how it is bounded. */
export interface RpcServerOptions extends DoorOptions {
  /** What is served. */
  readonly node: RpcSource;
  /** Address to listen at. Default 127.0.0.1: nobody but this machine. */
  readonly host?: string;
  /** Default 8645; 0 for any free port. */
  readonly port?: number;
  /** Bounds that differ from DEFAULT_LIMITS. */
  readonly limits?: Partial<RpcLimits>;
  /** Addresses or networks (such as `10.0.0.0/8`) of proxies whose X-Forwarded-For is believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /**
   * Faults of the node are logged here; no request is: neither addresses of callers nor what they ask. Default: JSON lines on
   * stderr.
   */
  readonly logger?: Logger;
  /** Where metrics are kept; GET /metrics serves all of it. A registry carries one server. Default: one of its own. */
  readonly metrics?: Registry;
  /** ms, of a clock that does not go back, for rates. Default: the process's. */
  readonly now?: () => number;
}

/** A running server. */
export interface RpcServer {
  /** `http://host:port`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, gives those under way `closeGraceMs`, closes sockets with 1001. Idempotent. */
  close(): Promise<void>;
}

const MAX_HEADER_BYTES = 8_192;
/** Pieces of a socket's message. */
const MAX_FRAGMENTS = 1_024;

/** Starts serving. Rejects with node's error where the address is taken or cannot be listened at. */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { node, host = '127.0.0.1', port = 8645, trustedProxies = [] } = options;
  const logger = options.logger ?? pino(pino.destination(2));
  const registry = options.metrics ?? new Registry();
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const now = options.now ?? (() => performance.now());
  const metrics = createRpcMetrics(registry);
  const ranges = createRanges(node.ledger, limits);
  const handlers = createHandlers(node, ranges, noteCounter(node.ledger), limits);
  const { maxUnsentBytes, maxUnsentPerClient, maxReceptionBytes, maxReceptionPerClient, minReadMs } = limits;
  const unsent = createUnsent(
    { maxBytes: maxUnsentBytes, maxPerClient: maxUnsentPerClient, minMs: minReadMs },
    now,
    () => metrics.refused('slow-reader'),
  );
  const reception = createUnsent(
    { maxBytes: maxReceptionBytes, maxPerClient: maxReceptionPerClient, minMs: minReadMs },
    now,
    () => metrics.refused('reception'),
  );
  const meter = createMeter(limits, now);
  const turns = createTurns(TURN_WORK);
  const dispatcher = createDispatcher({ handlers, limits, meter, unsent, turns, metrics, logger });
  const sockets = createSockets({ dispatcher, limits, unsent, reception, metrics });
  const texts = createTexts(unsent, limits);
  const doors = createDoors(host, options);
  const app = createApp(limits, trustedProxies);
  const connections = guardConnections(app.server, limits, trustedProxies, metrics);
  metrics.gauges({
    connections: connections.count,
    sockets: sockets.count,
    subscriptions: sockets.subscriptions,
    unsentBytes: unsent.bytes,
    receptionBytes: reception.bytes,
    waiting: turns.waiting,
    cachedBytes: ranges.cachedBytes,
  });

  await app.register(websocket, {
    options: {
      maxPayload: limits.maxBodyBytes,
      maxFragments: MAX_FRAGMENTS,
      perMessageDeflate: false,
      autoPong: false,
    },
  });
  const answers = countAnswers(app, limits, metrics);
  guardDoors(app, doors, texts, metrics);
  receiveBodies(app, reception, limits);
  addRoutes(app, { node, dispatcher, sockets, meter, texts, limits, metrics, registry });
  answerFaults(app, texts, metrics, logger);

  const stopHeads = node.onHead(sockets.announce);
  try {
    await app.listen({ host, port });
  } catch (error) {
    stopHeads();
    await sockets.close(0);
    throw error;
  }
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    stopHeads();
    const end = (): void => app.server.closeAllConnections();
    const late = setTimeout(end, limits.closeGraceMs);
    // A connection that asked nothing is not idle for node, and would be waited for.
    void answers.finished().then(end);
    const socketsClosed = sockets.close(limits.closeGraceMs);
    await app.close();
    await socketsClosed;
    clearTimeout(late);
  }

  const bound = (app.server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: () => (closing ??= close()),
  };
}

function createApp(limits: RpcLimits, trustedProxies: readonly string[]): FastifyInstance<Server> {
  return fastify({
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    forceCloseConnections: 'idle',
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    clientErrorHandler: refuseUnread,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: Math.max(10, Math.min(5_000, limits.headersTimeoutMs / 2)),
    },
  });
}

const PARSER_STATUS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** A request that could not be read as one: a status without a body, so that nobody takes it for an answer. */
function refuseUnread(error: Error & { readonly code?: string }, socket: Socket): void {
  const status = PARSER_STATUS[error.code ?? ''] ?? '400 Bad Request';
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  socket.destroySoon();
}

/** Knows when no HTTP answer is under way, and ends connections that ask on and on without waiting for one. */
function countAnswers(
  app: FastifyInstance<Server>,
  limits: RpcLimits,
  metrics: RpcMetrics,
): { finished(): Promise<void> } {
  const byConnection = new WeakMap<Socket, number>();
  const waiting: (() => void)[] = [];
  let open = 0;
  app.addHook('onRequest', (request, reply, done) => {
    if (request.ws) return done();
    const { socket } = request.raw;
    const before = byConnection.get(socket) ?? 0;
    if (before >= limits.maxPipelined) {
      if (!socket.destroyed) metrics.refused('pipelined');
      reply.hijack();
      socket.destroy();
      return;
    }
    open++;
    byConnection.set(socket, before + 1);
    reply.raw.once('close', () => {
      open--;
      byConnection.set(socket, byConnection.get(socket)! - 1);
      if (open === 0) for (const resolve of waiting.splice(0)) resolve();
    });
    done();
  });
  return {
    finished: () => (open === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

/** Refuses other sites before anything is read, and answers their preflights. */
function guardDoors(app: FastifyInstance<Server>, doors: Doors, texts: Texts, metrics: RpcMetrics): void {
  app.addHook('onRequest', async (request, reply) => {
    const { host, origin } = request.raw.headers;
    if (!doors.hostAllowed(host)) {
      metrics.refused('host');
      return texts.plain(reply, 403, 'this node does not go by that name: add it to allowedHosts');
    }
    if (!doors.originAllowed(origin, host ?? '')) {
      metrics.refused('origin');
      return texts.plain(reply, 403, 'pages of that site may not call this node: add it to allowedOrigins');
    }
    if (origin === undefined || !doors.isListed(origin)) return;
    reply.header('access-control-allow-origin', origin).header('vary', 'origin');
    if (request.method !== 'OPTIONS') return;
    return reply
      .code(204)
      .header('access-control-allow-methods', 'POST')
      .header('access-control-allow-headers', 'content-type')
      .header('access-control-max-age', '600')
      .send();
  });
}

/** Reads bodies; what they take counts until their answer is gone. */
function receiveBodies(app: FastifyInstance<Server>, reception: Unsent, limits: RpcLimits): void {
  const holds = new WeakMap<IncomingMessage, UnsentAnswer>();
  // Anything else than JSON is refused: what a page can send across sites without asking is none.
  app.removeAllContentTypeParsers();
  app.addHook('preParsing', (request, reply, _payload, done) => {
    const hold = reception.open(clientOf(request.ip));
    holds.set(request.raw, hold);
    if (!request.ws && !reply.raw.destroyed) {
      hold.sending(() => endConnection(reply));
      reply.raw.once('close', hold.release);
    }
    done();
  });
  app.addContentTypeParser('application/json', ({ raw }: FastifyRequest) =>
    receiveBody(raw, holds.get(raw)!, limits.maxBodyBytes),
  );
}

interface Served {
  readonly node: RpcSource;
  readonly dispatcher: Dispatcher;
  readonly sockets: Sockets;
  readonly meter: Meter;
  readonly texts: Texts;
  readonly limits: RpcLimits;
  readonly metrics: RpcMetrics;
  readonly registry: Registry;
}

function addRoutes(app: FastifyInstance<Server>, served: Served): void {
  const { dispatcher, sockets, texts, limits } = served;
  app.post('/', async (request, reply) => {
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort(new Error('the caller is gone')));
    const body = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
    const caller = { client: clientOf(request.ip), signal: gone.signal };
    const { json, cut, retryAfterMs, unsent } = await dispatcher.answer(body, caller);
    if (cut) {
      reply.hijack();
      endConnection(reply);
    }
    releaseOnceTaken(reply, unsent, limits.answerTimeoutMs);
    if (cut) return reply;
    if (json === undefined) return reply.code(204).send();
    if (retryAfterMs > 0) reply.code(429).header('retry-after', Math.ceil(retryAfterMs / 1_000));
    sendPieces(reply, json);
    return reply;
  });

  app.route({
    method: 'GET',
    url: '/',
    handler: (request, reply) => {
      served.meter.charge(clientOf(request.ip), 1);
      return texts.plain(reply, 405, 'JSON-RPC comes by POST, or over a WebSocket');
    },
    wsHandler: (socket, request) => sockets.add(socket, clientOf(request.ip), request.raw.socket),
  });
  addPages(app, served);
}

/** What is read by those who run the node, and by programs that ask what it is. */
function addPages(app: FastifyInstance<Server>, served: Served): void {
  const { node, meter, texts, metrics, registry } = served;
  /** All who ask at once share what is counted. */
  let counting: Promise<string> | undefined;
  const count = (): Promise<string> =>
    (counting ??= registry.metrics().finally(() => {
      counting = undefined;
    }));

  /** Pays for a page, or says when to come back. */
  function refused(reply: FastifyReply, units: number): boolean {
    const retryAfterMs = meter.take(clientOf(reply.request.ip), units);
    if (retryAfterMs === 0) return false;
    metrics.refused('rate');
    reply.header('retry-after', Math.ceil(retryAfterMs / 1_000));
    texts.plain(reply, 429, 'too many requests');
    return true;
  }

  // Never refused for the rate: whoever watches over the node may share his address with somebody who asks too much.
  app.get('/health', (_, reply) => texts.plain(reply, 200, 'alive'));
  app.get('/ready', (_, reply) =>
    node.ready() ? texts.plain(reply, 200, 'ready') : texts.plain(reply, 503, 'not ready'),
  );
  app.get('/metrics', async (_, reply) => {
    if (refused(reply, METRICS_WORK)) return reply;
    return texts.send(reply, 200, registry.contentType, await count());
  });
  const document = Buffer.from(JSON.stringify(openRpcDocument(node.version)));
  app.get('/openrpc.json', (_, reply) =>
    refused(reply, 1) ? reply : texts.send(reply, 200, 'application/json', document),
  );
  app.setNotFoundHandler((request, reply) => {
    meter.charge(clientOf(request.ip), 1);
    return texts.plain(reply, 404, 'there is nothing here');
  });
}

/** What fastify or the reading of a body refuses keeps its status; anything else is a fault of ours, and says nothing. */
function answerFaults(app: FastifyInstance<Server>, texts: Texts, metrics: RpcMetrics, logger: Logger): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, _request: FastifyRequest, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 503) metrics.refused('reception');
    if (status < 500 || error instanceof BodyError) return texts.plain(reply, status, error.message);
    logger.error({ err: error }, 'an HTTP request failed');
    return texts.plain(reply, 500, 'the node failed; its log names the cause');
  });
}
