// Two servers in a process of their own: the node's, and a bare one that answers every POST with the same bytes. Says where they are.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startRpcServer } from '@sero/node';
import { madeSource } from '../test/rpc/made-chain.ts';
import { BLOCKS, PAYMENTS, REQUESTS } from './rpc-requests.ts';

const node = madeSource();
for (let i = 0; i < BLOCKS; i++) node.grow(Array(PAYMENTS).fill({}));
const server = await startRpcServer({
  node,
  port: 0,
  // What is measured is the work, not the patience with one client.
  limits: { burst: Number.MAX_SAFE_INTEGER, maxUnsentPerClient: Number.MAX_SAFE_INTEGER },
});

const answers = new Map<string, Buffer>();
for (const body of Object.values(REQUESTS)) {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  answers.set(body, Buffer.from(await response.arrayBuffer()));
}

const bare = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const bytes = answers.get(Buffer.concat(chunks).toString())!;
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
      .end(bytes);
  });
}).listen(0, '127.0.0.1', () => {
  process.send!({ node: server.url, bare: `http://127.0.0.1:${(bare.address() as AddressInfo).port}` });
});
process.on('disconnect', () => process.exit());
