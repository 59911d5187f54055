import { BOTTOM, DEVELOPMENT, emptyBlockValue, STEP, type Value, type WeighedVote } from '@sero/protocol';
import { newPlayer, transition } from '../machine/player.ts';
import { committeeIn, type PlayerState } from '../machine/state.ts';
import type { Mutant } from '../mutant.ts';
import { type ConsensusParams, consensusParams } from '../parameters.ts';

/**
 * The world that is explored: one round of four players with a unit each, one of them Byzantine. What a player says stays in the world for
 * ever and reaches anybody at any time, again, or never; the Byzantine player has said everything to everybody; every timer may end at any time.
 */

/** How much of a round is explored. */
export interface Scope {
  /** f: units of the one Byzantine player, of 3f + 1; the honest players have one each. */
  readonly faults: 1 | 2;
  /** New values of each period, at most two; its length is the number of periods. In the last one nobody next-votes any more. */
  readonly originals: readonly number[];
  /** m. */
  readonly emptyBlockPeriod: number;
  /** Votes next_0, next_1 ... of a period that may be cast. */
  readonly nextVotes: number;
  /** Whether fast recovery's timer may end: late, redo and down votes. */
  readonly recovery: boolean;
  readonly mutant?: Mutant;
}

/** A value by its place in `Model.values`; bottom is 0. */
export type ValueId = number;

/** A choice at a step. */
export interface Slot {
  readonly period: number;
  readonly step: number;
  readonly value: ValueId;
}

/** A set of slots: a bit each in two words of 31 bits. */
export interface Slots {
  readonly low: number;
  readonly high: number;
}

export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** A scope, worked out. */
export interface Model {
  readonly scope: Scope;
  readonly values: readonly NamedValue[];
  readonly slots: readonly Slot[];
  /** The bit of each slot; those of two values that are alike stand side by side in one word. */
  readonly bits: readonly Slots[];
  readonly lastPeriod: number;
  /** Honest players: 0, 1, 2 ... */
  readonly honest: readonly number[];
  /** The player after them. */
  readonly byzantine: number;
  /** Votes of honest players that make a quorum with the Byzantine player's. */
  readonly honestQuorum: number;
  /** Whether so many votes for one value leave too few for another one, of players who say one thing each. */
  readonly isExclusive: boolean;
  /** A player whose clock runs and who knows nothing. */
  readonly newcomer: PlayerState;
}

export const BOTTOM_ID: ValueId = 0;
export const EMPTY_ID: ValueId = 1;

const ROUND = 1n;
const BITS = 31;

/** Everything that a scope fixes. */
export function modelOf(scope: Scope): Model {
  const values = valuesOf(scope);
  const lastPeriod = scope.originals.length - 1;
  const slots = scope.originals.flatMap((_, period) => slotsOf(scope, values, period, lastPeriod));
  const bits = bitsOf(slots, values);
  const newcomer = newcomerOf(scope);
  const honest = Array.from({ length: 2 * scope.faults + 1 }, (_, player) => player);
  const honestQuorum = Number(committeeIn(newcomer, STEP.cert).threshold) - scope.faults;
  const isExclusive = 2 * honestQuorum > honest.length;
  const byzantine = honest.length;
  return { scope, values, slots, bits, lastPeriod, honest, byzantine, honestQuorum, isExclusive, newcomer };
}

