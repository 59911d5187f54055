import { leaderValue, nextSeed, STEP, seedInput, sortitionInput } from '@sero/protocol';
import type { ChainBlock } from '../chain.ts';
import type { HostilePlan, HostileRecord, Powers } from '../hostile.ts';
import { salt } from './proposers.ts';

/** Contents that are tried for a block that may enter a seed soon. */
const TRIES = 48;

/** Rounds that it looks ahead. */
const AHEAD = 6n;

/** A block that could be shown, and the rounds that may then be led, of {@link ONE}. */
interface Candidate {
  readonly block: ChainBlock;
  readonly hope: bigint;
}

/** Chances are whole numbers of this. */
const ONE = 1n << 32n;

/**
 * A proposer who wants to lead more often: from what it knows, its own draws, it works out for each of many contents of its block how likely it
 * is to lead the rounds whose seeds follow, shows the best, and shows none where a seed that others make promises more.
 */
export const withholder: HostilePlan = (powers) => {
  const { head, records, block, transactions } = powers;
  return {
    build(proposer, period) {
      const record = records.find(({ id }) => id === proposer)!;
      const make = (i: number): Candidate => {
        const contents = [...transactions().slice(0, 2), salt(i)];
        const made = block(record, period, contents, head().header.time + 1n);
        return { block: made, hope: hopeAfter(powers, record, made) };
      };
      const [first, second] = [make(0), make(1)];
      // Where two contents promise the same, no seed that counts depends on them.
      const tries = first.hope === second.hope ? 0 : TRIES;
      let best = first.hope > second.hope ? first : second;
      for (let i = 2; i < tries; i++) {
        const candidate = make(i);
        if (candidate.hope > best.hope) best = candidate;
      }
      // What the others' draws give on average.
      return 16n * best.hope < shareOf(powers, record) ? undefined : best.block;
    },
  };
};

/** The record's share of all units, of {@link ONE}. */
function shareOf({ chain, head }: Powers, { id }: HostileRecord): bigint {
  const { table } = chain.basis(head(), head().header.height + 1n);
  return (ONE * (table.row(id)?.weight ?? 0n)) / table.total;
}

/** The chance to lead a round with this seed, by the own leader value there: nobody else's of so many units is smaller. */
function chanceToLead(powers: Powers, record: HostileRecord, seed: Uint8Array, round: bigint): bigint {
  const { chain, crypto, head } = powers;
  const { table } = chain.basis(head(), head().header.height + 1n);
  const row = table.row(record.id);
  if (row === undefined) return 0n;
  const alpha = sortitionInput(chain.genesisHash, seed, round, 0, STEP.propose);
  const output = crypto.vrf.outputOf(crypto.vrf.prove(record.vrfSecret, alpha));
  const above = ONE - (leaderValue(output, row.id, row.weight) >> 224n);
  let chance = ONE;
  for (let unit = 0n; unit < table.total - row.weight; unit++) chance = (chance * above) / ONE;
  return chance;
}

/**
 * The rounds that this record may hope to lead after a block of its own. Seeds run in two chains; one is known as far as the record leads the
 * rounds of its chain itself, and as far as the block hash in it is that of this block or an older one.
 */
function hopeAfter(powers: Powers, record: HostileRecord, block: ChainBlock): bigint {
  const { chain, crypto } = powers;
  const { height } = block.header;
  const seeds = block.history.map(({ seed }) => seed);
  /** By height: the chance that the seed is as it is worked out here. */
  const known = new Map<bigint, bigint>();
  const isKnown = (at: bigint): bigint => (at <= height ? ONE : (known.get(at) ?? 0n));
  let hope = 0n;
  for (let round = height + 1n; round <= height + AHEAD; round++) {
    const before = round - chain.parameters.stake.seedLookback;
    const seed = seeds[Number(before)];
    if (seed === undefined || isKnown(before) < ONE >> 4n) continue;
    const chance = (isKnown(before) * chanceToLead(powers, record, seed, round)) / ONE;
    hope += chance;
    const from = chain.refreshFrom(round);
    if (from !== undefined && from > height) continue;
    const proof = crypto.vrf.prove(record.vrfSecret, seedInput(chain.genesisHash, seed, round));
    const draw = { proposer: record.id, output: crypto.vrf.outputOf(proof) };
    seeds[Number(round)] = nextSeed(
      seed,
      draw,
      from === undefined ? undefined : block.history[Number(from)]!.digest,
    );
    known.set(round, chance);
  }
  return hope;
}
