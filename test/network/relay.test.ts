import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { createRelay, type Link, type Relay } from './relay.ts';

/** Resolves when a socket is closed, in order or not. */
const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

describe('the relay', { concurrency: false }, () => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  let relay: Relay;
  let link: Link;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  async function opened(seed = 'seed'): Promise<Link> {
    relay = createRelay(seed);
    const { port } = server.address() as AddressInfo;
    link = await relay.link('a', 'b', { host: '127.0.0.1', port });
    return link;
  }
  afterEach(() => relay.close());

  async function dialled(): Promise<Socket> {
    const socket = connect(link.port, link.host);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  /** Sends bytes and waits until as many came back. @returns ms */
  async function echoed(socket: Socket, bytes: Buffer): Promise<number> {
    const start = performance.now();
    const parts: Buffer[] = [];
    let length = 0;
    const whole = Promise.withResolvers<void>();
    const take = (part: Buffer): void => {
      parts.push(part);
      length += part.length;
      if (length >= bytes.length) whole.resolve();
    };
    socket.on('data', take);
    socket.write(bytes);
    await whole.promise;
    socket.off('data', take);
    assert.ok(Buffer.concat(parts).equals(bytes), 'every byte, in its order');
    return performance.now() - start;
  }

  it('carries megabytes unchanged, in both directions, and an end behind them', async () => {
    await opened();
    link.shape({ delay: 2, jitter: 1, loss: 0.001, retransmit: 5 });
    const socket = await dialled();
    const bytes = Buffer.alloc(3_000_000, 'sero');
    await echoed(socket, bytes);
    socket.end('last words');
    const [word] = (await once(socket, 'data')) as [Buffer];
    assert.equal(word.toString(), 'last words');
    await closed(socket);
    assert.equal(link.counts().connections, 1);
    assert.equal(link.counts().forth, bytes.length + 10);
    assert.equal(link.counts().back, bytes.length + 10);
  });

  it('delays each direction by what is said of it', async () => {
    await opened();
    const socket = await dialled();
    link.shape({ delay: 60 }, 'forth');
    link.shape({ delay: 40 }, 'back');
    const took = await echoed(socket, Buffer.from('x'));
    assert.ok(took >= 98, `${took} ms`);
  });

  it('holds what flows while it is held, and lets go of it after', async () => {
    await opened();
    const socket = await dialled();
    await echoed(socket, Buffer.from('before'));
    link.set('held');
    const late = await dialled();
    const answer = Promise.race([
      echoed(socket, Buffer.from('during')).then(() => 'old'),
      echoed(late, Buffer.from('during')).then(() => 'new'),
    ]);
    // Another connection, past the held ones, shows that there was time enough.
    const free = await relay.link('a', 'c', {
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
    });
    const other = connect(free.port, free.host);
    for (let i = 0; i < 50; i++) await echoed(other, Buffer.from('free'));
    other.destroy();
    assert.equal(await Promise.race([answer, Promise.resolve('held')]), 'held');
    link.set('open');
    assert.notEqual(await answer, 'held');
  });

  it('holds bytes that were on their way when it was held', async () => {
    await opened();
    link.shape({ delay: 150 }, 'back');
    const socket = await dialled();
    let came = 0;
    socket.on('data', (part) => {
      came += part.length;
    });
    socket.write('x');
    const turnsFor = async (ms: number): Promise<void> => {
      for (const end = performance.now() + ms; performance.now() < end; ) await new Promise(setImmediate);
    };
    while (link.counts().forth === 0) await new Promise(setImmediate);
    // The answer comes to the relay, which keeps it for its time.
    await turnsFor(50);
    link.set('held');
    await turnsFor(200);
    assert.equal(came, 0);
    link.set('open');
    while (came === 0) await new Promise(setImmediate);
  });

  it('resets connections where it is cut, refuses new ones, and takes them again after', async () => {
    await opened();
    const socket = await dialled();
    await echoed(socket, Buffer.from('before'));
    const over = closed(socket);
    link.set('cut');
    await over;
    const refused = connect(link.port, link.host);
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    link.set('open');
    await echoed(await dialled(), Buffer.from('after'));
  });

  it('makes a fast sender wait for a slow link instead of keeping his bytes', async () => {
    await opened();
    link.shape({ rate: 1_000 });
    const socket = await dialled();
    // The window of the relay and the buffers of the kernel take some; they never take this much.
    const much = Buffer.alloc(64_000_000);
    socket.write(much);
    const drained = await Promise.race([
      once(socket, 'drain').then(() => true),
      (async () => {
        for (let i = 0; i < 2_000; i++) await new Promise(setImmediate);
        return false;
      })(),
    ]);
    assert.equal(drained, false);
    assert.ok(link.counts().forth < 1_000_000);
  });

  it('passes a broken connection on to the other end', async () => {
    await opened();
    const broken = once(server, 'connection').then(async ([far]: Socket[]) => {
      await closed(far!);
      return 'told';
    });
    const socket = await dialled();
    await echoed(socket, Buffer.from('x'));
    socket.resetAndDestroy();
    assert.equal(await broken, 'told');
  });

  it('finds the links between two groups, and between one group and all others', async () => {
    await opened();
    const { port } = server.address() as AddressInfo;
    for (const [from, to] of [
      ['b', 'a'],
      ['b', 'c'],
      ['c', 'a'],
    ] as const) {
      await relay.link(from, to, { host: '127.0.0.1', port });
    }
    const names = (links: readonly Link[]) => links.map(({ from, to }) => `${from}${to}`).sort();
    assert.deepEqual(names(relay.between(['a'])), ['ab', 'ba', 'ca']);
    assert.deepEqual(names(relay.between(['a'], ['b'])), ['ab', 'ba']);
  });
});
