import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type StakeRow, stakeTable } from '@sero/protocol';
import { madeSource } from '../../../../test/rpc/made-chain.ts';
import type { Caller } from './handlers.ts';
import { type StakeLedger, stakeHandlers } from './stake.ts';

const filled = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

type ListedRecord = ReturnType<StakeLedger['stakeRecords']> extends Iterable<infer T> ? T : never;
type ListedPosition = ReturnType<StakeLedger['stakePositions']> extends Iterable<infer T> ? T : never;

const record = (n: number): ListedRecord => ({
  id: filled(32, n),
  owner: filled(64, n),
  vrfKey: filled(32, n),
  voteRoot: filled(32, n),
  blsKey: filled(48, n),
  firstRound: 1n,
  lastRound: 1_000n,
  commission: 500,
  status: 'online',
  factor: 1n << 64n,
  staked: 300n,
  unlocking: 0n,
  rewards: 5n,
  commissionDue: 1n,
  seen: 0n,
});

const position = (n: number, owner: number): ListedPosition => ({
  record: filled(32, n),
  owner: filled(64, owner),
  staked: 100n,
  rewards: 1n,
  unlocking: [{ amount: 7n, height: 2n, time: 3n }],
});

const atLeast = (from: Uint8Array | undefined, key: Uint8Array): boolean =>
  from === undefined || Buffer.compare(key, from) >= 0;

/** A ledger of a made chain with these tables; `read` counts the entries that were taken of them. */
function stakeLedger(): { ledger: StakeLedger; read: () => number } {
  let read = 0;
  const { ledger } = madeSource();
  const row = (n: number): StakeRow => ({ ...record(n), weight: BigInt(n) });
  const stake: StakeLedger = {
    genesis: ledger.genesis,
    head: () => ledger.head(),
    stakeTable: (round) =>
      round === ledger.head().height + ledger.genesis.stake.balanceLookback
        ? stakeTable([row(1), row(3)])
        : undefined,
    keysEnd: () => ({ thirdGone: 8n, allGone: 9n }),
    *stakeRecords(from) {
      for (const n of [1, 2, 3]) {
        if (!atLeast(from, record(n).id)) continue;
        read++;
        yield record(n);
      }
    },
    *stakePositions(from) {
      for (const [n, owner] of [
        [1, 1],
        [1, 9],
        [2, 4],
      ] as const) {
        const entry = position(n, owner);
        if (atLeast(from, Buffer.concat([entry.record, entry.owner]))) yield entry;
      }
    },
    stakeTotals: () => ({ staked: 906n, burned: 1n, issued: 5_000n, proposedBlocks: 3n }),
  };
  return { ledger: stake, read: () => read };
}

/** A caller, and the work that he was charged. */
function caller(): { caller: Caller; charged: () => number } {
  let charged = 0;
  return {
    caller: {
      client: 'test',
      signal: new AbortController().signal,
      work: {
        charge(units) {
          charged += units;
        },
        made: () => undefined,
        pause: () => undefined,
      },
    },
    charged: () => charged,
  };
}

const LIMITS = { maxRange: 2 };

describe('the methods about stake', () => {
  it('give records in pages, each with its weight in the newest table, and read one entry beyond a page', async () => {
    const { ledger, read } = stakeLedger();
    const handlers = stakeHandlers(ledger, LIMITS);
    const { caller: who, charged } = caller();
    const first = (await handlers.sero_getStakeRecords({ limit: 2 }, who)) as {
      records: { id: Uint8Array; weight: bigint }[];
      next: Uint8Array | null;
    };
    assert.deepEqual(
      first.records.map(({ id, weight }) => [id[0], weight]),
      [
        [1, 1n],
        [2, 0n],
      ],
    );
    assert.deepEqual(first.next, filled(32, 3));
    assert.equal(read(), 3);
    assert.equal(charged(), 3 / 64);
    const rest = (await handlers.sero_getStakeRecords({ from: first.next!, limit: 2 }, who)) as typeof first;
    assert.deepEqual([rest.records.map(({ id }) => id[0]), rest.next], [[3], null]);
  });

  it('give positions in pages that begin at a record and an owner', async () => {
    const handlers = stakeHandlers(stakeLedger().ledger, LIMITS);
    const { caller: who } = caller();
    const first = (await handlers.sero_getStakePositions({ limit: 1 }, who)) as {
      positions: ListedPosition[];
      next: Uint8Array | null;
    };
    assert.deepEqual(first.positions, [position(1, 1)]);
    const from = Buffer.concat([filled(32, 1), filled(64, 9)]);
    assert.deepEqual(Buffer.from(first.next!), from);
    const rest = (await handlers.sero_getStakePositions({ from, limit: 2 }, who)) as typeof first;
    assert.deepEqual([rest.positions, rest.next], [[position(1, 9), position(2, 4)], null]);
  });

  it('refuse a page that is longer than any may be, before they read anything', () => {
    const { ledger, read } = stakeLedger();
    const handlers = stakeHandlers(ledger, LIMITS);
    const { caller: who } = caller();
    for (const ask of [handlers.sero_getStakeRecords, handlers.sero_getStakePositions]) {
      assert.throws(() => ask({ limit: 3 }, who), { name: 'limit-exceeded' });
    }
    assert.equal(read(), 0);
  });

  it('say what there is in all, and until when keys last', () => {
    const { ledger } = stakeLedger();
    const { caller: who, charged } = caller();
    const { height } = ledger.head();
    assert.deepEqual(stakeHandlers(ledger, LIMITS).sero_getStakeStatus({}, who), {
      height,
      unit: ledger.genesis.stake.unit,
      tableRound: height + ledger.genesis.stake.balanceLookback,
      units: 4n,
      participants: 2,
      staked: 906n,
      burned: 1n,
      issued: 5_000n,
      proposedBlocks: 3n,
      keysEnd: { thirdGone: 8n, allGone: 9n },
    });
    assert.equal(charged(), 3 / 64);
  });

  it('say of a chain of one that nobody participates', () => {
    const { ledger } = stakeLedger();
    const solo = { ...ledger, stakeTable: () => undefined, keysEnd: () => undefined };
    const { participants, units, keysEnd } = stakeHandlers(solo, LIMITS).sero_getStakeStatus(
      {},
      caller().caller,
    ) as {
      participants: number;
      units: bigint;
      keysEnd: null;
    };
    assert.deepEqual([participants, units, keysEnd], [0, 0n, null]);
  });
});
