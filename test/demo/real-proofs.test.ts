import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type DevelopmentTools, developmentTools } from '../../tools/demo/network.ts';
import { PAYMENTS, playAndCompare, randomStory } from './stories.ts';

/** Printed, and taken back from the environment to play a run again. */
const seed = Number(process.env['SERO_SEED'] ?? randomInt(2 ** 31));

describe(`a random story of ${PAYMENTS} payments with real proofs (seed ${seed})`, () => {
  let tools: DevelopmentTools;
  before(async () => {
    tools = await developmentTools();
  });
  after(() => tools.close());

  it('ends with the balances of plain arithmetic, each payment under a proof of its own', async () => {
    const reports = await playAndCompare(randomStory(seed), tools);
    const payments = reports.filter(({ step }) => step === 'pay');
    assert.ok(payments.length >= PAYMENTS);
    const proofs = new Set(payments.map(({ proofHash }) => proofHash));
    assert.equal(proofs.size, payments.length);
  });
});
