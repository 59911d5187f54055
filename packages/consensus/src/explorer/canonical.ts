import { STEP } from '@sero/protocol';
import type { Locals } from './locals.ts';
import { enough, includes, type Model, NO_SLOTS, type Slots, slotsWhere, union } from './model.ts';
import { swapBits } from './symmetry.ts';

/** A state of the world: each player's local, by number, and what he has said, in two words. */
export interface World {
  readonly local: Int32Array;
  readonly low: Int32Array;
  readonly high: Int32Array;
}

/** A world of so many players. */
export function newWorld(players: number): World {
  return {
    local: new Int32Array(players),
    low: new Int32Array(players),
    high: new Int32Array(players),
  };
}

export function copyWorld(to: World, { local, low, high }: World): void {
  to.local.set(local);
  to.low.set(low);
  to.high.set(high);
}

const LOCAL_BITS = 10;
/** Locals in a word. */
const TOGETHER = 3;

/** Words of a state of so many players. */
export function widthOf(players: number): number {
  return 2 * players + (players > TOGETHER ? 2 : 1);
}

/** Packs a world into the words of a state. */
function pack({ local, low, high }: World, state: Int32Array): void {
  const players = local.length;
  for (let i = 0; i < players; i++) {
    state[i] = low[i]!;
    state[players + i] = high[i]!;
  }
  state.fill(0, 2 * players);
  for (let i = 0; i < players; i++) state[placeOf(players, i)]! |= local[i]! << shiftOf(i);
}

export function unpack(state: Int32Array, { local, low, high }: World): void {
  const players = local.length;
  for (let i = 0; i < players; i++) {
    low[i] = state[i]!;
    high[i] = state[players + i]!;
    local[i] = (state[placeOf(players, i)]! >>> shiftOf(i)) & ((1 << LOCAL_BITS) - 1);
  }
}

function placeOf(players: number, player: number): number {
  return 2 * players + (player < TOGETHER ? 0 : 1);
}

function shiftOf(player: number): number {
  return LOCAL_BITS * (player < TOGETHER ? player : player - TOGETHER);
}

/** Slots of which any one does what any other does. */
interface Alike {
  readonly slots: Slots;
  /** The one that stands for all once one of them has a quorum. */
  readonly first: Slots;
}

/**
 * Forgets of what was said all that cannot matter any more, so that worlds with the same future become the same:
 * of a quorum, whose votes it is made of; of quorums of which any one is as good as another, all but one; votes that cannot become a quorum any
 * more, because those who are missing have gone on; quorums that nobody reads any more. Certificates stay.
 */
export function newForgetting(model: Model, { maySay, mayRead, all }: Locals): (world: World) => void {
  if (all.length > 1 << LOCAL_BITS) throw new RangeError('too many locals');
  const { honestQuorum: quorum } = model;
  const alike = alikeIn(model);
  const cert = slotsWhere(model, ({ step }) => step === STEP.cert);
  const word = (sets: readonly Slots[], which: 'low' | 'high') => Int32Array.from(sets, (set) => set[which]);
  const words = (['low', 'high'] as const).map((which) => ({
    which,
    say: word(maySay, which),
    read: word(mayRead, which),
    cert: cert[which],
  }));

  const may = new Int32Array(model.honest.length);

  return (world) => {
    const { local, low, high } = world;
    for (const { slots, first } of alike) {
      if (((enough(quorum, low) & slots.low) | (enough(quorum, high) & slots.high)) === 0) continue;
      for (let i = 0; i < local.length; i++) {
        low[i] = (low[i]! & ~slots.low) | first.low;
        high[i] = (high[i]! & ~slots.high) | first.high;
      }
    }
    for (const { which, say, read, cert: certs } of words) {
      const said = world[which];
      const there = enough(quorum, said);
      let matters = certs;
      for (let i = 0; i < local.length; i++) {
        may[i] = said[i]! | say[local[i]!]!;
        matters |= read[local[i]!]!;
      }
      const keep = enough(quorum, may) & matters;
      for (let i = 0; i < local.length; i++) said[i] = (said[i]! | there) & keep;
    }
  };
}

function alikeIn(model: Model): Alike[] {
  const found: Alike[] = [];
  for (const [at, slot] of model.slots.entries()) {
    if (slot.step < STEP.cert) continue;
    const slots = slotsWhere(model, (other) =>
      slot.step === STEP.cert
        ? other.step === STEP.cert && other.value === slot.value
        : other.step >= STEP.next && other.period === slot.period && other.value === slot.value,
    );
    const first = model.bits[at]!;
    const isCovered = found.some((other) => includes(other.slots, first));
    if (!isCovered && (slots.low !== first.low || slots.high !== first.high)) found.push({ slots, first });
  }
  return found;
}

/** Writes, of all worlds that are this one but for the names of players and values, the one that stands for them. */
export function newNaming(
  { honest }: Model,
  { renamings, mirrors }: Locals,
): (world: World, state: Int32Array) => void {
  const players = honest.length;
  const named = newWorld(players);
  const other = new Int32Array(widthOf(players));
  return (world, state) => {
    copyWorld(named, world);
    sortPlayers(named);
    pack(named, state);
    for (const [at, { swapped }] of renamings.entries()) {
      const mirror = mirrors[at]!;
      for (let i = 0; i < players; i++) {
        named.local[i] = mirror[world.local[i]!]!;
        named.low[i] = swapBits(world.low[i]!, swapped.low);
        named.high[i] = swapBits(world.high[i]!, swapped.high);
      }
      sortPlayers(named);
      pack(named, other);
      if (isBefore(other, state)) state.set(other);
    }
  };
}

function sortPlayers(world: World): void {
  for (let end = 1; end < world.local.length; end++) {
    for (let i = end; i > 0 && !isInOrder(world, i - 1, i); i--) swap(world, i - 1, i);
  }
}

function isInOrder({ local, low, high }: World, i: number, j: number): boolean {
  if (local[i] !== local[j]) return local[i]! < local[j]!;
  return low[i] !== low[j] ? low[i]! < low[j]! : high[i]! <= high[j]!;
}

function swap({ local, low, high }: World, i: number, j: number): void {
  for (const words of [local, low, high]) {
    const one = words[i]!;
    words[i] = words[j]!;
    words[j] = one;
  }
}

function isBefore(one: Int32Array, other: Int32Array): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return one[i]! < other[i]!;
  return false;
}

/** What has a quorum in a world. */
export function quorumsIn({ honestQuorum }: Model, { low, high }: World): Slots {
  return { low: enough(honestQuorum, low), high: enough(honestQuorum, high) };
}

/** What the certificates for each value are, by value. */
export function certificatesByValue(model: Model): readonly Slots[] {
  const { slots, bits } = model;
  return [...model.values.keys()].map((value) =>
    bits
      .filter((_, at) => slots[at]!.step === STEP.cert && slots[at]!.value === value)
      .reduce(union, NO_SLOTS),
  );
}
