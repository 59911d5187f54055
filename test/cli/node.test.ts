import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DEVELOPMENT, decodeGenesis, encodeGenesis } from '@sero/protocol';
import { reachOn } from './heads.ts';
import { type Home, inProcess, newHome, PROGRAM, sero, startDevnet, startNode } from './support.ts';

/** A signal that is aborted when it is asked for the so-manieth time. */
function abortedAt(look: number): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  let looks = 0;
  signal.throwIfAborted = () => {
    if (++looks === look) controller.abort();
    AbortSignal.prototype.throwIfAborted.call(signal);
  };
  return signal;
}

describe('sero node', { concurrency: false }, () => {
  let home: Home;
  before(async () => {
    home = newHome();
    const devnet = await startDevnet(home.path);
    assert.equal(await devnet.stop(), 0);
    copyFileSync(join(home.path, 'devnet-solo', 'genesis.ssz'), join(home.path, 'genesis.ssz'));
  });
  after(() => home.remove());

  it('needs a genesis file for a new chain, and keeps it', async () => {
    const none = await sero({ home }, '--json', 'node', 'start');
    assert.equal(none.code, 2);
    assert.match(none.failure().hint!, /--genesis FILE/);
    const node = await startNode(home.path, '--genesis', join(home.path, 'genesis.ssz'));
    const status = await sero({ home }, '--json', '--node', node.url, 'node', 'status');
    assert.equal(status.json()['network'], 'development');
    const running = await sero({ home }, '--json', 'node', 'check');
    assert.equal(running.code, 7, 'a running node is not looked at from outside');
    assert.equal(await node.stop('SIGTERM'), 0);
    const again = await startNode(home.path);
    // So that what is checked, damaged and kept in a snapshot below is more than a genesis.
    await reachOn(again.url, 1n);
    assert.equal(await again.stop('SIGINT'), 0);
  });

  it('behind a proxy that it trusts each client has a rate of his own; what a stranger says of himself is not believed', async () => {
    /** Sends so many batches in a client's name, or fewer, up to the first that is refused for its rate. @returns whether one was */
    const isRefused = async (url: string, client: string, batches: number): Promise<boolean> => {
      const call = { jsonrpc: '2.0', id: 1, method: 'sero_getFees', params: {} };
      const body = JSON.stringify(Array(64).fill(call));
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': client };
      for (let i = 0; i < batches; i++) {
        const text = await (await fetch(url, { method: 'POST', headers, body })).text();
        if (text.includes('"error"')) {
          assert.match(text, /"limit":"rate"/);
          return true;
        }
      }
      return false;
    };
    // 15 times 64 units are within one client's burst, so that no machine is too fast for them; all of them together are 75 s of a
    // client's rate, so that no machine is too slow.
    const others = Array.from({ length: 16 }, (_, i) => `203.0.113.${8 + i}`);
    for (const [proxy, isTrusted] of [
      ['127.0.0.0/8', true],
      ['192.0.2.1', false],
    ] as const) {
      const genesis = join(home.path, 'genesis.ssz');
      const node = await startNode(home.path, '--genesis', genesis, '--rpc-trusted-proxy', proxy);
      assert.ok(await isRefused(node.url, '203.0.113.7', 1_000), 'one client runs out of units');
      let refused = 0;
      for (const client of others) if (await isRefused(node.url, client, 15)) refused += 1;
      if (isTrusted) assert.equal(refused, 0, 'each client has a rate of his own');
      else assert.ok(refused > 0, 'names that a stranger gives himself are one client');
      assert.equal(await node.stop(), 0);
    }
    for (const wrong of ['proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/']) {
      const refused = await sero({ home }, '--json', 'node', 'start', '--rpc-trusted-proxy', wrong);
      assert.equal(refused.code, 2, wrong);
    }
  });

  it('refuses another genesis file for the chain that is there, and verifying keys that it does not have', async () => {
    const genesis = decodeGenesis(readFileSync(join(home.path, 'genesis.ssz')));
    const other = join(home.path, 'other.ssz');
    writeFileSync(other, encodeGenesis({ ...genesis, time: genesis.time + 1n }));
    const refused = await sero({ home }, '--json', 'node', 'start', '--genesis', other, '--rpc-port', '0');
    assert.deepEqual([refused.code, refused.failure().code], [1, 'other-genesis']);
    const foreign = join(home.path, 'foreign.ssz');
    const verifyingKeys = genesis.verifyingKeys.map((key) => ({
      ...key,
      hash: key.hash.map((byte) => byte ^ 1),
    }));
    writeFileSync(foreign, encodeGenesis({ ...genesis, ...DEVELOPMENT, verifyingKeys }));
    const keys = await sero({ home }, '--json', 'node', 'check', '--genesis', foreign);
    assert.equal(keys.code, 2);
    assert.match(keys.failure().hint!, /--verifying-key/);
  });

  it('checks every record: an intact chain stays as it is, a damaged state is built again from the blocks', async () => {
    const whole = await sero({ home }, '--json', 'node', 'check');
    assert.equal(whole.code, 0, whole.stderr);
    const { height, stateRoot, rebuilt } = whole.json();
    assert.equal(rebuilt, false);
    const file = join(home.path, 'node', 'state', 'data.mdb');
    const bytes = readFileSync(file);
    // The third page from the front on: each holds its records at its end.
    for (let end = 3 * 4_096; end <= bytes.length; end += 4_096) bytes[end - 3]! ^= 0x10;
    writeFileSync(file, bytes);
    const mended = await sero({ home }, '--json', 'node', 'check');
    assert.equal(mended.code, 0, mended.stderr);
    assert.deepEqual(mended.json(), { ...whole.json(), rebuilt: true });
    assert.match(mended.stderr, /damaged/);
    assert.deepEqual([height, stateRoot], [mended.json()['height'], mended.json()['stateRoot']]);
  });

  it('writes a snapshot of a stopped node, which a lost state begins with', async () => {
    const none = await sero({ home }, '--json', 'node', 'snapshot', '--keep', '0');
    assert.equal(none.code, 2);
    const taken = await sero({ home }, '--json', 'node', 'snapshot');
    assert.equal(taken.code, 0, taken.stderr);
    const { directory, height } = taken.json();
    assert.equal(directory, join(home.path, 'node', 'snapshots', String(height)));
    assert.ok(existsSync(join(String(directory), 'manifest')));
    rmSync(join(home.path, 'node', 'state'), { recursive: true });
    const whole = await sero({ home }, '--json', '--verbose', 'node', 'check');
    assert.equal(whole.code, 0, whole.stderr);
    assert.deepEqual([whole.json()['height'], whole.json()['rebuilt']], [height, true]);
    assert.notEqual(height, '0');
    assert.match(whole.stderr, /beginning with the state of a snapshot/);
    const again = await sero({ home }, '--json', 'node', 'check');
    assert.deepEqual(again.json(), { ...whole.json(), rebuilt: false });
  });

  it('interrupted while it looks, builds or writes, it stops there and ends with 130, and the next call goes on', async () => {
    for (const command of ['check', 'snapshot']) {
      let finished = 0;
      for (let look = 1; finished === 0; look *= 2) {
        if (command === 'check') rmSync(join(home.path, 'node', 'state'), { recursive: true, force: true });
        const stopped = await sero({ home, signal: abortedAt(look) }, '--json', 'node', command);
        if (stopped.code === 0) finished = look;
        else assert.deepEqual([stopped.code, stopped.failure().code], [130, 'interrupted']);
      }
      assert.ok(finished > 2, `${command} did not ask whether to go on`);
      const later = await sero({ home }, '--json', 'node', command);
      assert.equal(later.code, 0, later.stderr);
    }
  });

  it('interrupted while it waits, an ordinary command ends with 130', async () => {
    const silent = createServer();
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const child = spawn(
      process.execPath,
      [PROGRAM, 'node', 'status', '--node', `http://127.0.0.1:${port}`, '--json'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const said: string[] = [];
    child.stderr.on('data', (chunk) => said.push(String(chunk)));
    const [socket] = (await once(silent, 'connection')) as [{ destroy(): void }];
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number | null];
    socket.destroy();
    silent.close();
    assert.equal(code, 130);
    assert.match(said.join(''), /"code":"interrupted"/);
  });

  it('without a node the message says how to start one, with exit code 4', async () => {
    const { code, failure } = await inProcess(['node', 'status', '--node', 'http://127.0.0.1:1', '--json']);
    assert.equal(code, 4);
    assert.match(failure().hint!, /sero devnet/);
  });
});
