import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@sero/crypto';
import fc from 'fast-check';
import { entry } from '../test-support.ts';
import type { Entry } from './entry.ts';
import { MempoolError } from './errors.ts';
import { type BlockEvent, createPool, type Departed, type Pool } from './pool.ts';

const ROOM = { gas: 60_000_000n, bytes: 4_194_304, registrations: 8, baseFee: 0n };

/** The code under which the pool refuses an entry, or "accepted". */
function outcome(pool: Pool, candidate: Entry): string {
  const before = contents(pool);
  try {
    pool.admit(candidate);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof MempoolError)) throw error;
    assert.deepEqual(contents(pool), before, 'a refusal changed the pool');
    return error.code;
  }
}

function contents(pool: Pool): string[] {
  return pool
    .select({ gas: 1n << 62n, bytes: Number.MAX_SAFE_INTEGER, registrations: Infinity, baseFee: 0n })
    .map(({ txid }) => toHex(txid));
}

const reasons = (departed: readonly Departed[]): string[] => departed.map(({ reason }) => reason);

function block(height: bigint, change: Partial<BlockEvent> = {}): BlockEvent {
  return { height, nextBaseFee: 0n, anchorWindow: 1_000n, txids: new Set(), nullifiers: [], ...change };
}

test('a transaction that shares a nullifier stays out unless it pays a tenth more a gas', () => {
  const pool = createPool();
  assert.equal(outcome(pool, entry(1, [1, 2])), 'accepted');
  assert.equal(outcome(pool, entry(2, [2, 3])), 'replacement-underpriced');
  assert.equal(outcome(pool, entry(3, [2, 3], { gasPrice: 1_099n })), 'replacement-underpriced');
  const best = entry(4, [2, 3], { gasPrice: 1_100n });
  assert.deepEqual(reasons(pool.admit(best)), ['replaced']);
  assert.deepEqual(contents(pool), [toHex(best.txid)]);
});

test('a replacement takes out every transaction that it conflicts with, and must outbid each of them', () => {
  const pool = createPool();
  pool.admit(entry(1, [1, 2], { gasPrice: 100n }));
  pool.admit(entry(2, [3, 4], { gasPrice: 2_000n }));
  assert.equal(outcome(pool, entry(3, [2, 3], { gasPrice: 2_199n })), 'replacement-underpriced');
  assert.deepEqual(reasons(pool.admit(entry(4, [2, 3], { gasPrice: 2_200n }))), ['replaced', 'replaced']);
  assert.equal(pool.stats().transactions, 1);
});

test('the gas of what waits goes up with what comes in and down with what leaves, whichever way', () => {
  const pool = createPool();
  assert.equal(pool.gas(), 0n);
  const [first, second] = [entry(1, [1, 2]), entry(2, [3, 4])];
  pool.admit(first);
  pool.admit(second);
  assert.equal(pool.gas(), first.gasLimit + second.gasLimit);
  const better = entry(3, [3, 4], { gasPrice: 2_200n });
  pool.admit(better);
  assert.equal(pool.gas(), first.gasLimit + better.gasLimit);
  pool.advance(block(1n, { nullifiers: [...first.nullifiers, ...better.nullifiers] }));
  assert.equal(pool.gas(), 0n);
});

test('the notes of a replaced transaction that the new one does not spend are free again', () => {
  const pool = createPool();
  pool.admit(entry(1, [1, 2]));
  pool.admit(entry(2, [2, 3], { gasPrice: 1_100n }));
  assert.equal(outcome(pool, entry(3, [1])), 'accepted');
});

