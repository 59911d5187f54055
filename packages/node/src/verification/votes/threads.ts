import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../clock.ts';
import type { Task } from './task.ts';
import type { Order, Report } from './thread.ts';

/** Units of work of one order, some 8 ms. */
const ORDER = 64;
/** Orders that a thread has before it at most: it works on while this thread's event loop is held up. */
const WINDOW = 4;
/** Threads that die in a row before they are ready, until none is started any more. */
const MAX_STARTS = 3;

/** What threads are made with. */
export interface VoteThreadOptions {
  readonly count: number;
  readonly program: URL;
  /** ms without a word of a thread that has work, until it is ended as if it had died. */
  readonly maxSilenceMs: number;
  readonly clock: Clock;
  /** Takes the votes for which no thread can be started. */
  readonly fallback: (task: Task) => void;
  /** Told of each thread that died, in words for the log. */
  readonly onFailure: (what: string) => void;
}

/** Threads that judge votes; one sender's come to one thread, which then knows his batch key. */
export interface VoteThreads {
  submit(task: Task): void;
  /** Whether any was started. */
  isStarted(): boolean;
  queue(): { readonly waiting: number; readonly running: number };
  /** Ends the threads until the next vote comes, unless they are at something: false then. */
  rest(): boolean;
  /** Ends the threads; their votes are dropped. */
  close(): Promise<void>;
}

/** An order that was given. */
interface Flight {
  readonly number: number;
  readonly tasks: readonly Task[];
}

/** The place of a thread, and the one that stands there now. */
interface Place {
  worker: Worker | undefined;
  isReady: boolean;
  /** Died in a row before they were ready. */
  unready: number;
  /** Looks in a row that found it at work and silent. */
  silence: number;
  queue: Task[];
  /** A thread died over one of these: they are judged again, each alone. */
  suspects: Task[];
  flights: Flight[];
  /** Whether the flight is a suspect. */
  isAlone: boolean;
}

/**
 * Threads start with their first vote. One that dies is replaced; its votes are judged again: those of the order that it was at each alone, the others as
 * before. A vote over which a thread dies again, all alone, is invalid: what kills two threads does the same to other nodes. A thread that dies before
 * it is ready says nothing of any vote.
 */
