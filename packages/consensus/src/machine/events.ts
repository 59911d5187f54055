import type { Value, WeighedVote } from '@sero/protocol';
import type { RoundFacts } from './state.ts';
import type { EquivocationPair, Quorum } from './vote-tracker.ts';

/** What happens to a player. Messages were decoded and verified before: their weights are what sortition says. */
export type PlayerEvent =
  /** The parent is final and durable; nothing of this round was seen but what came early. */
  | { readonly type: 'round'; readonly facts: RoundFacts }
  | { readonly type: 'vote'; readonly vote: WeighedVote }
  /** A bundle; its pairs and votes count one by one. */
  | {
      readonly type: 'bundle';
      readonly votes: readonly WeighedVote[];
      readonly pairs: readonly EquivocationPair[];
    }
  /** A block was executed on the parent of this round. Its header says whose and of which period it is: only that value is judged by it. */
  | { readonly type: 'block'; readonly value: Value; readonly isValid: boolean }
  | { readonly type: 'timer'; readonly timer: Timer }
  /** The own mempool holds something that the next block could include. */
  | { readonly type: 'transactions' }
  /** The process starts again with the state that the log gives; what the clock said before means nothing. */
  | { readonly type: 'restart' };

/** A timer is answered only while round, period and step are what they were when it was set. */
export type Timer =
  | { readonly name: 'idle'; readonly round: bigint }
  | { readonly name: 'step'; readonly round: bigint; readonly period: number; readonly step: number }
  /** Look whether there is something to soft-vote for. */
  | { readonly name: 'filter'; readonly round: bigint; readonly period: number }
  | { readonly name: 'recovery'; readonly round: bigint; readonly period: number };

/** What a player wants done, in this order. */
export type PlayerAction =
  /** Propose a new block, where one of the own keys is drawn. */
  | { readonly type: 'propose'; readonly round: bigint; readonly period: number }
  /** Propose the value of the last period's next-quorum again. */
  | {
      readonly type: 'repropose';
      readonly round: bigint;
      readonly period: number;
      readonly value: Value;
    }
  /** Vote with every own key that is drawn: sign, log, sync, then send. */
  | {
      readonly type: 'vote';
      readonly round: bigint;
      readonly period: number;
      readonly step: number;
      readonly value: Value;
    }
  /** Pass a verified message on; it was new. */
  | { readonly type: 'relay'; readonly vote: WeighedVote }
  /** Send these bundles and the block of this hash to whoever may lag behind. */
  | { readonly type: 'resync'; readonly quorums: readonly Quorum[]; readonly digest: Uint8Array | undefined }
  /** Send these votes once more: fast recovery. */
  | { readonly type: 'resend'; readonly votes: readonly WeighedVote[] }
  /** `at` is local time, ms; up to `spread` ms later, drawn by whoever sets it. One timer of a name at a time. */
  | { readonly type: 'timer'; readonly timer: Timer; readonly at: number; readonly spread: number }
  /** The leaves of this period are of no more use. */
  | { readonly type: 'period-left'; readonly round: bigint; readonly period: number }
  /** Final: execute, make durable, then begin the next round. */
  | { readonly type: 'commit'; readonly certificate: Quorum }
  /** Two votes that nobody honest casts. */
  | { readonly type: 'evidence'; readonly pair: EquivocationPair }
  /** Two certificates of one round for different blocks: keep both and stop. */
  | { readonly type: 'halt'; readonly certificates: readonly [Quorum, Quorum] };
