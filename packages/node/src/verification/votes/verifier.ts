import { availableParallelism } from 'node:os';
import type { VoteVerifier } from '@sero/consensus';
import {
  type Bundle,
  checkChoice,
  ephemeralCache,
  ProtocolError,
  type RoundContext,
  rowOfSender,
  type StakeRow,
  type UnverifiedVote,
  type WeighedVote,
} from '@sero/protocol';
import { type Clock, systemClock } from '../../clock.ts';
import { fastEd25519, fastVrf } from '../../fast-signatures.ts';
import { VerificationError } from '../errors.ts';
import { createBundles, votesOf } from './bundles.ts';
import { LINKS, type Verdict } from './judge.ts';
import { createSlices } from './slices.ts';
import { createTaskMaker, type Task } from './task.ts';
import { createVoteThreads } from './threads.ts';
import { createVerdicts } from './verdicts.ts';

/** Options of the verifier. */
export interface VoteVerifierOptions {
  /** Threads at most; 0: everything is done on the calling thread, in slices of 2 ms. */
  readonly threads: number;
  /** Told of faults, in words for the log: of threads that died, and of votes that no rule refused and that could not be judged. */
  readonly onFailure: (what: string) => void;
  /**
   * Units of work, of some 0.13 ms each (1 a vote, 4 with a draw), that wait on the calling thread before threads are started. Default 256: rounds of
   * some dozens of participants never need the 50 MiB of a thread. Once started, threads do all the work.
   */
  readonly spill?: number;
  /** Votes that wait or are judged at most, at some 4 KiB each; from then on `isFull('vote')`. Default 8,192. */
  readonly maxVotes?: number;
  /** Bundles that wait or are verified at most; from then on `isFull('bundle')`. Default 16. */
  readonly maxBundles?: number;
  /** ms without a word of a thread that has work, until it is ended as if it had died. Default 30,000; its votes take some ms. */
  readonly maxSilenceMs?: number;
  readonly clock?: Clock;
  /** Runs something in a later turn of the event loop. Default `setImmediate`. */
  readonly defer?: (run: () => void) => void;
  /** The program of the threads. Default: the verifier's own. */
  readonly program?: URL;
}

/** Checks of messages, by threads where there is much of it. */
export interface ThreadedVoteVerifier extends VoteVerifier {
  /**
   * As {@link VoteVerifier}: `done` is called once for every vote that was taken, unless the verifier is closed before, and undefined means invalid, never
   * that nobody looked. So nothing that was taken is dropped, and what there is no room for is not taken: ask `isFull` before a message is
   * given to the participant, in the same turn, and ignore the message where it is.
   *
   * @throws VerificationError `busy` where it is full
   */
  vote(context: RoundContext, vote: UnverifiedVote, done: (weighed: WeighedVote | undefined) => void): void;
  /** As `vote`, in a later turn of the event loop. @throws VerificationError `busy` where it is full */
  bundle: VoteVerifier['bundle'];
  /**
   * Has threads judge the votes of bundles that will be asked about soon, so that the calling thread has its time for something else; nothing is believed
   * that is not judged. Where there are no threads it does nothing.
   */
  ahead(bundles: readonly { readonly context: RoundContext; readonly bundle: Bundle }[]): void;
  /** No bundles come for a while that `ahead` is told of: ends threads that were started for them, unless they are at something. */
  rest(): void;
  /** Whether there is no room for another one now. */
  isFull(what: 'vote' | 'bundle'): boolean;
  /** Votes, those of bundles included, that wait, and that threads are at. */
  queue(): { readonly waiting: number; readonly running: number };
  /** Ends the threads. Nobody who waits is called any more, and whatever comes is dropped. */
  close(): Promise<void>;
}

/** Verdicts that are remembered: twice the largest bundle, and of invalid votes what peers send before they are banned. */
const [VALID, INVALID] = [16_384, 4_096];

/** Who waits for a vote that is being judged. */
type Waiter = (verdict: Verdict) => void;

/** Threads of a computer: one core is left to the node itself, and four judge a round of 50,000 participants in a second. */
export function defaultVoteThreads(cores = availableParallelism()): number {
  return Math.min(4, Math.max(1, cores - 1));
}

/**
 * Makes the verifier. Verdicts are those of `verifyVote` and `verifyBundle` of @sero/protocol. What costs nothing is looked at first, on the calling thread;
 * then whether this very vote, by this very row in this very round, was judged before or is being judged; only then signatures, and last the draw.
 */
