import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAddressBook } from './address-book.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { manualClock } from './manual-clock-test-support.ts';

const record = (n: number): Uint8Array => Uint8Array.of(n, n);

function world({ peers = 4, kept = undefined as Uint8Array | undefined, forged = [] as string[] } = {}) {
  const clock = manualClock();
  const saved: Uint8Array[] = [];
  const book = createAddressBook({
    file: {
      load: async () => kept,
      async save(bytes) {
        saved.push(bytes);
      },
    },
    limits: { ...DEFAULT_LIMITS.addressBook, peers },
    clock,
    verify: async (id) => !forged.includes(id),
  });
  return { clock, book, saved };
}

/** A file with these peers, the first one oldest. */
async function fileOf(ids: readonly string[]): Promise<Uint8Array> {
  const { book, saved } = world({ peers: 1_000 });
  ids.forEach((id, n) => {
    book.add(id, record(n));
  });
  await book.close();
  return saved[0]!;
}

describe('address book', () => {
  it('keeps the peers heard of last, so many, across a restart', async () => {
    const { book } = world({ kept: await fileOf(['a', 'b', 'c', 'd', 'e', 'f']) });
    await book.load();
    assert.deepEqual(book.ids(), ['f', 'e', 'd', 'c']);
  });

  it('reads no record that its peer did not sign, and no file that is damaged', async () => {
    const { book } = world({ kept: await fileOf(['a', 'b']), forged: ['b'] });
    await book.load();
    assert.deepEqual(book.ids(), ['a']);
    const damaged = world({ kept: new Uint8Array(50).fill(1) });
    await damaged.book.load();
    assert.deepEqual(damaged.book.ids(), []);
  });

  it('saves some time after a change, once, and at the end', async () => {
    const { book, saved, clock } = world();
    book.add('a', record(1));
    book.add('b', record(2));
    clock.advance(DEFAULT_LIMITS.addressBook.saveMs - 1);
    assert.equal(saved.length, 0);
    clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(saved.length, 1);
    book.remove('a');
    await book.close();
    assert.equal(saved.length, 2);
    assert.equal(clock.waiting(), 0);
  });

  it('takes no record that is too long', () => {
    const { book } = world();
    book.add('a', new Uint8Array(DEFAULT_LIMITS.addressBook.recordBytes + 1));
    assert.equal(book.size(), 0);
  });

  it('forgets a peer after failures in a row, which a success ends', () => {
    const { book } = world();
    book.add('a', record(1));
    for (let i = 0; i < 7; i++) book.dialled('a', false);
    book.dialled('a', true);
    for (let i = 0; i < 7; i++) book.dialled('a', false);
    assert.equal(book.size(), 1);
    book.dialled('a', false);
    assert.equal(book.size(), 0);
  });
});
