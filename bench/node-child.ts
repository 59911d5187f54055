// A node in a process of its own: `node-child.ts DIRECTORY LIMITS`. Says where it serves; stops cleanly when its parent disconnects.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { developmentVerifyingKeys } from '@sero/circuits';
import { type RpcLimits, startNode } from '@sero/node';

const [directory, limits] = process.argv.slice(2) as [string, string];
const node = await startNode({
  directory,
  genesis: readFileSync(join(directory, 'genesis.ssz')),
  verifyingKeys: [...developmentVerifyingKeys().values()],
  rpc: { port: 0, limits: JSON.parse(limits) as Partial<RpcLimits> },
  log: { level: 'info', write: () => {} },
});
process.on('disconnect', () => void node.close());
process.send!(node.rpc!.url);
const failure = await node.stopped;
if (failure !== undefined) throw failure;
process.exit();
