import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEVELOPMENT, encodeBlock, SERO_ASSET, SERO_UNIT } from '@sero/protocol';
import { issueOf } from './block-reward.ts';
import {
  participant,
  startNetwork,
  type TestNetwork,
  withParticipants,
} from './participants-test-support.ts';
import { codeOf, refusalOf, startChain, testGenesis } from './test-support.ts';

const GENESIS = testGenesis(withParticipants([participant(0)]));
const IDLE = BigInt(DEVELOPMENT.pace.idle);

/** Every coin is somewhere: in notes, in the pool, in records, or burned. */
function assertConserved({ state }: TestNetwork): bigint {
  const { issued, staked, burned, rewardPool, turnstile } = state();
  const sum = [turnstile(SERO_ASSET), staked, burned, rewardPool].reduce(
    (total, cell) => total + (cell.get() ?? 0n),
    0n,
  );
  assert.equal(sum, issued.get());
  return sum;
}

test('issue follows time: nothing for haste, no more than one interval for delay', () => {
  const at = (elapsed: bigint): bigint => issueOf(GENESIS, GENESIS.time + 7n, GENESIS.time + 7n + elapsed);
  assert.equal(at(IDLE), SERO_UNIT);
  assert.equal(at(IDLE / 2n), SERO_UNIT / 2n);
  assert.equal(at(1n), SERO_UNIT / IDLE);
  for (const long of [IDLE + 1n, 1_000n * IDLE]) assert.equal(at(long), SERO_UNIT);
  // However an interval is cut up, no more comes of it.
  const parts = [1n, 33n, 966n, 2_000n, 2_000n].map(at).reduce((sum, part) => sum + part, 0n);
  assert.ok(parts <= SERO_UNIT);
});

test('issue halves by the header time since genesis, down to nothing', () => {
  const { halving } = GENESIS.issue;
  const after = (time: bigint): bigint => issueOf(GENESIS, GENESIS.time + time - IDLE, GENESIS.time + time);
  assert.equal(after(halving - 1n), SERO_UNIT);
  assert.equal(after(halving), SERO_UNIT / 2n);
  assert.equal(after(3n * halving), SERO_UNIT / 8n);
  assert.equal(after(59n * halving), SERO_UNIT >> 59n);
  for (const periods of [60n, 127n, 128n, 1_000_000n]) assert.equal(after(periods * halving), 0n);
  assert.equal(after((1n << 63n) - 1n), 0n);
  const steady = { ...GENESIS, issue: { ...GENESIS.issue, halving: 0n } };
  assert.equal(issueOf(steady, GENESIS.time, GENESIS.time + 1_000n * halving), SERO_UNIT, '0: never');
});

test('a proposer is credited with priority fees, a share of the pool and the issue; every coin is somewhere', async () => {
  const chain = startNetwork();
  const start = assertConserved(chain);
  const before = chain.state().staked.get()!;
  await chain.mine(chain.make());
  const poolOfFirst = chain.ledger.rewardPool();
  const tip = 3_000n;
  const { baseFee } = (await chain.block()).header;
  const paying = chain.draft({ gasPrice: baseFee + tip });
  const proposer = chain.participants[2]!;
  const { staked, stakeRecord } = chain.state();
  const [heldBefore, creditBefore] = [staked.get()!, stakeRecord(proposer.id).get()!.rewards];
  await chain.mine(chain.authorize(paying));
  const priority = paying.gasLimit * tip;
  const pool = poolOfFirst + paying.gasLimit * baseFee;
  const share = pool >> BigInt(DEVELOPMENT.issue.poolShift);
  assert.equal(chain.ledger.rewardPool(), pool - share);
  assert.equal(chain.state().staked.get()! - heldBefore, priority + share + SERO_UNIT);
  const record = chain.state().stakeRecord(proposer.id).get()!;
  assert.equal(record.rewards - creditBefore, priority + share + SERO_UNIT);
  assert.equal(record.seen, 2n);
  assert.equal(assertConserved(chain) - start, 2n * SERO_UNIT);
  assert.ok(chain.state().staked.get()! > before);
});

test('the empty block credits nobody and issues nothing', async () => {
  const chain = startNetwork();
  await chain.mine(chain.make({ gasPrice: 10n ** 10n }));
  const [pool, staked, issued] = [chain.ledger.rewardPool(), held(chain), chain.state().issued.get()];
  for (let i = 0; i < 3; i++) await chain.ledger.apply(encodeBlock(chain.ledger.emptyBlock()));
  assert.deepEqual(
    [chain.ledger.rewardPool(), held(chain), chain.state().issued.get()],
    [pool, staked, issued],
  );
  assertConserved(chain);
});

const held = (chain: TestNetwork): bigint => chain.state().staked.get()!;

test('a chain of one credits nobody: all fees wait in the pool', async () => {
  const chain = startChain();
  const tx = chain.draft({ gasPrice: 10n ** 10n });
  await chain.mine(chain.authorize(tx));
  assert.equal(chain.ledger.rewardPool(), tx.gasLimit * tx.gasPrice);
  assert.equal(chain.state().staked.get() ?? 0n, 0n);
});

test('a block without transactions waits until its parent is old enough; one with a transaction, and E(r), need not', async () => {
  const chain = startNetwork();
  await chain.mine();
  const { time } = chain.ledger.head();
  const proposal = chain.proposal(chain.participants[0]!);
  const propose = (transactions: readonly Uint8Array[], at: bigint) =>
    chain.ledger.propose(transactions, at, proposal);
  assert.equal(await refusalOf(chain, () => propose([], time + IDLE - 1n)), 'block-gap');
  assert.equal(await refusalOf(chain, () => propose([], time + IDLE)), 'accepted');
  const full = await propose([chain.make()], time + 1n);
  assert.equal(await refusalOf(chain, () => chain.ledger.validate(encodeBlock(full.block))), 'accepted');
  const { header } = (await propose([], time + IDLE)).block;
  const early = encodeBlock({ header: { ...header, time: time + IDLE - 1n }, transactions: [] });
  assert.equal(await refusalOf(chain, () => chain.ledger.apply(early)), 'block-gap');
  await chain.ledger.apply(encodeBlock(chain.ledger.emptyBlock()));
  assert.equal(chain.ledger.head().time, time + 1n);
});

test('a chain with participants builds no block without a proposer, a chain of one none with one', async () => {
  const [chain, solo] = [startNetwork(), startChain()];
  const time = chain.ledger.head().time + IDLE;
  assert.equal(await refusalOf(chain, () => chain.ledger.propose([], time)), 'header-proposer');
  const proposal = chain.proposal(chain.participants[0]!);
  assert.equal(await refusalOf(solo, () => solo.ledger.propose([], time, proposal)), 'header-proposer');
  assert.equal(
    codeOf(() => solo.ledger.emptyBlock()),
    'empty-block',
  );
  assert.equal(solo.ledger.stakeTable(1n), undefined);
  assert.equal(solo.ledger.roundContext(1n), undefined);
});
