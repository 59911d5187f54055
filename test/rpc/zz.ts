import { createRanges } from '../../packages/node/src/rpc/ranges.ts';
import { createDispatcher } from '../../packages/node/src/rpc/dispatcher.ts';
import { createHandlers } from '../../packages/node/src/rpc/handlers.ts';
import { createMeter } from '../../packages/node/src/rpc/meter.ts';
import { createUnsent } from '../../packages/node/src/rpc/unsent.ts';
import { createRpcMetrics } from '../../packages/node/src/rpc/metrics.ts';
import { noteCounter } from '../../packages/node/src/rpc/note-counter.ts';
import { DEFAULT_LIMITS } from '../../packages/node/src/rpc/limits.ts';
import { transactionParts } from '../../packages/node/src/rpc/block-parts.ts';
import { decodeExecutedBlock, decodeEnvelope } from '../../packages/protocol/src/index.ts';
import { Registry } from '/work/main/node_modules/prom-client/index.js';
import { madeSource } from './made-chain.ts';
import { REQUESTS } from '../../bench/rpc-requests.ts';
const node = madeSource();
for (let i = 0; i < 100; i++) node.grow(Array(20).fill({}));
const limits = { ...DEFAULT_LIMITS, burst: 1e15 };
const metrics = createRpcMetrics(new Registry());
const now = () => performance.now();
const ranges = createRanges(node.ledger, limits);
const d = createDispatcher({ handlers: createHandlers(node, ranges, noteCounter(node.ledger), limits), limits, meter: createMeter(limits, now), unsent: createUnsent(limits, now, () => {}), metrics, logger: undefined as never });
const caller = { client: 'x', signal: new AbortController().signal };
for (const [name, body, n] of [['block', REQUESTS.block, 3000], ['range', REQUESTS.range, 100]] as const) {
  const bytes = Buffer.from(body);
  for (let k = 0; k < 3; k++) {
    const t = performance.now();
    let len = 0;
    for (let i = 0; i < n; i++) { const a = await d.answer(bytes, caller); a.unsent.release(); len = a.json!.length; }
    console.log(name, len, ((performance.now() - t) / n).toFixed(4), 'ms');
  }
}
const b = node.ledger.executedBlock(1n);
let t = performance.now(); for (let i = 0; i < 200; i++) transactionParts(b); console.log('walk', (performance.now() - t) / 200);
t = performance.now(); for (let i = 0; i < 50; i++) decodeExecutedBlock(b).block.transactions.map(decodeEnvelope); console.log('decode', (performance.now() - t) / 50);
t = performance.now(); for (let i = 0; i < 20; i++) { createRanges(node.ledger, limits).answer('compact', 'blocks', 1n, 1); } console.log('cold', (performance.now() - t) / 20);
t = performance.now(); for (let i = 0; i < 200; i++) { ranges.answer('compact', 'blocks', 1n, 100); } console.log('warm range no concat', (performance.now() - t) / 200);
