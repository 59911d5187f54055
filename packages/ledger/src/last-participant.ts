import { toHex } from '@sero/crypto';
import { leastLastRound, type Occasion, staysAfter } from './patience.ts';
import type { State } from './state.ts';
import type { Tables } from './tables.ts';

/**
 * Whether somebody stays in the table that a block makes, with keys that last, if these records leave it.
 *
 * @param leaving record ids
 */
export type OthersStand = (leaving: readonly Uint8Array[]) => boolean;

/**
 * Who is left in the tables when others leave: without a single participant nobody could ever let another one in. Counted are those whom the last
 * table before the block has, with keys for balanceLookback rounds beyond the one that the block makes, before the block and now; so whoever comes
 * in with the same block, or is given such keys, is not: the command succeeds in the next. Keys that end sooner would leave the chain no time.
 *
 * What is remembered from one question to the next is where to begin to look, and says nothing of the answer: a record that stays is found wherever
 * it stands, whatever was done, or undone, since.
 *
 * @param tables as of the block's parent
 * @param state with what the block did so far, at the time of each question
 */
export function othersStanding(state: State, tables: Tables, block: Occasion): OthersStand {
  const { genesis, height } = block;
  const table = tables.at(state, height - 1n + genesis.stake.balanceLookback);
  // A chain of one.
  if (table === undefined) return () => true;
  const least = leastLastRound(block);
  /** Those of the first `looked` places that had such keys before the block. */
  const lasting: Uint8Array[] = [];
  let looked = 0;
  /** The last one that was found to stay, among them. */
  let first = 0;

  /** The next of them; undefined: there is none. */
  function more(): Uint8Array | undefined {
    while (looked < table!.count) {
      const { id } = table!.at(looked++);
      if (tables.standing(id)!.lastRound < least) continue;
      lasting.push(id);
      return id;
    }
    return undefined;
  }

  return (leaving) => {
    const names = new Set(leaving.map(toHex));
    const stays = (id: Uint8Array): boolean =>
      !names.has(toHex(id)) && staysAfter(state.stakeRecord(id).get(), block);
    for (let i = first; ; i++) {
      const id = lasting[i] ?? more();
      if (id === undefined) break;
      if (!stays(id)) continue;
      first = i;
      return true;
    }
    for (let i = 0; i < first; i++) {
      if (!stays(lasting[i]!)) continue;
      first = i;
      return true;
    }
    return false;
  };
}