export function createVoteVerifier(options: VoteVerifierOptions): ThreadedVoteVerifier {
  const { threads: count, onFailure, spill = 256, maxVotes = 8_192, maxBundles = 16 } = options;
  const { maxSilenceMs = 30_000, clock = systemClock, defer = setImmediate } = options;
  const { program = new URL('./worker.ts', import.meta.url) } = options;
  const crypto = { vrf: fastVrf, ed25519: fastEd25519, links: ephemeralCache(LINKS) };
  const tasks = createTaskMaker();
  const verdicts = createVerdicts(VALID, INVALID);
  const slices = createSlices(crypto, defer);
  const fallback = slices.submit;
  const threads = createVoteThreads({ count, program, maxSilenceMs, clock, fallback, onFailure });
  const bundles = createBundles({ judge, expect, defer });
  /** Votes that are being judged, by name. */
  const judged = new Map<string, Waiter[]>();
  /** Votes that were taken and not answered, but for those of bundles. */
  let open = 0;
  /** Set where much work is about to come. */
  let isExpecting = false;
  /** Whether threads were started because of `ahead`. */
  let isForAhead = false;
  let isClosed = false;

  function expect(members: number): void {
    if (members + slices.waiting().units > spill) isExpecting = true;
  }

  function submit(task: Task): void {
    const isMuch = isExpecting || slices.waiting().units + task.cost > spill;
    if (count > 0 && (isMuch || threads.isStarted())) threads.submit(task);
    else slices.submit(task);
    isExpecting = false;
  }

  function judge(context: RoundContext, vote: UnverifiedVote, waiter: Waiter): number {
    const row = rowFor(context, vote);
    if (row === undefined) {
      waiter({ valid: false });
      return 0;
    }
    const task = tasks.make(context, row, vote, (verdict) => settle(task.name, verdict));
    const known = verdicts.get(task.name);
    if (known !== undefined) {
      waiter(known);
      return 0;
    }
    const waiters = judged.get(task.name);
    if (waiters !== undefined) waiters.push(waiter);
    else {
      judged.set(task.name, [waiter]);
      submit(task);
    }
    return task.cost;
  }

  function settle(name: string, verdict: Verdict): void {
    if (isClosed) return;
    const waiters = judged.get(name);
    judged.delete(name);
    verdicts.put(name, verdict);
    if (!verdict.valid && verdict.failure !== undefined) onFailure(verdict.failure);
    for (const waiter of waiters ?? []) waiter(verdict);
  }

  function expectRoom(what: 'vote' | 'bundle'): void {
    if (isFull(what)) throw new VerificationError('busy', `too many ${what}s wait to be verified`);
  }

  function isFull(what: 'vote' | 'bundle'): boolean {
    return what === 'vote' ? open >= maxVotes : bundles.count() >= maxBundles;
  }

  return {
    vote(context, vote, done) {
      if (isClosed) return;
      expectRoom('vote');
      open++;
      judge(context, vote, (verdict) => {
        open--;
        tell(done, verdict.valid ? weighedBy(verdict, vote) : undefined);
      });
    },
    bundle(context, bundle, done) {
      if (isClosed) return;
      expectRoom('bundle');
      bundles.submit(context, bundle, (verified) => tell(done, verified));
    },
    ahead(bundles) {
      // Of one bundle nothing is gained: whoever tells of it waits for it.
      if (isClosed || count === 0 || bundles.length < 2) return;
      if (!threads.isStarted()) isForAhead = true;
      for (const { context, bundle } of bundles) {
        for (const vote of votesOf(context, bundle)) {
          isExpecting = true;
          judge(context, vote, () => undefined);
        }
      }
      isExpecting = false;
    },
    rest() {
      if (isForAhead && threads.rest()) isForAhead = false;
    },
    output: (proof) => fastVrf.outputOf(proof),
    isFull,
    queue() {
      const { waiting, running } = threads.queue();
      return { waiting: waiting + slices.waiting().votes, running };
    },
    async close() {
      isClosed = true;
      bundles.close();
      slices.close();
      judged.clear();
      await threads.close();
    },
  };
}

/** The row of a sender whose vote costs something to refuse. */
function rowFor(context: RoundContext, vote: UnverifiedVote): StakeRow | undefined {
  try {
    checkChoice(vote.period, vote.step, vote.value);
    return vote.round === context.round ? rowOfSender(context, vote) : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function weighedBy(verdict: Extract<Verdict, { valid: true }>, vote: UnverifiedVote): WeighedVote {
  const { weight, leader } = verdict;
  return leader === undefined ? { vote, weight } : { vote, weight, leader };
}

/** Calls back; what that throws is a fault of its own, and no other vote's. */
function tell<T>(done: (answer: T) => void, answer: T): void {
  try {
    done(answer);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