test('at most three valid replacements a nullifier, however often its transaction left in between', () => {
  const pool = createPool();
  let price = 1_000n;
  for (let n = 0; n < 4; n++) {
    assert.equal(outcome(pool, entry(n, [7, 100 + n], { gasPrice: price })), 'accepted');
    price *= 2n;
  }
  assert.equal(outcome(pool, entry(10, [7], { gasPrice: price })), 'replacement-limit');
  const last = pool.get(contents(pool)[0]!)!;
  pool.remove(toHex(last.wtxid));
  assert.equal(outcome(pool, entry(11, [7])), 'accepted');
  assert.equal(outcome(pool, entry(12, [7, 8], { gasPrice: price })), 'replacement-limit');
});

test('replacements are forgotten when the nullifier is spent, and when the last is long ago', () => {
  const pool = createPool({ rememberReplacements: 10n });
  pool.admit(entry(1, [1]));
  pool.admit(entry(2, [1], { gasPrice: 2_000n }));
  pool.admit(entry(3, [2]));
  pool.admit(entry(4, [2], { gasPrice: 2_000n }));
  assert.deepEqual([pool.replacements('1'), pool.replacements('2')], [1, 1]);
  pool.advance(block(1n, { nullifiers: ['1'] }));
  assert.deepEqual([pool.replacements('1'), pool.replacements('2')], [0, 1]);
  pool.advance(block(10n));
  assert.equal(pool.replacements('2'), 1);
  pool.advance(block(11n));
  assert.equal(pool.replacements('2'), 0);
});

test('what is remembered of replacements is bounded; the oldest goes first', () => {
  const pool = createPool({ maxRemembered: 2 });
  for (const n of [1, 2, 3]) {
    pool.admit(entry(10 * n, [n]));
    pool.admit(entry(10 * n + 1, [n], { gasPrice: 2_000n }));
  }
  assert.deepEqual(['1', '2', '3'].map(pool.replacements), [0, 1, 1]);
});

test('the same transaction with another proof is known already: it replaces nothing and counts as nothing', () => {
  const pool = createPool();
  const first = entry(1, [1]);
  pool.admit(first);
  assert.equal(outcome(pool, { ...first, wtxid: entry(2, []).wtxid }), 'already-known');
  assert.equal(pool.replacements('1'), 0);
  assert.equal(pool.get(toHex(first.txid)), first);
});

test('a full pool drops the lowest gas price for a better one, the youngest of equals first', () => {
  const pool = createPool({ maxBytes: 3_000 });
  const entries = [1, 2, 3].map((n) => entry(n, [n], { gasPrice: n === 1 ? 2_000n : 1_000n }));
  for (const one of entries) pool.admit(one);
  const departed = pool.admit(entry(4, [4], { gasPrice: 1_001n }));
  assert.deepEqual(departed, [{ entry: entries[2], reason: 'evicted' }]);
  assert.equal(pool.stats().bytes, 3_000);
});

test('a full pool refuses a newcomer that pays no more than the lowest', () => {
  const pool = createPool({ maxBytes: 2_000 });
  pool.admit(entry(1, [1]));
  pool.admit(entry(2, [2], { gasPrice: 3_000n }));
  assert.equal(outcome(pool, entry(3, [3])), 'mempool-full');
  assert.equal(outcome(pool, entry(4, [4], { gasPrice: 999n })), 'mempool-full');
  assert.equal(outcome(pool, entry(5, [5], { gasPrice: 2_000n, size: 2_000 })), 'mempool-full');
  assert.equal(outcome(pool, entry(6, [6], { gasPrice: 9_000n, size: 2_001 })), 'mempool-full');
});

test('room that a replacement makes counts, and what it replaces is not evicted as well', () => {
  const pool = createPool({ maxBytes: 2_000 });
  pool.admit(entry(1, [1]));
  pool.admit(entry(2, [2]));
  assert.deepEqual(reasons(pool.admit(entry(3, [1], { gasPrice: 1_100n }))), ['replaced']);
  assert.deepEqual(reasons(pool.admit(entry(4, [2], { gasPrice: 1_200n, size: 2_000 }))), [
    'replaced',
    'evicted',
  ]);
  assert.deepEqual(pool.stats(), { transactions: 1, bytes: 2_000 });
});

