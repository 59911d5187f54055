import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type DevelopmentTools, developmentTools } from '../../tools/demo/network.ts';
import {
  provingToolsDouble,
  rememberingHasher,
  verifierDouble,
  verifyingKeyDouble,
} from '../wallet/doubles.ts';
import { PAYMENTS, playAndCompare, randomStory } from './stories.ts';

const STORIES = 30;
const seed = randomInt(2 ** 31);

describe(`random stories of ${PAYMENTS} payments among 5 wallets end with the balances of plain arithmetic`, () => {
  const tools: DevelopmentTools = {
    ...provingToolsDouble,
    verifier: verifierDouble,
    hasher: rememberingHasher(),
    verifyingKey: verifyingKeyDouble(),
    made: false,
    close: async () => {},
  };
  for (let n = 0; n < STORIES; n++) {
    it(`with doubled proofs, seed ${seed + n}`, async () => {
      await playAndCompare(randomStory(seed + n), tools);
    });
  }
});

describe('a random story', () => {
  let tools: DevelopmentTools;
  before(async () => {
    tools = await developmentTools();
  });
  after(() => tools.close());

  it(`ends with the balances of plain arithmetic, with real proofs, seed ${seed}`, async () => {
    const reports = await playAndCompare(randomStory(seed), tools);
    const payments = reports.filter(({ step }) => step === 'pay');
    assert.ok(payments.length >= PAYMENTS);
    const proofs = new Set(payments.map(({ proofHash }) => proofHash));
    assert.equal(proofs.size, payments.length);
  });
});
