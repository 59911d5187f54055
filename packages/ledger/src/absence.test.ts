import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes, concat, leBytes, toHex } from '@sero/crypto';
import {
  type Block,
  DEVELOPMENT,
  encodeBlock,
  KIND,
  ONLINE,
  OnlineBodyType,
  RegisterBodyType,
  StakeBodyType,
  type StakeRow,
  stakeTable,
} from '@sero/protocol';
import { memoryStore, overlay } from '@sero/store';
import { findAbsent } from './absence.ts';
import {
  type Participant,
  participant,
  startNetwork,
  type TestNetwork,
} from './participants-test-support.ts';
import { newRecord } from './stake.ts';
import { stateOf } from './state.ts';
import type { Tables } from './tables.ts';
import { ALICE, BOB, filler, refusalOf } from './test-support.ts';

/** A record may miss the rounds in which it would have proposed once. */
const STAKE = {
  ...DEVELOPMENT.stake,
  absentFactor: 1,
  balanceLookback: 5n,
  seedRefresh: 1n,
  certStride: 5n,
};

/** Of 60 units one participant has 54, three others two each: a turn of theirs is thirty rounds, and together they have a tenth. */
const withThree = (): Participant[] => [54n, 2n, 2n, 2n].map((units, n) => participant(n, { units }));

/** The first of these proposes every block. */
function quietNetwork(participants: readonly Participant[] = withThree()): TestNetwork {
  return startNetwork({ participants, turn: () => participants[0]!, genesis: { stake: STAKE } });
}

function idsOf(participants: readonly Participant[]): Uint8Array[] {
  return participants.map(({ id }) => id).sort(compareBytes);
}

async function refusal(chain: TestNetwork, block: Block, absent: readonly Uint8Array[]): Promise<string> {
  const header = { ...block.header, absent: [...absent] };
  return refusalOf(chain, () => chain.ledger.apply(encodeBlock({ ...block, header })));
}

test('who has not proposed for longer than his stake would take is set offline, and leaves the tables', async () => {
  const chain = quietNetwork();
  await chain.mineEmpty(30);
  const others = idsOf(chain.participants.slice(1));
  const { header } = await chain.block();
  assert.deepEqual(header.absent, others, 'block 31: seen last in 0, a turn of thirty rounds');
  assert.deepEqual(chain.ledger.head().absent, [], 'block 30 had to wait');
  await chain.mine();
  for (const id of others) assert.equal(chain.state().stakeRecord(id).get()!.status, ONLINE.offline);
  assert.equal(chain.ledger.stakeTable(35n)!.total, 60n);
  assert.equal(chain.ledger.stakeTable(36n)!.total, 54n);
  await chain.mine();
  assert.deepEqual(chain.ledger.head().absent, [], 'nobody is set offline twice');
});

test('a proposer may leave the list out, and no list is right but one of records whose time is over', async () => {
  const chain = quietNetwork();
  await chain.mineEmpty(29);
  const [own, ...rest] = chain.participants;
  const others = idsOf(rest);
  const early = await chain.block();
  assert.equal(await refusal(chain, early, [others[0]!]), 'header-absent', 'one round too early');
  await chain.mineEmpty(1);
  const block = await chain.block();
  for (const absent of [
    [own!.id],
    [filler(1, 32)],
    [others[1]!, others[0]!],
    [others[0]!, others[0]!],
    [...others, own!.id].sort(compareBytes),
  ]) {
    assert.equal(await refusal(chain, block, absent), 'header-absent');
  }
  const late = (await chain.ledger.propose([], block.header.time, chain.proposal(rest[0]!))).block;
  assert.equal(late.header.absent.length, 2, 'whoever comes at the last moment leaves himself out');
  assert.equal(await refusal(chain, late, others), 'header-absent');
  // Another list is another state, so only the list itself is judged here.
  assert.equal(await refusal(chain, block, others.slice(1)), 'header-stateRoot');
  assert.equal(await refusal(chain, block, []), 'header-stateRoot');
  assert.equal(await refusal(chain, block, others), 'accepted');
});

