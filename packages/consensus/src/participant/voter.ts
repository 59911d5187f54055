import { equalBytes } from '@sero/crypto';
import type { Value, Vote, WeighedVote } from '@sero/protocol';
import type { NamedBlock, OwnRecord, World } from '../abstractions.ts';
import { dueErasures } from '../leaf-slots.ts';
import { draws, signVote } from './attester.ts';
import type { Recorder } from './recorder.ts';

/** What a voter needs of its participant. */
export interface VoterHost {
  /** Whether the participant is at work, in this round. */
  isIn(round: bigint): boolean;
  /** A record was handed to the log. */
  written(): void;
  /** The votes are durable and were sent. */
  voted(votes: readonly WeighedVote[]): void;
  /** Sees to it that a block is in the log. */
  hold(block: NamedBlock): void;
}

/** Votes with the own records: each at most once for a period and step, durable before it is sent. */
export interface Voter {
  cast(round: bigint, period: number, step: number, value: Value): void;
  /** Casts a period's first proposal, and sends its block after it; drops any other. */
  castProposal(vote: WeighedVote, block: NamedBlock | undefined): void;
  /** Takes over an own vote that stands in the log. @returns it with its weight, nothing where it is of another round */
  restore(round: bigint, vote: Vote): readonly WeighedVote[];
  nextRound(): void;
}

export function createVoter(
  records: readonly OwnRecord[],
  { ledger, verifier, network }: World,
  recorder: Recorder,
  host: VoterHost,
): Voter {
  /** Where votes of this round were cast, by period and step: for one value each, whatever happens. */
  const cast = new Set<string>();

  /** Votes once signed go to the log, with the leaves that they used up, and only then to anybody. */
  function record(votes: readonly WeighedVote[], block: NamedBlock | undefined): void {
    const { round, period, step } = votes[0]!.vote;
    cast.add(placeOf(period, step));
    if (block !== undefined) host.hold(block);
    recorder.erase(dueErasures({ kind: 'voted', round, period, step }));
    host.written();
    recorder.write(
      round,
      votes.map(({ vote }) => vote),
      () => {
        if (!host.isIn(round)) return;
        send(votes);
        if (block !== undefined) network.broadcast({ type: 'block', bytes: block.bytes });
        host.voted(votes);
      },
    );
  }

  function send(votes: readonly WeighedVote[]): void {
    for (const { vote } of votes) network.broadcast({ type: 'vote', vote });
  }

  return {
    cast(round, period, step, value) {
      // Asked again, it says nothing: what is to be said again the machine knows (`resend`).
      if (cast.has(placeOf(period, step))) return;
      const context = ledger.context(round);
      const drawn = draws(context, period, step, records, verifier);
      const votes = drawn.flatMap((draw) => signVote(context, period, step, value, draw) ?? []);
      if (votes.length > 0) record(votes, undefined);
    },

    castProposal(vote, block) {
      const { period, step } = vote.vote;
      if (!cast.has(placeOf(period, step))) record([vote], block);
    },

    restore(round, vote) {
      const { period, step, sender } = vote;
      if (vote.round !== round) return [];
      const own = records.filter(({ id }) => equalBytes(id, sender));
      const [draw] = draws(ledger.context(round), period, step, own, verifier);
      if (draw === undefined) return [];
      const { weight, leader } = draw;
      const weighed = leader === undefined ? { vote, weight } : { vote, weight, leader };
      cast.add(placeOf(period, step));
      return [weighed];
    },

    nextRound: () => cast.clear(),
  };
}

function placeOf(period: number, step: number): string {
  return `${period}/${step}`;
}
