import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, leBytes, toHex } from '@sero/crypto';
import {
  DEVELOPMENT,
  type Genesis,
  ONLINE,
  PRODUCTION,
  type StakeRow,
  stakeTable,
  type WholeStakeTable,
} from '@sero/protocol';
import { memoryStore, overlay } from '@sero/store';
import fc from 'fast-check';
import { participant, withParticipants } from './participants-test-support.ts';
import { newRecord, storedRecords, tableEntry } from './stake.ts';
import type { StakeRecord } from './stake-record.ts';
import { type State, stateOf } from './state.ts';
import { openTables, type Tables, tablesOf } from './tables.ts';
import { filler, testGenesis } from './test-support.ts';

/** What happens to the n-th of some records in a block. */
interface Event {
  readonly n: number;
  readonly units: bigint;
  readonly online: boolean;
  readonly first: bigint;
  readonly last: bigint;
  /** Other keys. */
  readonly keys: number;
}

const RECORDS = 24;

/** Records and their tables, block by block; nothing of it is a transaction. */
function scene(divisor: number, lookback: bigint, maxRows?: number) {
  const genesis: Genesis = testGenesis(withParticipants([participant(0)]));
  const rules = { ...genesis.stake, maxShareDivisor: divisor, balanceLookback: lookback };
  const chain: Genesis = { ...genesis, stake: rules };
  const store = memoryStore();
  const read = (): State => stateOf(overlay(store), 1n);
  let height = 0n;
  let tables = openTables(chain, store, height, maxRows);
  const expected = [fromScratch(chain, store, lookback, maxRows)];
  const last = (): Tables => tables;
  return {
    chain,
    store,
    read,
    tables: last,
    expected,
    height: () => height,
    block(events: readonly Event[]): void {
      const view = overlay(store);
      const state = stateOf(view, 1n);
      for (const event of events) state.stakeRecord(idOf(event.n)).set(recordOf(event, rules.unit));
      const after = tables.after(state, view.changes());
      store.write(view.changes());
      after.commit();
      height++;
      expected.push(fromScratch(chain, store, height + lookback, maxRows));
      assert.deepEqual(after.root, expected.at(-1)!.root());
    },
    reopen(): void {
      tables = openTables(chain, store, height, maxRows);
    },
  };
}

/** Ids in another order than numbers. */
function idOf(n: number): Uint8Array {
  return leBytes(BigInt((n * 7919) % 65_537), 32);
}

function recordOf({ n, units, online, first, last, keys }: Event, unit: bigint): StakeRecord {
  const money = units * unit + unit / 2n;
  return {
    ...newRecord({
      id: idOf(n),
      owner: filler(n, 64),
      vrfKey: filler(1_000 + n + keys, 32),
      voteRoot: filler(2_000 + n + keys, 32),
      blsKey: filler(3_000 + n + keys, 48),
      firstRound: first,
      lastRound: last,
      commission: 0,
    }),
    status: online ? ONLINE.online : ONLINE.offline,
    bonded: { nominal: money, money },
  };
}

/** The definition: all records that are online and in range, the heaviest where they are too many, cut at the share of the uncut sum. */
function fromScratch(
  { stake }: Genesis,
  store: ReturnType<typeof memoryStore>,
  round: bigint,
  maxRows = 1_000_000,
): WholeStakeTable {
  // Records come by id, and the sort keeps the order of equal ones.
  const entries = [...storedRecords(store)]
    .flatMap((record) => tableEntry(record, round, stake.unit) ?? [])
    .sort((a, b) => Number(b.units - a.units))
    .slice(0, maxRows);
  const sum = entries.reduce((total, { units }) => total + units, 0n);
  const divisor = BigInt(stake.maxShareDivisor);
  const cut = divisor === 0n ? sum : sum / divisor;
  const limit = cut === 0n ? 1n : cut;
  const rows = entries.map(
    ({ units, ...row }): StakeRow => ({ ...row, weight: units < limit ? units : limit }),
  );
  return stakeTable(rows.sort((a, b) => compareBytes(a.id, b.id)));
}

const event: fc.Arbitrary<Event> = fc.record({
  n: fc.nat({ max: RECORDS - 1 }),
  units: fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, 5_000n)),
  online: fc.boolean(),
  first: fc.bigInt(0n, 40n),
  last: fc.bigInt(40n, 90n),
  keys: fc.nat({ max: 2 }),
});

