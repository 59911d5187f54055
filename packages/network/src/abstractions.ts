import type { RequestName } from './messages/index.ts';
import type { NetworkMetrics } from './metrics.ts';
import type { Topic } from './topics.ts';

/** What the node thinks of an item: pass it on; keep it to yourself; it proves that its sender is broken or hostile. */
export type Verdict = 'accept' | 'ignore' | 'reject';

/** What a node tells of its chain. */
export interface LocalStatus {
  /** 32 bytes. */
  readonly genesisHash: Uint8Array;
  /** Last final block. */
  readonly height: bigint;
  /** Its header's hash, 32 bytes. */
  readonly headHash: Uint8Array;
  /** First height whose block can be served. */
  readonly earliest: bigint;
  /** Protocol version that the next block is of, 1 to 255. */
  readonly version: number;
}

/** What a peer can be blamed for; `scores.ts` says what each weighs. */
export type Offence =
  /** An item of gossip that nobody honest passes on. */
  | 'invalid-message'
  /** A request that is none. */
  | 'invalid-request'
  /** An answer that breaks the protocol, or does not hold. */
  | 'invalid-answer'
  /** More requests than the limits that are published. */
  | 'too-many-requests'
  /** Answers that help nobody: empty ones for what its status said it has. */
  | 'useless'
  /** No answer in time. */
  | 'timeout'
  /** Proof of malice, such as a header chain with a certificate that fails: banned at once. */
  | 'malice';

/** A peer that spoke the handshake, as the node sees it. */
export interface PeerView {
  readonly id: string;
  /** Where the connection leads, a multiaddr. */
  readonly address: string;
  readonly direction: 'inbound' | 'outbound';
  /** Its last status. Always there for a peer of `peers()` and `onPeer`. */
  readonly status: LocalStatus | undefined;
  /** Whether gossip reaches it: it takes all topics, and a stream to it stands. What is published before is told of later, or lost to it. */
  readonly subscribed: boolean;
  /** 0 and below: -20 disconnects, -50 bans. */
  readonly score: number;
  /** Round trip of the last exchange of statuses that this side began, ms. */
  readonly latencyMs?: number;
  /** ms since 1970. */
  readonly connectedSince: number;
}

/** What the node does for the network. */
export interface Handlers {
  /**
   * One item of a topic; packs are taken apart by the network. What it throws counts as `ignore`, and in the metrics.
   *
   * @param from peer that it came from, not who made it
   */
  gossip(topic: Topic, item: Uint8Array, from: string): Verdict | Promise<Verdict>;
  /**
   * Serves a request, which was decoded once and is canonical: yields the answer's chunks in order, each within its name's limit.
   * Throws RequestError `unavailable`, `invalid`; anything else counts as `unavailable`, and in the metrics.
   *
   * @param signal fires when the peer is gone, is too slow, or the network closes
   */
  serve(name: RequestName, request: Uint8Array, from: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

/** A node's place in the network. */
export interface Network {
  readonly peerId: string;
  /** Multiaddrs that it can be reached at, each with /p2p/<id>. */
  addresses(): readonly string[];
  /**
   * Queues an item for everybody; never waits. `vote` and `tx` are packed. A queue that is full drops its oldest item, and counts it.
   *
   * @throws NetworkError `item-size`, `closed`
   */
  publish(topic: Topic, item: Uint8Array): void;
  /** Peers whose status is known and fits. */
  peers(): readonly PeerView[];
  /** Calls back when a status is known or changed, and when gossip reaches the peer (`subscribed`); returns what ends it. */
  onPeer(listener: (peer: PeerView) => void): () => void;
  /** Calls back when a peer of `peers()` is gone; returns what ends it. */
  onGone(listener: (id: string) => void): () => void;
  /**
   * Asks a peer; yields the chunks as they come, each within its name's limit, at most as many as the request can have.
   * Leaving the loop early ends the request.
   *
   * @param request bytes of the codec of that name
   * @throws RequestError
   */
  request(
    peer: string,
    name: RequestName,
    request: Uint8Array,
    options?: RequestOptions,
  ): AsyncIterable<Uint8Array>;
  /** Lowers a peer's score, which may disconnect or ban it. An unknown peer's, too. */
  report(peer: string, offence: Offence): void;
  /** The own status changed (a new head): peers are told, at most so often. */
  statusChanged(): void;
  /** Counters since the start and gauges of now. */
  metrics(): NetworkMetrics;
  /** Ends everything; can be called at any moment and more than once. */
  close(): Promise<void>;
}
