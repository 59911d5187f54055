import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes, portableVrf, toHex } from '@sero/crypto';
import {
  type Block,
  encodeBlock,
  type Header,
  HeaderType,
  headerHash,
  KIND,
  nextSeed,
  ONLINE,
  OnlineBodyType,
  refreshHeight,
  STEP,
} from '@sero/protocol';
import { type AppendLog, memoryLog } from '@sero/store';
import {
  hashVrf,
  participant,
  SEED,
  startNetwork,
  type TestNetwork,
  trustingBls,
  withParticipants,
} from './participants-test-support.ts';
import { offered } from './snapshots-test-support.ts';
import { BOB, blockAt, contents, filler, flipped, refusalOf, startChain } from './test-support.ts';

const IDLE = 5_000n;

function copyOf(blocks: AppendLog): AppendLog {
  const copy = memoryLog();
  for (let h = 0; h < blocks.length; h++) copy.append(blocks.get(h));
  return copy;
}

async function refusal(chain: TestNetwork, block: Block, change: Partial<Header> = {}): Promise<string> {
  const altered = encodeBlock({ ...block, header: { ...block.header, ...change } });
  const code = await refusalOf(chain, () => chain.ledger.validate(altered));
  if (code !== 'accepted') assert.equal(await refusalOf(chain, () => chain.ledger.apply(altered)), code);
  return code;
}

test('each field of a proposed header that is not what follows is refused by its name', async () => {
  const chain = startNetwork();
  await chain.mine(chain.make());
  const block = await chain.block(chain.make());
  const { header } = block;
  const other = participant(2);
  const altered: { readonly [Name in keyof Header]: Header[Name] } = {
    version: 2,
    genesisHash: flipped(header.genesisHash),
    height: header.height + 1n,
    period: 1,
    parent: flipped(header.parent),
    time: header.time - IDLE,
    proposer: [filler(1, 32)],
    vrfProof: [flipped(header.vrfProof[0]!)],
    seed: flipped(header.seed),
    transactionsRoot: flipped(header.transactionsRoot),
    receiptsRoot: flipped(header.receiptsRoot),
    logsBloom: flipped(header.logsBloom),
    stateRoot: flipped(header.stateRoot),
    notesRoot: flipped(header.notesRoot),
    validatorsRoot: flipped(header.validatorsRoot),
    gasUsed: header.gasUsed + 1n,
    gasLimit: header.gasLimit + 1n,
    baseFee: header.baseFee + 1n,
    versionVote: [{ hash: filler(3, 32), delay: 31n }],
    disableVote: [9],
    absent: [other.id],
  };
  const codes: { readonly [Name in keyof Header]?: string } = {
    time: 'block-time',
    // A period above 0 has no proof, so this one is too many.
    period: 'header-vrfProof',
  };
  for (const name of Object.keys(HeaderType.fields) as (keyof Header)[]) {
    assert.equal(
      await refusal(chain, block, { [name]: altered[name] }),
      codes[name] ?? `header-${name}`,
      name,
    );
  }
  assert.equal(await refusal(chain, block), 'accepted');
});

test('the proof of a seed is the proposer’s own, over the seed of two rounds before', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(3);
  const block = await chain.block();
  const { seed, round } = { seed: chain.ledger.seedInput(5n), round: 4n };
  const owner = chain.participants.find(({ id }) => equalBytes(id, block.header.proposer[0]!))!;
  const stranger = chain.participants.find(({ id }) => !equalBytes(id, owner.id))!;
  assert.equal(block.header.height, round);
  for (const proof of [
    hashVrf.prove(stranger.secret, chain.ledger.seedInput(round)),
    hashVrf.prove(owner.secret, seed),
    new Uint8Array(80),
  ]) {
    assert.equal(await refusal(chain, block, { vrfProof: [proof] }), 'header-vrfProof');
  }
  assert.equal(await refusal(chain, block, { vrfProof: [] }), 'header-vrfProof', 'period 0 shows one');
  assert.equal(
    await refusal(chain, block, { proposer: [stranger.id] }),
    'header-vrfProof',
    'a block cannot be passed on',
  );
  assert.equal(await refusal(chain, block, { proposer: [] }), 'header-time', 'nor made nobody’s');
});