test('tables that follow the changes of blocks are those that all records make, and those before come back', () => {
  const histories = fc.array(fc.array(event, { maxLength: 5 }), { minLength: 50, maxLength: 70 });
  const divisors = fc.constantFrom(0, 2, 3, 10);
  // Of 24 records about half count at a time: tables with room for all, for none but a few, and now for all, now not.
  const rooms = fc.constantFrom(100, 3, 10, 12);
  fc.assert(
    fc.property(histories, divisors, fc.bigInt(3n, 12n), rooms, (blocks, divisor, lookback, maxRows) => {
      const chain = scene(divisor, lookback, maxRows);
      for (const [i, events] of blocks.entries()) {
        chain.block(events);
        if (i % 17 === 5) chain.reopen();
        // As consensus asks, and now and then for one of before.
        for (const round of [chain.height() + 1n, chain.height() + 2n, chain.height() - BigInt(i % 7)]) {
          const from = round > lookback ? Number(round - lookback) : 0;
          const table = chain.tables().at(chain.read(), round < 0n ? 0n : round)!;
          assert.deepEqual(table.root(), chain.expected[from]!.root());
        }
      }
      chain.reopen();
      const read = chain.read();
      // From the last round down, and then up again from what is held.
      const rounds = chain.expected.map((_, height) => BigInt(height) + lookback).reverse();
      for (const round of [...rounds, ...rounds.toReversed()]) {
        const wanted = chain.expected[Number(round - lookback)]!;
        const table = chain.tables().at(read, round)!;
        assert.deepEqual(table.root(), wanted.root());
        assert.deepEqual(table.rows, wanted.rows);
        assert.equal(table.total, wanted.total);
      }
    }),
    { numRuns: 8, seed: 5 },
  );
});

const steady = (n: number, units: bigint): Event => ({
  n,
  units,
  online: true,
  first: 0n,
  last: 10_000n,
  keys: 0,
});

test('rounds up to balanceLookback have the table of genesis; there is none for a round that no block decided', () => {
  const chain = scene(0, 5n);
  chain.block([steady(1, 7n)]);
  const { tables, read, expected } = chain;
  for (const round of [0n, 1n, 5n]) assert.deepEqual(tables().at(read(), round)!.root(), expected[0]!.root());
  assert.equal(tables().at(read(), 6n)!.total, 7n);
  for (const round of [-1n, 7n, 1_000n]) assert.equal(tables().at(read(), round), undefined);
});

test('a table is forgotten once its block is 512 rounds old, and not before', () => {
  const chain = scene(0, 4n);
  for (let i = 0; i < 600; i++) {
    const some = i === 0 ? [0, 20, 21] : i % 64 === 0 ? [i / 64] : [];
    chain.block(some.map((n) => steady(n, BigInt(1 + i))));
  }
  // Block 513 noted one row in the slot where block 1 had noted three.
  const slot = (at: bigint) => chain.read().tableChange(1n, at).get()?.length;
  assert.deepEqual(
    [chain.read().tableChanges(1n).get(), slot(0n), slot(1n), slot(2n)],
    [1n, 32, undefined, undefined],
  );
  const oldest = 600n - 512n + 4n;
  for (const reopened of [false, true]) {
    if (reopened) chain.reopen();
    assert.equal(chain.tables().at(chain.read(), oldest - 1n), undefined);
    for (const round of [oldest, oldest + 100n, 604n]) {
      const wanted = chain.expected[Number(round - 4n)]!;
      assert.deepEqual(chain.tables().at(chain.read(), round)!.root(), wanted.root());
    }
  }
});

test('the table of the next round costs what happened between the two, and not balanceLookback blocks', () => {
  const lookback = 320n;
  const { block, tables, read, chain, store } = scene(0, lookback);
  block([{ n: 1, units: 5n, online: true, first: 0n, last: 1_000n, keys: 0 }]);
  for (let height = 0; height < 20; height++) block([]);
  tables().at(read(), 330n);
  let reads = 0;
  const counting = {
    ...store,
    get: (key: Uint8Array) => {
      reads++;
      return store.get(key);
    },
  };
  const state = stateOf(overlay(counting), 1n);
  for (let round = 331n; round <= 340n; round++) tables().at(state, round);
  assert.ok(reads > 0 && reads <= 20, `${reads} reads for ten rounds`);
  assert.equal(chain.stake.balanceLookback, lookback);
});

