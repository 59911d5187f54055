import { createHash } from 'node:crypto';
import {
  type GossipSub,
  type GossipsubMessage,
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
} from '@libp2p/gossipsub';
import type { Connection, Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { utf8 } from '@sero/crypto';
import type { Verdict } from './abstractions.ts';
import type { Clock, Timer } from './clock.ts';
import { gossipScoring } from './gossip-scores.ts';
import { hasStream, MAX_FRAME_BYTES, type StreamEvents, tendStreams } from './gossip-streams.ts';
import type { NetworkLimits } from './limits.ts';
import type { Counters } from './metrics.ts';
import { hasName } from './names.ts';
import { createRateLimiter } from './rate.ts';
import { TOPICS, type Topic, topicName } from './topics.ts';

type Components = Parameters<ReturnType<typeof gossipsub>>[0];

/** gossipsub's own ways in, which its interface leaves out. */
interface Internals {
  getScore(id: string): number;
}

/** A direct peer: mutual, as gossipsub has it. */
export interface DirectPeer {
  readonly id: string;
  readonly address: string;
}

export interface GossipParts {
  readonly genesisHash: Uint8Array;
  readonly limits: NetworkLimits;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly direct: readonly DirectPeer[];
  /** Resolves when the peer's status is known and fits; rejects when it never will be. */
  ready(id: string): Promise<void>;
  own(id: string): number;
  readonly streams: StreamEvents;
}

const VERDICTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const;

/** The id of a message: the first 20 bytes of SHA-256(topic || data). */
function messageId(topic: string, data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(utf8(topic)).update(data).digest().subarray(0, 20));
}