test('a block takes out what it included and what spends the same notes', () => {
  const pool = createPool();
  const included = entry(1, [1, 2]);
  pool.admit(included);
  pool.admit(entry(2, [3, 4]));
  pool.admit(entry(3, [5]));
  const txids = new Set([toHex(included.txid)]);
  const departed = pool.advance(block(1n, { txids, nullifiers: ['1', '2', '3'] }));
  assert.deepEqual(reasons(departed), ['included', 'nullifier-spent']);
  assert.equal(pool.stats().transactions, 1);
  assert.equal(outcome(pool, entry(4, [4])), 'accepted', 'its other note is free again');
});

test('a transaction leaves when the next block is above its expiry', () => {
  const pool = createPool();
  pool.admit(entry(1, [1], { expiry: 5n }));
  assert.deepEqual(pool.advance(block(4n)), []);
  assert.deepEqual(reasons(pool.advance(block(5n))), ['expired']);
});

test('a transaction leaves when its anchor is no longer in the window of the next block', () => {
  const pool = createPool();
  pool.admit(entry(1, [1], { anchor: 3n }));
  assert.deepEqual(pool.advance(block(12n, { anchorWindow: 10n })), []);
  assert.deepEqual(reasons(pool.advance(block(13n, { anchorWindow: 10n }))), ['anchor-stale']);
});

test('a transaction below the base fee waits, and leaves after too many such blocks in a row', () => {
  const pool = createPool({ maxUnderpriced: 3n });
  pool.admit(entry(1, [1]));
  const above = { nextBaseFee: 1_001n };
  for (const height of [1n, 2n, 3n]) assert.deepEqual(pool.advance(block(height, above)), []);
  assert.deepEqual(pool.select({ ...ROOM, baseFee: 1_001n }), []);
  assert.deepEqual(pool.advance(block(4n, { nextBaseFee: 1_000n })), [], 'the count begins again');
  for (const height of [5n, 6n, 7n]) assert.deepEqual(pool.advance(block(height, above)), []);
  assert.deepEqual(reasons(pool.advance(block(8n, above))), ['underpriced']);
});

test('a block gets the best gas prices that fit its gas and bytes, the earlier of equals first', () => {
  const pool = createPool();
  const numbers = (limits: Partial<typeof ROOM>): number[] =>
    pool.select({ ...ROOM, ...limits }).map(({ nullifiers }) => Number(nullifiers[0]));
  pool.admit(entry(1, [1], { gasPrice: 5n }));
  pool.admit(entry(2, [2], { gasPrice: 9n, gasLimit: 900n }));
  pool.admit(entry(3, [3], { gasPrice: 5n, gasLimit: 100n, size: 10 }));
  pool.admit(entry(4, [4], { gasPrice: 7n, gasLimit: 100n }));
  assert.deepEqual(numbers({}), [2, 4, 1, 3]);
  assert.deepEqual(numbers({ gas: 1_000n }), [2, 4]);
  assert.deepEqual(numbers({ gas: 200n }), [4, 3]);
  assert.deepEqual(numbers({ bytes: 2_010 }), [2, 4, 3]);
  assert.deepEqual(numbers({ baseFee: 7n }), [2, 4]);
});

test('a block gets as many registrations as it may hold, the best paid ones, and others have the room that they leave', () => {
  const pool = createPool();
  const registration = (n: number, gasPrice: bigint) =>
    pool.admit(entry(n, [n], { gasPrice, gasLimit: 300n, registers: true }));
  for (const n of [1, 2, 3, 4]) registration(n, 20n);
  registration(5, 30n);
  for (const n of [6, 7, 8]) pool.admit(entry(n, [n], { gasPrice: 10n, gasLimit: 100n }));
  const numbers = (gas: bigint, registrations: number): number[] =>
    pool.select({ ...ROOM, gas, registrations }).map(({ nullifiers }) => Number(nullifiers[0]));
  assert.deepEqual(numbers(1_100n, 2), [5, 1, 6, 7, 8]);
  assert.deepEqual(numbers(1_100n, 0), [6, 7, 8]);
  assert.deepEqual(numbers(1_100n, 8), [5, 1, 2, 6, 7]);
  assert.deepEqual(numbers(350n, 1), [5], 'one for which there is no room takes nobody’s place');
  assert.deepEqual(numbers(250n, 1), [6, 7]);
});

