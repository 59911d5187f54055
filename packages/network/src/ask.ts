import type { Connection, Stream } from '@libp2p/interface';
import type { Clock } from './clock.ts';
import { RequestError } from './errors.ts';
import { frameReader, lengthAt, RESULT, sendRequest } from './frames.ts';
import type { NetworkLimits } from './limits.ts';

/** A request that goes out. */
export interface Asked {
  /** Protocol's name on the wire. */
  readonly protocol: string;
  readonly request: Uint8Array;
  /** Most chunks of its answer, and the longest of them. */
  readonly chunks: number;
  readonly chunkBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks over a connection; yields chunks as they come. One stream a request, ended whichever way the caller leaves.
 *
 * @throws RequestError
 */
export async function* ask(
  connection: Connection,
  { protocol, request, chunks, chunkBytes, signal }: Asked,
  limits: NetworkLimits['requests'],
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  const deadline = clock.now() + limits.wholeMs;
  const stream = await open(connection, protocol, limits.openMs, clock, signal);
  let whole = false;
  const abort = (): void => stream.abort(new RequestError('aborted'));
  signal?.addEventListener('abort', abort);
  try {
    if (signal?.aborted) throw new RequestError('aborted');
    const reader = frameReader(stream, clock);
    await sendRequest(stream, request, limits.openMs, clock);
    await stream.close();
    for (let count = 0; ; count++) {
      const left = (): number => Math.max(0, deadline - clock.now());
      const patience = count === 0 ? limits.firstMs : limits.chunkMs;
      const head = await reader.read(5, Math.min(patience, left()));
      if (head === undefined) throw new RequestError('closed', 'the answer ended without its last frame');
      const result = head[0]!;
      const length = lengthAt(head, 1);
      if (result !== RESULT.chunk) {
        if (length !== 0) throw new RequestError('malformed', 'a last frame with a payload');
        whole = true;
        if (result === RESULT.end) return;
        throw refusal(result);
      }
      if (count === chunks) throw new RequestError('malformed', `more than ${chunks} chunks`);
      if (length > chunkBytes) throw new RequestError('malformed', `a chunk of ${length} bytes`);
      const chunk = await reader.read(length, Math.min(limits.chunkMs, left()));
      if (chunk === undefined && length > 0)
        throw new RequestError('closed', 'the answer ended within a chunk');
      yield chunk ?? new Uint8Array(0);
    }
  } catch (error) {
    if (signal?.aborted) throw new RequestError('aborted');
    if (error instanceof RequestError) throw error;
    throw new RequestError('closed', error instanceof Error ? error.message : 'the stream failed');
  } finally {
    signal?.removeEventListener('abort', abort);
    if (!whole) stream.abort(new RequestError('aborted', 'the answer is not wanted any more'));
  }
}

function refusal(result: number): RequestError {
  if (result === RESULT.invalid)
    return new RequestError('invalid', 'the peer holds that the request is invalid');
  if (result === RESULT.unavailable) return new RequestError('unavailable', 'the peer has not got it');
  if (result === RESULT.limited) return new RequestError('limited', 'the peer was asked too much');
  return new RequestError('malformed', `an answer with the result ${result}`);
}

/** Opens a stream of a protocol. Throws RequestError `timeout`, `aborted`, `unsupported`, `closed`. */
export async function open(
  connection: Connection,
  protocol: string,
  ms: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Stream> {
  const late = new AbortController();
  const timer = clock.setTimer(() => late.abort(), ms);
  const any = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
  try {
    return await connection.newStream(protocol, { signal: any, maxOutboundStreams: 256 });
  } catch (error) {
    if (signal?.aborted) throw new RequestError('aborted');
    if (late.signal.aborted) throw new RequestError('timeout', `no stream within ${ms} ms`);
    const name = error instanceof Error ? error.name : '';
    if (name === 'UnsupportedProtocolError') throw new RequestError('unsupported', `no ${protocol}`);
    throw new RequestError('closed', error instanceof Error ? error.message : 'no stream');
  } finally {
    clock.clearTimer(timer);
  }
}
