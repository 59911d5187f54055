import { equalBytes } from '@sero/crypto';
import { equalValues, type Value, type Vote, type WeighedVote } from '@sero/protocol';
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

/** What was cast at one step. */
interface Cast {
  readonly votes: readonly WeighedVote[];
  isDurable: boolean;
}

export function createVoter(
  records: readonly OwnRecord[],
  { ledger, verifier, network }: World,
  recorder: Recorder,
  host: VoterHost,
): Voter {
  /** Votes of this round by period and step: one value each, whatever happens. */
  const cast = new Map<string, Cast>();

  /** Votes once signed go to the log, with the leaves that they used up, and only then to anybody. */
  function record(votes: readonly WeighedVote[], block: NamedBlock | undefined): void {
    const { round, period, step } = votes[0]!.vote;
    const entry: Cast = { votes, isDurable: false };
    cast.set(placeOf(period, step), entry);
    if (block !== undefined) host.hold(block);
    recorder.erase(dueErasures({ kind: 'voted', round, period, step }));
    host.written();
    recorder.write(
      round,
      votes.map(({ vote }) => vote),
      () => {
        entry.isDurable = true;
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
      const before = cast.get(placeOf(period, step));
      if (before !== undefined) {
        // Asked again, it says the same again or nothing.
        if (before.isDurable) send(before.votes.filter(({ vote }) => equalValues(vote.value, value)));
        return;
      }
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
      const place = placeOf(period, step);
      cast.set(place, { votes: [...(cast.get(place)?.votes ?? []), weighed], isDurable: true });
      return [weighed];
    },

    nextRound: () => cast.clear(),
  };
}

function placeOf(period: number, step: number): string {
  return `${period}/${step}`;
}
