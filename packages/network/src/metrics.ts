/** What a node counted and holds. Names of counters are stable; README.md lists the labels. */
export interface NetworkMetrics {
  /** Now. */
  readonly peers: number;
  readonly connections: number;
  readonly banned: number;
  readonly bannedAddresses: number;
  /** Peers in the address book. */
  readonly known: number;
  /** Requests that are being served, and bytes of answers that no transport has yet. */
  readonly serving: number;
  readonly unsentBytes: number;
  /** Peers that take the messages of each topic. */
  readonly subscribers: Readonly<Record<string, number>>;
  /** Items of each topic that the node is judging, and that wait for being published. */
  readonly judging: Readonly<Record<string, number>>;
  readonly queued: Readonly<Record<string, number>>;
  /** Since the start: counters by name and label. */
  readonly counters: Readonly<Record<CounterName, Readonly<Record<string, number>>>>;
}

const COUNTER_NAMES = [
  /** Messages of gossip that came first, by `topic verdict`. */
  'messages',
  /** Bytes of these, by topic. */
  'messageBytes',
  /** Bytes of gossip streams that came in, duplicates and control too. */
  'gossipBytes',
  /** Items judged, by `topic verdict`. */
  'items',
  /** Items dropped, by `queue topic`: publish, judging. */
  'drops',
  /** Messages that could not be decoded, by topic. */
  'malformed',
  /** Messages published, by topic; items and bytes in them. */
  'published',
  'publishedItems',
  'publishedBytes',
  /** Requests that went out and that were served, by `name outcome`. */
  'asked',
  'served',
  /** Bytes of chunks, by name. */
  'askedBytes',
  'servedBytes',
  /** Offences reported, by offence. */
  'offences',
  /** Bans, by `peer` and `address`. */
  'bans',
  /** Connections refused before they were set up, by reason. */
  'refused',
  /** Connections that this side ended, by reason of the goodbye; goodbyes heard. */
  'disconnected',
  'goodbyes',
  /** Dials, by outcome. */
  'dials',
  /** Handlers of the node that threw, by `gossip` and `serve`. */
  'failures',
] as const;

export type CounterName = (typeof COUNTER_NAMES)[number];

/** Counters that only grow. */
export interface Counters {
  add(name: CounterName, label: string, amount?: number): void;
  snapshot(): NetworkMetrics['counters'];
}

/** Labels of one counter above which new ones go under `other`: labels are our own words, but a bug must not grow memory. */
const MAX_LABELS = 256;

/** Counters, all zero. */
export function createCounters(): Counters {
  const all = new Map(COUNTER_NAMES.map((name) => [name, new Map<string, number>()]));
  return {
    add(name, label, amount = 1) {
      const labels = all.get(name)!;
      const key = labels.has(label) || labels.size < MAX_LABELS ? label : 'other';
      labels.set(key, (labels.get(key) ?? 0) + amount);
    },
    snapshot: () =>
      Object.fromEntries(
        [...all].map(([name, labels]) => [name, Object.fromEntries(labels)]),
      ) as NetworkMetrics['counters'],
  };
}
