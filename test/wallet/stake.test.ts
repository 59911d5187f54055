import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { toHex } from '@sero/crypto';
import {
  decodeEnvelope,
  decodeExecutedBlock,
  encodeGenesis,
  encodeOneTimeAddress,
  type Receipt,
  SERO_ASSET,
  SERO_UNIT,
} from '@sero/protocol';
import {
  type HistoryEntry,
  memoryWalletStore,
  openWallet,
  ownStakes,
  plan,
  type Request,
  readPlan,
  stakedBy,
  syncWallet,
  type Wallet,
} from '@sero/wallet';
import { chosenBackend, rememberingHasher } from './doubles.ts';
import type { Person } from './people.ts';
import {
  command,
  foundStakeTown,
  keysFor,
  ownerOf,
  proposerOf,
  type StakeTown,
  type TestKeys,
  TRUSTING,
} from './stake-town.ts';

/** Stake from a fresh wallet to a claimed reward, through a ledger with participants. */

const S = 100n * SERO_UNIT;

/** Short waits; the ledger wants evidence to fit into them. */
const SHORT = { evidenceWindow: 8n, unlockWait: 24n };

const total = ({ wallet }: Person): bigint =>
  wallet.balances().find(({ asset }) => asset === SERO_ASSET)?.total ?? 0n;

const newOwner = async (wallet: Wallet): Promise<Uint8Array> =>
  encodeOneTimeAddress((await wallet.freshAddress('owner')).address);

/** What a block paid out in the open. */
const paidBy = ({ publicOutputs }: Receipt): bigint =>
  publicOutputs.reduce((sum, { value }) => sum + value, 0n);

/**
 * Sends a request and makes a block: the balance falls by exactly the fee and what is staked, and rises by what the receipt pays. What is asked for
 * succeeds unless a failure is named.
 */
async function done(
  town: StakeTown,
  person: Person,
  request: Request,
  failure?: string,
): Promise<{ readonly entry: HistoryEntry; readonly paid: bigint }> {
  const held = total(person);
  const staked = request.type === 'stake' ? request.units * S : 0n;
  await command(town, person, request);
  const [receipt] = await town.mine();
  const entry = person.wallet.history().at(-1)!;
  const paid = paidBy(receipt!);
  assert.deepEqual([entry.kind, entry.own, entry.stake?.failure], ['stake', true, failure]);
  assert.equal(total(person), held - entry.fee - staked + paid);
  return { entry, paid };
}

/** Less by what rounding leaves in a record: some of the smallest units. */
function isAbout(amount: bigint, expected: bigint): void {
  const difference = amount - expected;
  assert.ok(difference <= 16n && difference >= -16n, `${amount} is not ${expected}`);
}

async function mineUpTo(town: StakeTown, height: bigint): Promise<void> {
  while (town.ledger.head().height < height) await town.mine();
}

