import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { LimitsGiven } from './limits.ts';
import { closeHosts, listeners, type TestHost, testHost } from './network-test-support.ts';

const TCP = { transport: 'tcp', listen: ['/ip4/127.0.0.1/tcp/0'] } as const;
const SOCKETS = 2_000;

const sockets: Socket[] = [];

function portOf({ network }: TestHost): number {
  return Number(/\/tcp\/(\d+)/.exec(network.addresses()[0]!)![1]);
}

/** Opens sockets, some at a time; each says nothing, or something. */
async function openMany(
  port: number,
  count: number,
  say: (index: number) => Uint8Array | undefined,
): Promise<void> {
  for (let i = 0; i < count; i += 100) {
    const batch = Array.from({ length: Math.min(100, count - i) }, (_, j) => {
      const socket = connect({ port, host: '127.0.0.1' });
      sockets.push(socket);
      socket.on('error', () => {});
      // What is not read would keep a socket from seeing its end.
      socket.resume();
      const said = say(i + j);
      if (said !== undefined) socket.once('connect', () => socket.write(said));
      return Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
    });
    await Promise.all(batch);
  }
}

async function pair(limits: LimitsGiven): Promise<[TestHost, TestHost]> {
  const victim = await testHost({ ...TCP, limits });
  const honest = await testHost({ ...TCP, bootstrap: [...victim.network.addresses()] });
  await honest.until(() => listeners(honest) === 1);
  await victim.until(() => listeners(victim) === 1);
  return [victim, honest];
}

describe('thousands of sockets', () => {
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterEach(closeHosts);

  it('that say nothing or garbage hold few places and little memory, and honest peers go on', async () => {
    const [victim, honest] = await pair({ connections: { upgradeMs: 4_000 } });
    const before = process.memoryUsage().rss;
    await openMany(portOf(victim), SOCKETS, (index) =>
      index % 2 === 0 ? undefined : new Uint8Array(2_000).fill(index),
    );
    honest.network.publish('vote', new Uint8Array(9));
    await victim.until(() => victim.heard.length === 1);
    const { counters, connections } = victim.network.metrics();
    assert.equal(connections, 1, 'none of them is a connection');
    assert.ok(counters.refused['pending']! > SOCKETS / 4, 'many find no place');
    const grown = process.memoryUsage().rss - before;
    // Both ends of all sockets are in this process.
    assert.ok(grown < 200_000_000, `${grown} bytes`);
    // Those that held a place are gone after their time, and another honest peer finds one.
    const late = await testHost({ ...TCP, bootstrap: [...victim.network.addresses()] });
    await late.until(() => listeners(late) === 1);
  });

  it('from one address that is not exempt are held to its share of places', async () => {
    const [victim] = await pair({ connections: { exemptAddresses: [], pendingPerAddress: 2 } });
    await openMany(portOf(victim), 9, () => undefined);
    await victim.until(() => (victim.network.metrics().counters.refused['pending-address'] ?? 0) >= 7);
  });

  it('from one address that is not exempt come at its rate', async () => {
    const [victim] = await pair({
      connections: { exemptAddresses: [], ratePerAddress: { burst: 5, perSecond: 0.001 } },
    });
    await openMany(portOf(victim), 9, () => undefined);
    await victim.until(() => (victim.network.metrics().counters.refused['address-rate'] ?? 0) >= 4);
  });
});
