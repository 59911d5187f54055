import { blake2b256, le64 } from '@sero/crypto';
import type { Genesis } from './genesis.ts';

/** The two figures of the seed's rule: L = seedLookback chains of seeds run interleaved, a block hash enters each every seedRefresh of its rounds. */
export type SeedRule = Pick<Genesis['stake'], 'seedLookback' | 'seedRefresh'>;

/** Whose VRF output a seed is made of: the block's original proposer's, in period 0. */
export interface SeedDraw {
  /** Stake record. */
  readonly proposer: Uint8Array;
  /** VRF output of {@link seedInput}, 64 bytes. */
  readonly output: Uint8Array;
}

/** The height less so many rounds, 0 where that would be below it: rounds before the first read genesis. */
function back(height: bigint, rounds: bigint): bigint {
  return height > rounds ? height - rounds : 0n;
}

/** Whose seed a round's participants draw with, and its own seed follows from: max(0, round - seedLookback). */
export function seedHeight(rule: SeedRule, round: bigint): bigint {
  return back(round, rule.seedLookback);
}

/**
 * Whose block hash enters the seed of a round: max(0, round - L refresh) in the first L of every L refresh rounds, nobody's
 * in the others. It is the only part of a block that ever enters a seed, long after anybody could try contents until one
 * pleases him.
 */
export function refreshHeight(rule: SeedRule, round: bigint): bigint | undefined {
  const cycle = rule.seedLookback * rule.seedRefresh;
  return round % cycle < rule.seedLookback ? back(round, cycle) : undefined;
}

/**
 * What the proposer of a block puts into his VRF for its seed; the proof stands in the header. The round is in it, since the first rounds
 * share the seed of genesis: one output must not serve two of them.
 *
 * @param seed that of {@link seedHeight}
 */
export function seedInput(genesisHash: Uint8Array, seed: Uint8Array, round: bigint): Uint8Array {
  return blake2b256('SERO_SEED_IN', genesisHash, seed, le64(round));
}

/**
 * The seed of a round (design 4-se-random, "Seed"; the paper's "determined by the seed of the previous round by VRF").
 *
 * Period 0 has the original proposer's draw. Any later original period and the empty block have none: their seed is the same
 * whatever the period and whoever proposes, so that who withholds blocks or keeps silent chooses among few seeds: with m records that lead
 * the first honest one, the m of their draws, the one without a draw, and the honest one (seed-withholding.test.ts has what that is worth). A
 * block proposed again keeps its first proposer and period, and so its seed.
 *
 * @param seed that of {@link seedHeight}, 32 bytes
 * @param draw of the original proposer where the original period is 0, else undefined
 * @param refresh block hash of {@link refreshHeight}, undefined where that is
 */
export function nextSeed(
  seed: Uint8Array,
  draw: SeedDraw | undefined,
  refresh: Uint8Array | undefined,
): Uint8Array {
  const drawn =
    draw === undefined
      ? blake2b256('SERO_SEED_NEXT', seed)
      : blake2b256('SERO_SEED_VRF', draw.proposer, draw.output);
  return refresh === undefined ? blake2b256('SERO_SEED', drawn) : blake2b256('SERO_SEED', drawn, refresh);
}