describe('who participates', () => {
  let town: StakeTown;
  let alice: Person;
  let bob: Person;
  let keys: TestKeys;
  let record: Uint8Array;
  /** Where Bob's stake is. */
  let place: Uint8Array;
  before(async () => {
    town = await foundStakeTown([5_000n * SERO_UNIT, 2_000n * SERO_UNIT], SHORT);
    [alice, bob] = town.people as [Person, Person];
    keys = keysFor(await newOwner(alice.wallet), 1);
    record = proposerOf(keys).id;
  });

  it('registers keys for an owner address of its own, and pays the fee alone', async () => {
    const { entry } = await done(town, alice, { type: 'register', keys, commission: 1_000 });
    assert.deepEqual(entry.stake, {
      action: 'register',
      record,
      keys: { vrfKey: keys.vrfKey, voteRoot: keys.voteRoot },
      from: keys.owner,
    });
  });

  it('stakes units, which leave the account openly and are no fee', async () => {
    const planned = readPlan(await plan(alice.wallet, { type: 'stake', record, units: 3n }));
    assert.equal(stakedBy(planned), 3n * S);
    assert.equal(planned.fee, planned.tx.gasLimit * planned.tx.gasPrice);
    assert.equal(planned.tx.pub.pubOut[0], planned.fee + 3n * S);
    const { entry } = await done(town, alice, { type: 'stake', record, units: 3n });
    assert.deepEqual([entry.stake!.units, entry.stake!.from], [3n, keys.owner]);
  });

  it('takes stake of others, who come from an address of their own and add to it from the same', async () => {
    const first = await done(town, bob, { type: 'stake', record, units: 2n });
    place = first.entry.stake!.from;
    const { entry } = await done(town, bob, { type: 'stake', record, units: 1n });
    assert.deepEqual(entry.stake!.from, place);
    assert.deepEqual(ownStakes(bob.wallet), [{ record, from: place, owns: false }]);
  });

  it('goes online, proposes, and is paid what a claim takes; the owner by commission beside', async () => {
    await done(town, alice, { type: 'online', record, online: 'online' });
    await mineUpTo(town, town.ledger.head().height + town.ledger.genesis.stake.balanceLookback);
    assert.equal(town.ledger.stakeTable(town.ledger.head().height + 1n)!.row(record)!.weight, 6n);
    await town.mine(proposerOf(keys));
    const alices = await done(town, alice, { type: 'claim', record });
    const bobs = await done(town, bob, { type: 'claim', record });
    // A tenth for the owner, the rest shared by halves.
    assert.ok(bobs.paid > 0n);
    const whole = alices.paid + bobs.paid;
    isAbout(alices.paid, (whole * 55n) / 100n);
    await done(town, bob, { type: 'claim', record }, 'nothing-to-claim');
  });

  it('spends in private what it claimed in the open', async () => {
    const to = bob.key.proof.viewing.address;
    const before = total(bob);
    await command(town, alice, { type: 'pay', to, asset: SERO_ASSET, amount: total(alice) - SERO_UNIT });
    await town.mine();
    assert.ok(total(bob) > before + 3_000n * SERO_UNIT);
  });

  it('renews its keys, and does not raise its commission', async () => {
    const renewed = keysFor(keys.owner, 2);
    await done(town, alice, { type: 'renew', record, keys: renewed, commission: 1_001 }, 'commission-raised');
    await done(town, alice, { type: 'renew', record, keys: renewed, commission: 500 });
    const [own] = ownStakes(alice.wallet).filter(({ from }) => toHex(from) === toHex(keys.owner));
    assert.deepEqual(own!.keys, { vrfKey: renewed.vrfKey, voteRoot: renewed.voteRoot });
  });

  it('loses a tenth with its record where that voted twice, and what waits with it', async () => {
    await done(town, bob, { type: 'unlock', record, units: 1n });
    await town.mine();
    town.accuse(record);
    await town.mine();
    await done(town, alice, { type: 'online', record, online: 'offline' }, 'already-offline');
    await mineUpTo(town, town.ledger.head().height + SHORT.unlockWait);
    const { paid } = await done(town, bob, { type: 'claim', record });
    isAbout(paid, (S * 9n) / 10n);
    // What is left of the other two units is 1.8 of them; the rest of a unit counts as one.
    await done(town, bob, { type: 'unlock', record, units: 3n }, 'units-insufficient');
    await done(town, bob, { type: 'unlock', record, units: 2n });
    await mineUpTo(town, town.ledger.head().height + SHORT.unlockWait);
    isAbout((await done(town, bob, { type: 'claim', record })).paid, (2n * S * 9n) / 10n);
  });

  it('owns what the genesis file gives it', async () => {
    const { id } = town.participants[0]!;
    const [own] = ownStakes(alice.wallet);
    assert.deepEqual([own!.record, own!.from, own!.owns], [id, ownerOf(alice, 7n), true]);
    await done(town, alice, { type: 'online', record: id, online: 'offline' });
    await done(town, alice, { type: 'online', record: id, online: 'online' });
    await assert.rejects(plan(bob.wallet, { type: 'online', record: id, online: 'offline' }), {
      code: 'stake-not-owner',
    });
  });

  it('gets the stake back that a record did not take', async () => {
    await done(town, alice, { type: 'online', record, online: 'leaving' });
    const { entry, paid } = await done(town, bob, { type: 'stake', record, units: 1n }, 'record-leaving');
    assert.equal(paid, S);
    assert.deepEqual([entry.succeeded, entry.change], [false, [{ asset: SERO_ASSET, amount: -entry.fee }]]);
  });

  it('knows all of it again from its words and the chain', async () => {
    const { scanner, traces } = await chosenBackend();
    const wallet = await openWallet({
      key: alice.key.proof.viewing,
      genesis: encodeGenesis(town.ledger.genesis),
      store: memoryWalletStore(),
      hasher: rememberingHasher(),
      scanner,
      traces,
      votes: TRUSTING,
    });
    await syncWallet(wallet, town.node);
    assert.deepEqual(ownStakes(wallet), ownStakes(alice.wallet));
    assert.deepEqual(wallet.history(), alice.wallet.history());
  });

  it('shows a watcher of the chain nothing that links its stake with its payments', async () => {
    const commands = new Map<string, Set<string>>();
    for (let height = 1n; height <= town.ledger.head().height; height++) {
      const { block } = decodeExecutedBlock(town.ledger.executedBlock(height));
      for (const bytes of block.transactions) {
        const { private: envelope } = decodeEnvelope(bytes);
        if (envelope === undefined) continue;
        const { from, kind } = envelope.tx;
        const use = kind >= 4 && kind <= 8 ? 'stake' : `payment of block ${height}`;
        const uses = commands.get(toHex(from)) ?? new Set();
        commands.set(toHex(from), uses.add(use));
      }
    }
    // An address commands stake, or pays once.
    for (const [from, uses] of commands) assert.equal(uses.size, 1, from);
    // Alice's two records are two strangers', and so is Bob's place.
    const places = [ownerOf(alice, 7n), keys.owner, place].map(toHex);
    assert.equal(new Set(places).size, 3);
    for (const from of places) assert.deepEqual([...commands.get(from)!], ['stake']);
  });
});

