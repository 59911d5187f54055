import type { Connection, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { concat, le32, utf8 } from '@sero/crypto';
import type { Network } from './abstractions.ts';
import { ask } from './ask.ts';
import { systemClock } from './clock.ts';
import { RESULT, sendFrame } from './frames.ts';
import { createHost, type Host } from './host.ts';
import { DEFAULT_LIMITS, limitsOf } from './limits.ts';
import { type Status, statusRequest } from './messages/status.ts';
import { createCounters } from './metrics.ts';
import { GENESIS, QUICK, statusAt } from './network-test-support.ts';
import { protocolName, type Topic, topicName } from './topics.ts';

/** A host that keeps none of our rules: it says what a test makes it say. */
export interface Attacker {
  readonly host: Host;
  readonly connection: Connection;
  readonly id: string;
  /** Publishes bytes as a message of a topic, whatever they are. */
  gossip(topic: Topic, message: Uint8Array): Promise<void>;
  /** Opens a stream of a request, or of any protocol with a slash. */
  open(name: string): Promise<Stream>;
  /** Sends bytes on a stream of a request with their length, or with a lie about it; resolves with the result byte, or `closed`. */
  ask(name: string, request: Uint8Array, length?: number): Promise<number | 'closed'>;
}

const opened: Host[] = [];

/** Stops every attacker that a test made. */
export async function stopAttackers(): Promise<void> {
  await Promise.all(opened.splice(0).map((host) => host.stop()));
}

/** Status of an attacker that looks like anybody. */
const STATUS: Status = { ...statusAt(1n), lowest: 1, highest: 1 };

/** What an attacker's host is made of. */
interface AttackerOptions {
  readonly key?: Uint8Array;
  readonly transport?: 'memory' | 'tcp';
  readonly listen?: readonly string[];
  /** Handlers of streams by name of a request. */
  readonly serve?: Record<string, (stream: Stream) => void | Promise<void>>;
  /** Whether it leaves a status without an answer. */
  readonly silent?: () => boolean;
}

/** A host of an attacker that was started, and dials nobody yet. */
export async function attackerHost({
  key,
  transport = 'memory',
  listen = [],
  serve = {},
  silent = () => false,
}: AttackerOptions): Promise<Host> {
  const host = await createHost({
    key,
    transport,
    listen,
    announce: [],
    discovery: 'none',
    limits: limitsOf(QUICK),
    gater: {},
    gossip: {
      genesisHash: GENESIS,
      limits: limitsOf(QUICK),
      clock: systemClock,
      counters: createCounters(),
      direct: [],
      ready: () => Promise.resolve(),
      own: () => 0,
      streams: { opened() {}, ended() {}, oversized() {} },
    },
  });
  opened.push(host);
  for (const [name, handler] of Object.entries(serve)) {
    await host.handle(protocolName(GENESIS, name), (stream) => handler(stream));
  }
  await host.handle(protocolName(GENESIS, 'status'), async (stream) => {
    if (silent()) return;
    await sendFrame(stream, RESULT.chunk, statusRequest.encode(STATUS), 1_000, systemClock);
    await sendFrame(stream, RESULT.end, new Uint8Array(0), 1_000, systemClock);
    await stream.close();
  });
  await host.start();
  return host;
}

/** Tells a status over a connection, like anybody; resolves when it was answered. */
export async function tellStatus(connection: Connection): Promise<void> {
  const asked = {
    protocol: protocolName(GENESIS, 'status'),
    request: statusRequest.encode(STATUS),
    chunks: 1,
    chunkBytes: statusRequest.chunkBytes,
  };
  for await (const _ of ask(connection, asked, DEFAULT_LIMITS.requests, systemClock));
}

/** An attacker connected to a victim, after a handshake like anybody's unless `handshake` is false. */
export async function attack(
  victim: Network,
  { handshake = true, ...options }: AttackerOptions & { readonly handshake?: boolean } = {},
): Promise<Attacker> {
  const address = multiaddr(victim.addresses()[0]!);
  const host = await attackerHost({
    transport: victim.addresses()[0]!.startsWith('/memory') ? 'memory' : 'tcp',
    ...options,
  });
  const connection = await host.dial(address);
  const protocol = (name: string): string => (name.startsWith('/') ? name : protocolName(GENESIS, name));
  if (handshake) await tellStatus(connection);
  host.services.gossip.subscribe(topicName(GENESIS, 'vote'));
  const open = (name: string): Promise<Stream> => connection.newStream(protocol(name));
  return {
    host,
    connection,
    id: host.peerId.toString(),
    async gossip(topic, message) {
      await host.services.gossip.publish(topicName(GENESIS, topic), message);
    },
    open,
    async ask(name, request, length = request.length) {
      try {
        const stream = await open(name);
        const answer = firstByte(stream);
        stream.send(concat(le32(length), request));
        await stream.close();
        return await answer;
      } catch {
        return 'closed';
      }
    },
  };
}

/** The first byte of what comes on a stream. */
export function firstByte(stream: Stream): Promise<number | 'closed'> {
  return new Promise((resolve) => {
    stream.addEventListener('message', ({ data }) => resolve(data.subarray()[0]!), { once: true });
    stream.addEventListener('close', () => resolve('closed'), { once: true });
  });
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let left = value; ; left >>>= 7) {
    if (left < 128) return Uint8Array.from([...bytes, left]);
    bytes.push((left & 127) | 128);
  }
}

/** A frame of gossipsub with one message (libp2p/specs, pubsub: RPC.publish = 2, Message.data = 2, Message.topic = 4). */
export function rawMessage(topic: string, data: Uint8Array): Uint8Array {
  const field = (tag: number, bytes: Uint8Array): Uint8Array =>
    concat(Uint8Array.of(tag), varint(bytes.length), bytes);
  const rpc = field(0x12, concat(field(0x12, data), field(0x22, utf8(topic))));
  return concat(varint(rpc.length), rpc);
}

/** The beginning of a frame of gossipsub that says it is so long. */
export function rawFrame(length: number): Uint8Array {
  return concat(varint(length), Uint8Array.of(1, 2, 3));
}
