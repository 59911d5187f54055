import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  readStakeTables,
  type StakePage,
  type StakePosition,
  type StakeRecord,
  type StakeSource,
} from './stake-tables.ts';
import { refusal } from './test-support.ts';

const filled = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

const record = (n: number): StakeRecord => ({
  id: filled(32, n),
  owner: filled(64, n),
  vrfKey: filled(32, n),
  voteRoot: filled(32, n),
  blsKey: filled(48, n),
  firstRound: 1n,
  lastRound: 1_000n,
  commission: 0,
  status: 'online',
  factor: 1n << 64n,
  staked: 0n,
  unlocking: 0n,
  rewards: 0n,
  commissionDue: 0n,
  seen: 0n,
  weight: 0n,
});

const pageOf = <T>(entries: readonly T[], next: Uint8Array | null = null): StakePage<T> => ({
  height: 5n,
  time: 6n,
  entries,
  next,
});

const NOTHING: StakeSource = { records: async () => pageOf([]), positions: async () => pageOf([]) };

describe('a node that lies about the tables of stake', () => {
  const refused = async (source: Partial<StakeSource>): Promise<void> =>
    assert.rejects(readStakeTables({ ...NOTHING, ...source }), refusal('node-answer-invalid'));

  it('is refused where entries do not ascend, in a page and from one to the next', async () => {
    await refused({ records: async () => pageOf([record(2), record(1)]) });
    await refused({ records: async () => pageOf([record(1), record(1)]) });
    await refused({
      records: async (from) =>
        from === undefined ? pageOf([record(4)], filled(32, 5)) : pageOf([record(3)]),
    });
    const position = (owner: number): StakePosition => ({
      record: filled(32, 1),
      owner: filled(64, owner),
      staked: 1n,
      rewards: 0n,
      unlocking: [],
    });
    await refused({ positions: async () => pageOf([position(2), position(2)]) });
  });

  it('is refused where the next page begins at no entry after this one', async () => {
    await refused({ records: async () => pageOf([], filled(32, 1)) });
    await refused({ records: async () => pageOf([record(2)], filled(32, 2)) });
    await refused({ records: async () => pageOf([record(2)], filled(32, 1)) });
  });

  it('is refused where a page skips what it was asked to begin with', async () => {
    await refused({
      records: async (from) =>
        from === undefined ? pageOf([record(1)], filled(32, 9)) : pageOf([record(8)]),
    });
  });

  it('is refused where it goes on for ever: a table has an end before a wallet’s memory has', async () => {
    let n = 0n;
    const one = record(1);
    const id = (number: bigint): Uint8Array => {
      const bytes = new Uint8Array(32);
      new DataView(bytes.buffer).setBigUint64(0, number);
      return bytes;
    };
    await refused({
      records: async (_, limit) => {
        const entries = Array.from({ length: limit }, () => ({ ...one, id: id(++n) }));
        return pageOf(entries, id(n + 1n));
      },
    });
    assert.equal(n, 1n << 20n);
  });

  it('and one that has nothing is believed', async () => {
    assert.deepEqual(await readStakeTables(NOTHING), { height: 5n, time: 6n, records: [], positions: [] });
  });
});
