import type { IncomingMessage } from 'node:http';
import type { UnsentAnswer } from './unsent.ts';

/** A body that is not read to its end, with the HTTP status that says why. */
export class BodyError extends Error {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.name = 'BodyError';
    this.statusCode = statusCode;
  }
}

/** Bytes that a piece takes beside its content: pieces are kept one by one until the last. */
export const PIECE_OVERHEAD = 256;

/**
 * Reads a request's body, counting what has arrived.
 *
 * @throws BodyError with 413 for more than `maxBytes`, 503 where there is no room for more, 400 where it breaks off
 */
export function receiveBody(request: IncomingMessage, hold: UnsentAnswer, maxBytes: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let length = 0;

  function leave(): void {
    request.off('data', add).off('end', finish).off('close', breakOff);
    // What goes wrong from now on is found by whoever answers.
    request.on('error', () => undefined).off('error', breakOff);
  }

  function refuse(statusCode: number, message: string): void {
    leave();
    request.pause();
    hold.release();
    reject(new BodyError(statusCode, message));
  }

  const breakOff = (): void => refuse(400, 'the request broke off');

  function finish(): void {
    leave();
    resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
  }

  function add(chunk: Buffer): void {
    length += chunk.length;
    if (length > maxBytes) refuse(413, `a request has at most ${maxBytes} bytes`);
    else if (!hold.take(chunk.length + PIECE_OVERHEAD))
      refuse(503, 'the node receives too much: try again shortly');
    else chunks.push(chunk);
  }

  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    refuse(413, `a request has at most ${maxBytes} bytes`);
    return promise;
  }
  request.on('data', add);
  if (request.destroyed) {
    breakOff();
    return promise;
  }
  request.on('end', finish).on('error', breakOff).on('close', breakOff);
  return promise;
}
