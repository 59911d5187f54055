import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { toHex } from '@sero/crypto';
import { openPaymentCache } from './network-cache.ts';
import { temporaryDirectories } from './temporary.ts';

const HASH = new Uint8Array(32).fill(7);
const payment = (n: number): Uint8Array => new Uint8Array(100 + n).fill(n);

describe('the cache of payments', () => {
  const directories = temporaryDirectories();
  after(() => directories.clear());

  it('goes on where an earlier program ended, in the order of the notes', () => {
    const folder = directories.make();
    const one = openPaymentCache(folder, HASH);
    one.append(payment(0));
    one.append(payment(1));
    const other = openPaymentCache(folder, HASH);
    assert.equal(other.count(), 2);
    other.append(payment(2));
    assert.deepEqual(other.first(3), [payment(0), payment(1), payment(2)]);
    assert.deepEqual(other.first(1), [payment(0)]);
    assert.throws(() => other.first(4), RangeError);
  });

  it('cuts off what was half written, and the next payment stands where it stood', () => {
    const folder = directories.make();
    const path = join(folder, toHex(HASH));
    for (const torn of [Buffer.of(9), Buffer.of(9, 0, 0, 0), Buffer.of(9, 0, 0, 0, 1, 2)]) {
      writeFileSync(path, '');
      openPaymentCache(folder, HASH).append(payment(0));
      appendFileSync(path, torn);
      const again = openPaymentCache(folder, HASH);
      assert.equal(again.count(), 1);
      again.append(payment(1));
      assert.deepEqual(again.first(2), [payment(0), payment(1)]);
    }
  });

  it('changes nothing for who only reads: another program may be writing', () => {
    const folder = directories.make();
    const path = join(folder, toHex(HASH));
    openPaymentCache(folder, HASH).append(payment(0));
    appendFileSync(path, Buffer.of(9, 0, 0, 0, 1));
    const before = readFileSync(path);
    assert.deepEqual(openPaymentCache(folder, HASH).first(1), [payment(0)]);
    assert.deepEqual(readFileSync(path), before);
  });

  it('keeps the payments of each chain apart', () => {
    const folder = directories.make();
    openPaymentCache(folder, HASH).append(payment(0));
    assert.equal(openPaymentCache(folder, new Uint8Array(32)).count(), 0);
  });

  it('takes no payment that it would not read again', () => {
    const cache = openPaymentCache(directories.make(), HASH);
    for (const length of [0, 16_385]) assert.throws(() => cache.append(new Uint8Array(length)), RangeError);
    assert.equal(cache.count(), 0);
  });
});
