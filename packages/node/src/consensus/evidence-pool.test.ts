import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EquivocationPair } from '@sero/consensus';
import { MOST_EVIDENCE } from '@sero/ledger';
import { bytesOf, evidenceOf } from '@sero/ledger/test/evidence';
import { startNetwork, type TestNetwork } from '@sero/ledger/test/participants';
import { decodeExecutedBlock } from '@sero/protocol';
import { createEvidencePool } from './evidence-pool.ts';

/** The pair that a player reports of somebody who voted twice in a round. */
function pairOf(chain: TestNetwork, who: number, round: bigint, salt = 40): EquivocationPair {
  const by = chain.participants[who]!;
  const { votes } = evidenceOf(chain, by, { round, salt });
  const { period, step, values, signatures } = votes[0]!;
  const [first, second] = values.map((value, i) => {
    const vote = { sender: by.id, round, period, step, value, proof: [], signature: signatures[i]! };
    return { vote, weight: 10n };
  });
  return { first: first!, second: second! };
}

async function scene(blocks: number, change: Parameters<typeof startNetwork>[0] = {}) {
  const chain = startNetwork(change);
  await chain.mineEmpty(blocks);
  return { chain, pool: createEvidencePool(chain.ledger) };
}

describe('the evidence pool', () => {
  it('has for the next block what the ledger takes, until a block holds it', async () => {
    const { chain, pool } = await scene(3);
    pool.add(pairOf(chain, 3, 2n));
    const chosen = pool.select();
    assert.equal(chosen.length, 1);
    assert.deepEqual(pool.select(), chosen, 'a proposal need not become final');
    await chain.mine(...chosen);
    const { receipts } = decodeExecutedBlock(chain.ledger.executedBlock(4n));
    assert.deepEqual(
      receipts.map(({ status }) => status),
      [1],
    );
    assert.deepEqual(pool.select(), []);
  });

  it('keeps what comes before its round is over, however early', async () => {
    const { chain, pool } = await scene(3);
    const [open, early] = [pairOf(chain, 3, 4n), pairOf(chain, 2, 5n)];
    pool.add(open);
    pool.add(early);
    assert.deepEqual(pool.select(), []);
    await chain.mineEmpty(1);
    assert.equal(pool.select().length, 1);
    await chain.mineEmpty(1);
    assert.equal(pool.select().length, 2);
  });

  it('forgets what comes too late, and what somebody else has shown', async () => {
    const genesis = { stake: { ...startNetwork().genesis.stake, evidenceWindow: 6n } };
    const { chain, pool } = await scene(7, { genesis });
    pool.add(pairOf(chain, 3, 1n));
    pool.add(pairOf(chain, 2, 7n));
    assert.equal(pool.select().length, 1);
    await chain.mine(bytesOf(chain, chain.participants[2]!, { round: 7n, salt: 60 }));
    assert.deepEqual(pool.select(), []);
  });

  it('gives a block no more than it may hold, and the rest to the next ones', async () => {
    const { chain, pool } = await scene(3);
    for (const round of [1n, 2n, 3n]) {
      for (const who of [0, 1, 2]) pool.add(pairOf(chain, who, round));
    }
    const chosen = pool.select();
    assert.equal(chosen.length, MOST_EVIDENCE);
    await chain.mine(...chosen);
    assert.equal(pool.select().length, 9 - MOST_EVIDENCE);
  });

  it('keeps one pair against a record and round: a thousand votes of one voter fill nothing', async () => {
    const { chain, pool } = await scene(3);
    for (let salt = 40; salt < 50; salt++) pool.add(pairOf(chain, 3, 2n, salt));
    assert.equal(pool.select().length, 1);
  });

  it('holds a bounded number of pairs; those that it has stay', async () => {
    const { chain, pool } = await scene(3);
    const known = pairOf(chain, 3, 2n);
    pool.add(known);
    for (let round = 10n; round < 2_000n; round++) {
      const { first, second } = known;
      pool.add({ first: { ...first, vote: { ...first.vote, round } }, second });
    }
    pool.add(pairOf(chain, 2, 2n));
    assert.equal(pool.select().length, 1);
  });
});
