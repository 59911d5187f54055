import { STEP } from '@sero/protocol';
import { transition } from '../machine/player.ts';
import type { PlayerState } from '../machine/state.ts';
import type { TraceStep } from './explore.ts';
import { bundleOf, eventsFor, type LocalEvent, localOf, play } from './local.ts';
import { localsOf } from './locals.ts';
import {
  includes,
  type Model,
  NO_SLOTS,
  quorumsOf,
  type Slot,
  type Slots,
  slotBit,
  union,
  type ValueId,
} from './model.ts';

/** A block that a player makes final. */
export interface Commit {
  readonly player: number;
  readonly value: ValueId;
}

/**
 * Lets whole players, of which nothing is left out, live through a trace, with the votes that were really cast; in the end each
 * certificate is shown to a player. Throws if they cannot.
 */
export function replay(model: Model, trace: readonly TraceStep[]): readonly Commit[] {
  const locals = localsOf(model);
  const players: PlayerState[] = model.honest.map(() => model.newcomer);
  let said: readonly Slots[] = model.honest.map(() => NO_SLOTS);
  for (const { player, move } of trace) {
    const state = players[player]!;
    const local = localOf(model, state);
    const quorums = quorumsOf(model, said);
    const own = locals
      .movesAt(local)
      .find(
        ({ to, says, needs }) =>
          to === move.to && isSame(says, move.says) && (needs === undefined || includes(quorums, needs)),
      );
    if (own === undefined) throw new Error('a player cannot make a move of the trace');
    const [event, voters] = withVoters(model, own.event, said);
    const done = play(model, state, eventsFor(model, local, event, voters));
    players[player] = done.state;
    said = said.with(player, union(said[player]!, done.said));
  }
  return certificatesIn(model, said).flatMap((slot, at) => {
    const player = model.honest[at % model.honest.length]!;
    const { actions } = transition(players[player]!, bundleOf(model, slot, votersOf(model, slot, said)), 0);
    return actions.filter(({ type }) => type === 'commit').map(() => ({ player, value: slot.value }));
  });
}

function isSame(one: Slots, other: Slots): boolean {
  return one.low === other.low && one.high === other.high;
}

/** The event, about a slot that has a quorum, and the honest players whose votes make it. */
function withVoters(
  model: Model,
  event: LocalEvent,
  said: readonly Slots[],
): [LocalEvent, readonly number[]] {
  if (event.type !== 'soft' && event.type !== 'next') return [event, []];
  const { period, step, value } = event.slot;
  const quorums = quorumsOf(model, said);
  const slot = model.slots.find(
    (one) =>
      one.period === period &&
      one.value === value &&
      (event.type === 'soft' ? one.step === step : one.step >= STEP.next) &&
      includes(quorums, slotBit(model, one)),
  );
  if (slot === undefined) throw new Error('a step needs a quorum that is not there');
  return [{ ...event, slot }, votersOf(model, slot, said)];
}

function votersOf(model: Model, slot: Slot, said: readonly Slots[]): readonly number[] {
  return model.honest.filter((player) => includes(said[player]!, slotBit(model, slot)));
}

/** A certificate for each value that has one. */
function certificatesIn(model: Model, said: readonly Slots[]): readonly Slot[] {
  const quorums = quorumsOf(model, said);
  const certificates = model.slots.filter(
    (slot) => slot.step === STEP.cert && includes(quorums, slotBit(model, slot)),
  );
  return certificates.filter(
    ({ value }, at) => certificates.findIndex((other) => other.value === value) === at,
  );
}