test('a block of a later period has no proof, and the seed of the rule without one', async () => {
  const chain = startNetwork({ terms: () => ({ period: 2 }) });
  await chain.mineEmpty(1);
  const block = await chain.block();
  assert.deepEqual([block.header.period, block.header.vrfProof], [2, []]);
  assert.deepEqual(block.header.seed, chain.ledger.emptyBlock().header.seed, 'as that of the empty block');
  assert.equal(
    await refusal(chain, block, { period: 3 }),
    'accepted',
    'the period itself is consensus’ to judge',
  );
  const [by] = chain.participants;
  const proof = hashVrf.prove(by!.secret, chain.ledger.seedInput(2n));
  assert.equal(await refusal(chain, block, { vrfProof: [proof] }), 'header-vrfProof');
});

test('seeds follow from headers alone, over two refreshes', async () => {
  const chain = startNetwork();
  const rule = chain.genesis.stake;
  const headers = [chain.ledger.head()];
  assert.deepEqual(headers[0]!.seed, SEED);
  for (let round = 1n; round <= 18n; round++) {
    if (round % 5n === 0n) await chain.ledger.apply(encodeBlock(chain.ledger.emptyBlock()));
    else await chain.mine();
    const header = chain.ledger.head();
    const from = refreshHeight(rule, round);
    const before = headers[Number(round > 2n ? round - 2n : 0n)]!.seed;
    const [proposer] = header.proposer;
    const output = header.vrfProof[0] === undefined ? undefined : hashVrf.outputOf(header.vrfProof[0]);
    const draw = proposer === undefined || output === undefined ? undefined : { proposer, output };
    const refresh = from === undefined ? undefined : headerHash(headers[Number(from)]!);
    assert.deepEqual(header.seed, nextSeed(before, draw, refresh));
    headers.push(header);
  }
  assert.equal(new Set(headers.map(({ seed }) => toHex(seed))).size, 19);
});

test('the empty block follows from its parent alone, and nothing else has no proposer', async () => {
  const [chain, other] = [startNetwork(), startNetwork()];
  await chain.mine(chain.make());
  await other.ledger.apply(encodeBlock(blockAt(chain.ledger, 1n).block));
  const pool = chain.ledger.rewardPool();
  const empty = chain.ledger.emptyBlock();
  assert.deepEqual(other.ledger.emptyBlock(), empty);
  const { header } = empty;
  assert.equal(header.time, chain.ledger.head().time + 1n);
  assert.deepEqual(
    [header.period, header.proposer, header.vrfProof, header.versionVote, header.disableVote, header.absent],
    [0, [], [], [], [], []],
  );
  assert.deepEqual(empty.transactions, []);
  assert.equal(await refusal(chain, empty, { time: header.time + 1n }), 'header-time');
  assert.equal(await refusal(chain, empty, { period: 1 }), 'header-period');
  assert.equal(await refusal(chain, empty, { vrfProof: [filler(1, 80)] }), 'header-vrfProof');
  assert.equal(
    await refusal(chain, empty, { versionVote: [{ hash: filler(1, 32), delay: 32n }] }),
    'header-versionVote',
  );
  assert.equal(await refusal(chain, empty, { disableVote: [1] }), 'header-disableVote');
  assert.equal(await refusal(chain, empty, { absent: [filler(1, 32)] }), 'header-absent');
  assert.equal(await refusal(chain, { header, transactions: [chain.make()] }), 'empty-block');
  assert.equal(await refusal(chain, empty), 'accepted');
  await chain.ledger.apply(encodeBlock(empty));
  assert.equal(chain.ledger.rewardPool(), pool, 'nobody was credited');
});

test('what a block was found to be is found once: applying it then only writes it, whichever of several it is', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(1);
  const time = chain.ledger.head().time + IDLE;
  const blocks: Block[] = [];
  for (const by of chain.participants) {
    blocks.push((await chain.ledger.propose([chain.make()], time, chain.proposal(by))).block);
  }
  const other = startNetwork({ blocks: copyOf(chain.blocks) });
  for (const block of blocks) await other.ledger.validate(encodeBlock(block));
  const before = contents(other.store);
  await other.ledger.apply(encodeBlock(blocks[2]!));
  assert.notDeepEqual(contents(other.store), before, 'only now');
  await chain.ledger.apply(encodeBlock(blocks[2]!));
  assert.deepEqual(contents(other.store), contents(chain.store));
  for (const block of blocks) assert.equal(await refusal(other, block), 'header-height');
});

