import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Change, hookedStore, type KeyValueStore, memoryStore, StoreError } from '@sero/store';
import { openLmdbStore } from '@sero/store/node';
import fc from 'fast-check';
import { type CertificateStore, certificateStore, openCertificateStore } from './certificates.ts';
import { temporaryDirectory } from './validator-test-support.ts';

const OPTIONS = { kept: 20n, stride: 8n };

const certificate = (height: bigint): Uint8Array => new Uint8Array(40).fill(Number(height % 251n));

const heights = (store: CertificateStore, from = 0n): bigint[] => [...store.heights(from)];

/** Puts the certificates of blocks as a node does: each before the block that it makes final. */
function follow(store: CertificateStore, first: bigint, last: bigint): void {
  for (let height = first; height <= last; height++) {
    store.put(height, certificate(height));
    store.prune(height);
  }
}

/** What has to be there: the last ones, and the end of every stride. */
function isNeeded(height: bigint, head: bigint): boolean {
  return height > head - OPTIONS.kept || height % OPTIONS.stride === 0n;
}

describe('the certificates', () => {
  it('of the last heights are kept, and of those before them the one at the end of each stride', () => {
    const store = certificateStore(memoryStore(), OPTIONS);
    follow(store, 1n, 100n);
    // What the last prune said goes with the next put.
    store.put(101n, certificate(101n));
    const expected = Array.from({ length: 101 }, (_, i) => BigInt(i + 1)).filter((h) => isNeeded(h, 100n));
    assert.deepEqual(heights(store), expected);
    for (const height of expected) assert.deepEqual(store.get(height), certificate(height));
    assert.equal(store.get(79n), undefined);
    assert.equal(store.get(0n), undefined);
    assert.equal(store.latest(), 101n);
  });

  it('are found by height from any one on', () => {
    const store = certificateStore(memoryStore(), OPTIONS);
    assert.equal(store.latest(), undefined);
    assert.deepEqual(heights(store), []);
    for (const height of [3n, 16n, 8n, 300n, 9n]) store.put(height, certificate(height));
    assert.deepEqual(heights(store), [3n, 8n, 9n, 16n, 300n]);
    assert.deepEqual(heights(store, 8n), [8n, 9n, 16n, 300n]);
    assert.deepEqual(heights(store, 10n), [16n, 300n]);
    assert.deepEqual(heights(store, 301n), []);
    assert.equal(store.latest(), 300n);
    store.put(304n, certificate(304n));
    assert.equal(store.latest(), 304n);
  });

  it('of one height are one: the last that was put', () => {
    const store = certificateStore(memoryStore(), OPTIONS);
    store.put(5n, certificate(5n));
    store.put(5n, Uint8Array.of(1));
    assert.deepEqual(heights(store), [5n]);
    assert.deepEqual(store.get(5n), Uint8Array.of(1));
  });

  it('cost one write a block, with what leaves', () => {
    const writes: (readonly Change[])[] = [];
    const counted = hookedStore(memoryStore(), { after: (changes) => void writes.push(changes) });
    const store = certificateStore(counted, OPTIONS);
    follow(store, 1n, 100n);
    assert.equal(writes.length, 100);
    for (const changes of writes) assert.ok(changes.length <= 4);
  });

  it('that nobody removed for long are removed a few with each block, and none that is needed', () => {
    let largest = 0;
    const counted = hookedStore(memoryStore(), {
      before: (changes) => {
        largest = Math.max(largest, changes.length);
      },
    });
    const store = certificateStore(counted, OPTIONS);
    for (let height = 1n; height <= 1_000n; height++) store.put(height, certificate(height));
    store.prune(1_000n);
    store.prune(500n);
    for (let height = 1_001n; height <= 1_100n; height++) {
      store.put(height, certificate(height));
      store.prune(height);
      const there = new Set(heights(store));
      for (let h = 1n; h <= height; h++)
        if (isNeeded(h, height)) assert.ok(there.has(h), `${h} at ${height}`);
    }
    assert.ok(largest <= 34);
    assert.ok(heights(store).length <= 1_100 / 8 + 20 + 1);
  });

  it('are what these rules say, whatever is put and pruned', () => {
    const step = fc.record({
      height: fc.integer({ min: 0, max: 80 }),
      head: fc.integer({ min: 0, max: 80 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = certificateStore(memoryStore(), OPTIONS);
        const put = new Set<bigint>();
        let head = -1n;
        for (const one of steps) {
          store.put(BigInt(one.height), certificate(BigInt(one.height)));
          put.add(BigInt(one.height));
          if (BigInt(one.head) > head) head = BigInt(one.head);
          store.prune(BigInt(one.head));
          const there = heights(store);
          for (const height of there) assert.ok(put.has(height));
          for (const height of put) if (isNeeded(height, head)) assert.ok(there.includes(height));
          assert.deepEqual(
            [...there].sort((a, b) => Number(a - b)),
            there,
          );
          assert.equal(store.latest(), there.at(-1));
        }
        for (let i = 0; i < 8; i++) store.put(1_000n, certificate(1_000n));
        for (const height of heights(store).slice(0, -1)) assert.ok(isNeeded(height, head));
      }),
    );
  });

  it('have heights of 64 bits and no others', () => {
    const store = certificateStore(memoryStore(), OPTIONS);
    const last = (1n << 64n) - 1n;
    store.put(last, certificate(1n));
    assert.equal(store.latest(), last);
    for (const height of [-1n, 1n << 64n]) {
      assert.throws(() => store.put(height, certificate(1n)), RangeError);
      assert.throws(() => store.get(height), RangeError);
    }
  });
});

describe('the certificates on disk', () => {
  it('are there when they are opened again, one above the head included', () => {
    const directory = join(temporaryDirectory(), 'certificates');
    const store = openCertificateStore(directory, OPTIONS);
    follow(store, 1n, 50n);
    store.put(51n, certificate(51n));
    const before = heights(store);
    store.close();
    const again = openCertificateStore(directory, OPTIONS);
    assert.deepEqual(heights(again), before);
    assert.equal(again.latest(), 51n);
    assert.deepEqual(again.get(51n), certificate(51n));
    again.put(51n, Uint8Array.of(2));
    assert.deepEqual(again.get(51n), Uint8Array.of(2));
    again.close();
  });

  it('say which one is damaged, and go on without it: it leaves when its time comes', () => {
    const directory = temporaryDirectory();
    const image = join(directory, 'image');
    const store = openCertificateStore(join(directory, 'whole'), OPTIONS);
    const marker = new Uint8Array(300).fill(0xa7);
    follow(store, 1n, 4n);
    store.put(5n, marker);
    store.close();
    cpSync(join(directory, 'whole'), image, { recursive: true });
    const file = readdirSync(image).find((name) => name === 'data.mdb')!;
    const bytes = readFileSync(join(image, file));
    for (let at = bytes.indexOf(marker); at >= 0; at = bytes.indexOf(marker, at + 300)) bytes[at + 7]! ^= 1;
    writeFileSync(join(image, file), bytes);
    const damaged = openCertificateStore(image, OPTIONS);
    assert.throws(
      () => damaged.get(5n),
      (error) => error instanceof StoreError && error.code === 'record-damaged',
    );
    assert.deepEqual(heights(damaged), [1n, 2n, 3n, 4n, 5n]);
    assert.equal(damaged.latest(), 5n);
    follow(damaged, 6n, 40n);
    assert.equal(damaged.get(5n), undefined);
    assert.deepEqual(damaged.get(39n), certificate(39n));
    damaged.close();
  });

  it('are durable when put returns: a copy of the files made then holds them', () => {
    const directory = temporaryDirectory();
    const store = openCertificateStore(join(directory, 'whole'), OPTIONS);
    for (let height = 1n; height <= 5n; height++) {
      store.put(height, certificate(height));
      const image = join(directory, `image-${height}`);
      mkdirSync(image);
      cpSync(join(directory, 'whole', 'data.mdb'), join(image, 'data.mdb'));
      const copy: KeyValueStore = openLmdbStore(image);
      assert.equal(certificateStore(copy, OPTIONS).latest(), height);
      copy.close();
    }
    store.close();
  });

  it('that are held are found, and written as if each had been put by itself', () => {
    const [held, single] = [
      certificateStore(memoryStore(), OPTIONS),
      certificateStore(memoryStore(), OPTIONS),
    ];
    for (const store of [held, single]) follow(store, 1n, 50n);
    held.hold();
    for (const store of [held, single]) follow(store, 51n, 120n);
    assert.deepEqual(held.get(120n), certificate(120n));
    assert.equal(held.held(), 70 * 40);
    held.put(120n, Uint8Array.of(1));
    assert.equal(held.held(), 69 * 40 + 1);
    assert.throws(() => held.put(-1n, certificate(1n)), RangeError);
    held.flush();
    single.put(120n, Uint8Array.of(1));
    assert.equal(held.held(), 0);
    // What leaves goes with puts that come after it was said that it may.
    for (const store of [held, single]) follow(store, 121n, 200n);
    assert.deepEqual(heights(held), heights(single));
    for (const height of heights(single)) assert.deepEqual(held.get(height), single.get(height));
  });

  it('that are held are written before anybody looks for heights, and when the store is closed', () => {
    const directory = temporaryDirectory();
    const store = openCertificateStore(directory, OPTIONS);
    store.hold();
    store.put(1n, certificate(1n));
    assert.equal(store.latest(), 1n);
    store.put(2n, certificate(2n));
    assert.deepEqual(heights(store), [1n, 2n]);
    store.put(3n, certificate(3n));
    store.close();
    const again = openCertificateStore(directory, OPTIONS);
    assert.deepEqual(heights(again), [1n, 2n, 3n]);
    again.close();
  });

  it('of a closed store are refused', () => {
    const store = openCertificateStore(temporaryDirectory(), OPTIONS);
    store.close();
    store.close();
    assert.throws(
      () => store.put(1n, certificate(1n)),
      (error) => error instanceof StoreError && error.code === 'closed',
    );
  });
});
