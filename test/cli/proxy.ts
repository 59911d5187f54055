import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A way to a node. */
export interface Way {
  readonly url: string;
  close(): Promise<void>;
}

/** A request on its way. */
export interface Passing {
  /** JSON text. */
  readonly body: string;
  /** True where the request, or one of a batch, is of this method. */
  calls(method: string): boolean;
  readonly socket: Socket;
  /** Gives it to the node. @returns the answer's JSON text */
  forward(): Promise<string>;
}

/**
 * A way to a node that may do as it likes.
 *
 * @param handle answers a request with JSON text, or undefined where it leaves it unanswered
 */
export async function proxyTo(
  node: string,
  handle: (passing: Passing) => Promise<string | undefined>,
): Promise<Way> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks).toString();
      const text = await handle({
        body,
        calls: (method) => body.includes(`"${method}"`),
        socket: request.socket,
        forward: async () => {
          const headers = { 'content-type': 'application/json' };
          return (await fetch(node, { method: 'POST', headers, body })).text();
        },
      });
      if (text !== undefined) response.writeHead(200, { 'content-type': 'application/json' }).end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/**
 * A way to a node that breaks requests of one method.
 *
 * @param breaks does it; false lets the request through. `submitted`: a transaction went through before
 */
export function broken(
  method: string,
  node: string,
  breaks: (socket: Socket, submitted: boolean) => unknown,
): Promise<Way> {
  let submitted = false;
  return proxyTo(node, async ({ calls, socket, forward }) => {
    if (calls(method) && breaks(socket, submitted) !== false) return undefined;
    submitted ||= calls('sero_submit');
    return forward();
  });
}
