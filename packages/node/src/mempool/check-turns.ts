import type { Clock, Timer } from '../clock.ts';

/** When a transaction may be checked: a promise of its turn, undefined for at once. A signal that is aborted ends the wait, too. */
export type CheckTurns = (signal: AbortSignal) => Promise<void> | undefined;

/** Transactions in a span from which on those that follow wait for each other. */
const FEW = 8;

/** That span, and how long one waits at most, ms. */
const SPAN = 100;

/** Transactions of a span that are checked though more wait for a block than the next ones take. */
const TRICKLE = 16;

/** However much waits for a block, a transaction waits no longer than this for its check, ms: who pays more gets in, and who fills blocks with what is cheap keeps nobody out. */
const LONGEST = 1_000;

/**
 * Has transactions that come in a stream checked together: points, signatures and proofs in batches of thirty take a third less time than in batches of
 * eight. Where few come (80 a second, or fewer) none waits.
 *
 * @param isFull whether more wait for a block than the next ones will take: then it is blocks that are missing, and not transactions, and checking more of
 *   these would take from agreement the time that it needs
 */
export function checkTurns(clock: Clock, isFull: () => boolean): CheckTurns {
  let waiting: { readonly go: () => void; readonly since: number }[] = [];
  let timer: Timer | undefined;
  /** When the present span began, what came in it, and what came in the one before. */
  let began = Number.NEGATIVE_INFINITY;
  let count = 0;
  let before = 0;

  function release(): void {
    timer = undefined;
    const late = clock.now() - LONGEST;
    const overdue = waiting.findLastIndex(({ since }) => since <= late) + 1;
    const due = waiting.splice(0, isFull() ? Math.max(TRICKLE, overdue) : waiting.length);
    if (waiting.length > 0) timer = clock.setTimer(release, SPAN);
    for (const { go } of due) go();
  }

  /** Whether they come in a stream, this one counted. */
  function isStream(): boolean {
    const age = clock.now() - began;
    if (age >= SPAN || age < 0) {
      before = age < 2 * SPAN && age >= 0 ? count : 0;
      began = clock.now();
      count = 0;
    }
    count++;
    return Math.max(count, before) > FEW;
  }

  /** Resolves when it is its turn, or its signal says that nobody waits for it. */
  function turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting = waiting.filter((other) => other.go !== go);
        if (waiting.length === 0 && timer !== undefined) {
          clock.clearTimer(timer);
          timer = undefined;
        }
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push({ go, since: clock.now() });
      timer ??= clock.setTimer(release, SPAN);
    });
  }

  return (signal) => {
    const waits = isStream() || waiting.length > 0;
    return waits && !signal.aborted ? turn(signal) : undefined;
  };
}
