import { NetworkError } from './errors.ts';
import { MAX_CHUNK_BYTES } from './messages/codec.ts';

/** A rate: so much in a burst, then so much a second (GCRA: ITU-T I.371, continuous-state leaky bucket). */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** Everything that bounds a node's network. `DEFAULT_LIMITS` has the values, README.md the table. */
export interface NetworkLimits {
  readonly connections: {
    /** Peers that the node dials until it has. Default 25: the meshes need 8, the rest are spare. */
    readonly target: number;
    /** Most connections. Others may begin `max - target` of them, direct peers more. Default 110: each costs some 100 KiB. */
    readonly max: number;
    /** Most connections from one address (an IPv4 address, an IPv6 /64). Default 8: a household or an office, not a farm. */
    readonly perAddress: number;
    /** Most connections that are being set up by others. Default 64: a silent socket holds a place for `upgradeMs`. */
    readonly pending: number;
    /** Of these from one address. Default 8. */
    readonly pendingPerAddress: number;
    /** New connections from one address. Default 10 at once, then 1 a second. */
    readonly ratePerAddress: Rate;
    /** Time for encryption and multiplexing of a connection, ms. Default 10,000: a machine may be busy. */
    readonly upgradeMs: number;
    /** Time for a dial, all addresses of the peer together, and as long before for looking up its name, ms. Default 5,000. */
    readonly dialMs: number;
    /** Time for the first status of a connection, ms. Default 10,000. */
    readonly handshakeMs: number;
    /** Addresses that the limits and bans of addresses leave out. Default loopback, where all share one. */
    readonly exemptAddresses: readonly string[];
    /** Most streams that a peer may have open. Default 128: gossip, identify, ping, the DHT's 32, and its requests. */
    readonly streams: number;
    /** Window of a stream, bytes: what a peer may send that nobody read. Default 1,048,576: 10 MB/s at 100 ms. At least 262,144 (yamux). */
    readonly streamWindow: number;
  };
  readonly requests: {
    /** Requests of one peer that are served at a time, and that one peer is asked at a time; more wait. Default 16: what catch-up has in flight. */
    readonly perPeer: number;
    /** Requests to one peer that wait for a place; more end with `limited`. Default 256. */
    readonly waiting: number;
    /** Requests that are served at a time. Default 64. */
    readonly total: number;
    /** Costs that one peer may cause (`RequestCodec.cost`). Default 1,024 at once, then 256 a second. */
    readonly ratePerPeer: Rate;
    /** Costs that all together may cause. Default 8,192 at once, then 2,048 a second. */
    readonly rate: Rate;
    /** Statuses that one peer may send. Default 16 at once, then 2 a second: twice what `status.minIntervalMs` gives. */
    readonly statusRate: Rate;
    /** Bytes of answers to one peer that are not with its transport yet. Default and least 16,777,216: the longest chunk. */
    readonly unsentPerPeer: number;
    /** To all. Default 67,108,864. */
    readonly unsent: number;
    /**
     * Time that a reader has before its answer may be cut off for a peer that has less than its own and finds no place or no room, ms.
     * Default 1,000, as for the readers of RPC.
     */
    readonly readMs: number;
    /** Time for opening the stream and sending the request, ms. Default 5,000. */
    readonly openMs: number;
    /** Time to the first chunk, ms. Default 10,000: the peer reads its disk. */
    readonly firstMs: number;
    /** Time from chunk to chunk, on both sides: a slower reader is cut off. ms, default 10,000. */
    readonly chunkMs: number;
    /** Time for a whole answer, on both sides, ms. Default 60,000. */
    readonly wholeMs: number;
  };
  readonly gossip: {
    /** Mesh degree, lower and upper bound, lazy degree. Default 8, 6, 12, 6 (research/consensus.md 9.3). */
    readonly degree: number;
    readonly degreeLow: number;
    readonly degreeHigh: number;
    readonly degreeLazy: number;
    /** ms between two heartbeats. Default 700. */
    readonly heartbeatMs: number;
    /** Heartbeats that a message is kept for, and told of. Default 6 and 3. */
    readonly cacheLength: number;
    readonly cacheGossip: number;
    /** Time that a message's id is remembered, ms. Default 120,000: longer than a message travels, short enough for memory. */
    readonly seenMs: number;
    /** Messages of at least so many bytes are announced as not wanted again (IDONTWANT). Default 16,829: blocks, not packs of few votes. */
    readonly idontwantBytes: number;
    /** Bytes that a peer's outgoing gossip may wait with; above, its stream is ended. Default 33,554,432: some whole blocks and bundles. */
    readonly unsentPerPeer: number;
    /** Bytes of gossip that a peer may send, duplicates too; its stream is paused until it fits. Default 33,554,432 at once, then 4,194,304 a second. */
    readonly bytesPerPeer: Rate;
    /** Most items of a topic that the node is judging; more are ignored, and counted. */
    readonly judging: { readonly [topic: string]: number };
    /** Most bytes of items that the node is judging, of all topics. Default 134,217,728. */
    readonly judgingBytes: number;
    /** Share of both that one peer may take, 0 to 1. Default 0.5. Direct peers may take all. */
    readonly judgingShare: number;
    /** Most items that wait for being published, of a topic; more drop the oldest, and are counted. Default 8,192. */
    readonly publishQueue: number;
    /** Time that votes are collected for, ms. Default 20: packing costs a vote that long at most (9.2: cost is per message). */
    readonly voteWindowMs: number;
    /** Time that transactions are collected for, ms, or until a pack is full. Default 20. */
    readonly txWindowMs: number;
  };
  readonly scores: {
    /** Time in which a score halves, ms. Default 600,000. */
    readonly halfLifeMs: number;
    /** Score at which a peer is disconnected, and refused until it is above again. Default -20. */
    readonly disconnect: number;
    /** Score at which a peer is banned. Default -50. */
    readonly ban: number;
    /** Time of a ban, ms. Default 1,800,000. */
    readonly banMs: number;
    /** Bans of peers at one address within `banMs` that ban the address. Default 3: ids cost nothing. */
    readonly bansPerAddress: number;
    /** Most that gossip's own score (broken promises, floods of grafts) takes off. Default 10: alone it disconnects nobody. */
    readonly gossipShare: number;
    /** Peers whose scores are remembered; more forget the best. Default 4,096. */
    readonly remembered: number;
  };
  readonly status: {
    /** Own changes are told at most so often, ms. Default 1,000. */
    readonly minIntervalMs: number;
    /** A peer is asked again after so long, ms. Default 60,000. */
    readonly refreshMs: number;
    /** A peer of another network, or without a common version, is not dialled for so long, ms. Default 600,000. */
    readonly incompatibleMs: number;
  };
  readonly addressBook: {
    /** Peers that are remembered. Default 1,024. */
    readonly peers: number;
    /** Longest signed record that is kept, bytes. Default 4,096. */
    readonly recordBytes: number;
    /** Failed dials in a row after which a peer is forgotten. Default 8. */
    readonly failures: number;
    /** Time after a change until the book is saved, ms. Default 10,000. */
    readonly saveMs: number;
  };
  readonly dialling: {
    /** ms between two looks at who is missing. Default 2,000. */
    readonly intervalMs: number;
    /** Dials at a time. Default 8. */
    readonly parallel: number;
    /** Wait after a failed dial, doubled with each, ms. Default 1,000. */
    readonly backoffMs: number;
    /** Longest wait after a failed dial, ms: default 300,000; of bootstrap and direct peers 15,000, since the network may stand with them. */
    readonly maxBackoffMs: number;
    readonly maxBackoffDirectMs: number;
  };
  /** Entries of the store behind peers and the DHT; the one not used for longest goes first. Default 4,096, of at most 16 KiB. */
  readonly storeEntries: number;
}

