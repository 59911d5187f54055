// A server in a process of its own, so that its memory can be measured: says where it listens, then answers each message with its memory.

import { startRpcServer } from '@sero/node';
import { madeSource } from './made-chain.ts';

/** Blocks of 4 payments, then blocks of 100, then blocks of none, then the limits as JSON. */
const [small = '10', large = '10', empty = '0', limits = '{}'] = process.argv.slice(2);

const node = madeSource();
for (let i = 0; i < Number(small); i++) node.grow(Array(4).fill({}));
for (let i = 0; i < Number(large); i++) node.grow(Array(100).fill({}));
for (let i = 0; i < Number(empty); i++) node.grow([]);

const server = await startRpcServer({
  node,
  port: 0,
  limits: JSON.parse(limits),
  // Each of many clients on one machine is one: a proxy in front says whom it speaks for.
  trustedProxies: ['127.0.0.1'],
});
process.send!({ url: server.url });
process.on('message', () => process.send!({ rss: process.memoryUsage.rss() }, () => undefined));
process.on('disconnect', () => process.exit());
