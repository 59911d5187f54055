/** Virtual time and what is to happen in it. */
export interface Schedule {
  /** ms since the run began. */
  now(): number;
  /** Number of things that happened. */
  events(): number;
  /** Lets something happen later; of one moment, what was asked for first happens first. */
  at(time: number, run: () => void): void;
  after(ms: number, run: () => void): void;
  /** Time stands still until a promise is settled; then what came of it happens, after what was held before. */
  hold<T>(work: Promise<T>, done: (result: PromiseSettledResult<T>) => void): void;
  /** Lets everything happen up to a time, or until `isOver`. @returns what is held first; undefined where there was nothing or nothing more */
  runUntil(time: number, isOver?: () => boolean): Promise<void> | undefined;
}

interface Entry {
  readonly time: number;
  readonly number: number;
  readonly run: () => void;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time !== b.time ? a.time < b.time : a.number < b.number;
}

export function createSchedule(): Schedule {
  /** A binary heap, the next entry first. */
  const heap: Entry[] = [];
  let time = 0;
  let number = 0;
  let events = 0;
  let held: { readonly work: Promise<unknown>; readonly done: (result: never) => void }[] = [];

  /** Waits for all that is held, and lets it happen in the order in which it was asked for. */
  async function release(): Promise<void> {
    const these = held;
    held = [];
    const results = await Promise.allSettled(these.map(({ work }) => work));
    for (const [i, { done }] of these.entries()) schedule.at(time, () => done(results[i] as never));
  }

  function push(entry: Entry): void {
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(entry, heap[above]!)) break;
      heap[place] = heap[above]!;
      place = above;
    }
    heap[place] = entry;
  }

  function pop(): Entry {
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    while (true) {
      const left = 2 * place + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const below = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (!isBefore(heap[below]!, last)) break;
      heap[place] = heap[below]!;
      place = below;
    }
    heap[place] = last;
    return first;
  }

  const schedule: Schedule = {
    now: () => time,
    events: () => events,
    at(at, run) {
      push({ time: at > time ? at : time, number: number++, run });
    },
    after: (ms, run) => schedule.at(time + ms, run),
    hold(work, done) {
      held.push({ work, done });
    },
    runUntil(end, isOver = () => false) {
      while (held.length > 0 || (heap.length > 0 && heap[0]!.time <= end && !isOver())) {
        if (held.length > 0) return release();
        const { time: at, run } = pop();
        time = at;
        events++;
        run();
      }
      if (!isOver() && time < end) time = end;
      return undefined;
    },
  };
  return schedule;
}
