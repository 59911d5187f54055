import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { newWords } from '@sero/wallet';
import { type Devnet, type Home, newHome, sero, startDevnet, writeWallet } from './support.ts';

/** One request as it goes over the line. */
interface Recorded {
  readonly line: string;
  readonly headers: readonly string[];
  readonly body: string;
}

interface Recorder {
  readonly url: string;
  /** Requests since the last call, in order. The next ones get the same answers again, in the same order. */
  take(): Recorded[];
  close(): Promise<void>;
}

/**
 * A way to a node that writes down what passes. The n-th request with the same bytes gets the n-th answer that was given to such a
 * request before: every wallet is told the same, although the chain goes on between them.
 */
async function recorder(node: string): Promise<Recorder> {
  const answers = new Map<string, { status: number; text: string }[]>();
  let seen: Recorded[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const body = Buffer.concat(chunks).toString('latin1');
      const times = seen.filter((one) => one.body === body).length;
      seen.push({ line: `${request.method} ${request.url}`, headers: request.rawHeaders, body });
      const known = answers.get(body) ?? [];
      answers.set(body, known);
      known[times] ??= await ask(node, Buffer.concat(chunks));
      const { status, text } = known[times];
      response.writeHead(status, { 'content-type': 'application/json' }).end(text);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = seen;
      seen = [];
      return taken;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function ask(node: string, body: Buffer): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(node, { method: 'POST', headers, body: new Uint8Array(body) });
  return { status: answer.status, text: await answer.text() };
}

/** What a person looks at, in an order in which there is something new to read and nothing new. */
const COMMANDS: readonly (readonly string[])[] = [
  ['sync'],
  ['balance'],
  ['history'],
  ['asset', 'list'],
  ['balance', '--asset', 'SERO'],
  ['repair'],
  ['history', '--limit', '1'],
];

/** What a node sees of a person: the bytes that the program sends, not those that a part of it would. */
describe('what the command line asks a node', { concurrency: false }, () => {
  const homes: Home[] = [];
  let devnet: Devnet;
  let node: Recorder;
  const fresh = (): Home => {
    const home = newHome();
    homes.push(home);
    return home;
  };
  before(async () => {
    devnet = await startDevnet(fresh().path);
    node = await recorder(devnet.url);
    // Account 0 has paid, and account 1 was paid; nothing ever happened to account 9.
    const payer = fresh();
    await writeWallet(payer, { words: devnet.accounts[0]!.words });
    const sent = await sero(
      { home: payer },
      ...['--json', '--yes', '--node', devnet.url, 'send', devnet.accounts[1]!.address, '7', '--wait'],
    );
    assert.equal(sent.code, 0, sent.stderr);
  });
  after(async () => {
    await node.close();
    await devnet.stop('SIGKILL');
    for (const home of homes) home.remove();
  });

  /** Everything that a wallet's commands send, and the transactions that its history has. */
  async function asked(words: string): Promise<{ requests: Recorded[]; lines: number }> {
    const home = fresh();
    await writeWallet(home, { words }, { birthday: 1n });
    for (const command of COMMANDS) {
      const { code, stderr } = await sero({ home }, '--json', '--node', node.url, ...command);
      assert.equal(code, 0, `${command.join(' ')}: ${stderr}`);
    }
    const requests = node.take();
    const history = await sero({ home }, '--json', '--node', 'http://127.0.0.1:1', 'history');
    return { requests, lines: (history.json()['transactions'] as unknown[]).length };
  }

  it('is the same to the byte for a payer, a payee, a holder and an empty account with one birthday', async () => {
    const people = [];
    for (const words of [0, 1, 9].map((n) => devnet.accounts[n]!.words).concat(newWords())) {
      people.push(await asked(words));
    }
    assert.deepEqual(
      people.map(({ lines }) => lines),
      [2, 2, 1, 0],
      'their histories differ',
    );
    const [first, ...others] = people.map(({ requests }) => requests);
    assert.ok(first!.length > COMMANDS.length);
    for (const other of others) assert.deepEqual(other, first);
  });
});
