import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { GossipSub } from '@libp2p/gossipsub';
import { type Identify, type IdentifyPush, identify, identifyPush } from '@libp2p/identify';
import type { ConnectionGater, Libp2p } from '@libp2p/interface';
import { type KadDHT, kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import { memory } from '@libp2p/memory';
import { noise } from '@libp2p/noise';
import { type Ping, ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p, type Libp2pOptions } from 'libp2p';
import { boundedStore } from './bounded-store.ts';
import { type GossipParts, gossipService } from './gossip.ts';
import type { NetworkLimits } from './limits.ts';
import { guardedEncrypter, guardedMuxer } from './negotiation-guard.ts';
import { protocolName } from './topics.ts';

/** How bytes travel: over TCP, or within the process (for tests). */
export type TransportName = 'tcp' | 'memory';

type Services = {
  gossip: GossipSub;
  identify: Identify;
  identifyPush: IdentifyPush;
  ping: Ping;
  dht?: KadDHT;
};
export type Host = Libp2p<Services>;

/** What a host is made of. */
export interface HostParts {
  /** Ed25519 seed, 32 bytes; without one the peer has a new id. */
  readonly key: Uint8Array | undefined;
  readonly transport: TransportName;
  readonly listen: readonly string[];
  /** Addresses to tell others instead of those found. */
  readonly announce: readonly string[];
  readonly discovery: 'dht' | 'none';
  readonly limits: NetworkLimits;
  readonly gater: ConnectionGater;
  readonly gossip: GossipParts;
}

/** Prefix of identify, ping: hosts of other networks are not spoken to. */
const PREFIX = 'sero';

/** Whether js-libp2p reads messages with their lengths in front from streams of a protocol. */
function hasLengths(protocol: string): boolean {
  return (
    protocol.startsWith(`/${PREFIX}/id/`) || protocol.endsWith('/kad/1') || protocol.startsWith('/meshsub/')
  );
}

/** A libp2p host that is not started yet. */
export async function createHost(parts: HostParts): Promise<Host> {
  const { connections } = parts.limits;
  const privateKey =
    parts.key === undefined
      ? await generateKeyPair('Ed25519')
      : await generateKeyPairFromSeed('Ed25519', parts.key);
  const streams = {
    maxInboundStreams: connections.streams,
    maxOutboundStreams: connections.streams * 2,
    streamOptions: { maxStreamWindowSize: connections.streamWindow },
  };
  const options: Libp2pOptions<Services> = {
    start: false,
    privateKey,
    nodeInfo: { name: 'sero', version: '1', userAgent: 'sero/1' },
    addresses: { listen: [...parts.listen], announce: [...parts.announce] },
    transports: [
      parts.transport === 'memory'
        ? memory()
        : tcp({
            // A socket over the limit is closed by the kernel's side of Node, before anything is made for it.
            maxConnections: connections.max + connections.pending,
            backlog: 128,
            listenOpts: { noDelay: true },
            dialOpts: { noDelay: true },
          }),
    ],
    connectionEncrypters: [guardedEncrypter(noise())],
    streamMuxers: [guardedMuxer(yamux(streams), hasLengths)],
    connectionGater: parts.gater,
    connectionManager: {
      // The gater is the limit; libp2p's own would choose whom to prune without knowing them.
      maxConnections: 2 * connections.max,
      maxIncomingPendingConnections: connections.pending + 1,
      inboundConnectionThreshold: Number.MAX_SAFE_INTEGER,
      inboundUpgradeTimeout: connections.upgradeMs,
      dialTimeout: connections.dialMs,
      addressDialTimeout: connections.dialMs,
      maxPeerAddrsToDial: 8,
      maxDialQueueLength: 128,
      maxParallelDials: 32,
      reconnectRetries: 0,
      // No names of hosts are looked up for what peers say of themselves.
      resolvers: {},
    },
    datastore: boundedStore(parts.limits.storeEntries),
    // A machine that is busy for seconds is not gone.
    connectionMonitor: { protocolPrefix: PREFIX, pingInterval: 15_000, pingTimeout: { minTimeout: 20_000 } },
    services: {
      identify: identify({ protocolPrefix: PREFIX, maxObservedAddresses: 4 }),
      identifyPush: identifyPush({ protocolPrefix: PREFIX }),
      ping: ping({ protocolPrefix: PREFIX }),
      gossip: gossipService(parts.gossip),
      ...(parts.discovery === 'dht'
        ? {
            dht: kadDHT({
              protocol: protocolName(parts.gossip.genesisHash, 'kad'),
              clientMode: false,
              peerInfoMapper: passthroughMapper,
            }),
          }
        : {}),
    },
  };
  return createLibp2p(options);
}
