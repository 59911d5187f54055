import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PeerFile } from './address-book.ts';
import { attack, stopAttackers } from './attacker-test-support.ts';
import { blocksRequest } from './messages/ranges.ts';
import { createNetwork } from './network.ts';
import { closeHosts, listeners, statusAt, testHost, testHosts } from './network-test-support.ts';

/** A file in memory. */
function memoryFile(): PeerFile & { saves: number } {
  let kept: Uint8Array | undefined;
  const file = {
    saves: 0,
    load: async () => kept,
    async save(bytes: Uint8Array) {
      kept = bytes;
      file.saves++;
    },
  };
  return file;
}

describe('life of a network', () => {
  afterEach(closeHosts);
  afterEach(stopAttackers);

  it('finds the peers of its last life again without being told of them', async () => {
    const peerFile = memoryFile();
    const other = await testHost();
    const first = await testHost({ peerFile, bootstrap: [...other.network.addresses()] });
    await first.until(() => first.network.metrics().known === 1);
    await first.network.close();
    assert.equal(peerFile.saves, 1);
    const again = await testHost({ peerFile });
    await again.until(() => again.network.peers()[0]?.id === other.network.peerId);
  });

  it('connects again to a bootstrap peer that comes back', async () => {
    const key = new Uint8Array(32).fill(3);
    const listen = [`/memory/returning-${process.pid}`];
    const first = await testHost({ key, listen });
    const other = await testHost({ bootstrap: [...first.network.addresses()] });
    await other.until(() => other.network.peers().length === 1);
    const gone: string[] = [];
    other.network.onGone((id) => gone.push(id));
    await first.network.close();
    await other.until(() => other.network.peers().length === 0);
    assert.deepEqual(gone, [first.network.peerId]);
    await testHost({ key, listen });
    await other.until(() => other.network.peers().length === 1);
  });

  it('brings messages to direct peers, which it neither scores out nor forgets', async () => {
    const key = (n: number): Uint8Array => new Uint8Array(32).fill(n);
    const listen = (n: number): string[] => [`/memory/direct-${process.pid}-${n}`];
    const probe = await testHost({ key: key(21), listen: listen(1) });
    const [first] = probe.network.addresses();
    await probe.network.close();
    const two = await testHost({ key: key(22), listen: listen(2), direct: [first!] });
    const one = await testHost({ key: key(21), listen: listen(1), direct: [...two.network.addresses()] });
    await one.until(() => listeners(one) === 1);
    await two.until(() => listeners(two) === 1);
    for (let i = 0; i < 9; i++) one.network.report(two.network.peerId, 'malice');
    two.network.publish('vote', new Uint8Array(4));
    await one.until(() => one.heard.length === 1);
    assert.equal(one.network.metrics().banned, 0);
  });

  it('bans who is reported for malice, and tells that it is gone', async () => {
    const [a, b] = await testHosts(2);
    const gone: string[] = [];
    a!.network.onGone((id) => gone.push(id));
    a!.network.report(b!.network.peerId, 'malice');
    assert.deepEqual(gone, [b!.network.peerId]);
    assert.deepEqual(a!.network.peers(), []);
    await b!.until(() => b!.network.metrics().counters.goodbyes['score'] === 1);
    await a!.until(() => a!.network.metrics().connections === 0);
  });

  it('closes while requests run, messages wait and peers come, more than once, and refuses to publish then', async () => {
    const hosts = await testHosts(3, () => ({
      handlers: {
        gossip: () => new Promise(() => {}),
        async *serve(_name, _request, _from, signal) {
          yield new Uint8Array(10);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      },
    }));
    const [a, b] = hosts;
    const asked = (async () => {
      const request = blocksRequest.encode({ start: 1n, count: 9 });
      for await (const _ of b!.network.request(a!.network.peerId, 'blocks', request));
    })();
    const failed = assert.rejects(asked);
    for (let i = 0; i < 100; i++) a!.network.publish('tx', new Uint8Array(500).fill(i));
    const late = testHost({ bootstrap: [...a!.network.addresses()] });
    await Promise.all([a!.network.close(), a!.network.close(), b!.network.close()]);
    await failed;
    await late;
    assert.throws(() => a!.network.publish('tx', new Uint8Array(1)), { code: 'closed' });
  });

  it('closes though a peer neither reads nor answers', async () => {
    const victim = await testHost();
    const attacker = await attack(victim.network);
    for (const stream of attacker.connection.streams) stream.pause();
    await victim.network.close();
  });

  it('refuses addresses without a peer, and limits that make no sense', async () => {
    const handlers = { gossip: () => 'ignore', serve: () => [] } as never;
    const options = { handlers, status: () => statusAt(1n), transport: 'memory' } as const;
    await assert.rejects(createNetwork({ ...options, bootstrap: ['/ip4/1.2.3.4/tcp/1'] }), {
      code: 'address-invalid',
    });
    await assert.rejects(createNetwork({ ...options, direct: ['nonsense'] }), { code: 'address-invalid' });
    await assert.rejects(createNetwork({ ...options, limits: { scores: { disconnect: -5 } } }), {
      code: 'limit-invalid',
    });
  });

  it('leaves nothing that keeps the process alive when it is closed', async () => {
    const program = fileURLToPath(new URL('./close-program-test-support.ts', import.meta.url));
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
    });
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    assert.equal(said, 'closed\n');
  });
});
