import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import type { Measurement } from './harness.ts';
import { createNetworkSuite } from './network.ts';
import { openPaymentCache } from './network-cache.ts';
import { measureChain } from './network-catchup.ts';
import { emptyChain } from './network-catchup-chain.ts';
import { PAYMENT_NOTES, paymentChain } from './network-chain.ts';
import { fillPaymentCache } from './network-payments.ts';
import { asksFor } from './selection.ts';
import { temporaryDirectories } from './temporary.ts';

const directories = temporaryDirectories();
after(() => directories.clear());

/** What a suite says of figures that start so. */
const prepared = (folder: string, ...starts: readonly string[]): Promise<readonly Measurement[]> =>
  createNetworkSuite(folder).prepare({
    large: false,
    wants: (name) => starts.some((only) => asksFor(name, only)),
  });

const leftOut = (found: readonly Measurement[]): (readonly string[])[] =>
  found.map((item) => {
    assert.ok('leftOut' in item);
    return [item.leftOut.name, item.leftOut.because];
  });

describe('the figures of networks', () => {
  it('that take payments are left out where there are none, and say how many there are and what makes them', async () => {
    const because = (least: number): string =>
      `0 of the ${least} payments that it takes are at hand; npm run bench:payments makes them, and so does --large`;
    assert.deepEqual(leftOut(await prepared(directories.make(), 'network.finality', 'network.payments')), [
      ['network.finality', because(648)],
      ['network.finality.p99', because(648)],
      ['network.payments', because(3_278)],
      ['network.payments.processor', because(3_278)],
    ]);
  });

  it('are left out where there are fewer payments than they take', async () => {
    const folder = directories.make();
    const cache = openPaymentCache(folder, paymentChain(4, PAYMENT_NOTES).hash);
    for (let n = 0; n < 647; n++) cache.append(Uint8Array.of(1));
    const [[name, because]] = leftOut(await prepared(folder, 'network.finality')) as [string[]];
    assert.equal(name, 'network.finality');
    assert.match(because!, /^647 of the 648 payments /);
  });

  it('that only --large has are not said to be missing by the suite, and nothing is looked for that is not asked for', async () => {
    const folder = directories.make();
    assert.deepEqual(await prepared(folder, 'network.catchup.full', 'pool.'), []);
    assert.deepEqual(readdirSync(folder), []);
    const { prefix, large } = createNetworkSuite(folder);
    assert.deepEqual([prefix, large!.map(({ name }) => name)], ['network.', ['network.catchup.full']]);
  });
});

describe('payments that are made for figures', () => {
  it('go on where the cache ends, in order, whichever is ready first', async () => {
    const cache = openPaymentCache(directories.make(), new Uint8Array(32));
    cache.append(Uint8Array.of(100));
    const asked: number[] = [];
    const said: string[] = [];
    const second = Promise.withResolvers<void>();
    const make = async (n: number): Promise<Uint8Array> => {
      asked.push(n);
      // The first waits for the second.
      if (n === 1) await second.promise;
      if (n === 2) second.resolve();
      return Uint8Array.of(100 + n);
    };
    await fillPaymentCache(cache, 4, make, (line) => said.push(line));
    assert.deepEqual(asked, [1, 2, 3]);
    assert.deepEqual(
      cache.first(4).map(([byte]) => byte),
      [100, 101, 102, 103],
    );
    assert.match(said.join('\n'), /^4 of 4, \d+ ms each, 0 min to go$/);
  });

  it('are none where the cache has as many', async () => {
    const cache = openPaymentCache(directories.make(), new Uint8Array(32));
    cache.append(Uint8Array.of(1));
    await fillPaymentCache(cache, 1, () => assert.fail('one was made'), assert.fail);
    assert.equal(cache.count(), 1);
  });

  it('end with the failure of one, with those before it kept', async () => {
    const cache = openPaymentCache(directories.make(), new Uint8Array(32));
    const make = async (n: number): Promise<Uint8Array> => {
      if (n > 0) throw new RangeError('no witness');
      return Uint8Array.of(1);
    };
    await assert.rejects(
      fillPaymentCache(cache, 3, make, () => undefined),
      new RangeError('no witness'),
    );
    assert.equal(cache.count(), 1);
  });
});

describe('catching up', () => {
  it('is of nodes of its own, to the last block of a chain with a certificate each block', async () => {
    const { blocks, seconds, perSecond, written } = await measureChain(directories.make(), emptyChain(96, 1));
    assert.equal(written.length, 96);
    assert.ok(blocks < 96 && blocks >= 0);
    assert.ok(seconds >= 0 && perSecond >= 0);
  });
});
