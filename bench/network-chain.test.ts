import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { developmentVerifyingKeys } from '@sero/circuits';
import { fieldFromBytes } from '@sero/crypto';
import { openLedger } from '@sero/ledger';
import {
  appendLeaves,
  DEVELOPMENT,
  decodeGenesis,
  EMPTY_FRONTIER,
  frontierRoot,
  nextBaseFee,
  VALUE_LIMIT,
} from '@sero/protocol';
import { createReferenceBackend } from '@sero/prover';
import { memoryLog, memoryStore } from '@sero/store';
import { GAS_PRICE, leavesOf, paymentChain, paymentGas } from './network-chain.ts';

describe('the chain that payments are made for', () => {
  const chain = paymentChain(1, 6);

  it('has a tree of just the notes that the payments spend', () => {
    const { verifier, signatures, keyPoints, noteHasher } = createReferenceBackend();
    const ledger = openLedger({
      genesis: decodeGenesis(chain.file),
      store: memoryStore(),
      blocks: memoryLog(),
      verifyingKeys: [...developmentVerifyingKeys().values()],
      verifier,
      signatures,
      keyPoints,
      hasher: noteHasher,
    });
    const { frontier } = appendLeaves(EMPTY_FRONTIER, [...leavesOf(chain)]);
    assert.equal(fieldFromBytes(ledger.head().notesRoot), frontierRoot(frontier));
    assert.deepEqual(ledger.genesisHash, chain.hash);
  });

  it('is the same wherever it is made, and another one for other numbers', () => {
    assert.deepEqual(paymentChain(1, 6).hash, chain.hash);
    assert.notDeepEqual(paymentChain(1, 7).hash, chain.hash);
    assert.notDeepEqual(paymentChain(2, 6).hash, chain.hash);
  });

  it('can have as many notes as a genesis file takes, and its gas price outlasts a minute of full blocks', () => {
    const { value } = chain.note(0);
    assert.ok(65_536n * value + (1n << 100n) < VALUE_LIMIT);
    const { fees } = DEVELOPMENT;
    let baseFee = fees.baseFeeStart;
    // Each holds 323 payments at most: 113,000 payments.
    const most = fees.gasLimit / paymentGas();
    for (let block = 0; block < 350; block++) {
      baseFee = nextBaseFee(fees, { baseFee, gasUsed: most * paymentGas() });
    }
    assert.ok(baseFee <= GAS_PRICE, `${baseFee}`);
    assert.equal(most, 323n);
  });
});
