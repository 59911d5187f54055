import { PIECE_OVERHEAD } from './receive.ts';

/**
 * What of a message has arrived that is not all there yet, by the frames of a WebSocket (RFC 6455 section 5.2): the library that
 * joins them says nothing before the end.
 */
export interface FrameTracker {
  /** Looks at what arrived. True where a message came to its end in it. */
  feed(chunk: Uint8Array): boolean;
  /** Bytes that the message that has begun takes up so far; 0 where none has. */
  pending(): number;
}

const FIN = 0x80;
const CONTROL = 0x08;
const MASKED = 0x80;
/** Lengths that say how many bytes of length follow. */
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;

/** Follows one connection from its first frame on. A frame that breaks the protocol ends the connection, so none is judged here. */
export function createFrameTracker(): FrameTracker {
  const header = Buffer.alloc(14);
  let have = 0;
  /** Bytes of content that the frame still lacks; undefined while its header is read. */
  let left: number | undefined;
  let pending = 0;

  function headerLength(): number {
    if (have < 2) return 2;
    const length = header[1]! & 0x7f;
    const more = length === TWO_BYTES ? 2 : length === EIGHT_BYTES ? 8 : 0;
    return 2 + more + ((header[1]! & MASKED) === 0 ? 0 : 4);
  }

  function contentLength(): number {
    const length = header[1]! & 0x7f;
    if (length === TWO_BYTES) return header.readUInt16BE(2);
    return length === EIGHT_BYTES ? Number(header.readBigUInt64BE(2)) : length;
  }

  const isControl = (): boolean => (header[0]! & CONTROL) !== 0;

  return {
    feed(chunk) {
      let completed = false;
      let at = 0;
      while (at < chunk.length || left === 0) {
        if (left === undefined) {
          header[have++] = chunk[at++]!;
          if (have === 1 && !isControl()) pending += PIECE_OVERHEAD;
          if (have >= 2 && have === headerLength()) left = contentLength();
          continue;
        }
        const taken = Math.min(left, chunk.length - at);
        at += taken;
        left -= taken;
        if (!isControl()) pending += taken;
        if (left > 0) continue;
        if (!isControl() && (header[0]! & FIN) !== 0) {
          completed = true;
          pending = 0;
        }
        [have, left] = [0, undefined];
      }
      return completed;
    },
    pending: () => pending,
  };
}
