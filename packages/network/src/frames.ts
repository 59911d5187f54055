import type { Stream } from '@libp2p/interface';
import { concat, le32 } from '@sero/crypto';
import type { Clock, Timer } from './clock.ts';
import { RequestError } from './errors.ts';

/** How an answer goes on, the first byte of each of its frames. */
export const RESULT = { chunk: 0, end: 1, invalid: 2, unavailable: 3, limited: 4 } as const;

/** Bytes above which a reader that waits for less lets its peer wait. */
const PAUSE_ABOVE = 262_144;
/** Payloads up to this are copied behind their head, so that both leave in one packet. */
const COPY_UP_TO = 65_536;

/** Reads a stream in pieces of known length. One read at a time. */
export interface FrameReader {
  /**
   * The next `length` bytes; undefined where the stream ended before the first of them.
   *
   * @param ms time for all of them
   * @throws RequestError `timeout`, `closed`
   */
  read(length: number, ms: number): Promise<Uint8Array | undefined>;
}

/** A reader of a stream that nobody else reads. Nothing is reserved before it has come, and the peer waits while nobody reads. */
export function frameReader(stream: Stream, clock: Clock): FrameReader {
  let chunks: Uint8Array[] = [];
  let buffered = 0;
  let ended = false;
  let failed: Error | undefined;
  let wanted = 0;
  let wake: (() => void) | undefined;

  const hold = (): void => {
    if (buffered > Math.max(wanted, PAUSE_ABOVE) && stream.readStatus === 'readable') stream.pause();
  };
  const settle = (): void => {
    if (buffered >= wanted || ended || failed !== undefined) wake?.();
  };
  stream.addEventListener('message', ({ data }) => {
    chunks.push(data.subarray());
    buffered += data.byteLength;
    settle();
    // Afterwards: resume() gives out what waited before it opens the window, and would open it for a stream that was paused meanwhile.
    queueMicrotask(hold);
  });
  stream.addEventListener('end', () => {
    ended = true;
    settle();
  });
  stream.addEventListener('close', (event) => {
    if (event.error !== undefined) failed = event.error;
    settle();
  });
  if (stream.readableEnded) ended = true;

  const take = (length: number): Uint8Array => {
    const out = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const first = chunks[0]!;
      const part = first.subarray(0, length - filled);
      out.set(part, filled);
      filled += part.length;
      if (part.length === first.length) chunks.shift();
      else chunks[0] = first.subarray(part.length);
    }
    buffered -= length;
    return out;
  };

  return {
    async read(length, ms) {
      wanted = length;
      if (buffered < length && stream.readStatus === 'paused') stream.resume();
      if (buffered < length && !ended && failed === undefined) {
        let timer: Timer;
        const inTime = await new Promise<boolean>((resolve) => {
          wake = () => resolve(true);
          timer = clock.setTimer(() => resolve(false), ms);
        });
        wake = undefined;
        clock.clearTimer(timer);
        if (!inTime) throw new RequestError('timeout', `${length} bytes did not come within ${ms} ms`);
      }
      wanted = 0;
      if (buffered >= length) return take(length);
      chunks = [];
      if (failed !== undefined) throw new RequestError('closed', failed.message);
      if (buffered === 0) return undefined;
      throw new RequestError('closed', 'the stream ended within a frame');
    },
  };
}

/**
 * Sends bytes and waits until the transport has them all.
 *
 * @throws RequestError `timeout` for a reader that is too slow, `closed`
 */
async function sendAll(
  stream: Stream,
  parts: readonly Uint8Array[],
  ms: number,
  clock: Clock,
): Promise<void> {
  if (stream.writeStatus !== 'writable') throw new RequestError('closed', 'the stream takes nothing more');
  for (const part of parts) stream.send(part);
  if (stream.writeBufferLength === 0) return;
  let done: (outcome: 'sent' | 'late' | 'closed') => void = () => {};
  const sent = (): void => done('sent');
  const closed = (): void => done('closed');
  const timer = clock.setTimer(() => done('late'), ms);
  const outcome = await new Promise<'sent' | 'late' | 'closed'>((resolve) => {
    done = resolve;
    stream.addEventListener('idle', sent);
    stream.addEventListener('close', closed);
  });
  clock.clearTimer(timer);
  stream.removeEventListener('idle', sent);
  stream.removeEventListener('close', closed);
  if (outcome === 'late') throw new RequestError('timeout', `the peer did not read within ${ms} ms`);
  if (outcome === 'closed') throw new RequestError('closed', 'the stream ended while it was written to');
}

/** Sends a request: its length, 4 bytes, little-endian; its bytes. */
export function sendRequest(stream: Stream, request: Uint8Array, ms: number, clock: Clock): Promise<void> {
  return sendAll(stream, joined(le32(request.length), request), ms, clock);
}

/** Sends a frame of an answer: the result; the payload's length, 4 bytes, little-endian; the payload, empty but for chunks. */
export function sendFrame(
  stream: Stream,
  result: number,
  payload: Uint8Array,
  ms: number,
  clock: Clock,
): Promise<void> {
  return sendAll(stream, joined(frameHead(result, payload.length), payload), ms, clock);
}

/** Sends chunks of an answer, a frame each; short ones leave in one packet, which costs both sides as much as one of them by itself. */
export function sendChunks(
  stream: Stream,
  chunks: readonly Uint8Array[],
  ms: number,
  clock: Clock,
): Promise<void> {
  const frames = chunks.flatMap((chunk) => [frameHead(RESULT.chunk, chunk.length), chunk]);
  const size = frames.reduce((all, { length }) => all + length, 0);
  return sendAll(stream, size > COPY_UP_TO ? frames : [concat(...frames)], ms, clock);
}

function frameHead(result: number, length: number): Uint8Array {
  return concat(Uint8Array.of(result), le32(length));
}

function joined(head: Uint8Array, payload: Uint8Array): Uint8Array[] {
  if (payload.length > COPY_UP_TO) return [head, payload];
  const both = new Uint8Array(head.length + payload.length);
  both.set(head);
  both.set(payload, head.length);
  return [both];
}

/** Length in 4 bytes, little-endian. */
export function lengthAt(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
}
