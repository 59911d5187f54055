import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bls, blake2b256, compareBytes, equalBytes, portableBls, portableEd25519 } from '@sero/crypto';
import {
  ClaimBodyType,
  KIND,
  ONLINE,
  OnlineBodyType,
  type Receipt,
  type RegisterBody,
  RegisterBodyType,
  StakeBodyType,
  stakeRecordId,
  UnlockBodyType,
} from '@sero/protocol';
import { overlay } from '@sero/store';
import fc from 'fast-check';
import { participant, startNetwork } from './participants-test-support.ts';
import {
  changedRecords,
  creditProposer,
  genesisRecords,
  setOffline,
  slash,
  storedRecords,
  tableEntry,
} from './stake.ts';
import { type State, stateOf } from './state.ts';
import {
  ALICE,
  BOB,
  type Draft,
  failureOf,
  filler,
  MALLORY,
  refusalOfTransaction,
  startChain,
  type TestChain,
  TOTAL,
  tampered,
} from './test-support.ts';

/** Possession costs nothing here: the proof of a key is its hash three times over. */
const bls: Bls = {
  ...portableBls,
  verifyPossession: (key, proof) => equalBytes(proof, possession(key)),
};
function possession(key: Uint8Array): Uint8Array {
  const digest = blake2b256('test possession', key);
  return Uint8Array.from({ length: 96 }, (_, i) => digest[i % 32]!);
}

const S = 100n * 10n ** 18n;

function registration(n: number, change: Partial<RegisterBody> = {}): RegisterBody {
  const blsKey = filler(n, 48);
  return {
    record: [],
    vrfKey: portableEd25519.publicKey(filler(300 + n, 32)),
    voteRoot: portableEd25519.publicKey(filler(400 + n, 32)),
    blsKey,
    blsProof: possession(blsKey),
    firstRound: 0n,
    lastRound: 1_000_000n,
    commission: 0,
    ...change,
  };
}

const idOf = (from: Uint8Array, n: number): Uint8Array => {
  const { vrfKey, voteRoot } = registration(n);
  return stakeRecordId(from, vrfKey, voteRoot);
};

const draft = {
  register: (from: Uint8Array, body: RegisterBody): Draft => ({
    kind: KIND.register,
    from,
    body: RegisterBodyType.serialize(body),
  }),
  stake: (from: Uint8Array, record: Uint8Array, units: bigint): Draft => ({
    kind: KIND.stake,
    from,
    body: StakeBodyType.serialize({ record, units }),
    price: units * S,
  }),
  online: (from: Uint8Array, record: Uint8Array, online: number = ONLINE.online): Draft => ({
    kind: KIND.online,
    from,
    body: OnlineBodyType.serialize({ record, online }),
  }),
  unlock: (from: Uint8Array, record: Uint8Array, units: bigint): Draft => ({
    kind: KIND.unlock,
    from,
    body: UnlockBodyType.serialize({ record, units }),
  }),
  claim: (from: Uint8Array, record: Uint8Array): Draft => ({
    kind: KIND.claim,
    from,
    body: ClaimBodyType.serialize({ record }),
  }),
};

/** Mines one transaction alone; what it said and paid out. */
async function told(chain: TestChain, what: Draft): Promise<{ word: string; receipt: Receipt }> {
  const { receipts } = await chain.mine(chain.make(what));
  const receipt = receipts[0]!;
  assertConserved(chain);
  return { word: receipt.status === 1 ? 'done' : failureOf(receipt), receipt };
}

function assertConserved(chain: TestChain): void {
  const state = chain.state();
  const held = (state.staked.get() ?? 0n) + (state.burned.get() ?? 0n);
  assert.equal(chain.ledger.pooled(1n) + chain.ledger.rewardPool() + held, state.issued.get());
}

const gasOf = (chain: TestChain, { gasUsed }: Receipt): bigint => gasUsed * chain.genesis.fees.baseFeeStart;

/** A chain on which Alice has a record with ten units that is online. */
async function withRecord(): Promise<{ chain: TestChain; id: Uint8Array }> {
  const chain = startChain({ bls });
  await told(chain, draft.register(ALICE, registration(1)));
  const id = idOf(ALICE, 1);
  await told(chain, draft.stake(ALICE, id, 10n));
  await told(chain, draft.online(ALICE, id));
  return { chain, id };
}

