// A server in a process of its own, so that its memory can be measured: says where it listens, then answers each message with its memory.

import { startRpcServer } from '@sero/node';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { madeSource } from './made-chain.ts';

const [blocks = '10', paymentsEach = '10', limits = '{}'] = process.argv.slice(2);

const node = madeSource();
for (let i = 0; i < Number(blocks); i++) node.grow(Array(Number(paymentsEach)).fill({}));

const server = await startRpcServer({
  node,
  port: 0,
  limits: JSON.parse(limits),
  // Each of many clients on one machine is one: a proxy in front says whom it speaks for.
  trustedProxies: ['127.0.0.1'],
  logger: pino({ level: 'error' }, pino.destination(2)),
  metrics: new Registry(),
});
process.send!({ url: server.url });
process.on('message', () => process.send!({ rss: process.memoryUsage.rss() }, () => undefined));
process.on('disconnect', () => process.exit());
