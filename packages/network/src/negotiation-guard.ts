import type {
  ConnectionEncrypter,
  MessageStream,
  Stream,
  StreamMuxer,
  StreamMuxerFactory,
} from '@libp2p/interface';
import { concat, equalBytes, utf8 } from '@sero/crypto';

// js-libp2p reads the length before a message byte by byte and decodes it anew with each, without an end while the bytes say that there
// are more: some ten kilobytes of 0x80 keep a processor busy for a second, from anybody who can open a socket. So what comes during negotiation
// (libp2p/specs, connections: multistream-select) is looked at before libp2p sees it.

/** Bytes as a stream gives them. */
type Data = Parameters<MessageStream['push']>[0];
/** What js-libp2p's streams have and their interface leaves out: where data comes in. */
type Inlet = MessageStream & { onData(data: Data): void };

/** Whether bytes may pass, and whether those after them need not be looked at. */
type Check = (bytes: Uint8Array) => 'more' | 'done' | 'bad';

/** Messages with their lengths in front, as multistream-select has them. */
function lines(...names: readonly string[]): Uint8Array {
  return concat(...names.map((name) => concat(Uint8Array.of(name.length + 1), utf8(`${name}\n`))));
}

const HEADER = '/multistream/1.0.0';
const NOISE = lines(HEADER, '/noise');
const YAMUX = lines(HEADER, '/yamux/1.0.0');

/** Puts a check before a stream; what is bad ends it, unread. */
function guard(stream: MessageStream, check: Check): void {
  const inlet = stream as Inlet;
  const original = inlet.onData;
  inlet.onData = (data) => {
    const verdict = check(data.subarray());
    if (verdict === 'bad') {
      inlet.onData = () => {};
      stream.abort(new Error('negotiation that is none'));
      return;
    }
    if (verdict === 'done') inlet.onData = original;
    original.call(stream, data);
  };
}

/** Lets pass what begins with just these bytes. */
function exactly(prefix: Uint8Array): Check {
  let at = 0;
  return (bytes) => {
    const part = bytes.subarray(0, prefix.length - at);
    if (!equalBytes(part, prefix.subarray(at, at + part.length))) return 'bad';
    at += part.length;
    return at === prefix.length ? 'done' : 'more';
  };
}

/** Longest message of a negotiation, its newline included: no protocol's name is longer, and its length is one byte. */
const MAX_LINE = 127;
/** Most messages of a negotiation: the header and as many names as a peer may try. */
const MAX_LINES = 16;
/** Most bytes of a length after a negotiation: 2^28 - 1. */
const MAX_LENGTH_BYTES = 4;

/**
 * Lets pass messages of one byte of length until one names a protocol; behind it, where the protocol has lengths before its messages too, messages whose
 * length is of four bytes at most.
 */
function negotiation(isChosen: (name: string) => boolean, hasLengths: (name: string) => boolean): Check {
  let left = 0;
  let lengthBytes = 0;
  let length = 0;
  let count = 0;
  let line: number[] | undefined = [];
  return (bytes) => {
    let at = 0;
    while (at < bytes.length) {
      if (left > 0) {
        const part = bytes.subarray(at, at + left);
        line?.push(...part);
        at += part.length;
        left -= part.length;
        if (left > 0 || line === undefined) continue;
        const name = new TextDecoder().decode(Uint8Array.from(line)).trimEnd();
        line = [];
        count++;
        if (isChosen(name)) {
          if (!hasLengths(name)) return 'done';
          line = undefined;
        } else if (count >= MAX_LINES) return 'bad';
        continue;
      }
      const byte = bytes[at]!;
      at++;
      length += (byte & 127) * 128 ** lengthBytes;
      lengthBytes++;
      if (byte >= 128) {
        if (line !== undefined || lengthBytes >= MAX_LENGTH_BYTES) return 'bad';
        continue;
      }
      if (line !== undefined && length > MAX_LINE) return 'bad';
      left = length;
      length = 0;
      lengthBytes = 0;
    }
    return 'more';
  };
}

/** Guards the negotiation of encryption on a connection that nothing was read from yet. */
export function guardConnection(connection: MessageStream): void {
  guard(connection, exactly(NOISE));
}

/** Guards the negotiation of the muxer, where the handshake of encryption did not settle it. */
export function guardedEncrypter<T, E>(
  make: (components: T) => ConnectionEncrypter<E>,
): (components: T) => ConnectionEncrypter<E> {
  return (components) => {
    const encrypter = make(components);
    const guarded = <R extends { readonly connection: MessageStream; readonly streamMuxer?: unknown }>(
      secured: R,
    ): R => {
      if (secured.streamMuxer === undefined) guard(secured.connection, exactly(YAMUX));
      return secured;
    };
    return {
      protocol: encrypter.protocol,
      secureInbound: async (connection, options) =>
        guarded(await encrypter.secureInbound(connection, options)),
      secureOutbound: async (connection, options) =>
        guarded(await encrypter.secureOutbound(connection, options)),
    };
  };
}

/** Guards the negotiation of every stream of a muxer, and what follows where `hasLengths` says so. */
export function guardedMuxer<M extends StreamMuxer>(
  make: () => StreamMuxerFactory<M>,
  hasLengths: (protocol: string) => boolean,
): (components: { readonly registrar: { getProtocols(): string[] } }) => StreamMuxerFactory<M> {
  return (components) => {
    const factory = make();
    return {
      protocol: factory.protocol,
      createStreamMuxer(connection) {
        const muxer = factory.createStreamMuxer(connection);
        const inner = muxer as M & { onRemoteStream(stream: Stream): void };
        const onRemoteStream = inner.onRemoteStream;
        inner.onRemoteStream = (stream) => {
          guard(
            stream,
            negotiation((name) => components.registrar.getProtocols().includes(name), hasLengths),
          );
          onRemoteStream.call(inner, stream);
        };
        const createStream = inner.createStream;
        inner.createStream = async (options) => {
          const stream = await createStream.call(inner, options);
          guard(
            stream,
            negotiation((name) => name !== HEADER && name.startsWith('/'), hasLengths),
          );
          return stream;
        };
        return muxer;
      },
    };
  };
}
