import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createClient, createSocketClient } from '@sero/api';
import { type Devnet, type Home, inProcess, newHome, startDevnet } from './support.ts';

describe('sero devnet', { concurrency: false }, () => {
  let home: Home;
  let devnet: Devnet;
  before(async () => {
    home = newHome();
    devnet = await startDevnet(home.path);
  });
  after(async () => {
    await devnet.stop('SIGKILL');
    home.remove();
  });

  const status = () => createClient({ url: devnet.url }).request('sero_getStatus', {});
  /** Resolves when the chain has a block of this height. */
  const reach = async (height: bigint): Promise<void> => {
    const socket = await createSocketClient({ url: devnet.url.replace(/^http/, 'ws') });
    try {
      const reached = new Promise<void>((resolve) => {
        void socket.subscribeHeads((head) => head.height >= height && resolve());
      });
      if ((await status()).head.height < height) await reached;
    } finally {
      socket.close();
    }
  };

  it('prints ten funded accounts, where it serves and what to try, and serves what it says', async () => {
    assert.equal(devnet.accounts.length, 10);
    assert.equal(new Set(devnet.accounts.map(({ address }) => address)).size, 10);
    for (const { words, address } of devnet.accounts) {
      assert.equal(words.split(' ').length, 24);
      assert.match(address, /^serodev1/);
    }
    const { genesisHash, network, head } = await status();
    assert.equal(Buffer.from(genesisHash).toString('hex'), devnet.genesisHash);
    assert.equal(network, 'development');
    assert.equal(head.notes, 10n);
    assert.match(devnet.next[0]!, /^sero init --devnet-account 0 --dir /);
  });

  it('is for one process at a time: a second one is refused with exit code 7 and the number of the first', async () => {
    await assert.rejects(startDevnet(home.path), (error: Error) => {
      assert.match(error.message, /^exit code 7: /);
      assert.match(error.message, /in use by process \d+/);
      return true;
    });
  });

  it('goes on where it was stopped: ctrl-C and SIGTERM end it cleanly, with 0', async () => {
    await reach(1n);
    assert.equal(await devnet.stop('SIGINT'), 0);
    assert.match(devnet.stderr(), /Stopped cleanly/);
    const before = devnet.genesisHash;
    devnet = await startDevnet(home.path);
    assert.equal(devnet.genesisHash, before);
    assert.ok(devnet.height >= 1n);
    assert.equal(await devnet.stop('SIGTERM'), 0);
    devnet = await startDevnet(home.path);
  });

  it('refuses another genesis file with the sentence that says so, and leaves the chain as it was', async () => {
    const { height } = devnet;
    assert.equal(await devnet.stop(), 0);
    const other = await inProcess(['devnet', '--dir', home.path, '--port', '0', '--solo', '--json']);
    assert.equal(other.code, 1);
    const failure = other.failure();
    assert.equal(failure.code, 'other-genesis');
    assert.match(failure.message, /genesis file of the devnet has changed/);
    assert.match(failure.hint!, /devnet --reset/);
    devnet = await startDevnet(home.path);
    assert.ok(devnet.height >= height);
  });

  it('begins anew with --reset, and not while another process has the chain', async () => {
    await reach(1n);
    const refused = await inProcess(['devnet', '--dir', home.path, '--port', '0', '--reset', '--json']);
    assert.equal(refused.code, 7);
    assert.ok(existsSync(join(home.path, 'devnet', 'genesis.ssz')));
    assert.equal(await devnet.stop(), 0);
    devnet = await startDevnet(home.path, '--reset', '--solo');
    assert.equal(devnet.height, 0n);
  });
});
