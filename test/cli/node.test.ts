import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DEVELOPMENT, decodeGenesis, encodeGenesis } from '@sero/protocol';
import { type Home, inProcess, newHome, PROGRAM, sero, startDevnet, startNode } from './support.ts';

describe('sero node', { concurrency: false }, () => {
  let home: Home;
  before(async () => {
    home = newHome();
    const devnet = await startDevnet(home.path);
    assert.equal(await devnet.stop(), 0);
    copyFileSync(join(home.path, 'devnet', 'genesis.ssz'), join(home.path, 'genesis.ssz'));
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
    assert.equal(await again.stop('SIGINT'), 0);
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
