import type { Genesis, Header } from '@sero/protocol';
import type { Overlay } from '@sero/store';
import { applyAbsent } from './absence.ts';
import type { BlockTerms } from './empty-block.ts';
import { ensure } from './errors.ts';
import type { ChainView } from './execute.ts';
import { countProposed } from './patience.ts';
import { keepSeed, seedOfBlock } from './seeds.ts';
import { changedRecords } from './stake.ts';
import type { State } from './state.ts';
import { type Tables, type TablesAfter, tablesOf } from './tables.ts';
import { checkVotes } from './versions.ts';

/** What a block does as the end of a round of consensus, beside its transactions. */

const ZEROS = new Uint8Array(32);

/**
 * What a round begins with: its proposer and what he says are looked at, whoever is absent goes offline.
 *
 * @returns the seed for the header
 */
export function beginRound(
  chain: ChainView,
  state: State,
  tables: Tables,
  height: bigint,
  terms: BlockTerms,
): Uint8Array {
  const { genesis } = chain;
  if (terms.type === 'plain') return ZEROS;
  if (terms.type === 'empty') return seedOfBlock(state, chain, height, undefined);
  const { proposer, period } = terms;
  const table = tables.at(state, height);
  const row = table?.row(proposer);
  ensure(
    table !== undefined && row !== undefined,
    'header-proposer',
    'the proposer is no participant of this round',
  );
  const [proof] = terms.vrfProof;
  const shown = proof === undefined ? undefined : { proposer, vrfKey: row.vrfKey, proof };
  ensure(
    (period === 0) === (shown !== undefined),
    'header-vrfProof',
    'a block proposed in period 0 proves its seed, a later one does not',
  );
  const seed = seedOfBlock(state, chain, height, shown);
  checkVotes(genesis, terms);
  countProposed(state);
  applyAbsent(state, tables, { genesis, height, table, proposer }, terms.absent);
  return seed;
}

/** What a round leaves behind: its seed, and the table of the round that this block decides. */
export function endRound(
  genesis: Genesis,
  state: State,
  tables: Tables,
  view: Overlay,
  { height, seed }: Header,
): TablesAfter {
  const after = tables.after(state, view.changes());
  if (genesis.validators.length > 0) {
    keepSeed(state, genesis, height, seed);
    keepValidatorsRoot(state, genesis, height, after.root);
  }
  return after;
}

function keepValidatorsRoot(state: State, { stake }: Genesis, height: bigint, value: Uint8Array): void {
  state.validatorsRoot(height % stake.balanceLookback).set({ height, value });
}

/** Of the table that serves rounds up to balanceLookback; zeros where there are no participants. */
export function genesisTableRoot(genesis: Genesis, state: State, view: Overlay): Uint8Array {
  if (genesis.validators.length === 0) return ZEROS;
  const tables = tablesOf(genesis, changedRecords(view.changes()), 0n);
  const root = tables.at(state, genesis.stake.balanceLookback)!.root();
  keepValidatorsRoot(state, genesis, 0n, root);
  return root;
}
