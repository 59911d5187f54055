import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEVELOPMENT, encodeBlock, type Genesis, type Version, versionHash } from '@sero/protocol';
import { memoryStore, overlay } from '@sero/store';
import { participant, startNetwork, withParticipants } from './participants-test-support.ts';
import { offered } from './snapshots-test-support.ts';
import { type State, stateOf } from './state.ts';
import { codeOf, filler, refusalOf, testGenesis } from './test-support.ts';
import {
  checkVotes,
  countVotes,
  type HeaderVotes,
  isDisabled,
  startVersion,
  versionStatus,
} from './versions.ts';

const SECOND: Version = { number: 2, rules: filler(1, 32), disabled: [] };
const HASH = versionHash(SECOND);
/** A third that nobody here has. */
const THIRD = versionHash({ ...SECOND, number: 3 });
const YES: HeaderVotes = { versionVote: [{ hash: HASH, delay: 32n }], disableVote: [] };
const NO: HeaderVotes = { versionVote: [], disableVote: [] };
const DISABLE: HeaderVotes = { versionVote: [], disableVote: [1] };

/** The rules of versions on a chain of headers that say nothing else. */
function voting(known: readonly Version[] = [SECOND], change: Partial<Genesis['versions']> = {}) {
  const genesis: Genesis = {
    ...testGenesis(withParticipants([participant(0)])),
    versions: { ...DEVELOPMENT.versions, ...change },
  };
  const state: State = stateOf(overlay(memoryStore()), genesis.anchor.window);
  state.version.set(1n);
  let height = 0n;
  return {
    state,
    genesis,
    height: () => height,
    /** The numbers that the headers of these blocks carry. */
    blocks(count: number, votes: HeaderVotes = NO): number[] {
      return Array.from({ length: count }, () => {
        height++;
        const number = startVersion(state, genesis, height, known);
        checkVotes(genesis, votes);
        countVotes(state, genesis, height, votes);
        return number;
      });
    },
    status: () => versionStatus(state, genesis, height + 1n, known),
    isDisabled: () => isDisabled(state, 1, height + 1n),
  };
}

test('29 of 32 blocks approve a version, which starts 32 blocks later', () => {
  const chain = voting();
  chain.blocks(2);
  chain.blocks(28, YES);
  assert.equal(chain.status().coming, undefined, '28 are not enough');
  chain.blocks(1, YES);
  const start = 31n + 32n + 1n;
  assert.deepEqual(chain.status(), {
    number: 1,
    running: undefined,
    coming: { hash: HASH, start, known: true },
    disabled: [],
  });
  assert.deepEqual(new Set(chain.blocks(32)), new Set([1]), 'also where nobody names it any more');
  assert.deepEqual(chain.blocks(1), [2]);
  assert.equal(chain.height(), start);
  assert.deepEqual(chain.status(), { number: 2, running: HASH, coming: undefined, disabled: [] });
});

test('approvals that leave the window no longer count', () => {
  const chain = voting();
  chain.blocks(28, YES);
  chain.blocks(4);
  // Of the last 32 blocks 28 name it, and each block that says so again replaces one that did.
  chain.blocks(28, YES);
  assert.equal(chain.status().coming, undefined);
  chain.blocks(1, YES);
  assert.equal(chain.status().coming?.start, 61n + 33n, 'the four that said nothing have left');
});

test('another delay is another ballot', () => {
  const chain = voting();
  const later: HeaderVotes = { ...NO, versionVote: [{ hash: HASH, delay: 33n }] };
  for (let i = 0; i < 32; i++) chain.blocks(1, i % 2 === 0 ? YES : later);
  assert.equal(chain.status().coming, undefined);
  chain.blocks(29, later);
  assert.equal(
    chain.status().coming?.start,
    57n + 34n,
    'half of the first 32 blocks meant it, and 13 of the next 25 were new',
  );
});

