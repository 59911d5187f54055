import { cpSync } from 'node:fs';
import autocannon from 'autocannon';
import type { Comparison, Subject, Suite } from './harness.ts';
import { writeNodeDirectory } from './made-node.ts';
import { type ServerProcess, startNodeProcess, startServer } from './processes.ts';
import { BLOCKS, PAYMENTS, REQUESTS } from './rpc-requests.ts';
import { temporaryDirectories } from './temporary.ts';
import { syntheticChain } from './wallet-chain.ts';

/** Few enough that their longest answers together stay below what a node leaves waiting for one client. */
const CONNECTIONS = 4;

/** So many requests over a few connections; every one must be answered, and with no less than what was asked for. */
function asking(
  name: string,
  { url }: ServerProcess,
  { body, bytes }: Question,
  operations: number,
): Subject {
  return {
    name,
    operations,
    async run() {
      const { non2xx, errors, throughput } = await autocannon({
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
      // An answer that is an error is shorter than half of what was asked for, and one is enough.
      if (throughput.total < (operations - 0.5) * bytes)
        throw new Error(`${name}: some answers are too short`);
    },
  };
}

/** A request, and how long its answer is at least, headers included. */
interface Question {
  readonly body: string;
  readonly bytes: number;
}

/** What a server says to a request; an error is none. */
async function answerOf(
  { url }: ServerProcess,
  body: string,
): Promise<{ readonly text: string; readonly bytes: number }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  const text = await response.text();
  if (!('result' in (JSON.parse(text) as object))) throw new Error(`the server answered ${text}`);
  // As HTTP/1.1 writes it: a status line, lines of headers, an empty one.
  const lines = [...response.headers].map(([name, value]) => `${name}: ${value}`.length + 2);
  const bytes = lines.reduce((sum, length) => sum + length, 'HTTP/1.1 200 OK'.length + 4 + text.length);
  return { text, bytes };
}

const directories = temporaryDirectories();
const servers: ServerProcess[] = [];

/** Figures of a node that serves wallets; it runs in a process of its own. */
export const rpcSuite: Suite = {
  prefix: 'rpc.',

  async prepare() {
    const [first, second] = [directories.make(), directories.make()];
    writeNodeDirectory(first, syntheticChain({ blocks: BLOCKS, payments: PAYMENTS }));
    cpSync(first, second, { recursive: true });
    // What is measured is the work, not the patience with one client; all other limits are the default ones.
    const patient = { burst: Number.MAX_SAFE_INTEGER };
    const warm = await startNodeProcess(first, patient);
    servers.push(warm);
    const cold = await startNodeProcess(second, { ...patient, maxCacheBytes: 0 });
    servers.push(cold);
    const answers = new Map<string, string>();
    for (const body of Object.values(REQUESTS)) answers.set(body, (await answerOf(warm, body)).text);
    const given = JSON.stringify(Object.fromEntries(answers));
    const bare = await startServer(new URL('./bare-child.ts', import.meta.url), [], given);
    servers.push(bare);

    const question = async (server: ServerProcess, body: string): Promise<Question> => ({
      body,
      bytes: (await answerOf(server, body)).bytes,
    });
    const compare = async (
      name: string,
      what: string,
      node: ServerProcess,
      asked: string,
      operations: number,
    ): Promise<Comparison> => ({
      what: `Requests of compact outputs, ${what}, over ${CONNECTIONS} connections to a node on disk in its own process, the client beside it; its limits are the default ones but for the rate of one client.`,
      unit: 'requests/s',
      better: 'higher',
      runs: 5,
      subject: asking(name, node, await question(node, asked), operations),
      beside: asking('bare node:http, same bytes', bare, await question(bare, asked), operations),
    });
    const block = `one block of ${3 * PAYMENTS} outputs at a time`;
    const range = `${BLOCKS} blocks of ${3 * PAYMENTS} outputs at a time`;
    const [kept, made] = [
      'the same blocks again and again',
      'nothing kept for the next who asks, so that each answer is made from the log',
    ];
    return [
      await compare('rpc.compactOutputs.60.warm', `${block}, ${kept}`, warm, REQUESTS.block, 2_000),
      await compare('rpc.compactOutputs.60.cold', `${block}, ${made}`, cold, REQUESTS.block, 1_000),
      await compare('rpc.compactOutputs.6000.warm', `${range}, ${kept}`, warm, REQUESTS.range, 100),
      await compare('rpc.compactOutputs.6000.cold', `${range}, ${made}`, cold, REQUESTS.range, 40),
    ];
  },

  async close() {
    for (const server of servers.splice(0)) await server.stop();
    directories.clear();
  },
};