test('where genesis turns the rule off, no list is right', async () => {
  const participants = withThree();
  const chain = startNetwork({ participants, turn: () => participants[0]! });
  await chain.mineEmpty(31);
  const block = await chain.block();
  assert.deepEqual(block.header.absent, []);
  assert.equal(await refusal(chain, block, [participants[1]!.id]), 'header-absent');
});

test('a turn is never shorter than the weight says', async () => {
  const [first, second] = [participant(0, { units: 55n }), participant(2, { units: 6n })];
  const chain = quietNetwork([first!, second!]);
  await chain.mineEmpty(10);
  const block = await chain.block();
  assert.deepEqual(block.header.absent, [], 'six of sixty-one are one of ten and a sixth');
  assert.equal(await refusal(chain, block, [second!.id]), 'header-absent');
  await chain.mineEmpty(1);
  assert.deepEqual((await chain.block()).header.absent, [second!.id]);
});

test('who has left the last table, or is not in that of the round, is not listed', async () => {
  const chain = quietNetwork();
  const alices = chain.participants[2]!;
  await chain.mineEmpty(29);
  const offline = OnlineBodyType.serialize({ record: alices.id, online: ONLINE.offline });
  await command(chain, KIND.online, offline);
  const block = await chain.block();
  assert.equal(block.header.absent.length, 2);
  assert.equal(chain.ledger.stakeTable(31n)!.row(alices.id)!.weight, 2n);
  assert.equal(await refusal(chain, block, [alices.id]), 'header-absent');

  const newcomer = participant(4);
  const { owner: from, units, ...keys } = newcomer.genesis;
  const body = RegisterBodyType.serialize({ record: [], ...keys });
  await chain.mine(chain.make({ kind: KIND.register, from, body }));
  await command(chain, KIND.online, OnlineBodyType.serialize({ record: newcomer.id, online: ONLINE.online }));
  await stake(chain, newcomer, units);
  const next = await chain.block();
  const newest = chain.ledger.head().height + STAKE.balanceLookback;
  assert.equal(chain.ledger.stakeTable(newest)!.row(newcomer.id)!.weight, 10n);
  assert.equal(await refusal(chain, next, [newcomer.id]), 'header-absent');
});

test('whose keys end before the last table is over leaves by himself, and is not listed', async () => {
  const [own, ...rest] = withThree();
  const ends = participant(4, { units: 2n, lastRound: 34n });
  const chain = quietNetwork([own!, ends, ...rest.slice(1)]);
  await chain.mineEmpty(30);
  const block = await chain.block();
  assert.deepEqual(block.header.absent, idsOf(rest.slice(1)), 'the last table is that of round 35');
  assert.equal(await refusal(chain, block, idsOf([ends])), 'header-absent');
});

test('a list leaves somebody whose keys last', async () => {
  // Block 11 counts on keys that last to round 21.
  for (const lastRound of [20n, 21n]) {
    const [first, second] = [participant(0, { units: 54n, lastRound }), participant(1, { units: 6n })];
    const chain = quietNetwork([first!, second!]);
    await chain.mineEmpty(10);
    const block = await chain.block();
    assert.deepEqual(block.header.absent, lastRound === 20n ? [] : [second!.id]);
    const expected = lastRound === 20n ? 'header-absent' : 'accepted';
    assert.equal(await refusal(chain, block, [second!.id]), expected);
  }
});

