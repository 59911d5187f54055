import type { Vrf } from '@sero/crypto';
import { type Genesis, nextSeed, refreshHeight, type SeedDraw, seedHeight, seedInput } from '@sero/protocol';
import { ensure, LedgerError } from './errors.ts';
import type { State } from './state.ts';

/** The seeds of the last balanceLookback blocks, in a ring; the one of block 0 and of all before it is genesis'. */

/** The seed of a block, while the ring has it. */
export function keptSeed(state: State, genesis: Genesis, height: bigint): Uint8Array | undefined {
  if (height === 0n) return genesis.seed;
  const entry = state.seed(height % genesis.stake.balanceLookback).get();
  return entry?.height === height ? entry.value : undefined;
}

export function keepSeed(state: State, { stake }: Genesis, height: bigint, value: Uint8Array): void {
  state.seed(height % stake.balanceLookback).set({ height, value });
}

/** The seed that a round's participants draw with: that of seedLookback rounds before it. At most seedLookback rounds after the head. */
export function seedForRound(state: State, genesis: Genesis, round: bigint): Uint8Array {
  const height = seedHeight(genesis.stake, round);
  const seed = keptSeed(state, genesis, height);
  ensure(seed !== undefined, 'block-unknown', `there is no seed of block ${height}`);
  return seed;
}

/** What a proposal of period 0 shows of its proposer's draw. */
export interface SeedProof {
  readonly proposer: Uint8Array;
  /** RFC 9381 key. */
  readonly vrfKey: Uint8Array;
  readonly proof: Uint8Array;
}

/**
 * The seed of a block. Its parent's hash is in the state already.
 *
 * @param shown undefined for the rule without a proof: any later period, and the empty block
 * @throws LedgerError `header-vrfProof`
 */
export function seedOfBlock(
  state: State,
  chain: { readonly genesis: Genesis; readonly genesisHash: Uint8Array; readonly vrf: Vrf },
  height: bigint,
  shown: SeedProof | undefined,
): Uint8Array {
  const { genesis, genesisHash, vrf } = chain;
  const before = seedForRound(state, genesis, height);
  let draw: SeedDraw | undefined;
  if (shown !== undefined) {
    const output = vrf.verify(shown.vrfKey, seedInput(genesisHash, before, height), shown.proof);
    ensure(output !== undefined, 'header-vrfProof', 'the proof of the seed is not the proposer’s');
    draw = { proposer: shown.proposer, output };
  }
  const from = refreshHeight(genesis.stake, height);
  return nextSeed(before, draw, from === undefined ? undefined : hashOf(state, from));
}

function hashOf(state: State, height: bigint): Uint8Array {
  const hash = state.blockHash(height);
  if (hash === undefined) throw new LedgerError('store-damaged', `the state has no hash of block ${height}`);
  return hash;
}