test('so many registrations wait; another one comes in for the lowest gas price, the youngest of equals, or not at all', () => {
  const pool = createPool({ maxRegistrations: 3 });
  const registration = (n: number, gasPrice: bigint, nullifiers = [n]) =>
    entry(n, nullifiers, { gasPrice, registers: true });
  const entries = [registration(1, 10n), registration(2, 5n), registration(3, 5n)];
  for (const one of entries) pool.admit(one);
  assert.equal(outcome(pool, registration(4, 5n)), 'registrations-full');
  assert.equal(outcome(pool, entry(5, [5], { gasPrice: 1n })), 'accepted', 'what registers nothing');
  assert.deepEqual(pool.admit(registration(6, 6n)), [{ entry: entries[2], reason: 'evicted' }]);
  assert.deepEqual(reasons(pool.admit(registration(7, 6n, [2]))), ['replaced'], 'a place of its own');
  assert.deepEqual(reasons(pool.admit(entry(8, [1], { gasPrice: 11n }))), ['replaced']);
  assert.equal(outcome(pool, registration(9, 1n)), 'accepted', 'the place that one left which was replaced');
  assert.equal(outcome(pool, registration(10, 1n)), 'registrations-full');
  pool.advance(block(1n, { nullifiers: ['9'] }));
  assert.equal(outcome(pool, registration(11, 1n)), 'accepted', 'the place that a block made free');
  assert.equal(outcome(createPool({ maxRegistrations: 0 }), registration(12, 99n)), 'registrations-full');
});

test('room that an evicted registration makes counts, and none of it is counted twice', () => {
  const pool = createPool({ maxRegistrations: 1, maxBytes: 3_000 });
  const low = entry(1, [1], { gasPrice: 5n, registers: true });
  for (const one of [low, entry(2, [2], { gasPrice: 4n }), entry(3, [3])]) pool.admit(one);
  const departed = pool.admit(entry(4, [4], { gasPrice: 6n, registers: true }));
  assert.deepEqual(departed, [{ entry: low, reason: 'evicted' }], 'the cheaper payment stays');
  // The one that is crowded out pays least of all, too.
  pool.admit(entry(5, [2], { gasPrice: 8n }));
  const both = pool.admit(entry(6, [6], { gasPrice: 9n, registers: true, size: 2_000 }));
  assert.deepEqual(
    both.map(({ entry: gone }) => Number(gone.nullifiers[0])),
    [4, 2],
  );
  assert.deepEqual(pool.stats(), { transactions: 2, bytes: 3_000 });
});

/** One thing that happens to a pool in the random sequences below. */
const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('admit' as const),
      nullifiers: fc.uniqueArray(fc.nat(12), { minLength: 1, maxLength: 3 }),
      gasPrice: fc.integer({ min: 1, max: 40 }),
      size: fc.integer({ min: 1, max: 900 }),
      expiry: fc.integer({ min: 0, max: 30 }),
      registers: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('remove' as const), which: fc.nat(20) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('block' as const),
      spent: fc.uniqueArray(fc.nat(12), { maxLength: 2 }),
      baseFee: fc.integer({ min: 0, max: 20 }),
    }),
  },
);

