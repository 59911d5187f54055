import { toHex } from '@sero/crypto';
import { type Occasion, standsAfter } from './patience.ts';
import type { State } from './state.ts';
import type { Tables } from './tables.ts';

/**
 * Whether the table that a block makes keeps somebody if these records leave it: without a single participant nobody could ever let another one in.
 * Whoever comes in with the same block is not looked at: the command succeeds in the next.
 *
 * @param tables as of the block's parent
 * @param state with what the block did so far
 */
export function othersStand(
  state: State,
  tables: Tables,
  block: Occasion,
  leaving: readonly Uint8Array[],
): boolean {
  const { genesis, height } = block;
  const table = tables.at(state, height - 1n + genesis.stake.balanceLookback);
  // A chain of one.
  if (table === undefined) return true;
  const names = new Set(leaving.map(toHex));
  for (let place = 0; place < table.count; place++) {
    const { id } = table.at(place);
    if (!names.has(toHex(id)) && standsAfter(state.stakeRecord(id).get(), block)) return true;
  }
  return false;
}
