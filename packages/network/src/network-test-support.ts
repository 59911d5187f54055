import type { Handlers, LocalStatus, Network, Verdict } from './abstractions.ts';
import type { LimitsGiven } from './limits.ts';
import { createNetwork, type NetworkOptions } from './network.ts';
import type { Topic } from './topics.ts';

/** A genesis hash of tests. */
export const GENESIS = new Uint8Array(32).fill(7);

/** A status at a height of the tests' chain. */
export function statusAt(height: bigint, genesisHash = GENESIS): LocalStatus {
  return { genesisHash, height, headHash: new Uint8Array(32).fill(1), earliest: 0n, version: 1 };
}

/** An item of gossip that a host of a test heard. */
export interface Heard {
  readonly topic: Topic;
  readonly item: Uint8Array;
  readonly from: string;
}

/** A host of a test with what it heard. */
export interface TestHost {
  readonly network: Network;
  readonly heard: Heard[];
  /** Resolves when `condition` holds; looked at whenever something is heard, or a peer comes or goes. */
  until(condition: () => boolean): Promise<void>;
}

/** Limits that make tests quick: heartbeats, dials and packs wait for little. */
export const QUICK: LimitsGiven = {
  gossip: { heartbeatMs: 50, voteWindowMs: 5, txWindowMs: 5 },
  dialling: { intervalMs: 20, backoffMs: 20 },
  status: { minIntervalMs: 1 },
};

let hosts = 0;
const opened: Network[] = [];
const polls = new Set<ReturnType<typeof setInterval>>();

/** A name of a place in memory that no other test of this process has. */
function place(): string {
  hosts++;
  return `/memory/host-${process.pid}-${hosts}`;
}

/** Joins two sets of limits. */
function withLimits(limits: LimitsGiven, more: LimitsGiven = {}): LimitsGiven {
  const groups = new Set([...Object.keys(limits), ...Object.keys(more)]) as Set<keyof LimitsGiven>;
  return Object.fromEntries(
    [...groups].map((group) => {
      const [a, b] = [limits[group], more[group]];
      return [group, typeof a === 'object' && typeof b === 'object' ? { ...a, ...b } : (b ?? a)];
    }),
  );
}

/** A host in memory that accepts everything and serves nothing, unless told otherwise. */
export async function testHost(
  given: Partial<NetworkOptions> & { readonly verdict?: (heard: Heard) => Verdict | Promise<Verdict> } = {},
): Promise<TestHost> {
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const wake of waiting) wake();
  };
  const handlers: Handlers = {
    async gossip(topic, item, from) {
      const one = { topic, item, from };
      const verdict = (await given.verdict?.(one)) ?? 'accept';
      heard.push(one);
      look();
      return verdict;
    },
    // biome-ignore lint/correctness/useYield: it serves nothing
    async *serve() {
      throw new Error('nothing is served');
    },
  };
  const network = await createNetwork({
    handlers,
    status: () => statusAt(1n),
    transport: 'memory',
    listen: [place()],
    ...given,
    limits: withLimits(QUICK, given.limits),
  });
  opened.push(network);
  network.onPeer(look);
  network.onGone(look);
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        if (!condition()) return;
        waiting.delete(wake);
        clearInterval(poll);
        polls.delete(poll);
        resolve();
      };
      waiting.add(wake);
      // What tells nobody, such as counters and libp2p's own state, is looked at again and again.
      const poll = setInterval(wake, 10);
      polls.add(poll);
      wake();
    });
  return { network, heard, until };
}

/** Hosts that all know the first one, each connected to it. */
export async function testHosts(
  count: number,
  options: (index: number) => Parameters<typeof testHost>[0] = () => ({}),
): Promise<TestHost[]> {
  const first = await testHost(options(0));
  const rest = await Promise.all(
    Array.from({ length: count - 1 }, (_, i) =>
      testHost({ bootstrap: [...first.network.addresses()], ...options(i + 1) }),
    ),
  );
  await first.until(() => listeners(first) === count - 1);
  await Promise.all(rest.map((host) => host.until(() => listeners(host) >= 1)));
  return [first, ...rest];
}

/** Peers that a host's votes go to. */
export function listeners({ network }: TestHost): number {
  return network.metrics().subscribers['vote']!;
}

/** Closes every host that a test left open, whatever came of it. */
export async function closeHosts(): Promise<void> {
  for (const poll of polls) clearInterval(poll);
  polls.clear();
  await Promise.all(opened.splice(0).map((network) => network.close()));
}
