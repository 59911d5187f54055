import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blake2b256, portableBls } from '@sero/crypto';
import { checkpointOf, type Participant, participants, STUB, stubBls } from './consensus-test-support.ts';
import {
  type Checkpoint,
  checkpointMessage,
  extendLightChain,
  firstHeaderFor,
  genesisTable,
  headerHash,
  lightChainAtBlock,
  lightChainAtGenesis,
  lightRules,
  MAX_CHECKPOINT_AGE,
  NO_VALIDATORS,
  signersOf,
  stakeTable,
  trustedBlock,
  type WholeStakeTable,
} from './index.ts';
import { firstHeader, foundedGenesis, founders, grown, lightFor } from './light-chain-test-support.ts';
import { refusal } from './test-support.ts';

const FOUNDERS = founders([10n, 10n, 10n, 10n]);
const GENESIS = foundedGenesis(FOUNDERS);
const RULES = lightRules(GENESIS);
const TABLE = stakeTable(FOUNDERS.all.map(({ row }) => row));
/** From block 256 on the headers name others. */
const LATER = participants([1n, 1n, 1n, 1n, 30n, 30n, 30n]).filter(({ row }) => row.weight === 30n);
const LATER_TABLE = stakeTable(LATER.map(({ row }) => row));
const HEADERS = grown([firstHeader(GENESIS)], 530, 0, (height) =>
  height >= 256n ? LATER_TABLE.root() : undefined,
);

describe('a light chain that begins with the genesis file', () => {
  it('works out the first table itself, cut as the rules say', () => {
    assert.deepEqual(genesisTable(GENESIS).root(), TABLE.root());
    const cut = foundedGenesis(founders([10n, 10n, 10n, 70n]), {
      stake: { ...GENESIS.stake, maxShareDivisor: 10 },
    });
    assert.deepEqual(
      genesisTable(cut).rows.map(({ weight }) => weight),
      [10n, 10n, 10n, 10n],
    );
    const least = foundedGenesis(founders([1n, 1n]), { stake: { ...GENESIS.stake, maxShareDivisor: 10 } });
    assert.equal(genesisTable(least).total, 2n);
  });

  it('takes no other header for that of block 0', () => {
    const good = firstHeader(GENESIS);
    assert.deepEqual(lightChainAtGenesis(GENESIS, RULES, good), {
      rules: RULES,
      tip: { height: 0n, hash: headerHash(good) },
      roots: [TABLE.root()],
    });
    for (const change of [
      { height: 1n },
      { version: 2 },
      { time: GENESIS.time + 1n },
      { genesisHash: blake2b256('OTHER') },
      { seed: blake2b256('CHOSEN') },
      { validatorsRoot: LATER_TABLE.root() },
    ]) {
      assert.throws(
        () => lightChainAtGenesis(GENESIS, RULES, { ...good, ...change }),
        refusal('light-start'),
        JSON.stringify(Object.keys(change)),
      );
    }
  });

  it('does not begin where nobody votes', () => {
    const solo = { ...GENESIS, ...NO_VALIDATORS };
    assert.throws(
      () => lightChainAtGenesis(solo, lightRules(solo), firstHeader(solo)),
      refusal('light-start'),
    );
  });
});

describe('a light chain that begins with a trusted block', () => {
  const from = (height: number): number => Number(firstHeaderFor(RULES, BigInt(height)));
  const block = (height: number) => ({ height: BigInt(height), hash: headerHash(HEADERS[height]!) });
  const start = (height: number) =>
    lightChainAtBlock(RULES, block(height), HEADERS.slice(from(height), height + 1));

  it('learns from the headers below it whose votes count in the rounds above', () => {
    assert.deepEqual([0, 1, 15, 16, 17, 256].map(from), [0, 0, 0, 1, 2, 241]);
    for (const [height, end] of [
      [0, 16],
      [5, 16],
      [15, 24],
      [16, 32],
      [17, 18],
      [256, 264],
    ] as const) {
      const light = lightFor(GENESIS, HEADERS, end, { who: FOUNDERS.all, table: TABLE });
      const { chain } = extendLightChain(start(height), HEADERS.slice(height + 1, end + 1), light, STUB);
      assert.equal(chain.tip.height, BigInt(end));
    }
    const later = lightFor(GENESIS, HEADERS, 272, { who: LATER, table: LATER_TABLE });
    const { chain } = extendLightChain(start(256), HEADERS.slice(257, 273), later, STUB);
    assert.equal(chain.tip.height, 272n);
  });

  it('takes no headers that do not lead up to it', () => {
    const headers = HEADERS.slice(from(256), 257);
    const refuse = (given: typeof headers, code: 'light-start' | 'headers-unlinked' | 'unknown-version') =>
      assert.throws(() => lightChainAtBlock(RULES, block(256), given), refusal(code));
    refuse(headers.slice(1), 'light-start');
    refuse(HEADERS.slice(from(256) - 1, 257), 'light-start');
    refuse([], 'light-start');
    refuse(HEADERS.slice(from(257), 258), 'light-start');
    refuse(headers.with(-1, { ...headers.at(-1)!, stateRoot: blake2b256('OTHER') }), 'light-start');
    refuse(headers.with(3, { ...headers[3]!, validatorsRoot: LATER_TABLE.root() }), 'headers-unlinked');
    refuse(headers.with(0, { ...headers[0]!, validatorsRoot: LATER_TABLE.root() }), 'headers-unlinked');
    assert.throws(
      () => lightChainAtBlock({ ...RULES, genesisHash: blake2b256('OTHER') }, block(256), headers),
      refusal('light-start'),
    );
    // A hash of another height than it is said to be.
    assert.throws(
      () => lightChainAtBlock(RULES, { ...block(256), height: 257n }, HEADERS.slice(242, 257)),
      refusal('light-start'),
    );
    const newer = headers.with(3, { ...headers[3]!, version: 2 });
    refuse(newer, 'unknown-version');
  });
});

