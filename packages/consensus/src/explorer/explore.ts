import { STEP } from '@sero/protocol';
import {
  certificatesByValue,
  copyWorld,
  newForgetting,
  newNaming,
  newWorld,
  quorumsIn,
  unpack,
  type World,
  widthOf,
} from './canonical.ts';
import { type Locals, localsOf, type NumberedMove } from './locals.ts';
import {
  includes,
  type Model,
  NO_SLOTS,
  type Slot,
  type Slots,
  slotsIn,
  slotsWhere,
  union,
} from './model.ts';
import { plainMoves, reducedMoves } from './reduction.ts';
import { newStateSet } from './state-set.ts';

/** One step on the way to a fork: what one of the honest players does. */
export interface TraceStep {
  readonly player: number;
  readonly move: NumberedMove;
}

export interface Exploration {
  /** Whether every state was reached that can be. */
  readonly isComplete: boolean;
  /** States, those counted once that are alike but for the names of players and values. */
  readonly states: number;
  /** Moves from a state to another one. */
  readonly transitions: number;
  /** Moves to the state that is furthest away. */
  readonly depth: number;
  /** Different conditions of one player, each taken through the machine. */
  readonly locals: number;
  /** Certificates whose votes some state shows. */
  readonly certificates: readonly Slot[];
  /** A shortest way to certificates for two values; undefined if none was found. */
  readonly fork: readonly TraceStep[] | undefined;
  /** Whether some honest player says two things at one step. Only where nothing is left out, false otherwise. */
  readonly saysTwice: boolean;
}

/** How a world is gone through. */
export interface ExploreOptions {
  /** Gives up beyond it. */
  readonly mostStates: number;
  /** Leaves out what cannot matter (reduction.ts, canonical.ts): far fewer states, and longer ways to a fork. */
  readonly isReduced: boolean;
}

/** Goes through every state of the world, as {@link exploreLocals} does, with players that follow the machine. */
export function explore(model: Model, options: ExploreOptions): Exploration {
  return exploreLocals(model, localsOf(model), options);
}

/**
 * Goes through every state of the world, nearest first, until it finds a fork.
 *
 * @throws Error if two values of one period have soft quorums although there are too few honest votes for it: then the model is wrong
 */
export function exploreLocals(
  model: Model,
  locals: Locals,
  { mostStates, isReduced }: ExploreOptions,
): Exploration {
  const moves = isReduced ? reducedMoves(locals) : plainMoves(locals);
  const forget = newForgetting(model, locals);
  const name = newNaming(model, locals);
  const players = model.honest.length;
  const width = widthOf(players);
  const states = newStateSet(width);
  const certsOf = certificatesByValue(model);
  const soft = slotsWhere(model, ({ step }) => step === STEP.soft);
  const [here, there] = [newWorld(players), newWorld(players)];
  const state = new Int32Array(width);
  let certified = NO_SLOTS;
  let fork: number | undefined;
  let transitions = 0;
  let saysTwice = false;

  /** Notes the world `there`; says whether it is another state than the one it comes from. */
  function reach(from: number): boolean {
    const quorums = quorumsIn(model, there);
    if (isReduced) forget(there);
    name(there, state);
    if (states.size > 0 && states.isAt(from, state)) return false;
    if (!states.add(state, from)) return true;
    if (model.isExclusive) expectOneSoft(model, quorums, soft);
    certified = union(certified, quorums);
    const held = quorumsIn(model, there);
    let values = 0;
    for (const certs of certsOf) if (includes(held, certs)) values++;
    if (values > 1) fork ??= states.size - 1;
    return true;
  }

  /** Lets a player make each of these moves that he can; gives the number of those that lead elsewhere. */
  function make(at: number, player: number, list: readonly NumberedMove[], quorums: Slots): number {
    let made = 0;
    for (const { needs, says, to, rivals } of list) {
      if (needs !== undefined && !includes(quorums, needs)) continue;
      saysTwice ||=
        !isReduced && ((here.low[player]! & rivals.low) | (here.high[player]! & rivals.high)) !== 0;
      copyWorld(there, here);
      there.local[player] = to;
      there.low[player]! |= says.low;
      there.high[player]! |= says.high;
      if (reach(at)) made++;
    }
    return made;
  }

  function expand(at: number): number {
    states.read(at, state);
    unpack(state, here);
    const quorums = quorumsIn(model, here);
    for (let player = 0; player < players; player++) {
      const made = make(at, player, moves[here.local[player]!]!.eager, quorums);
      if (made > 0) return made;
    }
    let made = 0;
    for (let player = 0; player < players; player++) {
      if (player > 0 && isTwin(here, player)) continue;
      made += make(at, player, moves[here.local[player]!]!.all, quorums);
    }
    return made;
  }

  reach(0);
  let [at, depth, levelEnd] = [0, 0, 1];
  for (; at < states.size && states.size < mostStates && fork === undefined; at++) {
    if (at === levelEnd) {
      depth++;
      levelEnd = states.size;
    }
    transitions += expand(at);
  }

  const way: Int32Array[] = [];
  for (let index = fork ?? 0; index !== 0; index = states.fromOf(index)) {
    const stop = new Int32Array(width);
    states.read(index, stop);
    way.unshift(stop);
  }
  return {
    isComplete: at === states.size,
    states: states.size,
    transitions,
    depth: fork === undefined ? depth : depth + 1,
    locals: locals.all.length,
    certificates: slotsIn(model, certified).filter(({ step }) => step === STEP.cert),
    fork: fork === undefined ? undefined : traceOf(model, locals, isReduced ? forget : () => {}, way),
    saysTwice,
  };
}

/** Whether a player is in all what the one before is. */
function isTwin({ local, low, high }: World, player: number): boolean {
  const before = player - 1;
  return local[player] === local[before] && low[player] === low[before] && high[player] === high[before];
}

function expectOneSoft(model: Model, quorums: Slots, soft: Slots): void {
  if (!includes(quorums, soft)) return;
  const found = slotsIn(model, quorums).filter(({ step }) => step === STEP.soft);
  if (new Set(found.map(({ period }) => period)).size < found.length) {
    throw new Error('two values of one period have soft quorums');
  }
}

/** The moves along states, with players and values that keep their names from the first move to the last. */
function traceOf(
  model: Model,
  locals: Locals,
  forget: (world: World) => void,
  way: readonly Int32Array[],
): TraceStep[] {
  const name = newNaming(model, locals);
  const players = model.honest.length;
  const state = new Int32Array(widthOf(players));
  let here = newWorld(players);
  return way.map((wanted) => {
    const quorums = quorumsIn(model, here);
    for (let player = 0; player < players; player++) {
      for (const move of locals.moves[here.local[player]!]!) {
        if (move.needs !== undefined && !includes(quorums, move.needs)) continue;
        const there = newWorld(players);
        copyWorld(there, here);
        there.local[player] = move.to;
        there.low[player]! |= move.says.low;
        there.high[player]! |= move.says.high;
        forget(there);
        name(there, state);
        if (state.some((word, i) => word !== wanted[i])) continue;
        here = there;
        return { player, move };
      }
    }
    throw new Error('no move leads from a state to the one after it');
  });
}
