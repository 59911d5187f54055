import type { Network, NetworkMetrics } from '@sero/network';
import { Counter, Gauge, type Registry } from 'prom-client';

type Metered = Pick<Network, 'metrics'>;

/** Gauges of a network, each a number of now. */
const GAUGES = {
  sero_peers: ['Peers whose network is this one', 'peers'],
  sero_network_connections: ['Connections, those of strangers too', 'connections'],
  sero_network_banned_peers: ['Peers that are banned now', 'banned'],
  sero_network_banned_addresses: ['Addresses that are banned now', 'bannedAddresses'],
  sero_network_known_peers: ['Peers in the address book', 'known'],
  sero_network_serving: ['Requests of peers that are being answered', 'serving'],
  sero_network_unsent_bytes: ['Bytes of answers that no transport has yet', 'unsentBytes'],
} as const satisfies Record<string, readonly [string, keyof NetworkMetrics]>;

/** `messageBytes` as Prometheus spells it. */
function spelt(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Puts what a network counts into a registry: each of its counters as `sero_network_…_total`, by `label`. */
export function meterNetwork(registry: Registry, network: Metered): void {
  const registers = [registry];
  for (const [name, [help, field]] of Object.entries(GAUGES)) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(network.metrics()[field]);
      },
    });
  }
  for (const name of Object.keys(network.metrics().counters) as (keyof NetworkMetrics['counters'])[]) {
    new Counter({
      name: `sero_network_${spelt(name)}_total`,
      help: `packages/network/README.md, "Metrics": ${name}`,
      labelNames: ['label'],
      registers,
      collect() {
        // The network counts; here it is only read.
        this.reset();
        for (const [label, count] of Object.entries(network.metrics().counters[name])) {
          this.inc({ label }, count);
        }
      },
    });
  }
}