/** What a node uses unless it is told otherwise. */
export const DEFAULT_LIMITS: NetworkLimits = {
  connections: {
    target: 25,
    max: 110,
    perAddress: 8,
    pending: 64,
    pendingPerAddress: 8,
    ratePerAddress: { burst: 10, perSecond: 1 },
    upgradeMs: 10_000,
    dialMs: 5_000,
    handshakeMs: 10_000,
    exemptAddresses: ['127.0.0.1', '::1'],
    streams: 128,
    streamWindow: 1_048_576,
  },
  requests: {
    perPeer: 16,
    waiting: 256,
    total: 64,
    ratePerPeer: { burst: 1_024, perSecond: 256 },
    rate: { burst: 8_192, perSecond: 2_048 },
    statusRate: { burst: 16, perSecond: 2 },
    unsentPerPeer: 16_777_216,
    unsent: 67_108_864,
    readMs: 1_000,
    openMs: 5_000,
    firstMs: 10_000,
    chunkMs: 10_000,
    wholeMs: 60_000,
  },
  gossip: {
    degree: 8,
    degreeLow: 6,
    degreeHigh: 12,
    degreeLazy: 6,
    heartbeatMs: 700,
    cacheLength: 6,
    cacheGossip: 3,
    seenMs: 120_000,
    idontwantBytes: 16_829,
    unsentPerPeer: 33_554_432,
    bytesPerPeer: { burst: 33_554_432, perSecond: 4_194_304 },
    judging: { tx: 4_096, proposal: 64, block: 16, vote: 16_384, bundle: 32, checkpoint: 64 },
    judgingBytes: 134_217_728,
    judgingShare: 0.5,
    publishQueue: 8_192,
    voteWindowMs: 20,
    txWindowMs: 20,
  },
  scores: {
    halfLifeMs: 600_000,
    disconnect: -20,
    ban: -50,
    banMs: 1_800_000,
    bansPerAddress: 3,
    gossipShare: 10,
    remembered: 4_096,
  },
  status: { minIntervalMs: 1_000, refreshMs: 60_000, incompatibleMs: 600_000 },
  addressBook: { peers: 1_024, recordBytes: 4_096, failures: 8, saveMs: 10_000 },
  dialling: {
    intervalMs: 2_000,
    parallel: 8,
    backoffMs: 1_000,
    maxBackoffMs: 300_000,
    maxBackoffDirectMs: 15_000,
  },
  storeEntries: 4_096,
};