test('the first version that is approved comes; what is approved meanwhile does not push it aside', () => {
  const chain = voting();
  const third: HeaderVotes = { ...NO, versionVote: [{ hash: THIRD, delay: 32n }] };
  chain.blocks(29, YES);
  chain.blocks(31, third);
  assert.deepEqual(chain.status().coming?.hash, HASH);
  chain.blocks(1, third);
  assert.deepEqual(chain.blocks(1, third), [2]);
  assert.equal(chain.status().coming, undefined, 'votes from before the switch do not count after it');
  chain.blocks(27, third);
  assert.equal(chain.status().coming, undefined);
  chain.blocks(1, third);
  assert.deepEqual(chain.status().coming, { hash: THIRD, start: 90n + 33n, known: false });
});

test('a version that is in force is not approved again by those who still name it', () => {
  const chain = voting();
  chain.blocks(29 + 33, YES);
  assert.equal(chain.status().number, 2);
  chain.blocks(64, YES);
  assert.deepEqual([chain.status().number, chain.status().coming], [2, undefined]);
});

test('a node that lacks the coming version knows it from the approval on, and stops at the switch, not before', () => {
  for (const [known, version] of [
    [[], SECOND],
    [[{ ...SECOND, rules: filler(2, 32) }], SECOND],
    [[{ ...SECOND, number: 3 }], SECOND],
  ] as const) {
    const chain = voting(known);
    chain.blocks(29, { ...NO, versionVote: [{ hash: versionHash(version), delay: 32n }] });
    assert.equal(chain.status().coming?.known, false);
    chain.blocks(32);
    assert.equal(
      codeOf(() => chain.blocks(1)),
      'version-unknown',
    );
  }
});

test('a version that does not count on from the one in force is never approved: nobody could run it', () => {
  for (const number of [1, 3, 255]) {
    const version = { ...SECOND, number };
    const chain = voting([version]);
    chain.blocks(64, { ...NO, versionVote: [{ hash: versionHash(version), delay: 32n }] });
    assert.equal(chain.status().coming, undefined);
  }
});

test('software that lacks the version in force goes on with nothing, wherever it comes to the chain', async () => {
  const genesis = { versions: SHORT };
  const terms = () => ({ versionVote: { hash: HASH, delay: 4n } });
  const chain = startNetwork({ terms, genesis, versions: [SECOND] });
  await chain.mineEmpty(14);
  assert.equal(chain.ledger.head().version, 2);
  const { store, blocks } = chain;
  const other = [{ ...SECOND, rules: filler(2, 32) }];
  for (const versions of [[], other]) {
    assert.equal(
      codeOf(() => startNetwork({ store, blocks, genesis, versions })),
      'version-unknown',
      'a state',
    );
    assert.equal(
      codeOf(() => startNetwork({ blocks, genesis, versions })),
      'version-unknown',
      'a log whose blocks are applied again',
    );
    const snapshots = [offered(chain.ledger.snapshot())];
    assert.equal(
      codeOf(() => startNetwork({ blocks, snapshots, genesis, versions })),
      'version-unknown',
      'a snapshot',
    );
  }
  // A later version may spell blocks in a way that this software does not read: that is no damage.
  const spelled: typeof blocks = {
    ...blocks,
    get length() {
      return blocks.length;
    },
    get(height) {
      const record = blocks.get(height).slice();
      const isLater = chain.ledger.header(BigInt(height))!.version === 2;
      // The offset of the block in its record.
      if (isLater) record[8]! ^= 0xff;
      return record;
    },
  };
  assert.equal(
    codeOf(() =>
      startNetwork({ store, blocks: spelled, genesis: { ...genesis, chainId: 99n }, versions: [] }),
    ),
    'store-of-another-genesis',
    'no release would help',
  );
  const snapshots = [offered(chain.ledger.snapshot())];
  for (const stored of [{ store }, {}, { snapshots }]) {
    assert.equal(
      codeOf(() => startNetwork({ ...stored, blocks: spelled, genesis, versions: [] })),
      'version-unknown',
    );
    assert.equal(
      codeOf(() => startNetwork({ ...stored, blocks: spelled, genesis, versions: [SECOND] })),
      'logged-block-invalid',
    );
  }
  const again = startNetwork({ store, blocks, terms, genesis, versions: [SECOND] });
  await again.mineEmpty(1);
  assert.equal(again.ledger.head().version, 2);
});

