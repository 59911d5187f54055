import type { VoteCrypto } from '@sero/protocol';
import { judge } from './judge.ts';
import type { Task } from './task.ts';

/** Units of work of one turn of the event loop, 2 ms; a dearer vote has a turn for itself. */
const SLICE = 16;

/** Judges votes on the calling thread, a slice each turn of its event loop. */
export interface Slices {
  submit(task: Task): void;
  /** Votes that wait, and the units of work that they are. */
  waiting(): { readonly votes: number; readonly units: number };
  /** Drops what waits. */
  close(): void;
}

/** @param defer runs something in a later turn of the event loop */
export function createSlices(crypto: VoteCrypto, defer: (run: () => void) => void): Slices {
  let queue: Task[] = [];
  let units = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || queue.length === 0) return;
    isScheduled = true;
    defer(slice);
  }

  function slice(): void {
    isScheduled = false;
    let [cost, count] = [0, 0];
    while (count < queue.length && (count === 0 || cost + queue[count]!.cost <= SLICE))
      cost += queue[count++]!.cost;
    const tasks = queue.splice(0, count);
    units -= cost;
    schedule();
    for (const { facts, row, vote, settle } of tasks) settle(judge(facts, row, vote, crypto));
  }

  return {
    submit(task) {
      queue.push(task);
      units += task.cost;
      schedule();
    },
    waiting: () => ({ votes: queue.length, units }),
    close() {
      queue = [];
      units = 0;
    },
  };
}