test('keys of a far future that are taken back, or a switch off and on in one block, excuse nobody', async () => {
  const chain = quietNetwork();
  const [, bobs, victim] = chain.participants;
  const { owner: _, units: __, ...keys } = victim!.genesis;
  const far = (1n << 64n) - 1n;
  for (const range of [
    { firstRound: far - 1_000n, lastRound: far },
    { firstRound: 1n, lastRound: 1_000_000n },
  ]) {
    await command(
      chain,
      KIND.register,
      RegisterBodyType.serialize({ ...keys, record: [victim!.id], ...range }),
    );
  }
  await chain.mineEmpty(26);
  const switched = (online: number): Uint8Array =>
    chain.make({
      kind: KIND.online,
      from: BOB,
      body: OnlineBodyType.serialize({ record: bobs!.id, online }),
    });
  const { receipts } = await chain.mine(switched(ONLINE.offline), switched(ONLINE.online));
  assert.deepEqual(
    receipts.map(({ status }) => status),
    [1, 1],
  );
  await chain.mineEmpty(2);
  assert.deepEqual(chain.ledger.head().absent, idsOf([bobs!, chain.participants[3]!]), 'block 31');
  await chain.mineEmpty(4);
  assert.deepEqual(chain.ledger.head().absent, [], 'block 35');
  const block = await chain.block();
  assert.deepEqual(block.header.absent, [victim!.id], 'in the tables again from round 7 on, two of now 56');
});

test('more than eight wait for the next block', async () => {
  const participants = Array.from({ length: 12 }, (_, n) =>
    participant(n, { units: n === 0 ? 1_010n : 20n }),
  );
  const chain = quietNetwork(participants);
  // 1,230 units: a turn of twenty is sixty-two rounds, and ten of them have a sixth of all.
  await chain.mineEmpty(63);
  assert.equal(chain.ledger.head().absent.length, 8);
  await chain.mine();
  assert.equal(chain.ledger.head().absent.length, 2);
  await chain.mine();
  assert.equal(chain.ledger.head().absent.length, 0, 'both lists count, of one span of rounds');
});

test('whoever comes back online has his time from the first round on in which he counts again', async () => {
  const [first, second] = [participant(0, { units: 57n }), participant(2, { units: 3n })];
  const chain = quietNetwork([first!, second!]);
  await chain.mineEmpty(21);
  assert.deepEqual(chain.ledger.head().absent, [second!.id], 'a turn of twenty rounds');
  await command(chain, KIND.online, OnlineBodyType.serialize({ record: second!.id, online: ONLINE.online }));
  assert.equal(chain.state().stakeRecord(second!.id).get()!.status, ONLINE.online);
  for (let round = 23n; round <= 47n; round++) {
    assert.equal(chain.ledger.stakeTable(round)!.row(second!.id)?.weight, round === 26n ? undefined : 3n);
    await chain.mine();
    assert.deepEqual(chain.ledger.head().absent, [], `round ${round}`);
  }
  await chain.mine();
  assert.deepEqual(chain.ledger.head().absent, [second!.id], 'round 48: he counts since 27');
});

test('rounds that nobody proposed are held against nobody', async () => {
  const chain = quietNetwork();
  const id = chain.participants[1]!.id;
  await chain.mineEmpty(5);
  for (let i = 0; i < 40; i++) await chain.ledger.apply(encodeBlock(chain.ledger.emptyBlock()));
  const block = await chain.block();
  assert.deepEqual(block.header.absent, []);
  assert.equal(await refusal(chain, block, [id]), 'header-absent');
  await chain.mineEmpty(25);
  assert.deepEqual(chain.ledger.head().absent, [], 'the thirtieth that somebody proposed');
  await chain.mine();
  assert.equal(chain.ledger.head().absent.length, 3);
});

test('what a record missed as a small one is not held against it when others make it large', async () => {
  const [first, victim] = [participant(0, { units: 90n }), participant(1, { units: 1n })];
  const chain = quietNetwork([first!, victim!]);
  await chain.mineEmpty(40);
  await stake(chain, victim!, 9n);
  for (let round = 42n; round <= 56n; round++) {
    const block = await chain.block();
    assert.equal(await refusal(chain, block, [victim!.id]), 'header-absent', `round ${round}`);
    await chain.mine();
    assert.deepEqual(chain.ledger.head().absent, []);
  }
  assert.equal(
    chain.ledger.stakeTable(46n)!.row(victim!.id)!.weight,
    10n,
    'the first round with the new weight',
  );
  await chain.mine();
  assert.deepEqual(chain.ledger.head().absent, [victim!.id], 'a turn of ten rounds later');
});

