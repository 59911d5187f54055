// The best that node:http does: a server that answers every POST with bytes that it was given. Says where it is.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

process.once('message', (given: string) => {
  const answers = new Map(
    Object.entries(JSON.parse(given) as Record<string, string>).map(([body, answer]) => [
      body,
      Buffer.from(answer),
    ]),
  );
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = answers.get(Buffer.concat(chunks).toString())!;
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
        .end(bytes);
    });
  }).listen(0, '127.0.0.1', () => {
    process.send!(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
});
process.on('disconnect', () => process.exit());
