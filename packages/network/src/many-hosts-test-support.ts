// How votes spread among many hosts of one process, in memory: as a program it measures what README.md says.
//
//   node packages/network/src/many-hosts-test-support.ts
import { loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { DEFAULT_LIMITS } from './limits.ts';
import { closeHosts, listeners, type TestHost, testHost } from './network-test-support.ts';

/** What is published. */
interface Load {
  readonly hosts: number;
  /** Peers that each host dials, of those before it. */
  readonly dials: number;
  /** Votes of each host, and their bytes. */
  readonly votes: number;
  readonly bytes: number;
  /** Time over which they are published, evenly, ms; 0: at once. */
  readonly overMs: number;
}

/** Publishes votes from all hosts; resolves when every host heard those of all others. */
export async function spread({ hosts: count, dials, votes, bytes, overMs }: Load) {
  const { heartbeatMs, voteWindowMs } = DEFAULT_LIMITS.gossip;
  const hosts: TestHost[] = [];
  for (let i = 0; i < count; i++) {
    const before = Array.from({ length: Math.min(i, dials) }, (_, j) => hosts[(i * 7 + j * 3) % i]!);
    const bootstrap = [...new Set(before)].flatMap(({ network }) => [...network.addresses()]);
    hosts.push(await testHost({ bootstrap, limits: { gossip: { heartbeatMs, voteWindowMs } } }));
  }
  for (const host of hosts) {
    await host.until(() => listeners(host) > 0 && host.network.peers().every(({ subscribed }) => subscribed));
  }
  const all = count * votes;
  const began = performance.now();
  const cpu = process.cpuUsage();
  for (let n = 0; n < votes; n++) {
    for (const [i, { network }] of hosts.entries()) {
      const item = new Uint8Array(bytes);
      new DataView(item.buffer).setUint32(0, i * votes + n);
      network.publish('vote', item);
    }
    if (overMs > 0) await wait(Math.max(0, began + ((n + 1) * overMs) / votes - performance.now()));
  }
  for (const host of hosts) await host.until(() => host.heard.length >= all - votes);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1_000;
  const sum = (pick: (host: TestHost) => number): number =>
    hosts.reduce((total, host) => total + pick(host), 0);
  const counters = (host: TestHost) => host.network.metrics().counters;
  return {
    hosts,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    deliveries: sum(({ heard }) => heard.length),
    packs: sum((host) => counters(host).published['vote']!),
    /** Bytes that came over bytes that came first. */
    duplicates:
      sum((host) => counters(host).gossipBytes['in']!) / sum((host) => counters(host).messageBytes['vote']!),
    peers: sum(({ network }) => network.peers().length) / count,
  };
}

if (import.meta.main) {
  const { hosts: _, ...result } = await spread({
    hosts: 20,
    dials: 5,
    votes: 200,
    bytes: 400,
    overMs: 5_000,
  });
  console.log(JSON.stringify({ ...result, load: loadavg()[0], megabytes: process.memoryUsage().rss / 1e6 }));
  await closeHosts();
}