test('stake leaves the pool into a record and comes back to its owner as one public output', async () => {
  const { chain, id } = await withRecord();
  const before = chain.ledger.pooled(1n);
  const { receipt } = await told(chain, draft.stake(BOB, id, 5n));
  assert.deepEqual([receipt.status, receipt.publicOutputs.length], [1, 0]);
  assert.ok(before - chain.ledger.pooled(1n) >= 5n * S);
  assert.equal(chain.state().staked.get(), 15n * S);
  const records = [...storedRecords(chain.store)];
  assert.deepEqual(
    records.map((record) => tableEntry(record, 100n, S)?.units),
    [15n],
  );
  assert.equal((await told(chain, draft.unlock(BOB, id, 5n))).word, 'done');
  assert.equal((await told(chain, draft.claim(BOB, id))).word, 'nothing-to-claim');
  await chain.mineEmpty(Number(chain.genesis.stake.unlockWait));
  const { receipt: paid } = await told(chain, draft.claim(BOB, id));
  assert.deepEqual(
    paid.publicOutputs.map(({ value, pkr }) => [value, pkr]),
    [[5n * S, BOB]],
  );
  assert.equal(chain.state().staked.get(), 10n * S);
});

test('a stake that fails comes back to who sent it, and its fee stays', async () => {
  const { chain, id } = await withRecord();
  await told(chain, draft.online(ALICE, id, ONLINE.leaving));
  for (const [record, why] of [
    [id, 'record-leaving'],
    [filler(1, 32), 'record-unknown'],
  ] as const) {
    const pool = chain.ledger.rewardPool();
    const pooled = chain.ledger.pooled(1n);
    const bytes = chain.make(draft.stake(BOB, record, 7n));
    const { receipts } = await chain.mine(bytes);
    const [receipt] = receipts;
    assert.equal(failureOf(receipt), why);
    assert.deepEqual(
      receipt!.publicOutputs.map(({ value, pkr }) => [value, pkr]),
      [[7n * S, BOB]],
    );
    const fee = chain.ledger.rewardPool() - pool;
    assert.ok(fee > 0n && fee <= gasOf(chain, receipt!));
    assert.equal(pooled - chain.ledger.pooled(1n), fee);
    assert.equal(chain.state().staked.get(), 10n * S);
    assertConserved(chain);
  }
});

test('every failure of a command is a word in its receipt, and changes nothing but the fee', async () => {
  const { chain, id } = await withRecord();
  await told(chain, draft.stake(BOB, id, 1n));
  const unknown = filler(2, 32);
  const cases: readonly (readonly [string, Draft])[] = [
    ['record-exists', draft.register(ALICE, registration(1))],
    ['keys-in-use', draft.register(ALICE, registration(2, { vrfKey: registration(1).vrfKey }))],
    ['record-unknown', draft.register(ALICE, registration(2, { record: [unknown] }))],
    ['not-the-owner', draft.register(MALLORY, registration(2, { record: [id] }))],
    ['commission-raised', draft.register(ALICE, registration(2, { record: [id], commission: 1 }))],
    ['key-range-expired', draft.register(ALICE, registration(2, { lastRound: 1n }))],
    ['record-unknown', draft.stake(ALICE, unknown, 1n)],
    ['record-unknown', draft.online(ALICE, unknown)],
    ['not-the-owner', draft.online(BOB, id, ONLINE.offline)],
    ['already-online', draft.online(ALICE, id)],
    ['record-unknown', draft.unlock(ALICE, unknown, 1n)],
    ['units-insufficient', draft.unlock(ALICE, id, 11n)],
    ['units-insufficient', draft.unlock(MALLORY, id, 1n)],
    ['record-unknown', draft.claim(ALICE, unknown)],
    ['nothing-to-claim', draft.claim(ALICE, id)],
    ['nothing-to-claim', draft.claim(MALLORY, id)],
  ];
  const records = (): unknown => [[...storedRecords(chain.store)], chain.state().position(id, BOB).get()];
  const before = records();
  for (const [word, what] of cases) {
    assert.equal((await told(chain, what)).word, word, `kind ${what.kind}`);
    assert.deepEqual(records(), before);
  }
  assert.equal((await told(chain, draft.online(ALICE, id, ONLINE.offline))).word, 'done');
  assert.equal((await told(chain, draft.online(ALICE, id, ONLINE.offline))).word, 'already-offline');
});

