import { decodeBundle, decodeVote, encodeBundle, encodeVote } from '@sero/protocol';
import type { CertifiedBlock, ConsensusMessage } from '../abstractions.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

/** What travels between nodes. */
export type Packet =
  | { readonly type: 'message'; readonly message: ConsensusMessage }
  | { readonly type: 'ask-block'; readonly digest: Uint8Array }
  | { readonly type: 'ask-round'; readonly round: bigint }
  | { readonly type: 'certified'; readonly round: bigint; readonly certified: CertifiedBlock };

/** How the network is at the moment. */
export interface Weather {
  /** Bounds of the time that a packet takes, ms. */
  readonly delay: readonly [number, number];
  /** Of a thousand packets so many are lost, come twice, or take up to `straggle` ms longer. */
  readonly loss: number;
  readonly twice: number;
  readonly late: number;
  readonly straggle: number;
  /** Part of the network that each node is in; packets do not leave it. Default: one part. */
  readonly parts?: readonly number[];
  /** More time that packets of these nodes take, ms by node. Default: none. */
  readonly slow?: readonly number[];
  /** What an adversary that rules the network lets through, or holds for so many ms. Default: everything, at once. */
  readonly passes?: (packet: Packet, from: number, to: number) => boolean | number;
}

/** A network without faults. */
export const CALM: Weather = { delay: [5, 40], loss: 0, twice: 0, late: 0, straggle: 0 };

/** Who is there. */
export interface Station {
  readonly isUp: () => boolean;
  readonly take: (packet: Packet, from: number) => void;
}

export interface SimulatedNetwork {
  weather: Weather;
  /** Packets that were sent, and that arrived. */
  readonly counts: { sent: number; arrived: number };
  /** Whom a node passes things on to. */
  neighbours(node: number): readonly number[];
  send(from: number, to: number, packet: Packet): void;
}

/** For so long a node does not take the same message again, ms: what gossip does with ids. */
const SEEN_MS = 1_000;

/**
 * Packets on their way.
 *
 * @param neighbours of each node: everybody, or a part of a graph in which everybody can be reached
 * @param isEncoded every message goes through its bytes; otherwise the object itself is handed over
 */
export function createNetwork(
  schedule: Schedule,
  random: Random,
  stations: readonly Station[],
  neighbours: readonly (readonly number[])[],
  isEncoded: boolean,
): SimulatedNetwork {
  const seen = stations.map(() => new WeakMap<object, number>());
  const decoded = new WeakMap<object, ConsensusMessage>();

  function overTheWire(message: ConsensusMessage): ConsensusMessage {
    if (!isEncoded || message.type === 'block') return message;
    const content = contentOf(message);
    const known = decoded.get(content);
    if (known !== undefined) return known;
    const copy: ConsensusMessage =
      message.type === 'vote'
        ? { type: 'vote', vote: decodeVote(encodeVote(message.vote)) }
        : { type: 'bundle', bundle: decodeBundle(encodeBundle(message.bundle)) };
    decoded.set(content, copy);
    // What comes out is not encoded again by those who pass it on.
    decoded.set(contentOf(copy), copy);
    return copy;
  }

  function arrive(from: number, to: number, packet: Packet): void {
    const station = stations[to]!;
    if (!station.isUp()) return;
    if (packet.type === 'message') {
      const content = contentOf(packet.message);
      const last = seen[to]!.get(content);
      if (last !== undefined && schedule.now() < last + SEEN_MS) return;
      seen[to]!.set(content, schedule.now());
    }
    network.counts.arrived++;
    station.take(packet, from);
  }

  function delay(from: number, to: number): number {
    const { weather } = network;
    const slow = (weather.slow?.[from] ?? 0) + (weather.slow?.[to] ?? 0);
    const straggle = weather.late > 0 && random.chance(weather.late) ? random.below(weather.straggle + 1) : 0;
    return random.between(...(weather.delay as [number, number])) + slow + straggle;
  }

  const network: SimulatedNetwork = {
    weather: CALM,
    counts: { sent: 0, arrived: 0 },
    neighbours: (node) => neighbours[node]!,

    send(from, to, packet) {
      const { weather } = network;
      network.counts.sent++;
      if (weather.parts !== undefined && weather.parts[from] !== weather.parts[to]) return;
      const verdict = weather.passes?.(packet, from, to) ?? true;
      if (verdict === false) return;
      const held = verdict === true ? 0 : verdict;
      if (weather.loss > 0 && random.chance(weather.loss)) return;
      const carried: Packet =
        packet.type === 'message' ? { type: 'message', message: overTheWire(packet.message) } : packet;
      schedule.after(held + delay(from, to), () => arrive(from, to, carried));
      if (weather.twice > 0 && random.chance(weather.twice)) {
        schedule.after(held + delay(from, to), () => arrive(from, to, carried));
      }
    },
  };
  return network;
}

function contentOf(message: ConsensusMessage): object {
  return message.type === 'vote' ? message.vote : message.type === 'bundle' ? message.bundle : message.bytes;
}
