import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { spread } from './many-hosts-test-support.ts';
import { closeHosts } from './network-test-support.ts';

describe('many hosts', () => {
  afterEach(closeHosts);

  it('all hear every vote of all others once, though none knows more than some', async () => {
    const { hosts, peers } = await spread({ hosts: 8, dials: 2, votes: 5, bytes: 400, overMs: 0 });
    assert.ok(peers < 5, `${peers} peers of 7`);
    for (const { heard, network } of hosts) {
      const numbers = heard.map(({ item }) => new DataView(item.buffer, item.byteOffset).getUint32(0));
      assert.equal(new Set(numbers).size, 35);
      assert.equal(heard.length, 35);
      assert.deepEqual(network.metrics().counters.drops, {});
    }
  });
});
