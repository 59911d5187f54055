import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LimitsGiven } from './limits.ts';
import { closeHosts, listeners, type TestHost, testHost } from './network-test-support.ts';

const TCP = { transport: 'tcp', listen: ['/ip4/127.0.0.1/tcp/0'] } as const;
const SOCKETS = 2_000;

const children: ChildProcess[] = [];

function portOf({ network }: TestHost): string {
  return /\/tcp\/(\d+)/.exec(network.addresses()[0]!)![1]!;
}

/** Opens sockets from another process; half say nothing, half garbage. Resolves when all were tried. */
async function openMany(port: string, count: number): Promise<void> {
  const program = fileURLToPath(new URL('./sockets-program-test-support.ts', import.meta.url));
  const child = spawn(process.execPath, [program, port, `${count}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
}

async function pair(limits: LimitsGiven): Promise<[TestHost, TestHost]> {
  const victim = await testHost({ ...TCP, limits });
  const honest = await testHost({ ...TCP, bootstrap: [...victim.network.addresses()] });
  await honest.until(() => listeners(honest) === 1);
  await victim.until(() => listeners(victim) === 1);
  return [victim, honest];
}

/** Says something until it is heard, as whoever votes does: a message may be lost. */
async function heardAgain(victim: TestHost, honest: TestHost): Promise<void> {
  const before = victim.heard.length;
  let looks = 0;
  await victim.until(() => {
    if (looks++ % 50 === 0) honest.network.publish('vote', new Uint8Array(9));
    return victim.heard.length > before;
  });
}

describe('thousands of sockets', () => {
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterEach(closeHosts);

  it('that say nothing or garbage hold few places and little memory, and honest peers go on', async () => {
    const [victim, honest] = await pair({ connections: { upgradeMs: 2_000 } });
    const before = process.memoryUsage();
    const opened = openMany(portOf(victim), SOCKETS);
    await victim.until(() => (victim.network.metrics().counters.refused['pending'] ?? 0) > 0);
    await heardAgain(victim, honest);
    await opened;
    await heardAgain(victim, honest);
    assert.equal(victim.network.metrics().connections, 1, 'none of them is a connection');
    const after = process.memoryUsage();
    assert.ok(
      after.heapUsed - before.heapUsed < 100_000_000,
      `${after.heapUsed - before.heapUsed} bytes of heap`,
    );
    assert.ok(after.rss - before.rss < 400_000_000, `${after.rss - before.rss} bytes`);
    // Those that held a place are gone after their time, and another honest peer finds one.
    const late = await testHost({ ...TCP, bootstrap: [...victim.network.addresses()] });
    await late.until(() => listeners(late) === 1);
  });

  it('from one address that is not exempt are held to its share of places', async () => {
    const [victim] = await pair({ connections: { exemptAddresses: [], pendingPerAddress: 2 } });
    await openMany(portOf(victim), 9);
    // Those that say garbage give their places back at once; of the four and more that say nothing two have one.
    await victim.until(() => (victim.network.metrics().counters.refused['pending-address'] ?? 0) >= 2);
  });

  it('from one address that is not exempt come at its rate', async () => {
    const [victim] = await pair({
      connections: { exemptAddresses: [], ratePerAddress: { burst: 5, perSecond: 0.001 } },
    });
    await openMany(portOf(victim), 9);
    await victim.until(() => (victim.network.metrics().counters.refused['address-rate'] ?? 0) >= 4);
  });
});