/** gossipsub as a service of libp2p: nothing goes to or comes from a peer before its status is known and fits. */
export function gossipService(parts: GossipParts): (components: Components) => GossipSub {
  const { genesisHash, limits, counters } = parts;
  const { gossip } = limits;
  const init: Parameters<typeof gossipsub>[0] = {
    fallbackToFloodsub: false,
    floodPublish: false,
    batchPublish: true,
    doPX: false,
    directPeers: parts.direct.map(({ id, address }) => ({
      id: peerIdFromString(id),
      // The dialler looks names up.
      addrs: hasName(address) ? [] : [multiaddr(address)],
    })),
    // The dialler reconnects them; gossipsub's own way throws in its heartbeat where one cannot be reached.
    directConnectTicks: Number.MAX_SAFE_INTEGER,
    asyncValidation: true,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    msgIdFn: ({ topic, data }) => messageId(topic, data),
    ...gossipScoring(genesisHash, limits, parts.own),
    allowedTopics: TOPICS.map((topic) => topicName(genesisHash, topic)),
    maxInboundDataLength: MAX_FRAME_BYTES,
    maxOutboundBufferSize: gossip.unsentPerPeer,
    maxInboundStreams: 2,
    maxOutboundStreams: 2,
    decodeRpcLimits: {
      maxSubscriptions: 64,
      maxMessages: 256,
      maxIhaveMessageIDs: 5_000,
      maxIwantMessageIDs: 5_000,
      maxControlMessages: 256,
      maxIdontwantMessageIDs: 512,
      maxPeerInfos: 0,
    },
    maxTopicBytesPerPeer: 65_536,
    idontwantMinDataSize: gossip.idontwantBytes,
    globalSignaturePolicy: StrictNoSign,
    emitSelf: false,
    D: gossip.degree,
    Dlo: gossip.degreeLow,
    Dhi: gossip.degreeHigh,
    Dlazy: gossip.degreeLazy,
    Dscore: Math.max(1, gossip.degree - 2),
    Dout: Math.min(Math.floor(gossip.degree / 2), gossip.degreeLow - 1),
    heartbeatInterval: gossip.heartbeatMs,
    mcacheLength: gossip.cacheLength,
    mcacheGossip: gossip.cacheGossip,
    seenTTL: gossip.seenMs,
  };
  const bytes = createRateLimiter(gossip.bytesPerPeer, parts.clock);

  /** Lets a peer's stream wait while it has sent more than its rate. */
  const guard = (stream: Stream, id: string): void => {
    let timer: Timer | undefined;
    const hold = (): void => {
      const wait = bytes.wait(id, 0);
      if (wait === 0 || stream.readStatus !== 'readable') return;
      counters.add('gossipBytes', 'paused');
      stream.pause();
      timer = parts.clock.setTimer(() => {
        if (stream.readStatus === 'paused') stream.resume();
      }, wait);
    };
    stream.addEventListener('message', ({ data }) => {
      counters.add('gossipBytes', 'in', data.byteLength);
      bytes.force(id, data.byteLength);
      // Afterwards: resume() gives out what waited before it opens the window, and would open it for a stream that was paused meanwhile.
      queueMicrotask(hold);
    });
    stream.addEventListener('close', () => parts.clock.clearTimer(timer), { once: true });
  };

  return (components) => {
    const { registrar } = components;
    const gated: Components['registrar'] = {
      getProtocols: () => registrar.getProtocols(),
      unhandle: (protocol, options) => registrar.unhandle(protocol, options),
      getHandler: (protocol) => registrar.getHandler(protocol),
      use: (protocol, middleware) => registrar.use(protocol, middleware),
      unuse: (protocol) => registrar.unuse(protocol),
      getMiddleware: (protocol) => registrar.getMiddleware(protocol),
      unregister: (id) => registrar.unregister(id),
      getTopologies: (protocol) => registrar.getTopologies(protocol),
      handle: (protocol, handler, options) =>
        registrar.handle(
          protocol,
          async (stream: Stream, connection: Connection) => {
            const id = connection.remotePeer.toString();
            // What comes meanwhile stays with the peer, but for a window.
            stream.pause();
            await parts.ready(id);
            if (stream.status !== 'open') return;
            stream.addEventListener('close', ({ error }) => {
              if (error !== undefined) setTimeout(() => parts.streams.ended(connection), 0);
            });
            stream.resume();
            await handler(stream, connection);
            // After the handler: data goes to whoever listens first.
            guard(stream, id);
          },
          options,
        ),
      register: (protocol, topology, options) =>
        registrar.register(
          protocol,
          {
            ...topology,
            async onConnect(peer, connection) {
              try {
                await parts.ready(peer.toString());
              } catch {
                return;
              }
              await topology.onConnect?.(peer, connection);
            },
          },
          options,
        ),
    };
    const service = gossipsub(init)({
      privateKey: components.privateKey,
      peerId: components.peerId,
      peerStore: components.peerStore,
      connectionManager: components.connectionManager,
      logger: components.logger,
      registrar: gated,
    });
    tendStreams(service, parts.streams);
    return service;
  };
}

/** Joins the topics; every message that comes first goes to `judge`, and goes on when that says so. */
export function joinTopics(
  service: GossipSub,
  genesisHash: Uint8Array,
  judge: (topic: Topic, message: Uint8Array, from: string) => Promise<Verdict>,
): void {
  const names = new Map(TOPICS.map((topic) => [topicName(genesisHash, topic), topic]));
  const reporter = service as GossipSub & {
    reportMessageValidationResult(id: string, source: string, result: TopicValidatorResult): void;
  };
  service.addEventListener('gossipsub:message', ({ detail }: CustomEvent<GossipsubMessage>) => {
    const topic = names.get(detail.msg.topic);
    if (topic === undefined) return;
    const from = detail.propagationSource.toString();
    void judge(topic, detail.msg.data, from).then((verdict) => {
      reporter.reportMessageValidationResult(detail.msgId, from, VERDICTS[verdict]);
    });
  });
  for (const name of names.keys()) service.subscribe(name);
}

/** Whether what is published goes to a peer: it takes every topic, and there is a stream to it. */
export function isSubscribed(service: GossipSub, genesisHash: Uint8Array, id: string): boolean {
  return (
    hasStream(service, id) &&
    TOPICS.every((topic) =>
      service.getSubscribers(topicName(genesisHash, topic)).some((peer) => peer.toString() === id),
    )
  );
}

/** gossipsub's own score of a peer, with our part in it. */
export function gossipScoreOf(service: GossipSub, id: string): number {
  return (service as GossipSub & Internals).getScore(id);
}