test('a block that is not committed leaves the tables alone', () => {
  const chain = scene(10, 4n);
  chain.block([steady(1, 50n), steady(2, 3n), { ...steady(3, 9n), first: 7n }]);
  for (let i = 0; i < 6; i++) {
    for (const units of [1n, 1_000n]) {
      const view = overlay(chain.store);
      const state = stateOf(view, 1n);
      state.stakeRecord(idOf(2)).set(recordOf(steady(2, units), chain.chain.stake.unit));
      chain.tables().after(state, view.changes());
    }
    chain.block([]);
  }
  const last = chain.tables().at(chain.read(), chain.height() + 4n)!;
  assert.deepEqual(last.rows, chain.expected.at(-1)!.rows);
});

test('nobody weighs more than the share of the uncut sum, and the smallest chain has a table', () => {
  const chain = scene(10, 4n);
  chain.block([steady(1, 1n)]);
  assert.deepEqual(weights(chain), [1n], 'a tenth of one unit is one unit');
  chain.block([steady(1, 900n), ...[2, 3, 4].map((n) => steady(n, 100n))]);
  assert.deepEqual(weights(chain), [120n, 100n, 100n, 100n]);
  chain.block([steady(2, 1_900n)]);
  assert.deepEqual(weights(chain), [300n, 300n, 100n, 100n], 'the cut of the first moved with the second');
  chain.block([{ ...steady(2, 1n), online: false }]);
  assert.deepEqual(weights(chain), [110n, 100n, 100n]);
});

test('where a table has no room for all the lightest are left out, of equal ones the later id, and come in when others go', () => {
  const chain = scene(0, 4n, 3);
  const numbers = new Map(Array.from({ length: RECORDS }, (_, n) => [toHex(idOf(n)), n]));
  const inTable = (): string[] => {
    const { rows } = chain.tables().at(chain.read(), chain.height() + 4n)!;
    return rows.map(({ id, weight }) => `${numbers.get(toHex(id))}: ${weight}`).sort();
  };
  assert.ok(compareBytes(idOf(4), idOf(1)) < 0);
  chain.block([steady(1, 5n), steady(2, 7n), steady(3, 9n)]);
  assert.deepEqual(inTable(), ['1: 5', '2: 7', '3: 9'], 'as many as there is room for');
  chain.block([steady(4, 4n)]);
  assert.deepEqual(inTable(), ['1: 5', '2: 7', '3: 9'], 'whoever comes with less than the lightest waits');
  chain.block([steady(4, 5n)]);
  assert.deepEqual(inTable(), ['2: 7', '3: 9', '4: 5'], 'of two with 5 units the lesser id');
  chain.block([steady(5, 6n)]);
  assert.deepEqual(inTable(), ['2: 7', '3: 9', '5: 6']);
  chain.block([{ ...steady(2, 7n), online: false }, steady(1, 4n)]);
  assert.deepEqual(inTable(), ['3: 9', '4: 5', '5: 6']);
  chain.block([{ ...steady(3, 9n), online: false }]);
  assert.deepEqual(inTable(), ['1: 4', '4: 5', '5: 6'], 'room for all again');
});

test('where every unit votes a table has as many rows as a bundle has votes; where units are drawn it may have more', () => {
  const records = Array.from({ length: 8_195 }, (_, n) => recordOf(steady(n, 1n + BigInt(n % 3)), 2n ** 65n));
  const tableOf = (committees: Genesis['committees']): WholeStakeTable => {
    const genesis = { ...scene(0, 4n).chain, committees };
    const unit = { ...genesis, stake: { ...genesis.stake, unit: 2n ** 65n } };
    return tablesOf(unit, records, 0n).at(scene(0, 4n).read(), 4n)!;
  };
  const bounded = tableOf(DEVELOPMENT.committees);
  assert.equal(bounded.count, 8_192);
  assert.equal(bounded.total, tableOf(PRODUCTION.committees).total - 3n, 'three of one unit are left out');
  assert.equal(tableOf(PRODUCTION.committees).count, 8_195);
  const { cert } = PRODUCTION.committees;
  for (const step of ['soft', 'next', 'late', 'redo', 'down'] as const) {
    const committees = { ...PRODUCTION.committees, cert, [step]: DEVELOPMENT.committees[step] };
    assert.equal(tableOf(committees).count, 8_192, step);
  }
});

function weights(chain: ReturnType<typeof scene>): bigint[] {
  const { rows } = chain.tables().at(chain.read(), chain.height() + 4n)!;
  return rows.map(({ weight }) => weight).sort((a, b) => (a < b ? 1 : -1));
}
