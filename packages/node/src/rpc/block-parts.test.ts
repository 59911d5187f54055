import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '@sero/crypto';
import { decodeEnvelope, KIND, ReceiptType } from '@sero/protocol';
import fc from 'fast-check';
import { type MadeTransaction, madeChain } from '../../../../test/rpc/made-chain.ts';
import { compactOutputsHex, leafCount, transactionParts } from './block-parts.ts';

const made: fc.Arbitrary<MadeTransaction> = fc.record({
  kind: fc.constantFrom(KIND.pay, KIND.call, KIND.asset, KIND.claim, KIND.evidence, KIND.ethereum),
  inputs: fc.nat(8),
  outputs: fc.nat(16),
  publicOutputs: fc.nat(5),
  recipients: fc.nat(3),
  logs: fc.nat(4),
});

test('the parts of a block that are found by offsets are those of the decoded block', () => {
  fc.assert(
    fc.property(fc.array(made, { maxLength: 6 }), (transactions) => {
      const chain = madeChain();
      const { height } = chain.add(transactions);
      const { block, receipts } = chain.block(height);
      const parts = transactionParts(chain.ledger.executedBlock(height));
      assert.equal(parts.length, block.transactions.length);
      for (const [i, part] of parts.entries()) {
        const tx = decodeEnvelope(block.transactions[i]!).private?.tx;
        const shielded = tx?.shielded ?? { nullifiers: [], traces: [], outputs: [] };
        const compact = shielded.outputs.map(({ cm, vpkr, tag, enc }) => concat(cm, vpkr, tag, enc));
        assert.deepEqual(new Uint8Array(part.envelope), block.transactions[i]);
        assert.deepEqual(ReceiptType.deserialize(Uint8Array.from(part.receipt)), receipts[i]);
        assert.deepEqual(new Uint8Array(part.txid), receipts[i]!.txid);
        assert.deepEqual(new Uint8Array(part.nullifiers), concat(...shielded.nullifiers));
        assert.deepEqual(new Uint8Array(part.traces), concat(...shielded.traces));
        assert.equal(compactOutputsHex(part), Buffer.from(concat(...compact)).toString('hex'));
        assert.equal(part.publicOutputs.length, 112 * receipts[i]!.publicOutputs.length);
      }
      const leaves = receipts.map((receipt, i) => {
        const outputs = decodeEnvelope(block.transactions[i]!).private?.tx.shielded.outputs.length ?? 0;
        return outputs + receipt.publicOutputs.length;
      });
      assert.equal(
        leafCount(parts),
        leaves.reduce((sum, n) => sum + n, 0),
      );
    }),
  );
});
