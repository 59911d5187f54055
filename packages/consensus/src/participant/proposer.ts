import { STEP, seedInput, type Value, type WeighedVote } from '@sero/protocol';
import type { NamedBlock, OwnRecord, World } from '../abstractions.ts';
import { filterTime } from '../machine/filter-time.ts';
import { type PlayerState, periodOf } from '../machine/state.ts';
import { buildDelay, waitForGap } from '../pace.ts';
import type { ConsensusParams } from '../parameters.ts';
import { type Draw, draws, signVote } from './attester.ts';

/** What a proposer needs of its participant. */
export interface ProposerHost {
  state(): PlayerState;
  /** Whether this period of this round is no longer played. */
  isOver(round: bigint, period: number): boolean;
  /** Records a signed proposal and then sends it, with its block. */
  cast(vote: WeighedVote, block: NamedBlock | undefined): void;
}

/** Makes proposals with the best of the own records. */
export interface Proposer {
  propose(round: bigint, period: number): void;
  repropose(round: bigint, period: number, value: Value): void;
}

export function createProposer(
  params: ConsensusParams,
  records: readonly OwnRecord[],
  { ledger, verifier, clock }: World,
  host: ProposerHost,
): Proposer {
  /** The own record that leads the others. */
  function bestDraw(round: bigint, period: number): Draw | undefined {
    const drawn = draws(ledger.context(round), period, STEP.propose, records, verifier);
    return drawn.reduce<Draw | undefined>(
      (best, draw) => (best === undefined || draw.leader! < best.leader! ? draw : best),
      undefined,
    );
  }

  /** Somebody has shown a smaller leader value: this proposal would be waste. */
  function isOutbid(period: number, { leader }: Draw): boolean {
    const { lowest } = periodOf(host.state(), period);
    return lowest !== undefined && lowest.vote.leader! < leader!;
  }

  function sign(
    round: bigint,
    period: number,
    value: Value,
    draw: Draw,
    block: NamedBlock | undefined,
  ): void {
    const vote = signVote(ledger.context(round), period, STEP.propose, value, draw);
    if (vote !== undefined) host.cast(vote, block);
  }

  function build(round: bigint, period: number, draw: Draw): void {
    if (host.isOver(round, period) || isOutbid(period, draw)) return;
    const gap = ledger.hasTransactions() ? 0 : waitForGap(params, ledger.times());
    if (gap > 0) {
      clock.setTimer('build', clock.now() + gap, 0, () => build(round, period, draw));
      return;
    }
    const { genesisHash, seed } = ledger.context(round);
    const proposer = draw.record.id;
    const seedProof = period === 0 ? draw.record.prove(seedInput(genesisHash, seed, round)) : undefined;
    const within = filterTime(params, period, host.state().arrivals) >> 1;
    ledger.propose({ proposer, period, seedProof, within }, (block) => {
      if (block === undefined || host.isOver(round, period) || isOutbid(period, draw)) return;
      sign(round, period, { period, proposer, digest: block.digest }, draw, block);
    });
  }

  return {
    propose(round, period) {
      const draw = bestDraw(round, period);
      if (draw === undefined) return;
      const { total } = ledger.context(round).table;
      const delay = buildDelay(params, draw.leader!, total, ledger.buildTime());
      clock.setTimer('build', clock.now() + delay, 0, () => build(round, period, draw));
    },

    repropose(round, period, value) {
      const draw = bestDraw(round, period);
      if (draw !== undefined) sign(round, period, value, draw, undefined);
    },
  };
}
