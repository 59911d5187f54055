import type { World } from '../abstractions.ts';
import type { PlayerState } from '../machine/state.ts';
import type { ConsensusParams } from '../parameters.ts';

/** Asks others for what a participant lacks. */
interface CatchUp {
  /** Somebody spoke of a round, true or not: a reason to ask, no more. */
  readonly hear: (round: bigint) => void;
  /** To be called when a round has begun. */
  readonly roundBegan: () => void;
  /** Asks for the block of the round's certificate, again and again, of anybody. @param isMissing whether it still is not there */
  readonly askForBlock: (digest: Uint8Array, isMissing: () => boolean) => void;
}

/** @param state of the player; undefined while the participant is not at work */
export function createCatchUp(
  { pace }: ConsensusParams,
  { network, clock }: World,
  state: () => PlayerState | undefined,
): CatchUp {
  /** The latest round that somebody spoke of, and until when that counts, ms: in an idle chain somebody speaks as often as this. */
  let heardOf = 0n;
  let heardUntil = 0;
  /** The round whose certified block is asked for. */
  let askedFor: bigint | undefined;
  /** The round in which this was asked, and is not asked again before the pause is over. */
  let pausedIn: bigint | undefined;

  function later(run: () => void): void {
    clock.setTimer('catch-up', clock.now() + pace.filterMax, 0, run);
  }

  /** Others speak of later rounds: ask for what made this one final, once a pause, however often they do. */
  function ask(): void {
    const player = state();
    if (player === undefined || player.phase === 'decided') return;
    const { round } = player.facts;
    if (heardOf <= round || clock.now() > heardUntil || pausedIn === round) return;
    if (heardOf > round + 1n) network.requestRound(round);
    pausedIn = round;
    later(() => {
      pausedIn = undefined;
      if (state()?.facts.round !== round) return;
      network.requestRound(round);
      // Nothing of it was verified: it counts until this answer, and must be heard again.
      heardOf = 0n;
    });
  }

  function askAgain(round: bigint, digest: Uint8Array, isMissing: () => boolean): void {
    network.requestBlock(digest);
    network.requestRound(round);
    later(() => {
      if (state()?.facts.round === round && isMissing()) askAgain(round, digest, isMissing);
    });
  }

  return {
    hear(round) {
      const player = state();
      if (player === undefined || round <= player.facts.round) return;
      const now = clock.now();
      if (now > heardUntil) heardOf = 0n;
      if (round < heardOf) return;
      heardOf = round;
      heardUntil = now + pace.idle + pace.filterMax;
      ask();
    },
    roundBegan: ask,
    askForBlock(digest, isMissing) {
      const player = state();
      if (player === undefined || askedFor === player.facts.round) return;
      askedFor = player.facts.round;
      askAgain(player.facts.round, digest, isMissing);
    },
  };
}
