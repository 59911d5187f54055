import { BOTTOM, equalValues, STEP, type Value } from '@sero/protocol';
import type { PlayerAction, PlayerEvent } from '../machine/events.ts';
import { transition } from '../machine/player.ts';
import { EMPTY_PERIOD, type PeriodState, type PlayerState, periodOf } from '../machine/state.ts';
import { keyOf } from '../machine/value-key.ts';
import { emptyMap } from '../persistent-map.ts';
import {
  BOTTOM_ID,
  EMPTY_ID,
  type Model,
  NO_SLOTS,
  type Slot,
  type Slots,
  slotBit,
  slotsWhere,
  union,
  type ValueId,
  valuesIn,
  voteOf,
} from './model.ts';

/** What of a player can still matter to what he says: all else of his state is left out (README, "What is left out"). */
export interface Local {
  readonly period: number;
  readonly step: number;
  /** He does not cert-vote in this period any more. */
  readonly closed: boolean;
  /** The value with a soft quorum whose block he knows to hold. */
  readonly committable?: ValueId;
  /** Next-quorums of the period before that he has seen. */
  readonly sawBottom: boolean;
  readonly sawValue?: ValueId;
}

/** What can happen to a player, as one step. */
export type LocalEvent =
  /** The filter time ends; `lowest` is the leader's proposal as he saw it. */
  | { readonly type: 'filter'; readonly lowest: ValueId | undefined }
  | { readonly type: 'deadline' }
  | { readonly type: 'recovery' }
  /** He sees a quorum of soft votes; `holds`: and then the block. */
  | { readonly type: 'soft'; readonly slot: Slot; readonly holds: boolean }
  /** He sees a quorum that ends a period: the machine does as much for that of one step as for that of another. */
  | { readonly type: 'next'; readonly slot: Slot };

/** One step of a player. */
export interface LocalMove {
  readonly event: LocalEvent;
  /** Slots of which one must have a quorum; undefined where nothing is needed. */
  readonly needs: Slots | undefined;
  /** What he says then. */
  readonly says: Slots;
  readonly target: Local;
}

/** A player as the world's first moment finds him. */
export function firstLocal({ newcomer }: Model): Local {
  return { period: newcomer.period, step: newcomer.step, closed: false, sawBottom: false };
}

/** Equal exactly for equal locals. */
export function localKey({ period, step, closed, committable, sawBottom, sawValue }: Local): string {
  return [period, step, closed, committable, sawBottom, sawValue].join();
}

/** Every move that a player may make, if a quorum that it needs is there. */
export function movesOf(model: Model, local: Local): readonly LocalMove[] {
  return eventsOf(model, local).map((event) => moveBy(model, local, event));
}

/** What the machine makes of an event. */
export function moveBy(model: Model, local: Local, event: LocalEvent): LocalMove {
  const { state, said } = play(model, stateOf(model, local), eventsFor(model, local, event));
  return { event, needs: neededBy(model, event), says: said, target: localOf(model, state) };
}

function neededBy(model: Model, event: LocalEvent): Slots | undefined {
  if (event.type === 'soft') return slotBit(model, event.slot);
  if (event.type !== 'next') return undefined;
  const { period, value } = event.slot;
  return slotsWhere(
    model,
    (slot) => slot.step >= STEP.next && slot.period === period && slot.value === value,
  );
}

function eventsOf(model: Model, local: Local): LocalEvent[] {
  const { scope, lastPeriod, slots } = model;
  const { period, step } = local;
  const events: LocalEvent[] = [];
  if (step === STEP.soft) {
    for (const lowest of [undefined, ...valuesIn(model, period)]) events.push({ type: 'filter', lowest });
  }
  if (period < lastPeriod) {
    const isDue = step >= STEP.cert && step < STEP.next + scope.nextVotes - 1;
    if (isDue && scope.nextVotes > 0) events.push({ type: 'deadline' });
    if (scope.recovery) events.push({ type: 'recovery' });
  }
  for (const slot of slots) {
    // A period has no two soft quorums where each leaves too few votes for the other (explore.ts sees to it).
    const isOther = slot.period === period && local.committable !== undefined && model.isExclusive;
    if (slot.step === STEP.soft && slot.period >= period && !isOther) {
      events.push({ type: 'soft', slot, holds: true });
      if (slot.period > period) events.push({ type: 'soft', slot, holds: false });
    }
  }
  for (let ended = period < 1 ? 0 : period - 1; ended < lastPeriod; ended++) {
    for (const value of [BOTTOM_ID, ...valuesIn(model, ended)]) {
      const slot = slots.find((one) => one.step >= STEP.next && one.period === ended && one.value === value);
      if (slot !== undefined) events.push({ type: 'next', slot });
    }
  }
  return events;
}

