import { type EphemeralKeys, type KeyStep, runKeySteps } from '@sero/consensus';
import { batchOf, ROUNDS_PER_BATCH } from '@sero/protocol';
import { type Clock, systemClock, type Timer } from '../clock.ts';

export interface BatchOptions {
  readonly keys: EphemeralKeys;
  /** Rounds before the end of a batch at which the next one is made, 1 to 256. Default: 128. */
  readonly ahead?: number;
  /** ms of work, about, after which others get a turn. Default: 4. */
  readonly sliceMs?: number;
  /** ms of rest between slices of a batch that is not needed yet; the present one is made without. Default: 10. */
  readonly restMs?: number;
  /** Rounds before the end of all keys at which people are warned. Default: 60,480, a week of idle blocks of 10 s. */
  readonly warnAt?: bigint;
  /** Default: the computer's. */
  readonly clock?: Clock;
  readonly onEvent?: (event: BatchEvent) => void;
}

/** What people and metrics are told. */
export type BatchEvent =
  /** A batch is made; `ms` is how long it took with its rests. */
  | { readonly type: 'batch-ready'; readonly batch: bigint; readonly ms: number }
  /** The disk or the file failed: this validator cannot vote in the batch. It is not tried again. */
  | { readonly type: 'batch-failed'; readonly batch: bigint; readonly error: Error }
  /** Said once for each: few rounds are left that the keys cover, and none. New keys have to be registered. */
  | { readonly type: 'keys-ending'; readonly roundsLeft: bigint; readonly lastRound: bigint }
  | { readonly type: 'keys-ended'; readonly lastRound: bigint };

/** Where the keys stand. */
export interface BatchStatus {
  readonly round: bigint;
  /** Whether votes of this round can be signed. */
  readonly isReady: boolean;
  /** The same of the first round behind this batch; true where the keys end before it. */
  readonly isNextReady: boolean;
  /** Rounds that the keys still cover, this one included; 0 after their end. */
  readonly roundsLeft: bigint;
}

/** Makes batches of ephemeral keys in time. */
export interface BatchPreparer {
  /**
   * The chain is at this round: all before it are final. Erases their keys, and makes the batch of this round, and the next one when its time
   * has come. Call it at the start, before the participant's, and at every round; not while the chain catches up, for batches that are
   * over before they are made cost a core.
   */
  advance(round: bigint): void;
  status(): BatchStatus;
  /** Work under way ends; a crash or a stop at any moment is made up for by the next `advance`. */
  stop(): void;
}

/** Making a batch of 4,096 leaves takes some 0.4 s of a core: it goes in slices, so that nobody waits for it. */
export function createBatchPreparer(options: BatchOptions): BatchPreparer {
  const { keys, ahead = 128, sliceMs = 4, restMs = 10, warnAt = 60_480n, clock = systemClock } = options;
  const { onEvent = () => undefined } = options;
  const { first, last } = keys.range;
  const making = new Map<bigint, Generator<KeyStep, void>>();
  const failed = new Set<bigint>();
  const timers = new Set<Timer>();
  let round = 0n;
  let hasWarned = false;
  let hasEnded = false;
  let isStopped = false;

  const after = (ms: number, run: () => void): void => {
    const timer = clock.setTimer(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  };

  const make = (at: bigint): void => {
    const batch = batchOf(at);
    if (making.has(batch) || failed.has(batch) || keys.isReady(at)) return;
    const steps = keys.prepare(at);
    making.set(batch, steps);
    const began = clock.now();
    let sliceBegan = began;
    const pause = (resume: () => void): void => {
      if (clock.now() - sliceBegan < sliceMs) {
        resume();
        return;
      }
      after(batch > batchOf(round) ? restMs : 0, () => {
        sliceBegan = clock.now();
        resume();
      });
    };
    runKeySteps(steps, keys, pause, (error) => {
      making.delete(batch);
      if (isStopped) return;
      if (error !== undefined) {
        failed.add(batch);
        onEvent({ type: 'batch-failed', batch, error });
      } else if (keys.isReady(at)) {
        onEvent({ type: 'batch-ready', batch, ms: clock.now() - began });
      }
    });
  };

  const warn = (): void => {
    const left = last - round + 1n;
    if (left <= 0n && !hasEnded) {
      hasEnded = true;
      onEvent({ type: 'keys-ended', lastRound: last });
    } else if (left > 0n && left <= warnAt && !hasWarned) {
      hasWarned = true;
      onEvent({ type: 'keys-ending', roundsLeft: left, lastRound: last });
    }
  };

  /** A round, or the first one behind it that the keys cover. */
  const covered = (at: bigint): bigint => (at > first ? at : first);

  /** The first round with keys behind the batch of the present one. */
  const nextRound = (): bigint => covered((batchOf(round) + 1n) * ROUNDS_PER_BATCH);

  return {
    advance(to) {
      if (isStopped || to < round) return;
      round = to;
      keys.eraseBefore(round);
      for (const batch of failed) if (batch < batchOf(round)) failed.delete(batch);
      warn();
      const [present, next] = [covered(round), nextRound()];
      if (batchOf(present) === batchOf(round)) make(present);
      const isDue = next <= last && next - round <= BigInt(ahead);
      if (isDue && batchOf(next) === batchOf(round) + 1n) make(next);
    },

    status: () => ({
      round,
      isReady: keys.isReady(round),
      isNextReady: nextRound() > last || keys.isReady(nextRound()),
      roundsLeft: round > last ? 0n : last - covered(round) + 1n,
    }),

    stop() {
      isStopped = true;
      for (const timer of timers) clock.clearTimer(timer);
      timers.clear();
      // Wipes the secret that they work with.
      for (const steps of making.values()) steps.return();
    },
  };
}