describe('a light chain that begins with a checkpoint', () => {
  const NOW = 1_900_000_000_000n;
  /** A checkpoint of a height, signed by these under a table of all of them. */
  const signed = (
    height: number,
    table: WholeStakeTable,
    who: readonly Participant[],
    bls = stubBls,
  ): Checkpoint => {
    const { height: _, ...subject } = checkpointOf(HEADERS[height]!, table, who, {}, bls);
    const said = { height: BigInt(height), ...subject };
    const message = checkpointMessage(RULES.genesisHash, said);
    return {
      ...said,
      signers: signersOf(
        table.count,
        who.map(({ row }) => table.position(row.id)!),
      ),
      signature: bls.aggregate(who.map(({ blsSecret }) => bls.sign(blsSecret, message))),
    };
  };
  const first = signed(256, TABLE, FOUNDERS.all.slice(0, 3));
  const second = signed(512, LATER_TABLE, LATER);
  const trust = (links: Parameters<typeof trustedBlock>[2] = [], { age = 5n, checkpoint = first } = {}) =>
    trustedBlock(RULES.genesisHash, { checkpoint, time: NOW - age }, links, NOW, stubBls);

  it('trusts its block, or that of the last one in a row that follows it', () => {
    assert.deepEqual(trust(), { height: 256n, hash: headerHash(HEADERS[256]!) });
    const block = trust([{ table: LATER_TABLE, checkpoint: second }]);
    assert.deepEqual(block, { height: 512n, hash: headerHash(HEADERS[512]!) });
    const chain = lightChainAtBlock(RULES, block, HEADERS.slice(497, 513));
    const light = lightFor(GENESIS, HEADERS, 528, { who: LATER, table: LATER_TABLE });
    assert.equal(extendLightChain(chain, HEADERS.slice(513, 529), light, STUB).chain.tip.height, 528n);
  });

  it('refuses one that an old table signed', () => {
    const old = signed(512, TABLE, FOUNDERS.all);
    const refuse = (table: WholeStakeTable, code: 'checkpoint-table' | 'checkpoint-signature') =>
      assert.throws(() => trust([{ table, checkpoint: old }]), refusal(code));
    refuse(TABLE, 'checkpoint-table');
    // With a bitmap that fits, and the table that is right.
    const three = signed(512, TABLE, FOUNDERS.all.slice(0, 3));
    assert.throws(
      () => trust([{ table: LATER_TABLE, checkpoint: { ...three, signers: second.signers } }]),
      refusal('checkpoint-signature'),
    );
  });

  it('refuses one that two thirds or fewer signed', () => {
    const few = signed(512, LATER_TABLE, LATER.slice(0, 2));
    assert.throws(() => trust([{ table: LATER_TABLE, checkpoint: few }]), refusal('checkpoint-weight'));
  });

  it('refuses one of more than ten days, one of a time to come, and a height that has none', () => {
    assert.equal(trust([], { age: MAX_CHECKPOINT_AGE }).height, 256n);
    assert.throws(() => trust([], { age: MAX_CHECKPOINT_AGE + 1n }), refusal('checkpoint-stale'));
    assert.throws(() => trust([], { age: -1n }), refusal('checkpoint-stale'));
    const links = [{ table: LATER_TABLE, checkpoint: second }];
    assert.throws(() => trust(links, { age: MAX_CHECKPOINT_AGE + 1n }), refusal('checkpoint-stale'));
    for (const height of [0n, 255n]) {
      assert.throws(() => trust([], { checkpoint: { ...first, height } }), refusal('checkpoint-height'));
    }
  });

  it('with the real cryptography takes the signed one and no other', () => {
    const real = participants([1n, 1n, 1n, 1n], STUB, portableBls);
    const table = stakeTable(real.map(({ row }) => row));
    const trusted = { checkpoint: { ...first, validatorsRoot: table.root() }, time: NOW };
    const good = signed(512, table, real.slice(0, 3), portableBls);
    const run = (checkpoint: Checkpoint) =>
      trustedBlock(RULES.genesisHash, trusted, [{ table, checkpoint }], NOW, portableBls);
    assert.equal(run(good).height, 512n);
    const other = { ...good, blockHash: headerHash(HEADERS[511]!) };
    assert.throws(() => run(other), refusal('checkpoint-signature'));
  });
});
