import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import type { DevelopmentTools } from '../../tools/demo/network.ts';
import {
  chosenBackend,
  provingToolsDouble,
  rememberingHasher,
  verifierDouble,
  verifyingKeyDouble,
} from '../wallet/doubles.ts';
import { PAYMENTS, playAndCompare, randomStory } from './stories.ts';

const STORIES = 12;
/** Printed, and taken back from the environment to play a run again. */
const seed = Number(process.env['SERO_SEED'] ?? randomInt(2 ** 31));

describe(`random stories of ${PAYMENTS} payments among 5 wallets end with the balances of plain arithmetic`, () => {
  const verifyingKey = verifyingKeyDouble();
  const noteHasher = rememberingHasher();
  const doubled = async (): Promise<DevelopmentTools> => {
    const { signatures, keyPoints, scanner, traces } = await chosenBackend();
    return {
      ...provingToolsDouble,
      verifier: verifierDouble,
      signatures,
      keyPoints,
      noteHasher,
      scanner,
      traces,
      backend: 'doubles',
      verifyingKey,
      made: false,
      close: async () => {},
    };
  };
  for (let n = 0; n < STORIES; n++) {
    it(`with doubled proofs, seed ${seed + n}`, async () => {
      await playAndCompare(randomStory(seed + n), await doubled());
    });
  }
});
