import { availableParallelism } from 'node:os';
import {
  createPortableVerifier,
  type Groth16Verifier,
  type Proof,
  type ProofItem,
  type Verdict,
  type VerifyingKey,
} from '@sero/prover';
import { type Clock, systemClock, type Timer } from '../clock.ts';
import { createBackendThreads } from './backend-threads.ts';
import { VerificationError } from './errors.ts';
import type { Answer, Item } from './thread.ts';
import { createThreads } from './threads.ts';

/** Options of the verifier. */
export interface ThreadedVerifierOptions {
  /** Batches that are checked at once, each by a thread. */
  readonly threads: number;
  /**
   * Checks batches off the event loop, on threads of its own. Default: the portable verifier, in a thread of ours for each batch, since
   * it would hold up the one that calls it.
   */
  readonly verifier?: Groth16Verifier;
  /** Proofs that one batch holds at most; so many waiting ones are not kept any longer. Default 64. */
  readonly batchSize?: number;
  /** ms that a single proof waits for others to share its batch. Default 20. */
  readonly gatherMs?: number;
  /** Single proofs that wait or run at most; beyond it the answer is `busy`. Default 4,096. */
  readonly maxQueued?: number;
  /**
   * ms after which a batch without an answer is given up and its thread ended, as if that had died over it: a thread that hangs must
   * not hold up the chain. It decides on no proof. Default 120,000, where a slow computer takes some seconds for a full batch.
   */
  readonly maxBatchMs?: number;
  readonly clock?: Clock;
  /** Called after each batch. */
  readonly onBatch?: (batch: { readonly proofs: number; readonly ms: number }) => void;
  /** The program of our threads, where there are any. Default: the verifier's own. */
  readonly program?: URL;
}

/** A verifier whose work is done by other threads. */
export interface ThreadedVerifier extends Groth16Verifier {
  /** @throws VerificationError; the signal's reason */
  verify(
    vk: VerifyingKey,
    publicInputs: readonly bigint[],
    proof: Proof,
    signal?: AbortSignal,
  ): Promise<Verdict>;
  /** As `verify`; several items at once are a block's: they wait for no others and are never refused as `busy`. */
  verifyBatch(items: readonly ProofItem[], signal?: AbortSignal): Promise<Verdict[]>;
  /** Proofs that wait, and that are being checked. */
  queue(): { readonly waiting: number; readonly running: number };
  /** Ends the threads. What waits or runs, and what comes later, is refused with `closed`. */
  close(): Promise<void>;
}

/** One proof on its way. */
interface Request {
  readonly item: Item;
  readonly settle: (answer: Answer | VerificationError) => void;
  /** True once nobody waits for the answer. */
  dropped: boolean;
  /** A thread died over it before: it is tried once more, alone. */
  retried: boolean;
}

/**
 * How many batches are checked at once: one core is left to the node itself, and the native prover runs two jobs at once, each
 * helped by all its threads, so that a third batch would only wait there.
 */
export function defaultBatches(cores = availableParallelism()): number {
  return Math.min(2, Math.max(1, cores - 1));
}

/**
 * Makes the verifier. Verdicts are those of the portable one, whichever works. Single proofs are gathered for a moment into
 * batches, since a batch costs less a proof, and those that find no idle thread then go together to the first that is; a batch that fails is halved by
 * the verifier until the culprits stand alone.
 */
