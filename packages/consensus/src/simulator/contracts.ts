import { checkRestored, checkTransition } from '../machine/contracts.ts';
import type { PlayerState } from '../machine/state.ts';
import type { MemoryVoteLog } from '../memory-disk.ts';
import type { ParticipantOptions } from '../participant/participant.ts';
import { Violation } from './violation.ts';

/** A vote log, and what to give a participant so that its transitions and restarts keep to the machine's contracts. */
export interface Watched {
  readonly log: MemoryVoteLog;
  readonly options: ParticipantOptions;
}

/**
 * Watches a participant through all of its lives: every transition, and that a restart brings back what the last record stood for, where a crash
 * has left the log whole.
 */
export function watchContracts(log: MemoryVoteLog, node: number): Watched {
  /** Rounds of the records that the log was given and has not cut. */
  let rounds: bigint[] = [];
  /** What the last record stands for. */
  let written: PlayerState | undefined;

  function expected(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new Violation('contract', `node ${node}: ${error.message}`);
    }
  }

  return {
    log: {
      ...log,
      append(round, record) {
        rounds.push(round);
        log.append(round, record);
      },
      cut(round) {
        rounds = rounds.filter((one) => one >= round);
        log.cut(round);
      },
      crash(kept) {
        log.crash(kept);
        // What is lost is at the end.
        const left = [...log.replay()].length;
        if (left < rounds.length) written = undefined;
        rounds = rounds.slice(0, left);
      },
    },
    options: {
      onTransition: (before, event, played) => expected(() => checkTransition(before, event, played)),
      onWritten: (state) => {
        written = state;
      },
      onRestored: (state) => {
        const before = written;
        if (before?.facts.round === state.facts.round) expected(() => checkRestored(before, state));
      },
    },
  };
}
