import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assetId, decodeEnvelope, encodeBlock, name32, namePrice, type Receipt } from '@sero/protocol';
import fc from 'fast-check';
import {
  ALICE,
  BOB,
  callDraft,
  commitDraft,
  filler,
  issueDraft,
  startChain,
  type TestChain,
  TOTAL,
  takingOut,
} from './test-support.ts';

const NAMES = ['A', 'HEPTANE', 'OCTANES'] as const;

const name = fc.constantFrom(...NAMES);
const from = fc.constantFrom(ALICE, BOB);
const amount = fc.bigInt({ min: 0n, max: 2_000n });

/** What somebody tries; much of it fails or is refused. */
const attempt = fc.oneof(
  fc.record({ do: fc.constant('pay' as const), tip: amount }),
  fc.record({ do: fc.constant('commit' as const), name, from }),
  fc.record({
    do: fc.constant('issue' as const),
    name,
    from,
    supply: fc.bigInt({ min: 1n, max: 2n ** 128n - 1n }),
  }),
  fc.record({ do: fc.constant('ticket' as const), name, from }),
  fc.record({ do: fc.constant('call' as const), value: amount, from }),
  fc.record({ do: fc.constant('take' as const), name, amount: fc.bigInt({ min: 1n, max: 2_000n }) }),
);

type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

function transactionOf(chain: TestChain, tried: Attempt): Uint8Array {
  switch (tried.do) {
    case 'pay':
      return chain.make({ gasPrice: chain.genesis.fees.baseFeeStart + tried.tip });
    case 'commit':
      return chain.make(commitDraft(tried.name, tried.from));
    case 'issue':
      return chain.make(issueDraft(chain, tried.name, tried));
    case 'ticket':
      return chain.make(
        issueDraft(chain, tried.name, { kind: 2, supply: 1n, salt: filler(9, 32), from: tried.from }),
      );
    case 'call':
      return chain.make(callDraft(chain, { value: tried.value }, { from: tried.from }));
    case 'take':
      return takingOut(chain, assetId(chain.genesis.chainId, 1, name32(tried.name)), tried.amount);
  }
}

/** The law: whatever happened, SERO is in notes or in the reward pool, and a token is in notes. */
function assertConserved({ ledger, genesis }: TestChain): void {
  assert.equal(ledger.pooled(1n) + ledger.rewardPool(), TOTAL);
  for (const taken of NAMES) {
    const token = assetId(genesis.chainId, 1, name32(taken));
    assert.equal(ledger.pooled(token), ledger.asset(token)?.supply ?? 0n, taken);
  }
}

/** What a transaction leaves in the reward pool by plain arithmetic. */
function keptOf(chain: TestChain, bytes: Uint8Array, tried: Attempt, { gasUsed, status }: Receipt): bigint {
  const { gasPrice } = decodeEnvelope(bytes).private!.tx;
  const paidName = tried.do === 'issue' && status === 1;
  return gasUsed * gasPrice + (paidName ? namePrice(tried.name, chain.genesis.namePrices) : 0n);
}

test('no sequence of transactions makes or loses money', async () => {
  const sequences = fc.array(fc.array(attempt, { maxLength: 4 }), { minLength: 3, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(sequences, async (blocks) => {
      const chain = startChain();
      // One token is there from the start, and one commitment is of age, so that much of what is tried can succeed.
      await chain.mine(chain.make(commitDraft('HEPTANE')), chain.make(commitDraft('A')));
      await chain.mineEmpty(1);
      await chain.mine(chain.make(issueDraft(chain, 'HEPTANE')));
      for (const attempts of blocks) {
        const before = chain.ledger.rewardPool();
        const transactions = attempts.map((tried) => transactionOf(chain, tried));
        const { block, rejected } = await chain.ledger.propose(transactions, chain.ledger.head().time + 1n);
        const { receipts } = await chain.ledger.apply(encodeBlock(block));
        const included = attempts.flatMap((tried, index) =>
          rejected.some((one) => one.index === index) ? [] : [{ tried, bytes: transactions[index]! }],
        );
        assert.equal(receipts.length, included.length);
        const kept = included.map(({ tried, bytes }, i) => keptOf(chain, bytes, tried, receipts[i]!));
        assert.equal(
          chain.ledger.rewardPool() - before,
          kept.reduce((sum, one) => sum + one, 0n),
        );
        assertConserved(chain);
      }
    }),
    { numRuns: 8 },
  );
});