/** Some limits of each group; the rest are the defaults. */
export type LimitsGiven = {
  readonly [G in keyof NetworkLimits]?: NetworkLimits[G] extends number
    ? NetworkLimits[G]
    : Partial<NetworkLimits[G]>;
};

/** The limits with defaults for what is not given. Throws NetworkError `limit-invalid`. */
export function limitsOf(given: LimitsGiven = {}): NetworkLimits {
  const merged = Object.fromEntries(
    Object.entries(DEFAULT_LIMITS).map(([group, defaults]) => {
      const own = given[group as keyof NetworkLimits];
      return [group, typeof defaults === 'number' ? (own ?? defaults) : { ...defaults, ...(own as object) }];
    }),
  ) as unknown as NetworkLimits;
  checkLimits(merged);
  return merged;
}

function checkLimits({ connections, requests, gossip, scores }: NetworkLimits): void {
  const need = (condition: boolean, message: string): void => {
    if (!condition) throw new NetworkError('limit-invalid', message);
  };
  need(connections.target <= connections.max, 'connections.target is at most connections.max');
  need(connections.streamWindow >= 262_144, 'connections.streamWindow is at least 262,144');
  need(requests.unsentPerPeer >= MAX_CHUNK_BYTES, `requests.unsentPerPeer is at least ${MAX_CHUNK_BYTES}`);
  need(requests.unsent >= requests.unsentPerPeer, 'requests.unsent is at least requests.unsentPerPeer');
  need(
    gossip.degreeLow <= gossip.degree && gossip.degree <= gossip.degreeHigh,
    'gossip.degreeLow <= degree <= degreeHigh',
  );
  need(gossip.judgingShare > 0 && gossip.judgingShare <= 1, 'gossip.judgingShare is above 0 and at most 1');
  need(
    scores.ban < scores.disconnect && scores.disconnect < -scores.gossipShare,
    'scores.ban < disconnect < -gossipShare: gossip alone disconnects nobody',
  );
}