test('a registration without possession of its BLS key is refused at every door', async () => {
  const chain = startChain({ bls });
  const mine = registration(1);
  const stolen = { ...mine, blsKey: filler(2, 48) };
  assert.equal(
    await refusalOfTransaction(chain, chain.make(draft.register(MALLORY, stolen))),
    'bls-possession',
  );
  const weak = { ...mine, voteRoot: new Uint8Array(32) };
  assert.equal(await refusalOfTransaction(chain, chain.make(draft.register(MALLORY, weak))), 'stake-key');
});

test('possession is checked once for a transaction on its way from the door into a block', async () => {
  let asked = 0;
  const counting: Bls = {
    ...bls,
    verifyPossession: (key, proof, holder) => {
      asked++;
      return bls.verifyPossession(key, proof, holder);
    },
  };
  const chain = startChain({ bls: counting });
  const bytes = chain.make(draft.register(ALICE, registration(1)));
  await chain.ledger.check(bytes);
  await chain.mine(bytes);
  assert.equal(asked, 1);
});

test('two transactions of one block see each other: one stake is not unlocked twice', async () => {
  const { chain, id } = await withRecord();
  const { receipts } = await chain.mine(
    chain.make(draft.unlock(ALICE, id, 10n)),
    chain.make(draft.unlock(ALICE, id, 10n)),
  );
  assert.deepEqual(receipts.map(failureOf), ['', 'units-insufficient']);
  await chain.mineEmpty(Number(chain.genesis.stake.unlockWait));
  const claims = await chain.mine(chain.make(draft.claim(ALICE, id)), chain.make(draft.claim(ALICE, id)));
  assert.deepEqual(claims.receipts.map(failureOf), ['', 'nothing-to-claim']);
  assertConserved(chain);
});

test('unlocked stake waits for header time too', async () => {
  const { stake } = startChain().genesis;
  // A block of the tests is 5 s after its parent: the rounds are over two blocks before the time is.
  const unlockWaitTime = (stake.unlockWait + 2n) * 5_000n;
  const chain = startChain({ bls, genesis: { stake: { ...stake, unlockWaitTime } } });
  await told(chain, draft.register(ALICE, registration(1)));
  const id = idOf(ALICE, 1);
  await told(chain, draft.stake(ALICE, id, 1n));
  await told(chain, draft.unlock(ALICE, id, 1n));
  await chain.mineEmpty(Number(stake.unlockWait) - 1);
  for (const word of ['nothing-to-claim', 'nothing-to-claim', 'done']) {
    assert.equal((await told(chain, draft.claim(ALICE, id))).word, word);
  }
});

test('the first participants have records from block 0 on, and own their stake', async () => {
  const participants = [0, 1, 2].map((n) => participant(n, { units: BigInt(5 * n + 5) }));
  const chain = startNetwork({ participants });
  const records = [...storedRecords(chain.store)];
  assert.deepEqual(
    records.map(({ id }) => id),
    participants.map(({ id }) => id).toSorted(compareBytes),
  );
  const state = chain.state();
  assert.equal(state.staked.get(), 30n * S);
  for (const { id, genesis } of participants) {
    const record = state.stakeRecord(id).get()!;
    assert.deepEqual(
      [record.status, record.bonded.money, record.owner],
      [ONLINE.online, genesis.units * S, genesis.owner],
    );
    assert.equal(state.position(id, genesis.owner).get()!.nominal, genesis.units * S);
    assert.deepEqual(state.keyUser(genesis.owner, genesis.voteRoot).get(), id);
  }
  assert.equal(state.issued.get(), TOTAL + 30n * S);
});

