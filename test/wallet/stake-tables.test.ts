import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { concat, equalBytes, toHex } from '@sero/crypto';
import type { Ledger } from '@sero/ledger';
import { encodeOneTimeAddress, SERO_UNIT } from '@sero/protocol';
import {
  expectPossible,
  plan,
  readStakeTables,
  type StakeHolding,
  type StakePage,
  type StakeRequest,
  type StakeSource,
  type StakeTables,
  stakeHoldings,
} from '@sero/wallet';
import type { Person } from './people.ts';
import {
  command,
  foundStakeTown,
  keysFor,
  ownerOf,
  proposerOf,
  type StakeTown,
  type TestKeys,
} from './stake-town.ts';

/** What wallets make of the ledger's tables of stake: what is held, what a claim will pay, which commands would fail. */

const S = 100n * SERO_UNIT;
const SHORT = { evidenceWindow: 8n, unlockWait: 24n };

/** A node that gives tables two entries at a time; `asked` says from where. */
function sourceOf(ledger: Ledger): StakeSource & { readonly asked: string[] } {
  const asked: string[] = [];
  const page = <T>(
    what: string,
    from: Uint8Array | undefined,
    table: Iterable<T>,
    keyOf: (entry: T) => Uint8Array,
  ): StakePage<T> => {
    asked.push(`${what} ${from === undefined ? 'all' : toHex(from).slice(0, 4)}`);
    const entries: T[] = [];
    const { height, time } = ledger.head();
    for (const entry of table) {
      if (entries.length === 2) return { height, time, entries, next: keyOf(entry) };
      entries.push(entry);
    }
    return { height, time, entries, next: null };
  };
  return {
    asked,
    async records(from) {
      const newest = ledger.head().height + ledger.genesis.stake.balanceLookback;
      const table = ledger.stakeTable(newest);
      const found = page('records', from, ledger.stakeRecords(from), ({ id }) => id);
      const entries = found.entries.map((one) => ({ ...one, weight: table?.row(one.id)?.weight ?? 0n }));
      return { ...found, entries };
    },
    positions: async (from) =>
      page('positions', from, ledger.stakePositions(from), ({ record, owner }) => concat(record, owner)),
  };
}