test('nor what it missed before it had anything at all', async () => {
  const chain = quietNetwork([participant(0, { units: 90n })]);
  const one = participant(3);
  const { owner: from, ...keys } = one.genesis;
  const { units, ...registration } = keys;
  await chain.mine(
    chain.make({
      kind: KIND.register,
      from,
      body: RegisterBodyType.serialize({ record: [], ...registration }),
    }),
  );
  await chain.mine(
    chain.make({
      kind: KIND.online,
      from,
      body: OnlineBodyType.serialize({ record: one.id, online: ONLINE.online }),
    }),
  );
  await chain.mineEmpty(38);
  await stake(chain, one, units);
  await chain.mineEmpty(15);
  assert.equal(chain.ledger.head().height, 56n);
  assert.equal(chain.ledger.stakeTable(46n)!.row(one.id)!.weight, 10n);
  for (let height = 41n; height <= 56n; height++) assert.deepEqual(chain.ledger.header(height)!.absent, []);
  await chain.mine();
  assert.deepEqual(chain.ledger.head().absent, [one.id]);
});

test('within evidenceWindow rounds no more than a sixth of the weight is listed, whoever lists it', async () => {
  const participants = Array.from({ length: 7 }, (_, n) => participant(n, { units: n === 0 ? 30n : 5n }));
  const chain = quietNetwork(participants);
  await chain.mineEmpty(12);
  const others = idsOf(participants.slice(1));
  const block = await chain.block();
  assert.equal(block.header.absent.length, 2, 'ten of sixty');
  assert.equal(await refusal(chain, block, others.slice(0, 3)), 'header-absent');
  await chain.mine();
  const listed = new Set(block.header.absent.map(toHex));
  const rest = others.filter((id) => !listed.has(toHex(id)));
  // The window is counted in sixteen spans of three rounds; block 13 is in the fourth.
  for (let round = 14n; round <= 62n; round++) {
    const next = await chain.block();
    assert.deepEqual(next.header.absent, []);
    if (round < 20n || round > 60n)
      assert.equal(await refusal(chain, next, rest.slice(0, 1)), 'header-absent', `round ${round}`);
    await chain.mine();
  }
  await chain.mine();
  assert.equal(chain.ledger.head().absent.length, 1, 'five of the fifty that are left');
});

test('who keeps all others from proposing gains a fifth of his share, and no more until the window is over', async () => {
  const participants = Array.from({ length: 25 }, (_, n) => participant(n, { units: 4n }));
  const alone = participants.slice(0, 8);
  const chain = startNetwork({
    participants,
    turn: (round) => alone[Number(round % 8n)]!,
    genesis: { stake: STAKE },
  });
  await chain.mineEmpty(70);
  const table = chain.ledger.stakeTable(75n)!;
  const theirs = alone.reduce((sum, { id }) => sum + table.row(id)!.weight, 0n);
  assert.deepEqual([theirs, table.total], [32n, 84n], '32 of 100 before');
});

test('what a list takes is what its records weigh now, not when the table of the round was made', async () => {
  const participants = Array.from({ length: 6 }, (_, n) => participant(n, { units: n === 0 ? 50n : 2n }));
  const chain = quietNetwork(participants);
  await chain.mineEmpty(27);
  // Half as much again excuses nobody.
  await chain.mine(
    ...participants.slice(1).map(({ id }) =>
      chain.make({
        kind: KIND.stake,
        from: BOB,
        price: STAKE.unit,
        body: StakeBodyType.serialize({ record: id, units: 1n }),
      }),
    ),
  );
  await chain.mineEmpty(2);
  const block = await chain.block();
  assert.equal(block.header.height, 31n);
  assert.equal(block.header.absent.length, 3, 'nine of sixty-five; ten of sixty by the table of the round');
  assert.equal(await refusal(chain, block, idsOf(participants.slice(1, 5))), 'header-absent');
});

