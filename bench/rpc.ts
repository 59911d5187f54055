import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import type { Comparison, Subject, Suite } from './harness.ts';
import { REQUESTS } from './rpc-requests.ts';

const CONNECTIONS = 10;

/** So many requests over a few connections; every one must be answered. */
function asking(name: string, url: string, body: string, operations: number): Subject {
  return {
    name,
    operations,
    async run() {
      const { non2xx, errors } = await autocannon({
        url,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        amount: operations,
        connections: CONNECTIONS,
        // It ends at a sample: by default up to a second late.
        sampleInt: 20,
      });
      if (non2xx + errors > 0) throw new Error(`${name}: ${non2xx + errors} requests were not answered`);
    },
  };
}

let servers: ChildProcess | undefined;

/** Figures of a node that serves wallets; the servers run in a process of their own. */
export const rpcSuite: Suite = {
  prefix: 'rpc.',

  async prepare() {
    servers = fork(new URL('./rpc-servers.ts', import.meta.url), { execArgv: [] });
    const [urls] = (await once(servers, 'message')) as [{ readonly node: string; readonly bare: string }];
    const compare = (name: string, body: string, operations: number): Comparison => ({
      unit: 'requests/s',
      better: 'higher',
      runs: 3,
      subject: asking(name, urls.node, body, operations),
      beside: asking('bare node:http, same bytes', urls.bare, body, operations),
    });
    return [
      compare('rpc.compactOutputs.60', REQUESTS.block, 2_000),
      compare('rpc.compactOutputs.6000', REQUESTS.range, 200),
    ];
  },

  async close() {
    if (servers === undefined) return;
    const exit = once(servers, 'exit');
    servers.disconnect();
    await exit;
  },
};
