import { encodeBlock } from '@sero/protocol';
import { type Agreement, type AgreementChain, soloStatus } from './agreement.ts';
import type { Clock, Timer } from './clock.ts';

/** When blocks are sealed. */
export interface SealerOptions {
  /** Longest pause between blocks of an idle chain, ms (genesis: pace.idle). */
  readonly idleMs: number;
  /** Least age of a parent under a block without transactions, ms (genesis: pace.minBlockGap). */
  readonly minBlockGapMs: number;
  /** ms that the first transaction of a block waits for others. Default 50. */
  readonly gatherMs?: number;
}

/**
 * A chain of one: seals a block as soon as there are transactions, and an empty one where none came for the idle interval.
 *
 * One timer and at most one block at a time. After a block that should have held transactions and came out empty (all of them were
 * refused) it waits for the next transaction or the idle interval, so nothing makes it spin.
 */
export function createSealer(chain: AgreementChain, clock: Clock, options: SealerOptions): Agreement {
  const { idleMs, minBlockGapMs, gatherMs = 50 } = options;
  let state: 'new' | 'waiting' | 'gathering' | 'sealing' | 'stopped' = 'new';
  let timer: Timer | undefined;
  let sealing: Promise<void> = Promise.resolve();
  /** Transactions came while a block was being sealed. */
  let more = false;
  /** A block was handed over to be made final. */
  let committing = false;
  let stopListening = (): void => undefined;

  /** A header's time: the clock's, or just after the parent's where the clock is behind (design 3, "Block and state"). */
  function nextTime(): bigint {
    const after = chain.head().time + 1n;
    const now = BigInt(Math.floor(clock.now()));
    return now > after ? now : after;
  }

  function wait(next: 'waiting' | 'gathering', ms: number): void {
    if (timer !== undefined) clock.clearTimer(timer);
    state = next;
    timer = clock.setTimer(() => {
      timer = undefined;
      const purpose = next === 'gathering' ? 'transactions' : 'idle';
      state = 'sealing';
      sealing = seal(purpose);
    }, ms);
  }

  function waitForNext(mayHold: boolean): void {
    if (mayHold && chain.hasTransactions()) wait('gathering', gatherMs);
    else wait('waiting', untilIdle());
  }

  /** ms until an empty block is due; after a long stop it is due at once. */
  function untilIdle(): number {
    const pause = Math.max(idleMs, minBlockGapMs);
    const age = Math.max(0, Math.floor(clock.now()) - Number(chain.head().time));
    return Math.min(pause, Math.max(1, pause - age));
  }

  function wake(): void {
    if (state === 'waiting') wait('gathering', gatherMs);
    else if (state === 'sealing') more = true;
  }

  async function seal(purpose: 'transactions' | 'idle'): Promise<void> {
    more = false;
    committing = false;
    let made = true;
    try {
      made = await sealOne(purpose);
    } catch (error) {
      // A proposal that a stop cut short was never there; a block that could not be made final is told of even then.
      if (isStopped() && !committing) return;
      end();
      chain.failed(error);
      return;
    }
    if (isStopped()) return;
    waitForNext(made || more);
  }

  /** False where there was no block to make. */
  async function sealOne(purpose: 'transactions' | 'idle'): Promise<boolean> {
    const parent = chain.head();
    const time = nextTime();
    const block = await chain.propose({ time });
    if (isStopped()) return false;
    if (block.transactions.length === 0) {
      if (purpose === 'transactions') return false;
      // Where the clock is behind the parent's time, an empty block waits for it.
      if (time - parent.time < BigInt(minBlockGapMs)) return false;
    }
    committing = true;
    await chain.committed(encodeBlock(block));
    return true;
  }

  function isStopped(): boolean {
    return state === 'stopped';
  }

  function end(): void {
    state = 'stopped';
    stopListening();
    if (timer !== undefined) clock.clearTimer(timer);
    timer = undefined;
  }

  return {
    async start() {
      if (state !== 'new') return;
      stopListening = chain.onTransaction(wake);
      waitForNext(true);
    },
    async stop() {
      end();
      await sealing;
    },
    status: () => soloStatus(chain.head().height, state !== 'stopped' && state !== 'new'),
  };
}