/** Runs the machine and gathers what it says. */
export function play(
  model: Model,
  state: PlayerState,
  events: readonly PlayerEvent[],
): { state: PlayerState; said: Slots } {
  let now = state;
  let said = NO_SLOTS;
  for (const event of events) {
    const next = transition(now, event, 0);
    now = next.state;
    said = union(said, saidBy(model, next.actions));
  }
  return { state: now, said };
}

/** The votes among actions. */
function saidBy(model: Model, actions: readonly PlayerAction[]): Slots {
  let said = NO_SLOTS;
  for (const action of actions) {
    if (action.type !== 'vote') continue;
    const { period, step } = action;
    said = union(said, slotBit(model, { period, step, value: idOf(model, action.value) }));
  }
  return said;
}

/** The machine's events that a step is made of, where `voters` are the players whose votes make the quorum. */
export function eventsFor(
  model: Model,
  { period, step }: Pick<Local, 'period' | 'step'>,
  event: LocalEvent,
  voters: readonly number[] = model.honest.slice(0, model.honestQuorum),
): PlayerEvent[] {
  const { round } = model.newcomer.facts;
  switch (event.type) {
    case 'filter': {
      const timer: PlayerEvent = { type: 'timer', timer: { name: 'step', round, period, step } };
      if (event.lowest === undefined) return [timer];
      const slot = { period, step: STEP.propose, value: event.lowest };
      return [{ type: 'vote', vote: voteOf(model, model.byzantine, slot) }, timer];
    }
    case 'deadline':
      return [{ type: 'timer', timer: { name: 'step', round, period, step } }];
    case 'recovery':
      return [{ type: 'timer', timer: { name: 'recovery', round, period } }];
    case 'next':
      return [bundleOf(model, event.slot, voters)];
    case 'soft': {
      const { slot, holds } = event;
      const { value } = model.values[slot.value]!;
      const block: PlayerEvent = { type: 'block', value, isValid: true };
      return holds ? [bundleOf(model, slot, voters), block] : [bundleOf(model, slot, voters)];
    }
  }
}

/** A bundle of the voters' votes and the Byzantine player's. */
export function bundleOf(model: Model, slot: Slot, voters: readonly number[]): PlayerEvent {
  return {
    type: 'bundle',
    votes: [...voters, model.byzantine].map((player) => voteOf(model, player, slot)),
    pairs: [],
  };
}

/** A state of the machine that is what a local says and knows nothing else. */
export function stateOf(model: Model, local: Local): PlayerState {
  const { period, step, closed, committable, sawBottom, sawValue } = local;
  const named = (id: ValueId): Value => model.values[id]!.value;
  const before: PeriodState = {
    ...EMPTY_PERIOD,
    ...(sawBottom ? { nextBottom: { step: STEP.next, value: BOTTOM } } : {}),
    ...(sawValue === undefined ? {} : { nextValue: { step: STEP.next, value: named(sawValue) } }),
  };
  const here: PeriodState = {
    ...EMPTY_PERIOD,
    certClosed: closed,
    ...(committable === undefined ? {} : { staged: named(committable) }),
  };
  const known = emptyMap<boolean>();
  const verdicts = committable === undefined ? known : known.with(keyOf(named(committable)), true);
  const periods = new Map([
    [period - 1, before],
    [period, here],
  ]);
  return { ...model.newcomer, period, step, periods, verdicts };
}

/** What of a state can still matter. */
export function localOf(model: Model, state: PlayerState): Local {
  const { period, step } = state;
  const here = periodOf(state, period);
  const { nextBottom, nextValue } = periodOf(state, period - 1);
  const committable = here.staged === undefined ? undefined : idOf(model, here.staged);
  const holds =
    committable === EMPTY_ID ||
    (here.staged !== undefined && state.verdicts.get(keyOf(here.staged)) === true);
  return {
    period,
    step,
    closed: here.certClosed === true,
    ...(holds && committable !== undefined ? { committable } : {}),
    sawBottom: nextBottom !== undefined,
    ...(nextValue === undefined ? {} : { sawValue: idOf(model, nextValue.value) }),
  };
}

/** Throws RangeError for a value that is not in the scope. */
function idOf({ values }: Model, value: Value): ValueId {
  const id = values.findIndex((other) => equalValues(other.value, value));
  if (id < 0) throw new RangeError('a value from outside of the scope');
  return id;
}