test('a block after the switch is not begun without the version in force', () => {
  const chain = voting();
  chain.blocks(29, YES);
  chain.blocks(34);
  for (const known of [[], [{ ...SECOND, disabled: [1] }]]) {
    assert.equal(
      codeOf(() => startVersion(chain.state, chain.genesis, chain.height() + 1n, known)),
      'version-unknown',
    );
  }
  assert.equal(startVersion(chain.state, chain.genesis, chain.height() + 1n, [SECOND]), 2);
});

test('a header names a version with the least delay or more, and a circuit of genesis', () => {
  const { genesis } = voting();
  const votes = (delay: bigint): HeaderVotes => ({ ...NO, versionVote: [{ hash: HASH, delay }] });
  for (const delay of [0n, 31n, 10_000_001n, (1n << 64n) - 1n]) {
    assert.equal(
      codeOf(() => checkVotes(genesis, votes(delay))),
      'header-versionVote',
    );
  }
  for (const delay of [32n, 10_000_000n])
    assert.equal(
      codeOf(() => checkVotes(genesis, votes(delay))),
      'fine',
    );
  for (const circuit of [0, 2, 255]) {
    assert.equal(
      codeOf(() => checkVotes(genesis, { ...NO, disableVote: [circuit] })),
      'header-disableVote',
    );
  }
  assert.equal(
    codeOf(() => checkVotes(genesis, DISABLE)),
    'fine',
  );
});

test('24 of 32 blocks disable a circuit from the next block on, for as long as genesis says', () => {
  const chain = voting([], { disableFor: 50n });
  chain.blocks(10);
  chain.blocks(23, DISABLE);
  assert.equal(chain.isDisabled(), false);
  chain.blocks(1, DISABLE);
  assert.equal(chain.isDisabled(), true);
  assert.deepEqual(chain.status().disabled, [{ circuit: 1, until: 34n + 50n }]);
  chain.blocks(49);
  assert.equal(chain.isDisabled(), true, 'the fiftieth block');
  chain.blocks(1);
  assert.equal(chain.isDisabled(), false, 'the fifty-first');
  assert.deepEqual(chain.status().disabled, []);
});

test('votes against a circuit that have left the window no longer count', () => {
  const chain = voting();
  chain.blocks(23, DISABLE);
  chain.blocks(10);
  for (let i = 0; i < 40; i++) {
    chain.blocks(22, DISABLE);
    chain.blocks(10);
    assert.equal(chain.isDisabled(), false);
  }
});

test('the same vote renews it without a gap, and may be held again after it ran out', () => {
  const chain = voting([], { disableFor: 50n });
  chain.blocks(24, DISABLE);
  chain.blocks(20);
  chain.blocks(24, DISABLE);
  assert.deepEqual(chain.status().disabled, [{ circuit: 1, until: 68n + 50n }]);
  while (chain.height() < 118n) {
    assert.equal(chain.isDisabled(), true);
    chain.blocks(1);
  }
  assert.equal(chain.isDisabled(), false);
  chain.blocks(24, DISABLE);
  assert.equal(chain.isDisabled(), true);
});

test('a version confirms what its record names, and lifts the rest', () => {
  const keeps: Version = { ...SECOND, disabled: [1] };
  for (const version of [SECOND, keeps]) {
    const chain = voting([version]);
    chain.blocks(24, DISABLE);
    chain.blocks(29, { ...NO, versionVote: [{ hash: versionHash(version), delay: 32n }] });
    assert.equal(chain.isDisabled(), true);
    chain.blocks(33);
    assert.equal(chain.isDisabled(), version === keeps);
    if (version !== keeps) continue;
    assert.deepEqual(chain.status().disabled, [{ circuit: 1, until: (1n << 64n) - 1n }]);
    chain.blocks(24, DISABLE);
    assert.equal(chain.status().disabled[0]?.until, (1n << 64n) - 1n, 'a vote does not shorten that');
  }
});