test('a block says which records it changed, as it leaves them', async () => {
  const { chain, id } = await withRecord();
  const view = overlay(chain.store);
  const state = stateOf(view, chain.genesis.anchor.window);
  assert.deepEqual(changedRecords(view.changes()), []);
  setOffline(state, id);
  state.rewardPool.set(1n);
  const [changed, ...others] = changedRecords(view.changes());
  assert.deepEqual([changed!.id, changed!.status, others.length], [id, ONLINE.offline, 0]);
});

test('what is asked of a record that is not there does nothing', () => {
  const chain = startChain();
  const view = overlay(chain.store);
  const state: State = stateOf(view, chain.genesis.anchor.window);
  const unknown = filler(1, 32);
  setOffline(state, unknown);
  assert.equal(slash(state, unknown), 0n);
  assert.equal(creditProposer(state, unknown, 5n, chain.genesis), 0n);
  genesisRecords(state, chain.genesis);
  assert.deepEqual(view.changes(), []);
});

test('rewards and slashes come out of a claim as they went into the record', async () => {
  const { chain, id } = await withRecord();
  await told(chain, draft.stake(BOB, id, 30n));
  await told(chain, draft.unlock(BOB, id, 10n));
  tampered(chain, (state) => {
    const taken = creditProposer(state, id, 3_000n, chain.genesis);
    state.rewardPool.set(state.rewardPool.get()! - taken);
    slash(state, id);
  });
  await chain.mineEmpty(Number(chain.genesis.stake.unlockWait));
  const { receipt } = await told(chain, draft.claim(BOB, id));
  assert.equal(
    receipt.publicOutputs[0]!.value,
    (10n * S * (((1n << 64n) * 9n) / 10n)) / (1n << 64n) + 2_000n,
  );
});

const who = fc.constantFrom(ALICE, BOB);
const which = fc.constantFrom(1, 2);
const tried = fc.oneof(
  fc.record({ do: fc.constant('register' as const), who, which }),
  fc.record({ do: fc.constant('stake' as const), who, which, units: fc.bigInt(1n, 9n) }),
  fc.record({ do: fc.constant('unlock' as const), who, which, units: fc.bigInt(1n, 9n) }),
  fc.record({ do: fc.constant('claim' as const), who, which }),
  fc.record({ do: fc.constant('online' as const), who, which, to: fc.constantFrom(0, 1, 1, 1, 2) }),
);

test('no blocks of stake make or lose money, whatever stands in them together', async () => {
  const block = fc.record({
    attempts: fc.array(tried, { maxLength: 5 }),
    reward: fc.bigInt(0n, 10n ** 12n),
    slashes: fc.constantFrom(0, 0, 0, 1),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(block, { minLength: 6, maxLength: 10 }), async (blocks) => {
      const { stake } = startChain().genesis;
      const short = { ...stake, balanceLookback: 16n, evidenceWindow: 1n, unlockWait: 17n };
      const chain = startChain({ bls, genesis: { stake: short } });
      // Record 1 is Alice's, with stake; 2 is whoever's comes first.
      await told(chain, draft.register(ALICE, registration(1, { commission: 700 })));
      await told(chain, draft.stake(BOB, idOf(ALICE, 1), 20n));
      for (const { attempts, reward, slashes } of blocks) {
        const record = (n: number): Uint8Array => idOf(ALICE, n);
        const transactions = attempts.map((one) => {
          switch (one.do) {
            case 'register':
              return draft.register(one.who, registration(one.which));
            case 'online':
              return draft.online(one.who, record(one.which), one.to);
            case 'claim':
              return draft.claim(one.who, record(one.which));
            default:
              return draft[one.do](one.who, record(one.which), one.units);
          }
        });
        const { receipts } = await chain.mine(...transactions.map((one) => chain.make(one)));
        assert.equal(receipts.length, attempts.length);
        assertConserved(chain);
        tampered(chain, (state) => {
          const taken = creditProposer(state, record(1), reward, chain.genesis);
          state.rewardPool.set(state.rewardPool.get()! - taken);
          for (let i = 0; i < slashes; i++) slash(state, record(1));
        });
        assertConserved(chain);
        await chain.mineEmpty(4);
      }
    }),
    { numRuns: 5 },
  );
});
