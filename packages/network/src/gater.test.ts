import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection, MultiaddrConnection, PeerId } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { createGater } from './gater.ts';
import { DEFAULT_LIMITS, type NetworkLimits } from './limits.ts';
import { manualClock } from './manual-clock-test-support.ts';
import { createCounters } from './metrics.ts';
import { createScores } from './scores.ts';

let port = 1_000;

function world(limits: Partial<NetworkLimits['connections']> = {}, direct: readonly string[] = []) {
  const clock = manualClock();
  const counters = createCounters();
  const directIds = new Set(direct);
  const scores = createScores({
    limits: DEFAULT_LIMITS.scores,
    clock,
    direct: directIds,
    exempt: new Set(),
    gossipScore: () => 0,
    onBan: () => {},
  });
  const gater = createGater({
    limits: { ...DEFAULT_LIMITS.connections, ...limits },
    clock,
    counters,
    scores,
    direct: directIds,
    mayDial: (id) => id !== 'avoided',
  });
  const peer = (id: string) => ({ toString: () => id }) as PeerId;
  /** A socket from an address, until it is ended. */
  const socket = (ip: string) => {
    port++;
    const events = new EventTarget();
    const address = multiaddr(`/ip4/${ip}/tcp/${port}`);
    const raw = {
      remoteAddr: address,
      addEventListener: events.addEventListener.bind(events),
    } as unknown as MultiaddrConnection;
    const denied = gater.gater.denyInboundConnection!(raw);
    const connection = { id: `${port}`, direction: 'inbound', remoteAddr: address } as Connection;
    return { denied, raw, connection, end: () => events.dispatchEvent(new Event('close')) };
  };
  /** A connection from an address that is set up. */
  const open = (ip: string) => {
    const one = socket(ip);
    gater.opened(one.connection);
    return one;
  };
  const encrypted = (id: string) =>
    gater.gater.denyInboundEncryptedConnection!(peer(id), socket('8.8.8.8').raw);
  return { clock, counters, scores, gater, peer, socket, open, encrypted };
}

describe('connections', () => {
  it('being set up have so many places, in all and an address, until they end or are open', () => {
    const { socket, gater } = world({ pending: 3, pendingPerAddress: 2 });
    const first = socket('1.1.1.1');
    const second = socket('1.1.1.1');
    assert.deepEqual([first.denied, second.denied, socket('1.1.1.1').denied], [false, false, true]);
    assert.equal(socket('2.2.2.2').denied, false);
    assert.equal(socket('3.3.3.3').denied, true, 'all places are taken');
    first.end();
    assert.equal(socket('1.1.1.1').denied, false);
    gater.opened(second.connection);
    assert.equal(socket('1.1.1.1').denied, false, 'one that is open is not being set up');
  });

  it('are so many an address, so many at a time', () => {
    const { open, gater, clock, socket } = world({ perAddress: 2 });
    const first = open('1.1.1.1');
    open('1.1.1.1');
    clock.advance(100_000);
    assert.equal(socket('1.1.1.1').denied, true);
    gater.closed(first.connection);
    assert.equal(socket('1.1.1.1').denied, false);
  });

  it('come from an address at its rate', () => {
    const { socket, clock, counters } = world({ ratePerAddress: { burst: 2, perSecond: 1 } });
    for (const denied of [false, false, true]) {
      const one = socket('1.1.1.1');
      assert.equal(one.denied, denied);
      one.end();
    }
    assert.equal(counters.snapshot().refused['address-rate'], 1);
    clock.advance(1_000);
    assert.equal(socket('1.1.1.1').denied, false);
  });

  it('come without such limits from an exempt address', () => {
    const { open, socket } = world({ perAddress: 1, ratePerAddress: { burst: 1, perSecond: 1 } });
    for (let i = 0; i < 20; i++) open('127.0.0.1');
    assert.equal(socket('127.0.0.1').denied, false);
  });

  it('leave places for peers that the node dials, and for direct peers', () => {
    const { open, encrypted, socket } = world({ max: 10, target: 4 }, ['friend']);
    for (let i = 0; i < 6; i++) open(`1.1.1.${i}`);
    assert.equal(encrypted('stranger'), true);
    assert.equal(encrypted('friend'), false);
    for (let i = 0; i < 4; i++) open(`2.2.2.${i}`);
    assert.equal(socket('3.3.3.3').denied, true, 'but never more than all');
  });

  it('are refused to banned peers and addresses', () => {
    const { scores, encrypted, socket, counters } = world();
    scores.offend('bad', 'malice', '6.6.6.6');
    assert.equal(encrypted('bad'), true);
    assert.equal(encrypted('good'), false);
    assert.equal(socket('6.6.6.6').denied, false);
    for (const id of ['x', 'y']) scores.offend(id, 'malice', '6.6.6.6');
    assert.equal(socket('6.6.6.6').denied, true);
    assert.equal(counters.snapshot().refused['banned-address'], 1);
  });

  it('are not dialled to who is avoided, nor kept to who is banned', () => {
    const { gater, peer, scores, socket } = world();
    assert.equal(gater.gater.denyDialPeer!(peer('avoided')), true);
    assert.equal(gater.gater.denyDialPeer!(peer('other')), false);
    scores.offend('bad', 'malice', undefined);
    const { raw } = socket('1.1.1.1');
    assert.equal(gater.gater.denyOutboundEncryptedConnection!(peer('bad'), raw), true);
    assert.equal(gater.gater.denyOutboundEncryptedConnection!(peer('other'), raw), false);
  });
});