test('votes from before a switch do not disable again what it lifted', () => {
  const chain = voting();
  chain.blocks(29, { ...YES, ...{ disableVote: [1] } });
  chain.blocks(31, DISABLE);
  assert.equal(chain.isDisabled(), true);
  chain.blocks(2);
  assert.deepEqual([chain.status().number, chain.isDisabled()], [2, false]);
  chain.blocks(23, DISABLE);
  assert.equal(chain.isDisabled(), false, 'of the last 32 blocks 30 name it, and 23 since the switch');
  chain.blocks(1, DISABLE);
  assert.equal(chain.isDisabled(), true);
});

test('a chain lives through a switch, empty blocks among its blocks; a node without the version stops before it', async () => {
  const terms = () => ({ versionVote: { hash: HASH, delay: 4n } });
  const genesis = { versions: SHORT };
  const chain = startNetwork({ terms, genesis, versions: [SECOND] });
  const old = startNetwork({ terms, genesis });
  const step = async (empty: boolean): Promise<string> => {
    const block = empty ? chain.ledger.emptyBlock() : await chain.block();
    await chain.ledger.apply(encodeBlock(block));
    return refusalOf(old, () => old.ledger.apply(encodeBlock(block)));
  };
  for (let round = 1; round <= 8; round++) {
    assert.equal(await step(round === 3 || round === 5), 'accepted');
    assert.equal(
      chain.ledger.versionStatus().coming !== undefined,
      round === 8,
      'an empty block counts as no',
    );
  }
  assert.equal(old.ledger.versionStatus().coming?.known, false);
  for (let round = 9; round <= 12; round++) assert.equal(await step(round === 10), 'accepted');
  assert.equal(chain.ledger.head().version, 1);
  assert.equal(
    codeOf(() => old.ledger.emptyBlock()),
    'version-unknown',
  );
  assert.equal(await refusalOf(old, () => old.ledger.check(old.make())), 'version-unknown');
  const spelled = encodeBlock(chain.ledger.emptyBlock());
  spelled[0]! ^= 0xff;
  for (const door of [old.ledger.validate, old.ledger.apply]) {
    assert.equal(await refusalOf(old, () => door(spelled)), 'version-unknown', 'however it is spelled');
  }
  assert.equal(await step(true), 'version-unknown', 'the switch is where it is, also in an empty block');
  assert.deepEqual([chain.ledger.head().height, chain.ledger.head().version], [13n, 2]);
  const { store, blocks } = old;
  const updated = startNetwork({ store, blocks, genesis, versions: [SECOND] });
  await updated.ledger.apply(encodeBlock({ header: chain.ledger.head(), transactions: [] }));
  assert.deepEqual(updated.ledger.head(), chain.ledger.head(), 'nothing was lost');
});

test('a proof of a disabled circuit enters no block at any door', async () => {
  const chain = startNetwork({ terms: () => ({ disableVote: 1 }), genesis: { versions: SHORT } });
  await chain.mineEmpty(2);
  const block = await chain.block(chain.make());
  await chain.mineEmpty(1);
  assert.equal(await refusalOf(chain, () => chain.ledger.check(chain.make())), 'circuit-disabled');
  assert.equal(await refusalOf(chain, () => chain.block(chain.make())), 'circuit-disabled');
  const { header } = await chain.block();
  const forced = encodeBlock({ header, transactions: block.transactions });
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(forced)), 'circuit-disabled');
});

const SHORT: Genesis['versions'] = {
  window: 8,
  approvals: 6,
  delay: 4n,
  disableWindow: 4,
  disableApprovals: 3,
  disableFor: 100n,
};
