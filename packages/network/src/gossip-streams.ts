import type { GossipSub } from '@libp2p/gossipsub';
import { RPC } from '@libp2p/gossipsub/message';
import type { Connection, PeerId, Stream } from '@libp2p/interface';
import { MAX_PACK_BYTES } from './topics.ts';

// js-libp2p's gossipsub writes no frame above 4 MiB and has no option for it, answers IWANT with one frame however many messages are asked for,
// and neither opens an outgoing stream again that ended nor moves it to another connection of the peer. This stands around its methods.

/** Bytes around a message's data in gossipsub's own frames, generously. */
const FRAME_BYTES = 65_536;
/** Longest frame of gossip that is read or written, bytes: the longest pack fits. */
export const MAX_FRAME_BYTES = MAX_PACK_BYTES + FRAME_BYTES;
/** Longest frame that gossipsub writes itself. */
const OWN_FRAME_BYTES = 4_194_304;

interface OutgoingStream {
  readonly rawStream: Stream;
  push(frame: Uint8Array): void;
}

/** What gossipsub has and its interface leaves out. */
interface Internals {
  readonly streamsOutbound: Map<string, OutgoingStream>;
  readonly streamsInbound: Map<string, { readonly rawStream: Stream }>;
  createOutboundStream(peer: PeerId, connection: Connection): Promise<void>;
  sendRpc(id: string, rpc: RPC): boolean;
  sendRpcInBatch(to: Set<string>, rpc: RPC): void;
  handlePeerReadStreamError(error: Error, peer: PeerId): void;
  onPeerConnected(peer: PeerId, connection: Connection): void;
}

/** What becomes of a peer's streams. */
export interface StreamEvents {
  /** There is a stream for gossip to a peer. */
  opened(id: string): void;
  /** A stream for gossip to a peer ended, or one from it failed, with its connection or without. */
  ended(connection: Connection): void;
  /** A peer announced a frame that is too long; its stream is ended, unread. */
  oversized(id: string): void;
}

/** The length of a frame before it, as gossipsub has it (unsigned varint). */
function lengthOf(frame: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  let left = frame.length;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left & 127) | 128);
  return Uint8Array.from([...bytes, left]);
}

const dataBytes = ({ messages }: RPC): number =>
  messages.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);

/** Messages in runs whose data fits a frame, in their order. */
function runs(messages: readonly RPC.Message[]): RPC.Message[][] {
  const all: RPC.Message[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    bytes += message.data?.length ?? 0;
    if (bytes <= MAX_PACK_BYTES) all.at(-1)!.push(message);
    else {
      all.push([message]);
      bytes = message.data?.length ?? 0;
    }
  }
  return all;
}

/** Lets gossip write what its topics allow, in frames that others read, and says when its streams end. */
export function tendStreams(service: GossipSub, events: StreamEvents): void {
  const inner = service as unknown as Internals;
  const tended = new WeakSet<OutgoingStream>();

  const createOutboundStream = inner.createOutboundStream.bind(inner);
  inner.createOutboundStream = async (peer, connection) => {
    await createOutboundStream(peer, connection);
    const stream = inner.streamsOutbound.get(peer.toString());
    if (stream === undefined) {
      if (connection.status !== 'open') events.ended(connection);
      return;
    }
    if (tended.has(stream)) return;
    tended.add(stream);
    const push = stream.push.bind(stream);
    stream.push = (frame) => {
      if (frame.length <= OWN_FRAME_BYTES) {
        push(frame);
        return;
      }
      if (frame.length > MAX_FRAME_BYTES) throw new Error(`a frame of ${frame.length} bytes`);
      stream.rawStream.send(lengthOf(frame));
      stream.rawStream.send(frame);
    };
    // Afterwards: the connection's own end is known then, and gossipsub has forgotten the stream.
    const ended = (): void => void setTimeout(() => events.ended(connection), 0);
    if (stream.rawStream.status === 'open') stream.rawStream.addEventListener('close', ended, { once: true });
    else ended();
    events.opened(peer.toString());
  };

  const sendRpc = inner.sendRpc.bind(inner);
  inner.sendRpc = (id, rpc) => {
    if (dataBytes(rpc) <= MAX_PACK_BYTES) return sendRpc(id, rpc);
    const [first, ...rest] = runs(rpc.messages);
    if (!sendRpc(id, { ...rpc, messages: first! })) return false;
    return rest.every((messages) => sendRpc(id, { subscriptions: [], messages }));
  };

  const sendRpcInBatch = inner.sendRpcInBatch.bind(inner);
  inner.sendRpcInBatch = (to, rpc) => {
    if (dataBytes(rpc) + FRAME_BYTES <= OWN_FRAME_BYTES) {
      sendRpcInBatch(to, rpc);
      return;
    }
    const frame = RPC.encode(rpc);
    for (const id of [...to]) {
      try {
        const stream = inner.streamsOutbound.get(id);
        if (stream === undefined) to.delete(id);
        else stream.push(frame);
      } catch {
        // The stream ended; the others are sent to.
        to.delete(id);
      }
    }
  };

  // gossipsub would forget the peer, whose other connection may go on. The end of a connection is told by libp2p; what is left is a frame too long.
  inner.handlePeerReadStreamError = (error, peer) => {
    const id = peer.toString();
    const stream = inner.streamsInbound.get(id)?.rawStream;
    // Ended already: its abortion comes here too.
    if (error.name !== 'InvalidDataLengthError' || stream?.status !== 'open') return;
    stream.abort(error);
    events.oversized(id);
  };
}

/** Gossip goes on over this connection, if it has no stream to the peer. */
export function attachStreams(service: GossipSub, connection: Connection): void {
  (service as unknown as Internals).onPeerConnected(connection.remotePeer, connection);
}

/** Whether there is a stream for gossip to a peer. */
export function hasStream(service: GossipSub, id: string): boolean {
  return (service as unknown as Internals).streamsOutbound.has(id);
}