describe('what a wallet does not plan', () => {
  let town: StakeTown;
  let alice: Person;
  let bob: Person;
  let keys: TestKeys;
  const refused = (person: Person, request: Request, code: string): Promise<void> =>
    assert.rejects(plan(person.wallet, request), { name: 'WalletError', code });
  before(async () => {
    town = await foundStakeTown([1_000n * SERO_UNIT, 250n * SERO_UNIT]);
    [alice, bob] = town.people as [Person, Person];
    keys = keysFor(await newOwner(alice.wallet), 1);
  });

  it('a registration of keys that were made for somebody else', async () => {
    await refused(bob, { type: 'register', keys, commission: 0 }, 'stake-not-owner');
    const nobodys = keysFor(new Uint8Array(64).fill(5), 1);
    await refused(bob, { type: 'register', keys: nobodys, commission: 0 }, 'stake-not-owner');
  });

  it('keys without the secret of the BLS key, and points that are none', async () => {
    const stolen = keysFor(ownerOf(bob, 3n), 1);
    const register = (change: Partial<TestKeys>): Request => {
      return { type: 'register', keys: { ...keys, ...change }, commission: 0 };
    };
    await refused(
      alice,
      register({ blsKey: stolen.blsKey, blsProof: stolen.blsProof }),
      'stake-keys-invalid',
    );
    await refused(alice, register({ vrfKey: new Uint8Array(32) }), 'stake-keys-invalid');
    await refused(alice, register({ voteRoot: new Uint8Array(31) }), 'stake-keys-invalid');
  });

  it('keys that are over, that end too soon, or for more rounds than there may be', async () => {
    const register = (firstRound: bigint, lastRound: bigint): Request => {
      return { type: 'register', keys: { ...keys, firstRound, lastRound }, commission: 0 };
    };
    const next = town.ledger.head().height + 1n;
    const least = next + 2n * town.ledger.genesis.stake.balanceLookback;
    await refused(alice, register(1n, least - 1n), 'stake-keys-range');
    await refused(alice, register(10n, 9n), 'stake-keys-range');
    await refused(alice, register(1n, 3_000_002n), 'stake-keys-range');
    await refused(alice, register(0n, 1n << 64n), 'stake-keys-range');
    await plan(alice.wallet, register(1n, least));
  });

  it('a commission of more than everything', async () => {
    for (const commission of [10_001, -1, 0.5]) {
      await refused(alice, { type: 'register', keys, commission }, 'stake-commission');
    }
  });

  it('less than a unit, and more than the account has', async () => {
    const { id } = town.participants[1]!;
    await refused(bob, { type: 'stake', record: id, units: 0n }, 'stake-units');
    await refused(bob, { type: 'stake', record: id, units: 1n << 64n }, 'stake-units');
    await refused(bob, { type: 'stake', record: id, units: 3n }, 'insufficient-funds');
    await refused(bob, { type: 'unlock', record: id, units: 0n }, 'stake-units');
  });

  it('commands over another’s record, or where it has nothing', async () => {
    const { id } = town.participants[1]!;
    for (const online of ['online', 'offline', 'leaving'] as const) {
      await refused(bob, { type: 'online', record: id, online }, 'stake-not-owner');
    }
    await refused(bob, { type: 'renew', record: id, keys, commission: 0 }, 'stake-not-owner');
    await refused(bob, { type: 'unlock', record: id, units: 1n }, 'stake-record-unknown');
    await refused(bob, { type: 'claim', record: id }, 'stake-record-unknown');
    await refused(bob, { type: 'claim', record: id.slice(1) }, 'stake-record-unknown');
    // Having stake in it is not owning it.
    await done(town, bob, { type: 'stake', record: id, units: 1n });
    await refused(bob, { type: 'online', record: id, online: 'offline' }, 'stake-not-owner');
    await plan(bob.wallet, { type: 'claim', record: id });
  });

  it('keys of another record of the account: one would sign what the other signed', async () => {
    await done(town, alice, { type: 'register', keys, commission: 0 });
    const again = keysFor(await newOwner(alice.wallet), 1);
    await refused(alice, { type: 'register', keys: again, commission: 0 }, 'stake-keys-in-use');
    const half = { ...keysFor(again.owner, 3), voteRoot: again.voteRoot };
    await refused(alice, { type: 'register', keys: half, commission: 0 }, 'stake-keys-in-use');
    const genesis = town.participants[0]!;
    const own = keysFor(ownerOf(alice, 7n), 1);
    await refused(
      alice,
      { type: 'renew', record: genesis.id, keys: own, commission: 0 },
      'stake-keys-in-use',
    );
    // The same record with the same keys is another range or commission.
    await plan(alice.wallet, { type: 'renew', record: proposerOf(keys).id, keys, commission: 0 });
  });

  it('a renewal with keys for another of its addresses', async () => {
    const elsewhere = keysFor(await newOwner(alice.wallet), 4);
    const request: Request = { type: 'renew', record: proposerOf(keys).id, keys: elsewhere, commission: 0 };
    await refused(alice, request, 'stake-not-owner');
  });
});