test('after anything that happens: bytes and registrations bounded, one transaction a nullifier, three replacements, nothing lost or stale', () => {
  const limit = 2_500;
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const pool = createPool({ maxBytes: limit, maxRegistrations: 3, maxUnderpriced: 2n });
      /** What must be in the pool, by txid. */
      const model = new Map<string, Entry>();
      /** Replacements of each nullifier that took place since it was last spent. */
      const replaced = new Map<string, number>();
      let height = 0n;
      const leave = (departed: readonly Departed[]): void => {
        for (const { entry: gone } of departed) assert.ok(model.delete(toHex(gone.txid)), 'left twice');
      };
      for (const [n, step] of events.entries()) {
        if (step.type === 'admit') {
          const candidate = entry(n, step.nullifiers, {
            gasPrice: BigInt(step.gasPrice),
            size: step.size,
            expiry: BigInt(step.expiry),
            registers: step.registers,
          });
          const rivals = [...model.values()].filter((one) =>
            one.nullifiers.some((x) => candidate.nullifiers.includes(x)),
          );
          const shared = candidate.nullifiers.filter((x) => rivals.some((one) => one.nullifiers.includes(x)));
          const floor = [...model.values()].reduce(
            (low, one) => (one.gasPrice < low ? one.gasPrice : low),
            1_000n,
          );
          try {
            leave(pool.admit(candidate));
            model.set(toHex(candidate.txid), candidate);
            assert.ok(
              rivals.every((one) => candidate.gasPrice * 10n >= one.gasPrice * 11n),
              'outbid each rival',
            );
            for (const x of shared) replaced.set(x, (replaced.get(x) ?? 0) + 1);
          } catch (error) {
            if (!(error instanceof MempoolError)) throw error;
            if (error.code === 'registrations-full') {
              const others = [...model.values()].filter((one) => one.registers && !rivals.includes(one));
              assert.ok(candidate.registers && others.length === 3);
              assert.ok(others.every(({ gasPrice }) => gasPrice >= candidate.gasPrice));
            } else if (rivals.length === 0) {
              assert.equal(error.code, 'mempool-full');
              const total = [...model.values()].reduce((sum, one) => sum + one.bytes.length, 0);
              assert.ok(total + candidate.bytes.length > limit, 'there was no room');
              const beaten = [...model.values()].filter((one) => one.gasPrice < candidate.gasPrice);
              const freed = beaten.reduce((sum, one) => sum + one.bytes.length, 0);
              assert.ok(candidate.gasPrice <= floor || total - freed + candidate.bytes.length > limit);
            }
          }
        } else if (step.type === 'remove') {
          const one = [...model.values()][step.which];
          if (one !== undefined) leave([{ entry: pool.remove(toHex(one.wtxid))!, reason: 'refused' }]);
        } else {
          height += 3n;
          const spent = step.spent.map(String);
          leave(pool.advance(block(height, { nextBaseFee: BigInt(step.baseFee), nullifiers: spent })));
          for (const x of spent) replaced.delete(x);
          for (const one of model.values()) {
            assert.ok(one.expiry > height, 'nothing expired stays');
            assert.ok(!one.nullifiers.some((x) => spent.includes(x)), 'nothing spent stays');
          }
        }
        const total = [...model.values()].reduce((sum, one) => sum + one.bytes.length, 0);
        assert.deepEqual(pool.stats(), { transactions: model.size, bytes: total });
        assert.ok(total <= limit);
        assert.ok([...model.values()].filter(({ registers }) => registers).length <= 3);
        assert.deepEqual(contents(pool).toSorted(), [...model.keys()].toSorted());
        const spending = [...model.values()].flatMap(({ nullifiers }) => nullifiers);
        assert.equal(new Set(spending).size, spending.length, 'one transaction a nullifier');
        for (const [x, count] of replaced) {
          assert.ok(count <= 3, 'three replacements');
          assert.equal(pool.replacements(x), count);
        }
        const prices = pool.select(ROOM).map(({ gasPrice }) => gasPrice);
        assert.deepEqual(
          prices,
          prices.toSorted((a, b) => Number(b - a)),
        );
      }
    }),
    { numRuns: 300 },
  );
});