export function createVoteThreads(options: VoteThreadOptions): VoteThreads {
  const { count, program, maxSilenceMs, clock, fallback, onFailure } = options;
  const places = Array.from({ length: count }, newPlace);
  let orders = 0;
  let watch: Timer | undefined;
  let isClosed = false;

  function start(place: Place): Worker {
    // Flags of the process (--test, --eval and such) are none of the thread's business.
    const worker = new Worker(program, { execArgv: [] });
    Object.assign(place, { worker, isReady: false, silence: 0 });
    worker.on('message', (report: Report) => {
      if (place.worker === worker) heard(place, report);
    });
    const died = (reason: string): void => {
      if (place.worker === worker) lost(place, reason);
    };
    worker.on('error', (error) => died(`a thread that judges votes failed: ${error}`));
    worker.on('messageerror', (error) =>
      died(`a thread that judges votes sent what cannot be read: ${error}`),
    );
    worker.on('exit', (code) => died(`a thread that judges votes ended with ${code}`));
    return worker;
  }

  function heard(place: Place, report: Report): void {
    place.silence = 0;
    if ('ready' in report) {
      place.isReady = true;
      place.unready = 0;
      return;
    }
    const flight = place.flights.shift();
    if (flight?.number !== report.number)
      throw new Error('a thread answered another order than it was given');
    place.isAlone = false;
    next(place);
    for (const [i, task] of flight.tasks.entries()) task.settle(report.verdicts[i]!);
  }

  /** Its thread is no more. */
  function lost(place: Place, reason: string): void {
    void place.worker?.terminate();
    place.worker = undefined;
    const { flights, isReady, isAlone } = place;
    place.flights = [];
    place.isAlone = false;
    onFailure(reason);
    const [first, ...others] = flights;
    if (!isReady) {
      place.unready++;
      if (isAlone) place.suspects.unshift(...(first?.tasks ?? []));
      else place.queue.unshift(...flights.flatMap(({ tasks }) => tasks));
    } else {
      place.queue.unshift(...others.flatMap(({ tasks }) => tasks));
      if (!isAlone) place.suspects.push(...(first?.tasks ?? []));
    }
    next(place);
    if (isReady && isAlone) {
      for (const { settle } of first?.tasks ?? [])
        settle({ valid: false, failure: `${reason}, the second over one vote` });
    }
  }

  /** Gives a place what its thread may have now. */
  function next(place: Place): void {
    if (isClosed) return;
    if (place.unready >= MAX_STARTS) {
      abandon(place);
      return;
    }
    const suspect = place.flights.length === 0 ? place.suspects.shift() : undefined;
    if (suspect !== undefined) {
      place.isAlone = true;
      give(place, [suspect]);
    } else if (!place.isAlone && place.suspects.length === 0) {
      while (place.queue.length > 0 && place.flights.length < WINDOW) give(place, taken(place.queue));
    }
    if (place.flights.length > 0) return;
    place.worker?.unref();
    if (watch !== undefined && places.every(({ flights }) => flights.length === 0)) {
      clock.clearTimer(watch);
      watch = undefined;
    }
  }

  function give(place: Place, tasks: readonly Task[]): void {
    const worker = place.worker ?? start(place);
    // Only work keeps the process alive.
    worker.ref();
    const items = tasks.map(({ facts, rowBytes, bytes }) => ({ facts, row: rowBytes, vote: bytes }));
    const order: Order = { number: orders++, items };
    place.flights.push({ number: order.number, tasks });
    worker.postMessage(order);
    watch ??= clock.setTimer(look, maxSilenceMs / 2);
  }

  /** Nothing starts here: votes are judged where they can be. */
  function abandon(place: Place): void {
    const tasks = [...place.suspects, ...place.queue];
    place.suspects = [];
    place.queue = [];
    for (const task of tasks) fallback(task);
  }

  async function end(): Promise<void> {
    const workers = places.flatMap(({ worker }) => worker ?? []);
    for (const place of places) Object.assign(place, newPlace());
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  /** Counts looks and not ms, so that a process which was stopped for a while finds its threads innocent. */
  function look(): void {
    watch = undefined;
    for (const place of places) {
      if (place.flights.length === 0) continue;
      place.silence++;
      if (place.silence > 2) lost(place, `a thread that judges votes gave no answer in ${maxSilenceMs} ms`);
    }
    if (places.some(({ flights }) => flights.length > 0)) watch ??= clock.setTimer(look, maxSilenceMs / 2);
  }

  return {
    submit(task) {
      // Ids are hashes.
      const place = places[task.row.id[0]! % count]!;
      if (place.unready >= MAX_STARTS) {
        fallback(task);
        return;
      }
      place.queue.push(task);
      next(place);
    },
    isStarted: () => places.some(({ worker, unready }) => worker !== undefined || unready > 0),
    queue() {
      let [waiting, running] = [0, 0];
      for (const { queue, suspects, flights } of places) {
        waiting += queue.length + suspects.length;
        for (const { tasks } of flights) running += tasks.length;
      }
      return { waiting, running };
    },
    rest() {
      if (
        places.some(({ queue, suspects, flights }) => queue.length + suspects.length + flights.length > 0)
      ) {
        return false;
      }
      void end();
      return true;
    },
    async close() {
      isClosed = true;
      if (watch !== undefined) clock.clearTimer(watch);
      await end();
    },
  };
}

function newPlace(): Place {
  return {
    worker: undefined,
    isReady: false,
    unready: 0,
    silence: 0,
    queue: [],
    suspects: [],
    flights: [],
    isAlone: false,
  };
}

/** Takes the first tasks out of a queue, as many as make an order. */
function taken(queue: Task[]): readonly Task[] {
  let [cost, count] = [0, 0];
  while (count < queue.length && (count === 0 || cost + queue[count]!.cost <= ORDER))
    cost += queue[count++]!.cost;
  return queue.splice(0, count);
}
