import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import { type Encoded, pieces } from './encoded.ts';
import type { RpcLimits } from './limits.ts';
import { clientOf } from './meter.ts';
import type { Unsent, UnsentAnswer } from './unsent.ts';

/** Sends JSON without copying what is shared between answers. */
export function sendPieces(reply: FastifyReply, json: Encoded): void {
  reply.hijack();
  const { raw, statusCode } = reply;
  raw.writeHead(statusCode, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'application/json',
    'content-length': json.length,
  });
  raw.cork();
  for (const piece of pieces(json)) raw.write(piece);
  raw.end();
  raw.uncork();
}

/** Ends the connection; an answer that stands behind others in it has no socket of its own yet. */
export function endConnection(reply: FastifyReply): void {
  reply.request.raw.socket.destroy();
}

/** Ends an answer whose reader does not take it in time. */
export function releaseOnceTaken(reply: FastifyReply, unsent: UnsentAnswer, timeoutMs: number): void {
  const { raw } = reply;
  if (raw.destroyed) {
    unsent.release();
    return;
  }
  const cut = (): void => endConnection(reply);
  const late = setTimeout(cut, timeoutMs);
  unsent.sending(cut);
  raw.once('close', () => {
    clearTimeout(late);
    unsent.release();
  });
}

/** Sends what is no JSON-RPC: as bounded as any other answer. */
export interface Texts {
  send(reply: FastifyReply, status: number, type: string, text: string | Buffer): FastifyReply;
  /** A line for people. */
  plain(reply: FastifyReply, status: number, line: string): FastifyReply;
}

export function createTexts(unsent: Unsent, limits: Pick<RpcLimits, 'answerTimeoutMs'>): Texts {
  function send(reply: FastifyReply, status: number, type: string, text: string | Buffer): FastifyReply {
    const held = unsent.open(clientOf(reply.request.ip));
    if (!held.take(Buffer.byteLength(text), 'refusal')) {
      reply.hijack();
      endConnection(reply);
      return reply;
    }
    releaseOnceTaken(reply, held, limits.answerTimeoutMs);
    return reply.code(status).type(type).send(text);
  }
  return { send, plain: (reply, status, line) => send(reply, status, 'text/plain', `${line}\n`) };
}