export function createThreadedVerifier(options: ThreadedVerifierOptions): ThreadedVerifier {
  const { batchSize = 64, gatherMs = 20, maxQueued = 4_096 } = options;
  const { maxBatchMs = 120_000, clock = systemClock } = options;
  const count = options.threads;
  const threads =
    options.verifier === undefined
      ? createThreads(count, options.program ?? new URL('./worker.ts', import.meta.url))
      : createBackendThreads(count, options.verifier);
  const local = options.verifier ?? createPortableVerifier();
  /** Single proofs that wait for their moment, and those whose moment is over: the first idle thread takes as many of these as a batch holds. */
  let gathering: Request[] = [];
  let due: Request[] = [];
  /** Batches that go before all single proofs and are not put together again: a block's, spread over the threads, and proofs that must be alone. */
  const ready: Request[][] = [];
  let timer: Timer | undefined;
  let running = 0;
  let closed = false;

  const waitingCount = (): number =>
    ready.reduce((sum, { length }) => sum + length, gathering.length + due.length);

  function gathered(): void {
    if (timer !== undefined) clock.clearTimer(timer);
    timer = undefined;
    due.push(...gathering);
    gathering = [];
    next();
  }

  function next(): void {
    while (!closed && threads.idle()) {
      const batch = ready.shift() ?? due.splice(0, batchSize);
      if (batch.length === 0) return;
      const wanted = batch.filter(({ dropped }) => !dropped);
      if (wanted.length > 0) start(wanted);
    }
  }

  function start(requests: readonly Request[]): void {
    const began = clock.now();
    running += requests.length;
    const giveUp = threads.run({
      items: requests.map(({ item }) => item),
      answered(answers) {
        clock.clearTimer(late);
        running -= requests.length;
        for (const [i, { settle }] of requests.entries()) settle(answers[i]!);
        options.onBatch?.({ proofs: requests.length, ms: clock.now() - began });
        next();
      },
      lost(reason) {
        clock.clearTimer(late);
        running -= requests.length;
        for (const request of requests) lost(request, reason);
        next();
      },
    });
    const late = clock.setTimer(
      () => giveUp(`a verifying thread gave no answer in ${maxBatchMs} ms`),
      maxBatchMs,
    );
  }

  /** A thread died over it: once more, alone, so that the proof which kills threads takes no other along. */
  function lost(request: Request, reason: string): void {
    if (closed) request.settle(closedError());
    else if (request.retried)
      request.settle(new VerificationError('worker-lost', `${reason}, twice over one proof`));
    else {
      request.retried = true;
      ready.unshift([request]);
    }
  }

  function request(item: ProofItem, signal: AbortSignal | undefined): [Request, Promise<Verdict>] {
    const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
    const made: Request = {
      item: { key: threads.keyNumber(item.vk), publicInputs: item.publicInputs, proof: item.proof },
      settle: (answer) => {
        signal?.removeEventListener('abort', abort);
        if (answer instanceof VerificationError) reject(answer);
        else if ('failed' in answer) reject(new Error(`the verifier failed: ${answer.failed}`));
        else resolve(answer);
      },
      dropped: false,
      retried: false,
    };
    const abort = (): void => {
      made.dropped = true;
      gathering = gathering.filter((other) => other !== made);
      due = due.filter((other) => other !== made);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    return [made, promise];
  }

  async function single(item: ProofItem, signal?: AbortSignal): Promise<Verdict> {
    admit(signal);
    if (waitingCount() + running >= maxQueued) {
      throw new VerificationError('busy', 'too many proofs wait to be checked: try again shortly');
    }
    const [made, verdict] = request(item, signal);
    gathering.push(made);
    if (gathering.length >= batchSize) gathered();
    else timer ??= clock.setTimer(gathered, gatherMs);
    return verdict;
  }

  /** Spread evenly over the threads, before all that waits. */
  async function several(items: readonly ProofItem[], signal?: AbortSignal): Promise<Verdict[]> {
    admit(signal);
    const made = items.map((item) => request(item, signal));
    const size = Math.min(batchSize, Math.ceil(items.length / count));
    const batches: Request[][] = [];
    for (let at = 0; at < made.length; at += size)
      batches.push(made.slice(at, at + size).map(([one]) => one));
    ready.unshift(...batches);
    next();
    return Promise.all(made.map(([, verdict]) => verdict));
  }

  function admit(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (closed) throw closedError();
  }

  return {
    verifySync: local.verifySync,
    verify: (vk, publicInputs, proof, signal) => single({ vk, publicInputs, proof }, signal),
    async verifyBatch(items, signal) {
      const [only, another] = items;
      if (only === undefined) return [];
      return another === undefined ? [await single(only, signal)] : several(items, signal);
    },
    queue: () => ({ waiting: waitingCount(), running }),
    async close() {
      if (closed) return;
      closed = true;
      if (timer !== undefined) clock.clearTimer(timer);
      for (const one of [...gathering, ...due, ...ready.flat()]) one.settle(closedError());
      gathering = [];
      due = [];
      ready.length = 0;
      await threads.close();
    },
  };
}

const closedError = (): VerificationError =>
  new VerificationError('closed', 'the verifier was closed: the proof was not checked');
