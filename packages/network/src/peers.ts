import type { Connection, Stream } from '@libp2p/interface';
import { equalBytes } from '@sero/crypto';
import type { LocalStatus, Offence, PeerView } from './abstractions.ts';
import { ask, open } from './ask.ts';
import type { Clock, Timer } from './clock.ts';
import { RequestError } from './errors.ts';
import { RESULT, sendFrame, sendRequest } from './frames.ts';
import type { NetworkLimits } from './limits.ts';
import {
  decodeGoodbye,
  encodeGoodbye,
  type GoodbyeReason,
  type Status,
  statusRequest,
} from './messages/status.ts';
import type { Counters } from './metrics.ts';
import { createRateLimiter } from './rate.ts';
import { readRequest } from './serve.ts';
import { protocolName } from './topics.ts';
import { endTwin, prevails, replacedBy } from './twins.ts';

/** Versions of the protocol that a program has the rules of, both included. */
export interface Versions {
  readonly lowest: number;
  readonly highest: number;
}

export interface PeersParts {
  readonly status: () => LocalStatus;
  readonly versions: Versions;
  readonly limits: NetworkLimits;
  readonly clock: Clock;
  readonly counters: Counters;
  /** The node's own peer id. */
  ownId(): string;
  score(id: string): number;
  /** Whether what is published reaches a peer. */
  subscribed(id: string): boolean;
  report(id: string, offence: Offence): void;
  /** A peer is not to be dialled for a while. */
  avoid(id: string, ms: number): void;
}

/** Who is connected, and what they said of themselves. */
export interface Peers {
  connected(connection: Connection): void;
  disconnected(connection: Connection): void;
  /** Streams of the protocols `status` and `goodbye`. Never reject. */
  receiveStatus(stream: Stream, connection: Connection): Promise<void>;
  receiveGoodbye(stream: Stream, connection: Connection): Promise<void>;
  /** Resolves when the peer's status is known and fits; rejects when it never will be. */
  ready(id: string): Promise<void>;
  isKnown(id: string): boolean;
  isConnected(id: string): boolean;
  count(): number;
  views(): PeerView[];
  /** A connection to a peer whose status is known. */
  connectionOf(id: string): Connection | undefined;
  /** Where a peer is connected from. */
  addressOf(id: string): Connection['remoteAddr'] | undefined;
  statusChanged(): void;
  /** What gossip knows of a peer changed. */
  gossipChanged(id: string): void;
  /** Tells a peer why, and ends its connections. */
  dismiss(id: string, reason: GoodbyeReason): void;
  onPeer(listener: (peer: PeerView) => void): () => void;
  onGone(listener: (id: string) => void): () => void;
  close(): Promise<void>;
}

interface Entry {
  readonly id: string;
  readonly since: number;
  readonly connections: Set<Connection>;
  readonly ready: PromiseWithResolvers<void>;
  readonly timers: Set<Timer>;
  status: Status | undefined;
  latencyMs: number | undefined;
  /** When it was told our status last. */
  told: number;
  telling: boolean;
  /** A connection whose turn to exchange statuses comes next. */
  next: Connection | undefined;
  /** Whether listeners were told that gossip reaches it. */
  subscribed: boolean;
  leaving: boolean;
}

/** Time for saying goodbye, ms: who does not listen is left without. */
const GOODBYE_MS = 500;

