import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodePack, encodePack, packLength } from './pack.ts';
import { TOPIC_RULES, TOPICS } from './topics.ts';

const salt = new Uint8Array(8).fill(1);
const item = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);

describe('packs', () => {
  it('hold items in their order, and are as long as is said', () => {
    const items = [item(3, 1), item(1, 2), item(1_024, 3)];
    const bytes = encodePack('vote', salt, items);
    assert.equal(bytes.length, packLength(items.map(({ length }) => length)));
    assert.deepEqual(decodePack('vote', bytes), items);
  });

  it('fit the largest item of every topic, and none that is longer', () => {
    for (const topic of TOPICS) {
      const { itemBytes } = TOPIC_RULES[topic];
      assert.equal(decodePack(topic, encodePack(topic, salt, [item(itemBytes)])).length, 1);
      const longer = new Uint8Array(TOPIC_RULES[topic].packBytes + 1);
      assert.throws(() => decodePack(topic, longer), { code: 'too-large' }, topic);
    }
  });

  it('are refused with an item too long, too many items, or too many bytes', () => {
    const spelt = (items: readonly Uint8Array[]): Uint8Array => encodePack('block', salt, items.slice(0, 1));
    const two = new Uint8Array(8 + 4 + 8 + 2);
    two.set(salt);
    two.set([12, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 1, 1], 8);
    assert.throws(() => decodePack('block', two), { code: 'malformed' }, 'two blocks');
    assert.deepEqual(decodePack('vote', two), [item(1, 1), item(1, 1)], 'the same bytes are two votes');
    const long = new Uint8Array(16 + 1_025);
    long.set(salt);
    long.set([12, 0, 0, 0, 4, 0, 0, 0], 8);
    assert.throws(() => decodePack('vote', long), { code: 'malformed' }, 'a long vote');
    assert.throws(() => decodePack('vote', new Uint8Array(600_000)), { code: 'too-large' });
    assert.equal(decodePack('block', spelt([item(1)])).length, 1);
  });

  it('are refused without items, and with an empty one', () => {
    assert.throws(() => decodePack('vote', encodePack('vote', salt, [])), { code: 'malformed' });
    assert.throws(() => decodePack('vote', encodePack('vote', salt, [item(1), item(0)])), {
      code: 'malformed',
    });
  });

  it('have one spelling: every other string of bytes that decodes is refused', () => {
    const good = encodePack('vote', salt, [item(3), item(2)]);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bad = new Uint8Array(good);
        bad[at] = bad[at]! ^ change;
        let items: Uint8Array[];
        try {
          items = decodePack('vote', bad);
        } catch {
          return;
        }
        assert.deepEqual(encodePack('vote', bad.subarray(0, 8), items), bad);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          assert.deepEqual(encodePack('tx', bytes.subarray(0, 8), decodePack('tx', bytes)), bytes);
        } catch (error) {
          assert.notEqual((error as { code?: string }).code, undefined);
        }
      }),
    );
  });
});
