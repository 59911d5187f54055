import { consensusParams, newPlayer, type Transition, transition } from '@sero/consensus';
import { blake2b256 } from '@sero/crypto';
import { type Bundle, emptyBlockValue, makeBundle, PRODUCTION, STEP, type WeighedVote } from '@sero/protocol';
import type { ByStep, MadeRound } from './consensus-round.ts';

type PlayerState = Transition['state'];

const PARAMS = consensusParams(PRODUCTION);

/** What a node has of a round that it followed to its end. */
export interface Followed {
  readonly state: PlayerState;
  /** Votes that were weighed and counted. */
  readonly counted: number;
}

/**
 * A node that does not vote itself follows a round: the proposals, the leader's block, the end of the filter time, the soft votes, the cert
 * votes, each given to the machine as it comes.
 *
 * @param weigh what it takes to make a weighed vote of what came
 * @param untilQuorum whether votes of a step that has its quorum are passed over unread
 */
export function follow<T>(
  { context, value }: MadeRound,
  votes: ByStep<T>,
  weigh: (vote: T) => WeighedVote,
  untilQuorum: boolean,
): Followed {
  const { round, table } = context;
  const empty = emptyBlockValue(blake2b256('BENCH_EMPTY'));
  let { state } = newPlayer(PARAMS, { round, total: table.total, empty }, 0);
  let counted = 0;
  const on = (event: Parameters<typeof transition>[1], now: number): void => {
    ({ state } = transition(state, event, now));
  };
  const count = (some: readonly T[], now: number, isOver: () => boolean): void => {
    for (const vote of some) {
      if (untilQuorum && isOver()) return;
      on({ type: 'vote', vote: weigh(vote) }, now);
      counted++;
    }
  };
  count(votes.proposals, 10, () => false);
  on({ type: 'block', value, isValid: true }, 20);
  on({ type: 'timer', timer: { name: 'step', round, period: 0, step: STEP.soft } }, 2_520);
  count(votes.soft, 2_600, () => state.periods.get(0)?.staged !== undefined);
  count(votes.cert, 2_700, () => state.decision !== undefined);
  return { state, counted };
}

/** The certificate of a round that was followed to its end. */
export function certificateOf({ context }: MadeRound, { state }: Followed): Bundle {
  const { decision } = state;
  const { threshold } = context.committees(STEP.cert);
  const bundle = decision && makeBundle(threshold, decision, decision.votes);
  if (bundle === undefined) throw new Error('the round that was made ends without a certificate');
  return bundle;
}
