import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { blake2b256, concat, fromHex, portableVrf, toHex, utf8 } from '@sero/crypto';
import {
  DEVELOPMENT,
  nextSeed,
  PRODUCTION,
  refreshHeight,
  seedHeight,
  seedInput,
  sortitionInput,
} from './index.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/sortition.json', import.meta.url), 'utf8'),
) as {
  seeds: {
    genesisHash: string;
    seed: string;
    round: string;
    input: string;
    draw: { proposer: string; output: string } | null;
    refresh: string | null;
    next: string;
  }[];
  refreshes: {
    seedLookback: number;
    seedRefresh: number;
    heights: { round: string; height: string | null }[];
  }[];
};

const bytes = (label: string): Uint8Array => blake2b256('SERO_TEST', utf8(label));
const seed = bytes('seed');
const draw = { proposer: bytes('proposer'), output: concat(bytes('left'), bytes('right')) };

test('seeds, their inputs and the rounds of refreshes are those of the second implementation', () => {
  assert.equal(vectors.seeds.length, 4);
  for (const vector of vectors.seeds) {
    assert.equal(
      toHex(seedInput(fromHex(vector.genesisHash), fromHex(vector.seed), BigInt(vector.round))),
      vector.input,
    );
    const drawn = vector.draw && {
      proposer: fromHex(vector.draw.proposer),
      output: fromHex(vector.draw.output),
    };
    const refresh = vector.refresh === null ? undefined : fromHex(vector.refresh);
    assert.equal(toHex(nextSeed(fromHex(vector.seed), drawn ?? undefined, refresh)), vector.next);
  }
  for (const { seedLookback, seedRefresh, heights } of vectors.refreshes) {
    const rule = { seedLookback: BigInt(seedLookback), seedRefresh: BigInt(seedRefresh) };
    for (const { round, height } of heights) {
      assert.equal(refreshHeight(rule, BigInt(round)), height === null ? undefined : BigInt(height));
    }
  }
});

test('a round draws with the seed two rounds before; the first rounds with that of genesis', () => {
  assert.deepEqual(
    [1n, 2n, 3n, 4n, 1_000n].map((round) => seedHeight(PRODUCTION.stake, round)),
    [0n, 0n, 1n, 2n, 998n],
  );
});

test('a block hash enters in the first two of every 160 rounds (small profile: 8), and is as old', () => {
  for (const [{ stake }, cycle] of [
    [PRODUCTION, 160n],
    [DEVELOPMENT, 8n],
  ] as const) {
    for (let round = 0n; round < 5n * cycle; round++) {
      const height = refreshHeight(stake, round);
      if (round % cycle >= 2n) assert.equal(height, undefined);
      else assert.equal(height, round < cycle ? 0n : round - cycle);
    }
  }
});

test('every fact changes the seed, and drawing is not the same as not drawing', () => {
  const seeds = [
    nextSeed(seed, draw, undefined),
    nextSeed(seed, undefined, undefined),
    nextSeed(bytes('another'), undefined, undefined),
    nextSeed(seed, { ...draw, proposer: bytes('another') }, undefined),
    nextSeed(seed, { ...draw, output: concat(bytes('right'), bytes('left')) }, undefined),
    nextSeed(seed, draw, bytes('block')),
    nextSeed(seed, draw, bytes('another block')),
    nextSeed(seed, undefined, bytes('block')),
  ];
  assert.equal(new Set(seeds.map(toHex)).size, seeds.length);
});

test('without a draw the seed follows from the one before alone: no period and no proposer is asked for', () => {
  // nextSeed takes neither; what could differ between period 1 and period 9, or between E(r) and either, is the draw.
  assert.deepEqual(
    nextSeed(seed, undefined, undefined),
    blake2b256('SERO_SEED', blake2b256('SERO_SEED_NEXT', seed)),
  );
});

test("a block proposed again keeps its first proposer's draw: who proposes it again can put none of his own in its place", () => {
  const [first, second] = [bytes('first secret'), bytes('second secret')];
  const input = seedInput(bytes('network'), seed, 5n);
  const proof = portableVrf.prove(first, input);
  const output = portableVrf.verify(portableVrf.publicKey(first), input, proof)!;
  const made = nextSeed(seed, { proposer: draw.proposer, output }, undefined);
  // The header names record and proof, and both are in the block hash that was voted for: checked against another's key
  // the proof fails, and another's proof gives another seed than the header's.
  assert.equal(portableVrf.verify(portableVrf.publicKey(second), input, proof), undefined);
  const others = portableVrf.outputOf(portableVrf.prove(second, input));
  assert.notDeepEqual(nextSeed(seed, { proposer: draw.proposer, output: others }, undefined), made);
});

test('a draw for a seed is no draw for a committee, and none for another network or round', () => {
  const inputs = [
    seedInput(bytes('network'), seed, 0n),
    seedInput(bytes('another network'), seed, 0n),
    // Rounds 1 and 2 both have the seed of genesis, and each an output of its own.
    seedInput(bytes('network'), seed, 1n),
    seedInput(bytes('network'), seed, 2n),
    sortitionInput(bytes('network'), seed, 0n, 0, 0),
  ];
  assert.equal(new Set(inputs.map(toHex)).size, inputs.length);
});
