import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clientOf, createMeter } from './meter.ts';

function meter(change: Partial<Parameters<typeof createMeter>[0]> = {}) {
  const time = { now: 0 };
  return {
    time,
    ...createMeter({ unitsPerSecond: 10, burst: 20, maxClients: 100, ...change }, () => time.now),
  };
}

test('a client may ask for a burst at once, then as fast as time gives units; others are not concerned', () => {
  const m = meter();
  for (let i = 0; i < 20; i++) assert.equal(m.take('a', 1), 0);
  assert.equal(m.take('a', 1), 100);
  assert.equal(m.take('b', 1), 0);
  m.time.now = 50;
  assert.equal(m.take('a', 1), 50);
  m.time.now = 100;
  assert.equal(m.take('a', 1), 0);
});

test('what was done is charged into debt, which is never more than one burst', () => {
  const m = meter();
  m.charge('a', 1_000_000);
  assert.equal(m.take('a', 1), 2_100);
  m.time.now = 2_100;
  assert.equal(m.take('a', 1), 0);
});

test('what costs more than a burst is paid by a full bucket, so that it can be asked at all', () => {
  const m = meter();
  assert.equal(m.take('a', 1_000), 0);
  assert.equal(m.take('a', 1), 100);
});

test('in any stretch of time a client takes no more than one burst and what that time gives', () => {
  const step = fc.record({ wait: fc.nat(500), units: fc.integer({ min: 1, max: 20 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const m = meter();
      let taken = 0;
      for (const { wait, units } of steps) {
        m.time.now += wait;
        if (m.take('a', units) === 0) taken += units;
        assert.ok(taken <= 20 + (10 * m.time.now) / 1_000 + 1e-6);
      }
    }),
  );
});

test('only as many clients are remembered as is said', () => {
  const m = meter({ maxClients: 2 });
  m.take('a', 20);
  m.take('b', 20);
  assert.equal(m.take('a', 1), 100);
  m.take('c', 20);
  assert.equal(m.take('a', 1), 100, 'b was unseen for longer');
  assert.equal(m.take('b', 20), 0);
});

test('an IPv6 network of 64 bits is one client, an IPv4 address is one however it is written', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ];
  for (const [address, client] of cases) assert.equal(clientOf(address), client);
});
