import { equalBytes } from '@sero/crypto';
import type { Change, Entry, KeyValueStore } from '@sero/store';

/** What an `AbortSignal` says to whoever has no clock: throws once nobody waits any more. */
export interface Cancellation {
  throwIfAborted(): void;
}

/** Long work cut into steps of some milliseconds. Between two of them nothing is half written. */
export type Steps<T> = Generator<void, T, void>;

/** How long work goes on while other things want their turn. */
export interface Pace {
  /** Waited for between two steps: let the event loop turn. */
  pause(): Promise<void>;
  /** Asked before each step. What was written until then stays, and whoever begins again goes on from there. */
  readonly signal?: Cancellation | undefined;
}

/** Does all of it in one go. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Does it step by step. @throws the signal's reason, at most one step after it was aborted */
export async function paced<T>(steps: Steps<T>, { pause, signal }: Pace): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    const step = steps.next();
    if (step.done === true) return step.value;
    await pause();
  }
}

/** Entries that are read in one step. */
const SLICE = 4_096;

/** Everything that a store holds, ascending, in slices: between two of them no reading is left open. */
export function* slicesOf(store: KeyValueStore): Generator<readonly Entry[]> {
  let last: Uint8Array | undefined;
  for (;;) {
    const slice: Entry[] = [];
    for (const [key, value] of store.entries(new Uint8Array(0), last === undefined ? {} : { from: last })) {
      if (last !== undefined && equalBytes(key, last)) continue;
      slice.push([key.slice(), value.slice()]);
      if (slice.length === SLICE) break;
    }
    if (slice.length === 0) return;
    yield slice;
    last = slice.at(-1)![0];
  }
}

/** Deletes everything that a store holds. */
export function* clearStore(store: KeyValueStore): Steps<void> {
  for (const slice of slicesOf(store)) {
    store.write(slice.map(([key]): Change => ({ key, value: undefined })));
    yield;
  }
}
