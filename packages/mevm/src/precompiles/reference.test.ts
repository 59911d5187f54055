import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bytesToHex } from '@noble/curves/utils.js';
import type { PrecompileName } from './engine.ts';
import { referenceEngine } from './reference/index.ts';
import { samples } from './sample-inputs-test-support.ts';
import { TABLE } from './table.ts';
import { type Answer, ethereumjs, mutated, numbers } from './test-support.ts';

/** Inputs that are changed, beside the valid ones. Few, since pairings over bigints are slow. */
const MUTATIONS: Partial<Record<PrecompileName, number>> = {
  blsG1Msm: 10,
  blsG2Msm: 10,
  blsPairing: 10,
  bn254Pairing: 15,
  bn254Mul: 40,
  modexp: 400,
};

describe('the reference answers as @ethereumjs/evm does', () => {
  for (const { name, address, gas } of TABLE) {
    // It asks for a library that this project does not install.
    if (name === 'pointEvaluation') continue;
    test(name, async () => {
      const next = numbers(address + 100);
      const valid = samples(name);
      const inputs = [
        ...valid,
        ...Array.from({ length: MUTATIONS[name] ?? 60 }, () => mutated(valid[next() % valid.length]!, next)),
      ];
      for (const input of inputs) {
        const cost = gas(input);
        if (cost > 10_000_000) continue;
        const theirs: Answer = await ethereumjs('prague', address, input);
        const shown: string = `${name} of ${bytesToHex(input)}`;
        assert.deepEqual(referenceEngine[name](input), theirs.output, shown);
        if (theirs.output !== undefined) assert.equal(cost, theirs.gas, shown);
      }
    });
  }
});