test('the tables, seeds and next blocks of a chain that was replayed, or loaded from a snapshot, are those of one that lived', async () => {
  const chain = startNetwork();
  const switched = OnlineBodyType.serialize({ record: chain.participants[1]!.id, online: ONLINE.offline });
  await chain.mineEmpty(2);
  await chain.mine(chain.make({ kind: KIND.online, from: BOB, body: switched }));
  const snapshot = offered(chain.ledger.snapshot());
  await chain.mineEmpty(3);
  const replayed = startNetwork({ blocks: chain.blocks });
  const heights: bigint[] = [];
  const loaded = startNetwork({
    blocks: chain.blocks,
    snapshots: [snapshot],
    events: { loading: (height) => heights.push(height) },
  });
  assert.deepEqual(heights, [snapshot.manifest.height]);
  const head = chain.ledger.head().height;
  const last = head + chain.genesis.stake.balanceLookback;
  assert.notEqual(chain.ledger.stakeTable(last)!.total, chain.ledger.stakeTable(head)!.total);
  for (const { ledger, store } of [replayed, loaded]) {
    assert.deepEqual(contents(store), contents(chain.store));
    assert.deepEqual(ledger.emptyBlock(), chain.ledger.emptyBlock());
    for (let round = 0n; round <= last + 1n; round++) {
      assert.deepEqual(ledger.stakeTable(round)?.rows, chain.ledger.stakeTable(round)?.rows);
      assert.deepEqual(ledger.stakeTable(round)?.root(), chain.ledger.stakeTable(round)?.root());
      const { table, ...facts } = chain.ledger.roundContext(round) ?? {};
      const { table: other, ...found } = ledger.roundContext(round) ?? {};
      assert.deepEqual({ ...found, committees: undefined }, { ...facts, committees: undefined });
      assert.deepEqual(other?.root(), table?.root());
    }
  }
});

test('a round’s context is known from two rounds ahead on, and its table is that of the header balanceLookback before', async () => {
  const chain = startNetwork();
  await chain.mineEmpty(20);
  const { ledger, genesis } = chain;
  assert.equal(ledger.roundContext(23n), undefined);
  assert.equal(ledger.roundContext(0n), undefined);
  for (const round of [20n, 21n, 22n]) {
    const context = ledger.roundContext(round)!;
    assert.deepEqual(context.seed, ledger.header(round - 2n)!.seed);
    assert.deepEqual(
      context.table.root(),
      ledger.header(round - genesis.stake.balanceLookback)!.validatorsRoot,
    );
    assert.equal(context.committees(STEP.cert).threshold, 27n);
  }
  assert.deepEqual(ledger.stakeTable(36n)!.root(), ledger.head().validatorsRoot);
});

test('without doubles the seed’s proof is one of RFC 9381', async () => {
  const secret = filler(5, 32);
  const one = participant(0, { vrfKey: portableVrf.publicKey(secret) });
  const chain = startChain({
    bls: trustingBls,
    genesis: withParticipants([one]),
    proposal: (ledger) => {
      const round = ledger.head().height + 1n;
      return { proposer: one.id, period: 0, vrfProof: portableVrf.prove(secret, ledger.seedInput(round)) };
    },
  });
  await chain.mineEmpty(2);
  const { header } = await chain.block();
  const draw = { proposer: one.id, output: portableVrf.outputOf(header.vrfProof[0]!) };
  assert.deepEqual(header.seed, nextSeed(chain.ledger.header(1n)!.seed, draw, undefined));
  const forged = { ...header, vrfProof: [hashVrf.prove(secret, chain.ledger.seedInput(3n))] };
  const bytes = encodeBlock({ header: forged, transactions: [] });
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(bytes)), 'header-vrfProof');
  assert.equal(chain.ledger.proveHeader(3n), undefined);
});
