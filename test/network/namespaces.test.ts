import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createNamespaces, type Namespaces, whyNoNamespaces } from './namespaces.ts';
import { type Running, startProcess } from './processes.ts';

const tool = 'ip';
const why = whyNoNamespaces();
const folder = mkdtempSync(join(tmpdir(), 'sero-namespaces-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Serves echoes; at a word `address` on the management side it says how many bytes went there and back in how many ms. */
const PEER = `
import { connect, createServer } from 'node:net';
const [address, management] = process.argv.slice(2);
createServer((socket) => { socket.on('error', () => {}); socket.pipe(socket); }).listen(7000, address);
createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (word) => {
    const start = performance.now();
    const [to, bytes] = JSON.parse(word);
    const other = connect({ port: 7000, host: to });
    const answer = (text) => { other.destroy(); socket.end(text); };
    let left = bytes;
    other.on('error', (error) => answer(error.code));
    other.setTimeout(1_500, () => answer('silence'));
    other.on('data', (part) => { left -= part.length; if (left === 0) answer(String(performance.now() - start)); });
    other.write(Buffer.alloc(bytes));
  });
}).listen(7001, management, () => console.log('up'));
`;

describe('namespaces', { skip: why, concurrency: false }, () => {
  let namespaces: Namespaces;
  let running: Running[];
  before(async () => {
    const file = join(folder, 'peer.mjs');
    writeFileSync(file, PEER);
    namespaces = createNamespaces(4);
    running = namespaces.members.map(({ name, address, management }) =>
      startProcess({ name, args: [file, address, management], logFile: join(folder, name), namespace: name }),
    );
    await Promise.all(running.map(({ firstLine }) => firstLine()));
  });
  after(async () => {
    await Promise.all((running ?? []).map(({ kill }) => kill()));
    namespaces?.close();
  });

  /** Has one member send bytes to another, and back: ms, or why not. */
  function sent(from: number, to: number, bytes = 100): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: 7001, host: namespaces.members[from]!.management });
      socket.on('error', reject);
      socket.write(JSON.stringify([namespaces.members[to]!.address, bytes]));
      socket.once('data', (answer) => resolve(answer.toString()));
    });
  }
  const reaches = async (from: number, to: number) => Number(await sent(from, to)) >= 0;

  it('reach each other, and count what each of them sends', async () => {
    const before = running.map(({ figures }) => figures()!);
    assert.ok(await reaches(0, 1));
    assert.ok(await reaches(3, 2));
    const bytes = 300_000;
    assert.ok(Number(await sent(0, 1, bytes)) >= 0);
    const now = running.map(({ figures }) => figures()!);
    for (const i of [0, 1]) {
      const took = now[i]!.sent - before[i]!.sent;
      assert.ok(took > bytes && took < 1.3 * bytes, `${took}`);
    }
  });

  it('do not where they are split, and do again when that is over', async () => {
    namespaces.split([
      [0, 1],
      [2, 3],
    ]);
    assert.deepEqual(await Promise.all([reaches(0, 1), reaches(2, 3), reaches(1, 2), reaches(3, 0)]), [
      true,
      true,
      false,
      false,
    ]);
    namespaces.heal();
    assert.ok(await reaches(1, 2));
  });

  it('are away while their cable is out', async () => {
    namespaces.plug(2, false);
    assert.equal(await reaches(0, 2), false);
    assert.ok(await reaches(0, 1));
    namespaces.plug(2, true);
    assert.ok(await reaches(0, 2));
  });

  it('send no faster than they may', async () => {
    const bytes = 300_000;
    namespaces.rate(0, 1_000_000);
    const slow = Number(await sent(0, 1, bytes));
    assert.ok(slow > 200, `${slow} ms`);
    namespaces.rate(0, 0);
    assert.ok(Number(await sent(0, 1, bytes)) < slow);
  });

  it('that a killed process left are removed by the next one who makes some', () => {
    const text = `
      const { createNamespaces } = await import(${JSON.stringify(new URL('./namespaces.ts', import.meta.url).href)});
      createNamespaces(1);
      process.kill(process.pid, 'SIGKILL');`;
    const { pid } = spawnSync(process.execPath, ['--input-type=module', '--eval', text]);
    const left = () =>
      spawnSync(tool, ['netns', 'list'], { encoding: 'utf8' }).stdout.includes(`sero-${pid}-0`);
    assert.ok(left());
    // This process has its own already: somebody else comes.
    const next = `
      const { createNamespaces } = await import(${JSON.stringify(new URL('./namespaces.ts', import.meta.url).href)});
      createNamespaces(1).close();`;
    assert.equal(spawnSync(process.execPath, ['--input-type=module', '--eval', next]).status, 0);
    assert.equal(left(), false);
  });
});