/** The handshake: the side that dialled asks; both tell. Whoever is not heard of in time, or does not fit, is told why and left. */
export function createPeers(parts: PeersParts): Peers {
  const { limits, clock, counters } = parts;
  const entries = new Map<string, Entry>();
  const peerListeners = new Set<(peer: PeerView) => void>();
  const goneListeners = new Set<(id: string) => void>();
  const statusRate = createRateLimiter(limits.requests.statusRate, clock);
  const genesisHash = parts.status().genesisHash;
  const statusProtocol = protocolName(genesisHash, 'status');
  const goodbyeProtocol = protocolName(genesisHash, 'goodbye');
  const closing = new AbortController();
  const farewells = new Set<Promise<void>>();
  let lastTold = Number.NEGATIVE_INFINITY;
  let tellTimer: Timer | undefined;
  let refreshTimer: Timer | undefined;

  const ownStatus = (): Uint8Array => statusRequest.encode({ ...parts.status(), ...parts.versions });

  /** A connection that works as far as is known. */
  const openOf = (entry: Entry | undefined): Connection | undefined =>
    [...(entry?.connections ?? [])].find(({ status }) => status === 'open');

  const view = (entry: Entry): PeerView => {
    const first = openOf(entry) ?? [...entry.connections][0];
    return {
      id: entry.id,
      address: first?.remoteAddr.toString() ?? '',
      direction: first?.direction ?? 'inbound',
      status: entry.status,
      subscribed: parts.subscribed(entry.id),
      score: parts.score(entry.id),
      connectedSince: entry.since,
      ...(entry.latencyMs === undefined ? {} : { latencyMs: entry.latencyMs }),
    };
  };

  /** Takes a peer out of what the node sees. */
  const hide = (entry: Entry): void => {
    const shown = entry.status !== undefined && !entry.leaving;
    entry.leaving = true;
    entry.ready.reject(new RequestError('closed', 'the peer is gone'));
    for (const timer of entry.timers) clock.clearTimer(timer);
    entry.timers.clear();
    if (shown) for (const listener of goneListeners) listener(entry.id);
  };

  const farewell = async (connections: readonly Connection[], reason: GoodbyeReason): Promise<void> => {
    await Promise.all(
      connections.map(async (connection) => {
        const timer = clock.setTimer(() => connection.abort(new Error(reason)), 2 * GOODBYE_MS);
        try {
          const stream = await open(connection, goodbyeProtocol, GOODBYE_MS, clock);
          await sendRequest(stream, encodeGoodbye(reason), GOODBYE_MS, clock);
          await stream.close();
          await connection.close();
        } catch {
          connection.abort(new Error(reason));
        } finally {
          clock.clearTimer(timer);
        }
      }),
    );
  };

  const dismiss = (id: string, reason: GoodbyeReason): void => {
    const entry = entries.get(id);
    if (entry === undefined || (entry.leaving && reason !== 'shutdown')) return;
    hide(entry);
    counters.add('disconnected', reason);
    if (reason === 'wrong-network' || reason === 'no-common-version') {
      parts.avoid(id, limits.status.incompatibleMs);
    }
    const done = farewell([...entry.connections], reason).finally(() => farewells.delete(done));
    farewells.add(done);
  };

  /** What a status leads to. */
  const accept = (entry: Entry, status: Status, latencyMs: number | undefined): void => {
    if (entry.leaving) return;
    if (!equalBytes(status.genesisHash, genesisHash)) {
      dismiss(entry.id, 'wrong-network');
      return;
    }
    if (status.lowest > parts.versions.highest || status.highest < parts.versions.lowest) {
      dismiss(entry.id, 'no-common-version');
      return;
    }
    entry.status = status;
    if (latencyMs !== undefined) entry.latencyMs = latencyMs;
    entry.ready.resolve();
    for (const listener of peerListeners) listener(view(entry));
  };

  const end = (twins: readonly Connection[]): void => {
    for (const twin of twins.filter(({ status }) => status === 'open')) {
      counters.add('disconnected', 'twin');
      endTwin(twin, 2 * GOODBYE_MS, clock);
    }
  };

  /** Exchanges statuses over a connection; the first one decides whether the peer stays. */
  const exchange = async (entry: Entry, connection: Connection): Promise<void> => {
    if (entry.telling) {
      if (entry.connections.size > 1 && prevails(parts.ownId(), connection)) entry.next = connection;
      return;
    }
    const twins = [...entry.connections].filter((other) => other !== connection);
    entry.telling = true;
    entry.told = clock.now();
    const first = entry.status === undefined;
    const limitsNow = first
      ? {
          ...limits.requests,
          firstMs: limits.connections.handshakeMs,
          wholeMs: limits.connections.handshakeMs,
        }
      : limits.requests;
    const asked = {
      protocol: statusProtocol,
      request: ownStatus(),
      chunks: 1,
      chunkBytes: statusRequest.chunkBytes,
      signal: closing.signal,
    };
    try {
      let answer: Uint8Array | undefined;
      for await (const chunk of ask(connection, asked, limitsNow, clock)) answer = chunk;
      if (answer === undefined) throw new RequestError('malformed', 'a status without one');
      let status: Status;
      try {
        status = statusRequest.decode(answer);
      } catch {
        throw new RequestError('malformed', 'a status that is none');
      }
      counters.add('asked', 'status ok');
      accept(entry, status, clock.now() - entry.told);
      if (!entry.leaving && prevails(parts.ownId(), connection)) end(twins);
    } catch (error) {
      const code = error instanceof RequestError ? error.code : 'closed';
      counters.add('asked', `status ${code}`);
      if (closing.signal.aborted || entry.leaving) return;
      if (code === 'malformed') parts.report(entry.id, 'invalid-answer');
      if (code === 'timeout') parts.report(entry.id, 'timeout');
      if (code === 'unsupported') dismiss(entry.id, 'wrong-network');
      else if (entry.connections.size > 1) {
        // The peer dialled anew: what does not answer any more is the one that it lost.
        if (code === 'timeout' || code === 'closed') connection.abort(new Error('its twin is alive'));
      } else if (entry.status === undefined) dismiss(entry.id, 'no-status');
    } finally {
      entry.telling = false;
      const next = entry.next;
      entry.next = undefined;
      if (next?.status === 'open' && !entry.leaving && !closing.signal.aborted) void exchange(entry, next);
    }
  };

  const tellAll = (): void => {
    lastTold = clock.now();
    for (const entry of entries.values()) {
      const connection = openOf(entry);
      if (entry.status !== undefined && connection !== undefined) void exchange(entry, connection);
    }
  };

  const refresh = (): void => {
    refreshTimer = clock.setTimer(refresh, Math.max(1, Math.floor(limits.status.refreshMs / 4)));
    for (const entry of entries.values()) {
      const connection = openOf(entry);
      if (entry.status === undefined || connection === undefined) continue;
      if (clock.now() - entry.told >= limits.status.refreshMs) void exchange(entry, connection);
    }
  };
  refreshTimer = clock.setTimer(refresh, limits.status.refreshMs);

  const entryOf = (id: string): Entry => {
    const known = entries.get(id);
    if (known !== undefined) return known;
    const entry: Entry = {
      id,
      since: clock.now(),
      connections: new Set(),
      ready: Promise.withResolvers(),
      timers: new Set(),
      status: undefined,
      latencyMs: undefined,
      told: Number.NEGATIVE_INFINITY,
      telling: false,
      next: undefined,
      subscribed: false,
      leaving: false,
    };
    // Nobody may be waiting when it is rejected.
    entry.ready.promise.catch(() => {});
    entries.set(id, entry);
    return entry;
  };

  const isKnown = (id: string): boolean => {
    const entry = entries.get(id);
    return entry !== undefined && entry.status !== undefined && !entry.leaving;
  };

  return {
    connected(connection) {
      const id = connection.remotePeer.toString();
      const entry = entryOf(id);
      if (closing.signal.aborted || entry.leaving) {
        connection.abort(new Error('leaving'));
        return;
      }
      entry.connections.add(connection);
      const own = [...entry.connections].find((one) => one.status === 'open' && prevails(parts.ownId(), one));
      if (connection.direction === 'outbound') void exchange(entry, connection);
      // Whether it still answers, now that the peer has dialled.
      else if (own !== undefined) void exchange(entry, own);
      if (connection.direction === 'inbound' && entry.status === undefined) {
        const timer = clock.setTimer(() => {
          entry.timers.delete(timer);
          if (entry.status === undefined) dismiss(id, 'no-status');
        }, limits.connections.handshakeMs);
        entry.timers.add(timer);
      }
    },
    disconnected(connection) {
      const id = connection.remotePeer.toString();
      const entry = entries.get(id);
      if (entry === undefined || !entry.connections.delete(connection)) return;
      if (entry.connections.size > 0) return;
      entries.delete(id);
      hide(entry);
    },
    async receiveStatus(stream, connection) {
      const id = connection.remotePeer.toString();
      const entry = entries.get(id);
      try {
        if (entry === undefined || entry.leaving) throw new RequestError('closed');
        const bytes = await readRequest(stream, statusRequest.maxBytes, limits.requests, clock);
        let status: Status;
        try {
          if (bytes === undefined) throw new RequestError('invalid', 'a status that is too long');
          status = statusRequest.decode(bytes);
        } catch {
          parts.report(id, 'invalid-request');
          throw new RequestError('invalid');
        }
        if (!statusRate.take(id, 1)) {
          parts.report(id, 'too-many-requests');
          await sendFrame(stream, RESULT.limited, new Uint8Array(0), limits.requests.chunkMs, clock);
          throw new RequestError('limited');
        }
        await sendFrame(stream, RESULT.chunk, ownStatus(), limits.requests.chunkMs, clock);
        await sendFrame(stream, RESULT.end, new Uint8Array(0), limits.requests.chunkMs, clock);
        await stream.close();
        counters.add('served', 'status ok');
        accept(entry, status, undefined);
        if (!entry.leaving) end(replacedBy(connection, [...entry.connections]));
      } catch (error) {
        counters.add('served', `status ${error instanceof RequestError ? error.code : 'closed'}`);
        stream.abort(error instanceof Error ? error : new Error('status'));
      }
    },
    async receiveGoodbye(stream, connection) {
      try {
        const bytes = await readRequest(stream, 1, limits.requests, clock);
        const reason = bytes === undefined ? undefined : decodeGoodbye(bytes);
        counters.add('goodbyes', reason ?? 'unknown');
        if (reason === 'wrong-network' || reason === 'no-common-version') {
          parts.avoid(connection.remotePeer.toString(), limits.status.incompatibleMs);
        }
        if (reason === 'score') parts.avoid(connection.remotePeer.toString(), limits.dialling.maxBackoffMs);
        await stream.close();
      } catch (error) {
        stream.abort(error instanceof Error ? error : new Error('goodbye'));
      }
    },
    async ready(id) {
      const entry = entries.get(id);
      if (entry === undefined) throw new RequestError('closed', 'not connected');
      await entry.ready.promise;
      if (entry.leaving) throw new RequestError('closed', 'the peer is gone');
    },
    isKnown,
    isConnected: (id) => entries.has(id),
    count: () => [...entries.keys()].filter(isKnown).length,
    views: () => [...entries.values()].filter(({ id }) => isKnown(id)).map(view),
    connectionOf: (id) => (isKnown(id) ? openOf(entries.get(id)) : undefined),
    addressOf: (id) => [...(entries.get(id)?.connections ?? [])][0]?.remoteAddr,
    statusChanged() {
      if (closing.signal.aborted || tellTimer !== undefined) return;
      const wait = lastTold + limits.status.minIntervalMs - clock.now();
      if (wait <= 0) tellAll();
      else {
        tellTimer = clock.setTimer(() => {
          tellTimer = undefined;
          tellAll();
        }, wait);
      }
    },
    gossipChanged(id) {
      const entry = entries.get(id);
      if (entry === undefined || !isKnown(id) || entry.subscribed || !parts.subscribed(id)) return;
      entry.subscribed = true;
      for (const listener of peerListeners) listener(view(entry));
    },
    dismiss,
    onPeer(listener) {
      peerListeners.add(listener);
      return () => peerListeners.delete(listener);
    },
    onGone(listener) {
      goneListeners.add(listener);
      return () => goneListeners.delete(listener);
    },
    async close() {
      closing.abort();
      if (tellTimer !== undefined) clock.clearTimer(tellTimer);
      if (refreshTimer !== undefined) clock.clearTimer(refreshTimer);
      for (const { id, leaving } of [...entries.values()]) if (!leaving) dismiss(id, 'shutdown');
      await Promise.all(farewells);
    },
  };
}
