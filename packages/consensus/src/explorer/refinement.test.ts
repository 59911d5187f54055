import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STEP } from '@sero/protocol';
import type { PlayerEvent } from '../machine/events.ts';
import { newPlayer, transition } from '../machine/player.ts';
import type { PlayerState } from '../machine/state.ts';
import { bundleOf, localKey, localOf, play } from './local.ts';
import { type Locals, localsOf } from './locals.ts';
import {
  includes,
  type Model,
  modelOf,
  NO_SLOTS,
  quorumsOf,
  type Scope,
  type Slots,
  slotBit,
  union,
  valuesIn,
  voteOf,
} from './model.ts';
import { holdsAll } from './simulation.ts';

/** Moves of the model that one event of the machine may be. */
const MOST_MOVES = 3;

/** Integers from a seed (G. Marsaglia's xorshift32). */
function newDice(seed: number): (sides: number) => number {
  let x = seed;
  return (sides) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % sides;
  };
}

interface Walker {
  state: PlayerState;
  said: Slots;
  /** As it is in the log: at the last vote. */
  logged: PlayerState;
}

/** Whether the model gets a player from one local to another one, saying the same, by a few moves for which the votes are there. */
function isCovered(
  model: Model,
  locals: Locals,
  walkers: readonly Walker[],
  player: number,
  end: { readonly local: number; readonly said: Slots },
): boolean {
  const start = {
    local: locals.numberOf(localOf(model, walkers[player]!.state)),
    said: walkers[player]!.said,
  };
  let here = [start];
  for (let moves = 0; moves <= MOST_MOVES; moves++) {
    if (here.some(({ local, said }) => local === end.local && isSame(said, end.said))) return true;
    here = here.flatMap(({ local, said }) => {
      const all = walkers.map((walker, i) => (i === player ? said : walker.said));
      const quorums = quorumsOf(model, all);
      return locals.moves[local]!.filter(({ needs }) => needs === undefined || includes(quorums, needs))
        .map(({ to, says }) => ({ local: to, said: union(said, says) }))
        .filter((next) => holdsAll(end.said, next.said));
    });
  }
  return false;
}

function isSame(one: Slots, other: Slots): boolean {
  return one.low === other.low && one.high === other.high;
}

/** Something that may happen to a player, whatever it is; undefined where the scope ends. */
function anyEvent(
  model: Model,
  walkers: readonly Walker[],
  player: number,
  dice: (sides: number) => number,
): PlayerEvent | undefined {
  const { state } = walkers[player]!;
  const { slots, scope, lastPeriod } = model;
  const { round } = state.facts;
  const { period, step } = state;
  const pick = <T>(list: readonly T[]): T => list[dice(list.length)]!;
  const spoken = model.honest.flatMap((sender) =>
    slots
      .filter((slot) => includes(walkers[sender]!.said, slotBit(model, slot)))
      .map((slot) => ({ sender, slot })),
  );
  switch (dice(11)) {
    case 0:
    case 1:
    case 2: {
      if (spoken.length === 0) return undefined;
      const { sender, slot } = pick(spoken);
      return { type: 'vote', vote: voteOf(model, sender, slot) };
    }
    case 3:
      return { type: 'vote', vote: voteOf(model, model.byzantine, pick(slots)) };
    case 4: {
      const proposed = pick([period, period, dice(lastPeriod + 1)]);
      const slot = { period: proposed, step: STEP.propose, value: pick(valuesIn(model, proposed)) };
      const vote = voteOf(model, dice(model.byzantine + 1), slot);
      return { type: 'vote', vote: { ...vote, leader: BigInt(dice(4)) } };
    }
    case 5: {
      const { value } = model.values[1 + dice(model.values.length - 1)]!;
      return { type: 'block', value, isValid: true };
    }
    case 6: {
      const quorums = quorumsOf(
        model,
        walkers.map(({ said }) => said),
      );
      const there = slots.filter((slot) => includes(quorums, slotBit(model, slot)));
      if (there.length === 0) return undefined;
      const slot = pick(there);
      const voters = model.honest.filter((sender) => includes(walkers[sender]!.said, slotBit(model, slot)));
      return bundleOf(model, slot, voters);
    }
    case 7:
      return pick<PlayerEvent>([
        { type: 'restart' },
        { type: 'transactions' },
        { type: 'timer', timer: { name: 'idle', round } },
      ]);
    case 8:
      if (period === lastPeriod || !scope.recovery) return undefined;
      return { type: 'timer', timer: { name: 'recovery', round, period } };
    default: {
      const isLast = period === lastPeriod ? STEP.cert : STEP.next + scope.nextVotes - 1;
      if (step >= isLast) return undefined;
      return { type: 'timer', timer: { name: 'step', round, period, step } };
    }
  }
}

/** Whether the player has given up on the last period, after which the model has nothing: split votes end a period as a deadline does. */
function endsScope({ lastPeriod }: Model, { period, step }: PlayerState): boolean {
  return period > lastPeriod || (period === lastPeriod && step > STEP.cert);
}

/** Walks at random; gives the number of events that changed what a player says or may say. */
function walk(model: Model, locals: Locals, seed: number, events: number): number {
  const dice = newDice(seed);
  const { params, facts, mutant } = model.newcomer;
  const { state: fresh } = newPlayer(params, facts, 0, mutant);
  const walkers: Walker[] = model.honest.map(() => ({ state: fresh, said: NO_SLOTS, logged: fresh }));
  let changes = 0;
  for (let i = 0; i < events; i++) {
    const player = dice(model.honest.length);
    const walker = walkers[player]!;
    if (dice(40) === 0) walker.state = walker.logged;
    const event = anyEvent(model, walkers, player, dice);
    if (event === undefined || endsScope(model, transition(walker.state, event, 0).state)) continue;
    const done = play(model, walker.state, [event]);
    if (done.state.decision !== undefined) continue;
    const end = {
      local: locals.numberOf(localOf(model, done.state)),
      said: union(walker.said, done.said),
    };
    if (end.local !== locals.numberOf(localOf(model, walker.state)) || !isSame(end.said, walker.said)) {
      changes++;
      const what = `seed ${seed}, event ${i}: ${event.type} at ${localKey(localOf(model, walker.state))}`;
      assert.ok(isCovered(model, locals, walkers, player, end), what);
    }
    const spoke = !isSame(end.said, walker.said);
    Object.assign(walker, { state: done.state, said: end.said, ...(spoke ? { logged: done.state } : {}) });
  }
  return changes;
}

const SCOPES: readonly Scope[] = [
  { faults: 1, originals: [2, 1], emptyBlockPeriod: 3, nextVotes: 2, recovery: true },
  { faults: 1, originals: [2, 0], emptyBlockPeriod: 1, nextVotes: 2, recovery: true },
  { faults: 2, originals: [2, 1], emptyBlockPeriod: 3, nextVotes: 1, recovery: true },
  { faults: 1, originals: [2, 1, 1], emptyBlockPeriod: 2, nextVotes: 2, recovery: true },
];

for (const scope of SCOPES) {
  test(`whatever happens to the whole machine, message by message, is a way in the model (${scope.originals.length} periods, m = ${scope.emptyBlockPeriod}, f = ${scope.faults})`, () => {
    const model = modelOf(scope);
    const locals = localsOf(model);
    let changes = 0;
    for (let seed = 1; seed <= WALKS; seed++) changes += walk(model, locals, seed, EVENTS);
    assert.ok(changes > 15 * WALKS);
  });
}

const WALKS = 100;
const EVENTS = 400;