describe('tables of stake', () => {
  let town: StakeTown;
  let alice: Person;
  let bob: Person;
  let keys: TestKeys;
  let record: Uint8Array;
  const tables = (): Promise<StakeTables> => readStakeTables(sourceOf(town.ledger));
  const send = async (person: Person, request: StakeRequest, by = proposerOf(keys)): Promise<bigint> => {
    await command(town, person, request);
    const online = town.ledger.stakeTable(town.ledger.head().height + 1n)!.row(by.id) !== undefined;
    const [receipt] = await town.mine(online ? by : undefined);
    assert.equal(receipt!.status, 1, String.fromCharCode(...receipt!.failure));
    return receipt!.publicOutputs.reduce((sum, { value }) => sum + value, 0n);
  };
  const holdingsOf = async ({ wallet }: Person): Promise<StakeHolding[]> =>
    stakeHoldings(wallet, await tables());
  const refused = async (person: Person, request: StakeRequest, code: string): Promise<void> => {
    const now = await tables();
    assert.throws(() => expectPossible(person.wallet, request, now), { name: 'WalletError', code });
  };
  const mineFor = async (rounds: bigint): Promise<void> => {
    for (let i = 0n; i < rounds; i++) await town.mine();
  };
  before(async () => {
    town = await foundStakeTown([5_000n * SERO_UNIT, 2_000n * SERO_UNIT], SHORT);
    [alice, bob] = town.people as [Person, Person];
    keys = keysFor(encodeOneTimeAddress((await alice.wallet.freshAddress('owner')).address), 1);
    record = proposerOf(keys).id;
    await send(alice, { type: 'register', keys, commission: 1_000 });
    await send(alice, { type: 'stake', record, units: 3n });
    await send(bob, { type: 'stake', record, units: 2n });
  });

  it('are read whole, in pages, by questions that are the same whoever asks', async () => {
    const source = sourceOf(town.ledger);
    const { records, positions, height } = await readStakeTables(source);
    assert.equal(height, town.ledger.head().height);
    assert.deepEqual([records.length, positions.length], [4, 5]);
    assert.deepEqual(
      source.asked.map((question) => question.split(' ')[0]),
      ['records', 'records', 'positions', 'positions', 'positions'],
    );
    const again = sourceOf(town.ledger);
    await readStakeTables(again);
    assert.deepEqual(again.asked, source.asked);
  });

  it('give each person what is his, and nothing that is not', async () => {
    const [genesis, own] = (await holdingsOf(alice)).sort((a, b) => Number(b.staked - a.staked)).reverse();
    assert.deepEqual([genesis!.from, genesis!.staked, genesis!.owns], [ownerOf(alice, 7n), 2n * S, true]);
    assert.deepEqual([own!.record.id, own!.from, own!.staked], [record, keys.owner, 3n * S]);
    const [delegated, ...more] = await holdingsOf(bob);
    assert.deepEqual([delegated!.owns, delegated!.staked, more], [false, 2n * S, []]);
    assert.deepEqual(delegated!.record.staked, 5n * S);
  });

  it('say to the last unit what a claim in the next block pays', async () => {
    await send(alice, { type: 'online', record, online: 'online' });
    await mineFor(town.ledger.genesis.stake.balanceLookback);
    await town.mine(proposerOf(keys));
    const now = await tables();
    assert.equal(now.records.find(({ id }) => equalBytes(id, record))!.weight, 5n);
    const [bobs] = stakeHoldings(bob.wallet, now);
    assert.ok(bobs!.claimable > 0n);
    const request = expectPossible(bob.wallet, { type: 'claim', record }, now);
    // A founder's block, so that nothing more is earned in it.
    assert.equal(await send(bob, request, town.participants[1]!), bobs!.claimable);
    const after = (await holdingsOf(alice)).find((own) => equalBytes(own.record.id, record))!;
    assert.ok(after.commission > 0n);
    assert.equal(after.claimable, after.rewards + after.commission);
    assert.equal(await send(alice, { type: 'claim', record }, town.participants[1]!), after.claimable);
  });

  it('show when what was unlocked is due, and refuse a claim before', async () => {
    await refused(bob, { type: 'claim', record }, 'stake-nothing');
    await refused(bob, { type: 'unlock', record, units: 3n }, 'stake-units');
    await send(bob, { type: 'unlock', record, units: 1n }, town.participants[1]!);
    const unlocked = town.ledger.head().height;
    const [own] = await holdingsOf(bob);
    const [piece] = own!.waiting;
    assert.deepEqual([piece!.amount, piece!.dueHeight, piece!.due], [S, unlocked + SHORT.unlockWait, false]);
    await refused(bob, { type: 'claim', record }, 'stake-not-due');
    await mineFor(SHORT.unlockWait - 2n);
    await refused(bob, { type: 'claim', record }, 'stake-not-due');
    await town.mine();
    const [due] = await holdingsOf(bob);
    assert.deepEqual([due!.waiting[0]!.due, due!.claimable], [true, S]);
    const request = expectPossible(bob.wallet, { type: 'claim', record }, await tables());
    assert.equal(await send(bob, request, town.participants[1]!), S);
  });

  it('refuse what the record’s state does not allow', async () => {
    await refused(alice, { type: 'online', record, online: 'online' }, 'stake-status');
    await refused(alice, { type: 'renew', record, keys, commission: 1_001 }, 'stake-commission');
    await refused(
      bob,
      { type: 'stake', record: record.map((byte) => byte ^ 1), units: 1n },
      'stake-record-unknown',
    );
    const { id } = town.participants[1]!;
    await refused(bob, { type: 'claim', record: id }, 'stake-record-unknown');
    await refused(bob, { type: 'unlock', record: id, units: 1n }, 'stake-record-unknown');
    await send(alice, { type: 'online', record, online: 'offline' });
    await refused(alice, { type: 'online', record, online: 'offline' }, 'stake-status');
    // A lower commission with the same keys is a renewal as others.
    const request = expectPossible(
      alice.wallet,
      { type: 'renew', record, keys, commission: 900 },
      await tables(),
    );
    await plan(alice.wallet, request);
  });

  it('show a slashed record, and what it left of everybody’s stake', async () => {
    await send(alice, { type: 'online', record, online: 'online' });
    await mineFor(town.ledger.genesis.stake.balanceLookback);
    town.accuse(record);
    await town.mine();
    const [own] = await holdingsOf(bob);
    assert.equal(own!.record.factor, ((1n << 64n) * 9n) / 10n);
    assert.equal(own!.record.status, 'offline');
    assert.equal(own!.staked, (S * own!.record.factor) >> 64n);
    // What is left of the unit counts as one, and no second does.
    await refused(bob, { type: 'unlock', record, units: 2n }, 'stake-units');
    expectPossible(bob.wallet, { type: 'unlock', record, units: 1n }, await tables());
  });

  it('refuse everything of a record that leaves, but what takes stake out of it', async () => {
    await send(alice, { type: 'online', record, online: 'leaving' });
    for (const request of [
      { type: 'stake', record, units: 1n },
      { type: 'renew', record, keys, commission: 0 },
      { type: 'online', record, online: 'online' },
      { type: 'online', record, online: 'leaving' },
    ] as const satisfies StakeRequest[]) {
      await refused(alice, request, 'stake-status');
    }
    const request = expectPossible(bob.wallet, { type: 'unlock', record, units: 1n }, await tables());
    await send(bob, request, town.participants[1]!);
  });
});
