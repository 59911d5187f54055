import { committeeOf, type RoundContext, seedHeight, seedInput } from '@sero/protocol';
import type { ChainHead, ChainView } from './execute.ts';
import { keptSeed, seedForRound } from './seeds.ts';
import type { State } from './state.ts';

/**
 * What judges the votes of a round: its table, its seed, its committees. Known from seedLookback rounds after the head back to where the rings of
 * the state end; undefined beyond.
 */
export function roundContextOf(
  { genesis, genesisHash }: Pick<ChainView, 'genesis' | 'genesisHash'>,
  { tables }: Pick<ChainHead, 'tables'>,
  state: State,
  round: bigint,
): RoundContext | undefined {
  if (round < 1n) return undefined;
  const seed = keptSeed(state, genesis, seedHeight(genesis.stake, round));
  const table = tables.at(state, round);
  if (seed === undefined || table === undefined) return undefined;
  return {
    genesisHash,
    round,
    seed,
    table,
    committees: (step) => committeeOf(genesis.committees, step, table.total),
  };
}

/** What the proposer of a block of a round proves. @param round at most seedLookback after the head */
export function seedInputOf(
  { genesis, genesisHash }: Pick<ChainView, 'genesis' | 'genesisHash'>,
  state: State,
  round: bigint,
): Uint8Array {
  return seedInput(genesisHash, seedForRound(state, genesis, round), round);
}
