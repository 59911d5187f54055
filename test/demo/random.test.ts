import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { createReferenceBackend } from '@sero/prover';
import type { DevelopmentTools } from '../../tools/demo/network.ts';
import {
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
  const reference = createReferenceBackend();
  const tools: DevelopmentTools = {
    ...provingToolsDouble,
    verifier: verifierDouble,
    signatures: reference.signatures,
    keyPoints: reference.keyPoints,
    noteHasher: rememberingHasher(),
    scanner: reference.scanner,
    traces: reference.traces,
    backend: 'doubles',
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
