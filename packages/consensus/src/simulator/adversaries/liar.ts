import {
  leaderValue,
  nextSeed,
  type RoundContext,
  STEP,
  type StakeRow,
  seedInput,
  selectedUnits,
  sortitionInput,
  type Value,
  type Vote,
} from '@sero/protocol';
import type { HostilePlan, HostileRecord, Powers } from '../hostile.ts';
import { salt } from './proposers.ts';

/** Proofs that are made up for a claim; the best is shown. */
const TRIES = 16;

/**
 * Claims draws that it does not have, under its own name and with its own signatures: leads every period with the smallest leader value, gives its
 * blocks seeds by which it will lead later, and votes with more units than were drawn. Its proofs lead to just these draws; only, they are not its VRF's.
 */
export const liar: HostilePlan = (powers) => {
  const { random, records, tellAll, head, chain, voteWith, count } = powers;
  /** Places of this round at which it has spoken. */
  const places = new Set<string>();

  function isNew(period: number, step: number): boolean {
    const place = `${period}/${step}`;
    if (places.has(place)) return false;
    places.add(place);
    return true;
  }

  /** Votes with a draw of its own choice where votes are drawn. */
  function claim(
    record: HostileRecord,
    context: RoundContext,
    period: number,
    step: number,
    value: Value,
  ): void {
    const proof = falseDraw(powers, context, record, step);
    const cast = proof && voteWith(record, context.round, period, step, value, [proof]);
    if (cast === undefined) return;
    count('false-draw');
    tellAll({ type: 'vote', vote: cast });
  }

  function facts(round: bigint): RoundContext | undefined {
    return round === head().header.height + 1n ? chain.context(head(), round) : undefined;
  }

  function echo({ round, period, step, value }: Vote): void {
    const context = facts(round);
    if (context === undefined || context.committees(step).everyUnit || random.chance(700)) return;
    if (isNew(period, step)) for (const record of records) claim(record, context, period, step, value);
  }

  function lead(period: number): void {
    const context = facts(head().header.height + 1n);
    if (context === undefined || !isNew(period, STEP.propose)) return;
    for (const record of records) propose(powers, context, record, period);
  }

  return {
    hear(message) {
      if (message.type !== 'vote' || message.vote.round !== head().header.height + 1n) return;
      if (message.vote.step === STEP.propose) lead(message.vote.period);
      else echo(message.vote);
    },
    say(message) {
      const { vote } = message.type === 'vote' ? message : { vote: undefined };
      const isProposal = vote?.step === STEP.propose && vote.value.period === vote.period;
      if (isProposal) lead(vote.period);
      else tellAll(message);
    },
    roundOver() {
      places.clear();
    },
  };
};

/** Proposes a block with a false draw, or a false seed, or both; from the second period on blocks have no draw of a seed. */
function propose(powers: Powers, context: RoundContext, record: HostileRecord, period: number): void {
  const { random, chain, crypto, head, transactions, tellAll, vote, voteWith, count } = powers;
  const { genesisHash, seed, round } = context;
  const isSeedFalse = period === 0 && random.chance(600);
  const seedProof = isSeedFalse
    ? falseSeed(powers, context, record)
    : crypto.vrf.prove(record.vrfSecret, seedInput(genesisHash, seed, round));
  const block = chain.build(
    head(),
    { proposer: record.id, period, seedProof: period === 0 ? seedProof : undefined },
    [...transactions().slice(0, 3), salt(random.u32())],
    head().header.time + BigInt(random.between(1, 2_000)),
  );
  const value: Value = { period, proposer: record.id, digest: block.digest };
  const isDrawFalse = !isSeedFalse || random.chance(500);
  const proof = isDrawFalse ? falseDraw(powers, context, record, STEP.propose) : undefined;
  const cast =
    proof === undefined
      ? vote(record, round, period, STEP.propose, value)
      : voteWith(record, round, period, STEP.propose, value, [proof]);
  if (cast === undefined) return;
  if (proof !== undefined) count('false-draw');
  if (isSeedFalse) count('false-seed-proof');
  tellAll({ type: 'vote', vote: cast });
  tellAll({ type: 'block', bytes: block.bytes });
}

/** Of some made-up proofs the one whose output has the smallest score. */
function madeUp({ random, crypto }: Powers, score: (output: Uint8Array) => bigint): Uint8Array {
  const tries = Array.from({ length: TRIES }, () => {
    const proof = random.bytes(80);
    return { proof, score: score(crypto.vrf.outputOf(proof)) };
  });
  return tries.reduce((best, other) => (other.score < best.score ? other : best)).proof;
}

/** How a VRF output does at a step, the smallest best: it leads, or counts for many units. */
function scoreOf(
  { table, committees }: RoundContext,
  row: StakeRow,
  step: number,
  output: Uint8Array,
): bigint {
  const units = selectedUnits(output, row.id, row.weight, table.total, committees(step));
  if (step !== STEP.propose) return -units;
  return units === 0n ? 1n << 256n : leaderValue(output, row.id, units);
}

/** A proof by which the record would lead, or vote with as many units as can be. */
function falseDraw(
  powers: Powers,
  context: RoundContext,
  { id }: HostileRecord,
  step: number,
): Uint8Array | undefined {
  const row = context.table.row(id);
  return row && madeUp(powers, (output) => scoreOf(context, row, step, output));
}

/** A proof whose seed would let the record lead the next round of its chain of seeds. */
function falseSeed(
  powers: Powers,
  context: RoundContext,
  { id, vrfSecret }: HostileRecord,
): Uint8Array | undefined {
  const { chain, crypto, head } = powers;
  const { genesisHash, seed, round, table } = context;
  const row = table.row(id);
  const from = chain.refreshFrom(round);
  const refresh = from === undefined ? undefined : head().history[Number(from)]!.digest;
  const later = round + chain.parameters.stake.seedLookback;
  return (
    row &&
    madeUp(powers, (output) => {
      const next = nextSeed(seed, { proposer: id, output }, refresh);
      const alpha = sortitionInput(genesisHash, next, later, 0, STEP.propose);
      return scoreOf(context, row, STEP.propose, crypto.vrf.outputOf(crypto.vrf.prove(vrfSecret, alpha)));
    })
  );
}