function digestOf(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

/** Identity of a player. */
function senderOf(player: number): Uint8Array {
  return digestOf(0xa0 + player);
}

function valuesOf({ originals, faults }: Scope): NamedValue[] {
  const values = [
    { name: 'bottom', value: BOTTOM },
    { name: 'E', value: emptyBlockValue(digestOf(0xe0)) },
  ];
  for (const [period, count] of originals.entries()) {
    for (const letter of ['v', 'w'].slice(0, count)) {
      const digest = digestOf(values.length);
      values.push({
        name: `${letter}${period}`,
        value: { period, proposer: senderOf(2 * faults + 1), digest },
      });
    }
  }
  return values;
}

/** Values other than bottom that a period may be about. */
export function valuesIn(
  { scope, values }: Pick<Model, 'scope' | 'values'>,
  period: number,
): readonly ValueId[] {
  return [...values.keys()].filter((id) => {
    if (id === BOTTOM_ID) return false;
    return id === EMPTY_ID ? scope.emptyBlockPeriod <= period : values[id]!.value.period <= period;
  });
}

function slotsOf(scope: Scope, values: readonly NamedValue[], period: number, last: number): Slot[] {
  const here = valuesIn({ scope, values }, period);
  const all = (step: number, ids: readonly ValueId[]) => ids.map((value) => ({ period, step, value }));
  const slots = [...all(STEP.soft, here), ...all(STEP.cert, here)];
  if (period === last) return slots;
  for (let k = 0; k < scope.nextVotes; k++) slots.push(...all(STEP.next + k, [BOTTOM_ID, ...here]));
  if (!scope.recovery) return slots;
  const before = period === 0 ? [] : valuesIn({ scope, values }, period - 1);
  return [...slots, ...all(STEP.late, here), ...all(STEP.redo, before), ...all(STEP.down, [BOTTOM_ID])];
}

function newcomerOf({ faults, emptyBlockPeriod, mutant }: Scope): PlayerState {
  const params: ConsensusParams = { ...consensusParams(DEVELOPMENT), emptyBlockPeriod };
  const facts = { round: ROUND, total: 3n * BigInt(faults) + 1n, empty: emptyBlockValue(digestOf(0xe0)) };
  const { state } = newPlayer(params, facts, 0, mutant);
  return transition(state, { type: 'timer', timer: { name: 'idle', round: ROUND } }, 0).state;
}

export const NO_SLOTS: Slots = { low: 0, high: 0 };

/** Throws RangeError for a scope with more slots than two words hold. */
function bitsOf(slots: readonly Slot[], values: readonly NamedValue[]): Slots[] {
  let at = 0;
  return slots.map(({ value }, i) => {
    const hasTwin = isTwin(values, value, slots[i + 1]?.value);
    if (at === BITS - 1 && hasTwin) at++;
    const bit = at < BITS ? { low: 1 << at, high: 0 } : { low: 0, high: 1 << (at - BITS) };
    at++;
    if (at > 2 * BITS) throw new RangeError('a scope has at most 62 slots');
    return bit;
  });
}

/** Whether two values are the first and the second new one of a period. */
export function isTwin(values: readonly NamedValue[], one: ValueId, other: ValueId | undefined): boolean {
  if (other === undefined || one <= EMPTY_ID || other !== one + 1) return false;
  return values[one]!.value.period === values[other]!.value.period;
}

/** The set of one slot. Throws RangeError for what is no slot of the scope. */
export function slotBit(
  { slots, bits }: Pick<Model, 'slots' | 'bits'>,
  { period, step, value }: Slot,
): Slots {
  const at = slots.findIndex((slot) => slot.period === period && slot.step === step && slot.value === value);
  if (at < 0) throw new RangeError(`no slot for a vote of step ${step}, period ${period}, value ${value}`);
  return bits[at]!;
}

export function union(a: Slots, b: Slots): Slots {
  return { low: a.low | b.low, high: a.high | b.high };
}

export function includes(set: Slots, slot: Slots): boolean {
  return ((set.low & slot.low) | (set.high & slot.high)) !== 0;
}

/** The slots of a set, in their order. */
export function slotsIn({ slots, bits }: Model, set: Slots): readonly Slot[] {
  return slots.filter((_, at) => includes(set, bits[at]!));
}

/** The set of the slots of which something is true. */
export function slotsWhere({ slots, bits }: Model, isIn: (slot: Slot) => boolean): Slots {
  return bits.filter((_, at) => isIn(slots[at]!)).reduce(union, NO_SLOTS);
}

/** What nobody honest says who says this: other slots of the same periods and steps. */
export function rivalsOf(model: Model, said: Slots): Slots {
  const places = slotsIn(model, said).map(({ period, step }) => `${period} ${step}`);
  return minus(
    slotsWhere(model, ({ period, step }) => places.includes(`${period} ${step}`)),
    said,
  );
}

/** A set without the slots of another one. */
export function minus(set: Slots, other: Slots): Slots {
  return { low: set.low & ~other.low, high: set.high & ~other.high };
}

/** Slots that have a quorum, given what each honest player has said: the Byzantine player adds his vote to every one. */
export function quorumsOf({ honestQuorum }: Model, said: readonly Slots[]): Slots {
  return {
    low: enough(
      honestQuorum,
      said.map(({ low }) => low),
    ),
    high: enough(
      honestQuorum,
      said.map(({ high }) => high),
    ),
  };
}

/** Bits that are set in at least `quorum` (1, 2 or 3) of at most seven words: each bit is counted in a column of three. */
export function enough(quorum: number, words: ArrayLike<number>): number {
  let [ones, twos, fours] = [0, 0, 0];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const carry = ones & word;
    ones ^= word;
    fours |= twos & carry;
    twos ^= carry;
  }
  if (quorum === 1) return ones | twos | fours;
  return quorum === 2 ? twos | fours : (ones & twos) | fours;
}

/** A vote of a player as the machine sees it; what was verified before is left out. */
export function voteOf(
  { scope, values, byzantine }: Model,
  player: number,
  { period, step, value }: Slot,
): WeighedVote {
  const vote = {
    sender: senderOf(player),
    round: ROUND,
    period,
    step,
    value: values[value]!.value,
    proof: [],
    signature: UNSIGNED,
  };
  const weight = player === byzantine ? BigInt(scope.faults) : 1n;
  return { vote, weight, ...(step === STEP.propose ? { leader: 0n } : {}) };
}

const UNSIGNED = {
  batchKey: new Uint8Array(32),
  batchSignature: new Uint8Array(64),
  leafKey: new Uint8Array(32),
  leafSignature: new Uint8Array(64),
  signature: new Uint8Array(64),
};
