import { equalBytes, toHex } from '@sero/crypto';
import type { BlockClaim, Judgement, NamedBlock, World } from '../abstractions.ts';
import type { PlayerEvent } from '../machine/events.ts';
import { type PlayerState, periodOf } from '../machine/state.ts';
import { keyOf } from '../machine/value-key.ts';
import { wantedBlocks } from '../machine/wanted-blocks.ts';
import { waitForTime } from '../pace.ts';
import { createBlockStore } from './block-store.ts';

/** What a keeper of blocks needs of its participant. */
export interface BlockHost {
  state(): PlayerState;
  isWorking(): boolean;
  feed(event: PlayerEvent): void;
}

/** Gets the blocks of a round, executes those that the player wants, and tells him whether they hold. */
export interface BlockKeeper {
  get(digest: Uint8Array): NamedBlock | undefined;
  /** A block of the present or the next round from anywhere. */
  receive(bytes: Uint8Array): Judgement;
  /** Takes from the log's blocks what the player wants, now that he is where he was, and what he proposed. @param proposed hashes */
  restore(found: readonly Uint8Array[], proposed: readonly Uint8Array[]): void;
  /** Keeps and executes what the player wants now, and asks for what is missing. @param askAgain for what was asked for before, too */
  settle(askAgain: boolean): void;
  nextRound(): void;
  stop(): void;
}

export function createBlockKeeper({ ledger, network, clock }: World, host: BlockHost): BlockKeeper {
  const blocks = createBlockStore();
  /** Blocks that are executed, or wait for their time. */
  const executing = new Set<string>();
  /** Timers of blocks that wait. */
  const waiting = new Set<string>();
  /** Blocks that were asked for as soon as they were missed. */
  const asked = new Set<string>();

  function execute(block: NamedBlock): void {
    const { facts, verdicts, phase } = host.state();
    const claim = ledger.read(block.bytes);
    if (claim?.height !== facts.round || phase === 'decided') return;
    const key = keyOf(claim.value);
    if (verdicts.has(key) || executing.has(key)) return;
    executing.add(key);
    ledger.validate(block, (isValid) => {
      if (!host.isWorking() || host.state().facts.round !== facts.round) return;
      if (isValid) noteInTime(claim);
      else note(claim, false);
    });
  }

  /** A block of the future is not voted for before its time. */
  function noteInTime(claim: BlockClaim): void {
    const wait = waitForTime(claim.time, ledger.times().now);
    if (wait === 0) {
      note(claim, true);
      return;
    }
    const timer = `time of ${toHex(claim.value.digest)}`;
    waiting.add(timer);
    clock.setTimer(timer, clock.now() + wait, 0, () => {
      waiting.delete(timer);
      noteInTime(claim);
    });
  }

  function note({ value }: BlockClaim, isValid: boolean): void {
    executing.delete(keyOf(value));
    host.feed({ type: 'block', value, isValid });
  }

  function clearTimers(): void {
    for (const name of waiting) clock.clearTimer(name);
    waiting.clear();
  }

  /** Asks for a block the first time that it is missed in a round; true where that was now. */
  function askOnce(digest: Uint8Array): boolean {
    const key = toHex(digest);
    if (asked.has(key)) return false;
    asked.add(key);
    network.requestBlock(digest);
    return true;
  }

  return {
    get: (digest) => blocks.get(digest),

    receive(bytes) {
      const claim = ledger.read(bytes);
      const { round } = host.state().facts;
      if (claim === undefined) return 'invalid';
      if (claim.height !== round && claim.height !== round + 1n) return 'ignored';
      return blocks.add({ digest: claim.value.digest, bytes }) ? 'accepted' : 'ignored';
    },

    restore(found, proposed) {
      const wanted = new Set([...wantedBlocks(host.state()), ...proposed.map(toHex)]);
      blocks.sort(wanted);
      for (const bytes of found) {
        const claim = ledger.read(bytes);
        if (claim === undefined || !wanted.has(toHex(claim.value.digest))) continue;
        blocks.add({ digest: claim.value.digest, bytes });
      }
    },

    settle(askAgain) {
      const state = host.state();
      const { empty } = state.facts;
      const missing = blocks.sort(wantedBlocks(state)).filter((digest) => !equalBytes(digest, empty.digest));
      for (const block of blocks.newlyWanted()) {
        network.relay({ type: 'block', bytes: block.bytes });
        execute(block);
      }
      const { staged } = periodOf(state, state.period);
      for (const digest of missing) {
        const isUrgent = staged !== undefined && equalBytes(staged.digest, digest);
        if (!(isUrgent && askOnce(digest)) && askAgain) network.requestBlock(digest);
      }
    },

    nextRound() {
      asked.clear();
      executing.clear();
      blocks.nextRound();
      clearTimers();
    },

    stop: clearTimers,
  };
}
