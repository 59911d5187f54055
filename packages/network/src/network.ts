import type { Connection, Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import type { Handlers, LocalStatus, Network, Offence } from './abstractions.ts';
import { createAddressBook, type PeerFile } from './address-book.ts';
import { addressKey } from './address-key.ts';
import { ask } from './ask.ts';
import { type Clock, systemClock } from './clock.ts';
import { createDialler, type KnownPeer } from './dialler.ts';
import { NetworkError, RequestError } from './errors.ts';
import { createGater } from './gater.ts';
import { gossipScoreOf, isSubscribed, joinTopics } from './gossip.ts';
import { gossipPart } from './gossip-scores.ts';
import { attachStreams } from './gossip-streams.ts';
import { createHost, type Host, type TransportName } from './host.ts';
import { createJudge } from './judge.ts';
import { type LimitsGiven, limitsOf } from './limits.ts';
import { codecOf, REQUEST_NAMES } from './messages/index.ts';
import { createCounters } from './metrics.ts';
import { checkName, type Resolver, resolveNames } from './names.ts';
import { createPeers, type Versions } from './peers.ts';
import { createPublisher } from './publisher.ts';
import { createScores } from './scores.ts';
import { createServer } from './serve.ts';
import { createSlots } from './slots.ts';
import { systemResolver } from './system-resolver.ts';
import { protocolName, TOPICS, topicName } from './topics.ts';

/** What a network is made of. */
export interface NetworkOptions {
  readonly handlers: Handlers;
  /** The own status, asked for whenever it is told. The genesis hash never changes. */
  readonly status: () => LocalStatus;
  /** Versions that the program has the rules of. Default: the one of the status at the start, alone. */
  readonly versions?: Versions;
  /** Default: tcp. */
  readonly transport?: TransportName;
  /** Multiaddrs to listen on, such as /ip4/0.0.0.0/tcp/26700 or /memory/a. Default: none, the node only dials. */
  readonly listen?: readonly string[];
  /** Multiaddrs to tell others, where those found are not what they reach it by (NAT); no names, since nobody looks them up. Default: those found. */
  readonly announce?: readonly string[];
  /** Peers to begin with, multiaddrs with /p2p/<id>; names (/dns4, /dns6, /dns, /dnsaddr) are looked up at each dial. Default: none. */
  readonly bootstrap?: readonly string[];
  /** Peers always connected to, never refused, and given every message, named like those of `bootstrap`: a validator and its sentries, each naming the other. Default: none. */
  readonly direct?: readonly string[];
  /** How peers are found beside these. Default: none. */
  readonly discovery?: 'dht' | 'none';
  /** The peer's Ed25519 seed, 32 bytes (`./node` keeps one in a file). Default: a new one at each start. */
  readonly key?: Uint8Array;
  /** Where known peers are kept. Default: nowhere. */
  readonly peerFile?: PeerFile;
  readonly limits?: LimitsGiven;
  /** Looks up the names of `bootstrap` and `direct`. Default: the computer's. */
  readonly resolver?: Resolver;
  /** Default: the computer's. */
  readonly clock?: Clock;
  /** Fills an array with random bytes: salts of packs. Default: crypto.getRandomValues. */
  readonly random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
}

/** Joins the network; resolves when the node listens. Throws NetworkError `limit-invalid`, `address-invalid`; what libp2p throws where it cannot listen. */
export async function createNetwork(options: NetworkOptions): Promise<Network> {
  const { handlers, status, transport = 'tcp', clock = systemClock, resolver = systemResolver } = options;
  const { genesisHash, version } = status();
  const limits = limitsOf(options.limits);
  const direct = (options.direct ?? []).map(knownPeer);
  const bootstrap = (options.bootstrap ?? []).map(knownPeer);
  const directIds = new Set(direct.map(({ id }) => id));
  const counters = createCounters();
  const closing = new AbortController();
  let host: Host | undefined;
  let closed: Promise<void> | undefined;

  const scores = createScores({
    limits: limits.scores,
    clock,
    direct: directIds,
    exempt: new Set(limits.connections.exemptAddresses),
    gossipScore: (id) =>
      host === undefined ? 0 : gossipPart(gossipScoreOf(host.services.gossip, id), scores.own(id)),
    onBan: (what) => counters.add('bans', what),
  });
  const report = (id: string, offence: Offence): void => {
    counters.add('offences', offence);
    const address = peers.addressOf(id);
    const sentence = scores.offend(id, offence, address === undefined ? undefined : addressKey(address));
    if (sentence === 'ban') book.remove(id);
    if (sentence !== 'none') peers.dismiss(id, 'score');
  };
  const peers = createPeers({
    status,
    versions: options.versions ?? { lowest: version, highest: version },
    limits,
    clock,
    counters,
    ownId: () => host?.peerId.toString() ?? '',
    score: (id) => scores.score(id),
    subscribed: (id) => host !== undefined && isSubscribed(host.services.gossip, genesisHash, id),
    report,
    avoid: (id, ms) => dialler.avoid(id, ms),
  });
  const book = createAddressBook({
    file: options.peerFile,
    limits: limits.addressBook,
    clock,
    verify: (id, record) => keepRecord(host, id, record),
  });
  const dialler = createDialler({
    direct,
    bootstrap,
    book,
    limits: limits.dialling,
    target: limits.connections.target,
    clock,
    counters,
    isConnected: (id) => peers.isConnected(id),
    isRefused: (id) => scores.refused(id),
    connected: () => peers.count(),
    async dial({ id, address }) {
      const to =
        address === undefined
          ? peerIdFromString(id)
          : (
              await resolveNames(address, {
                resolver,
                clock,
                ms: limits.connections.dialMs,
                signal: closing.signal,
              })
            ).map((one) => multiaddr(one));
      await host?.dial(to, { signal: closing.signal });
      await peers.ready(id);
    },
  });
  const gater = createGater({
    limits: limits.connections,
    clock,
    counters,
    scores,
    direct: directIds,
    mayDial: (id) => dialler.mayDial(id),
  });
  const judge = createJudge({
    handlers,
    limits: limits.gossip,
    counters,
    direct: directIds,
    isKnown: (id) => peers.isKnown(id),
    report,
  });
  const server = createServer({
    handlers,
    limits: limits.requests,
    clock,
    counters,
    isKnown: (id) => peers.isKnown(id),
    report,
    closing: closing.signal,
  });
  host = await createHost({
    key: options.key,
    transport,
    listen: options.listen ?? [],
    announce: options.announce ?? [],
    discovery: options.discovery ?? 'none',
    limits,
    gater: gater.gater,
    gossip: {
      genesisHash,
      limits,
      clock,
      counters,
      direct,
      ready: (id) => peers.ready(id),
      own: (id) => scores.own(id),
      streams: {
        opened: (id) => peers.gossipChanged(id),
        ended(connection) {
          // A peer that gossip does not reach would be of no use, and silent.
          if (connection.status === 'open' && !closing.signal.aborted) {
            counters.add('disconnected', 'gossip');
            connection.abort(new Error('its gossip ended'));
          } else moveGossip(connection);
        },
        oversized(id) {
          counters.add('malformed', 'frame');
          report(id, 'invalid-message');
        },
      },
    },
  });
  const running = host;
  /** Gossip goes on over another connection of the peer, where there is one. */
  const moveGossip = ({ remotePeer }: Connection): void => {
    const other = peers.connectionOf(remotePeer.toString());
    if (other !== undefined && !closing.signal.aborted) attachStreams(running.services.gossip, other);
  };
  const publisher = createPublisher({
    limits: limits.gossip,
    clock,
    counters,
    random: options.random ?? ((bytes) => crypto.getRandomValues(bytes)),
    async send(topic, message) {
      await running.services.gossip.publish(topicName(genesisHash, topic), message);
    },
  });
  const slots = createSlots(limits.requests.perPeer, limits.requests.waiting);

  running.addEventListener('connection:open', ({ detail }) => {
    gater.opened(detail);
    peers.connected(detail);
  });
  running.addEventListener('connection:close', ({ detail }) => {
    gater.closed(detail);
    peers.disconnected(detail);
    moveGossip(detail);
  });
  running.addEventListener('peer:identify', ({ detail }) => {
    void running.peerStore
      .get(detail.peerId)
      .then(({ peerRecordEnvelope }) => {
        if (peerRecordEnvelope !== undefined) book.add(detail.peerId.toString(), peerRecordEnvelope);
      })
      // Gone from the store already: there is nothing to remember.
      .catch(() => {});
  });
  running.services.gossip.addEventListener('subscription-change', ({ detail }) => {
    peers.gossipChanged(detail.peerId.toString());
  });
  running.addEventListener('peer:discovery', ({ detail }) => dialler.found(detail.id.toString()));
  await handleStreams(running, genesisHash, limits.requests.perPeer, {
    status: (stream, connection) => peers.receiveStatus(stream, connection),
    goodbye: (stream, connection) => peers.receiveGoodbye(stream, connection),
    ...Object.fromEntries(
      REQUEST_NAMES.filter((name) => name !== 'status').map((name) => [
        name,
        (stream: Stream, connection: Connection) => server.handle(name, stream, connection),
      ]),
    ),
  });
  try {
    await running.start();
    joinTopics(running.services.gossip, genesisHash, judge.judge);
    await book.load();
  } catch (error) {
    await running.stop();
    throw error;
  }
  dialler.start();

  return {
    peerId: running.peerId.toString(),
    addresses: () => running.getMultiaddrs().map((address) => address.toString()),
    publish(topic, item) {
      if (closed !== undefined) throw new NetworkError('closed', 'the network is closed');
      publisher.publish(topic, item);
    },
    peers: () => peers.views(),
    onPeer: (listener) => peers.onPeer(listener),
    onGone: (listener) => peers.onGone(listener),
    async *request(peer, name, request, { signal } = {}) {
      const codec = codecOf(name);
      const chunks = codec.chunks(codec.decode(request));
      const either = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
      const leave = await slots.take(peer, either);
      try {
        const connection = peers.connectionOf(peer);
        if (connection === undefined) throw new RequestError('closed', `not connected to ${peer}`);
        const protocol = protocolName(genesisHash, name);
        const asked = { protocol, request, chunks, chunkBytes: codec.chunkBytes, signal: either };
        for await (const chunk of ask(connection, asked, limits.requests, clock)) {
          counters.add('askedBytes', name, chunk.length);
          yield chunk;
        }
        counters.add('asked', `${name} ok`);
      } catch (error) {
        const code = error instanceof RequestError ? error.code : 'closed';
        counters.add('asked', `${name} ${code}`);
        if (code === 'malformed') report(peer, 'invalid-answer');
        if (code === 'timeout') report(peer, 'timeout');
        throw error;
      } finally {
        leave();
      }
    },
    report,
    statusChanged: () => peers.statusChanged(),
    metrics() {
      const { serving, unsent } = server.state();
      const banned = scores.banned();
      return {
        peers: peers.count(),
        connections: gater.connections(),
        banned: banned.peers,
        bannedAddresses: banned.addresses,
        known: book.size(),
        serving,
        unsentBytes: unsent,
        subscribers: Object.fromEntries(
          TOPICS.map((topic) => [
            topic,
            running.services.gossip.getSubscribers(topicName(genesisHash, topic)).length,
          ]),
        ),
        judging: judge.judging(),
        queued: publisher.queued(),
        counters: counters.snapshot(),
      };
    },
    close() {
      closed ??= (async () => {
        closing.abort();
        dialler.close();
        publisher.close();
        await peers.close();
        await book.close();
        await running.stop();
      })();
      return closed;
    },
  };
}

/** A peer's id and address. Throws NetworkError `address-invalid`. */
function knownPeer(address: string): KnownPeer {
  try {
    const id = multiaddr(address)
      .getComponents()
      .findLast(({ name }) => name === 'p2p')?.value;
    if (id !== undefined) {
      checkName(address);
      return { id: peerIdFromString(id).toString(), address };
    }
  } catch (error) {
    if (error instanceof NetworkError) throw error;
    throw new NetworkError('address-invalid', `${address} is not a multiaddr`);
  }
  throw new NetworkError('address-invalid', `${address} lacks /p2p/ and the peer's id`);
}

/** Registers the handlers of streams by name. */
async function handleStreams(
  host: Host,
  genesisHash: Uint8Array,
  perPeer: number,
  byName: Record<string, (stream: Stream, connection: Connection) => Promise<void>>,
): Promise<void> {
  for (const [name, handle] of Object.entries(byName)) {
    await host.handle(protocolName(genesisHash, name), handle, {
      // Twice, since a stream that ended counts until both sides know.
      maxInboundStreams: 2 * perPeer,
      maxOutboundStreams: 2 * perPeer,
    });
  }
}

/** Verifies a signed record, and gives its addresses to the host. */
async function keepRecord(host: Host | undefined, id: string, record: Uint8Array): Promise<boolean> {
  try {
    return (await host?.peerStore.consumePeerRecord(record, { expectedPeer: peerIdFromString(id) })) ?? false;
  } catch {
    return false;
  }
}