test('of a large table each proposer looks at another part', () => {
  const ids = Array.from({ length: 5_000 }, (_, n) =>
    concat(leBytes(BigInt(n), 4).reverse(), new Uint8Array(28)),
  );
  const row = (id: Uint8Array, weight: bigint): StakeRow => ({
    id,
    vrfKey: id,
    voteRoot: id,
    blsKey: new Uint8Array(48),
    weight,
  });
  const away = ids[4_500]!;
  const table = stakeTable(ids.map((id) => row(id, 1n)));
  const lasting = { row: row(away, 1n), units: 1n, firstRound: 0n, lastRound: 1_000_000n };
  const view = overlay(memoryStore());
  const state = stateOf(view, DEVELOPMENT.anchor.window);
  state.proposedBlocks.set(10_000n);
  state.stakeRecord(ids[0]!).set({
    ...newRecord({
      id: ids[0]!,
      owner: ALICE,
      vrfKey: ids[0]!,
      voteRoot: ids[0]!,
      blsKey: new Uint8Array(48),
      firstRound: 0n,
      lastRound: 1_000_000n,
      commission: 0,
    }),
    status: ONLINE.online,
    bonded: { nominal: STAKE.unit, money: STAKE.unit },
  });
  const tables: Tables = {
    at: () => table,
    after: () => assert.fail('no block is made'),
    standing: (id) => ({ ...lasting, seen: compareBytes(id, away) === 0 ? 0n : 10_000n }),
  };
  const chain = startNetwork();
  const genesis = { ...chain.genesis, stake: STAKE };
  const found = (height: bigint): number =>
    findAbsent(state, tables, { genesis, height, table, proposer: ids[1]! }).length;
  assert.equal(found(1n), 1, 'from row 4,096 on');
  assert.equal(found(625n), 0, 'rows 0 to 4,095');
});

test('whoever weighs more than a sixth is not listed', async () => {
  const participants = [0, 1, 2, 3].map((n) => participant(n));
  const chain = quietNetwork(participants);
  await chain.mineEmpty(40);
  const block = await chain.block();
  assert.deepEqual(block.header.absent, []);
  assert.equal(await refusal(chain, block, [participants[1]!.id]), 'header-absent');
});

test('a list leaves somebody in the next table', async () => {
  const [first, second] = [participant(0, { units: 54n }), participant(1, { units: 6n })];
  const chain = quietNetwork([first!, second!]);
  await chain.mineEmpty(9);
  // He proposes on, while the tables have him.
  await command(chain, KIND.online, OnlineBodyType.serialize({ record: first!.id, online: ONLINE.offline }));
  const block = await chain.block();
  assert.deepEqual(block.header.absent, []);
  assert.equal(await refusal(chain, block, [second!.id]), 'header-absent');
  await chain.mineEmpty(4);
  assert.equal(chain.ledger.stakeTable(15n)!.total, 6n);
});

/** A command of Alice's, who owns the records of even number. */
async function command(chain: TestNetwork, kind: number, body: Uint8Array): Promise<void> {
  const { receipts } = await chain.mine(chain.make({ kind, from: ALICE, body }));
  assert.equal(receipts[0]!.status, 1);
}

async function stake(chain: TestNetwork, { id }: Participant, units: bigint): Promise<void> {
  const body = StakeBodyType.serialize({ record: id, units });
  const draft = { kind: KIND.stake, from: BOB, body, price: units * STAKE.unit };
  const { receipts } = await chain.mine(chain.make(draft));
  assert.equal(receipts[0]!.status, 1);
}
