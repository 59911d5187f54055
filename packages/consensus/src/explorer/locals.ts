import { firstLocal, type Local, type LocalMove, localKey, movesOf } from './local.ts';
import { type Model, NO_SLOTS, rivalsOf, type Slots, union } from './model.ts';
import { type Renaming, renamed, renamingsOf } from './symmetry.ts';

/**
 * All that can become of a player, whatever the others do. Each local was taken through the machine once; those that say the same for ever,
 * whatever happens, have one number.
 */
export interface Locals {
  /** By number, one that stands for all of that number. Local 0 is the first one. */
  readonly all: readonly Local[];
  readonly moves: readonly (readonly NumberedMove[])[];
  /** Votes that a player may still cast, and quorums that may still matter to him. */
  readonly maySay: readonly Slots[];
  readonly mayRead: readonly Slots[];
  readonly renamings: readonly Renaming[];
  /** For each renaming, the number that a local has under it. */
  readonly mirrors: readonly (readonly number[])[];
  /** Number of a local, -1 of what no player can come to. */
  numberOf(local: Local): number;
  /** The moves of this very local, not of one that stands for it. */
  movesAt(local: Local): readonly NumberedMove[];
}

/** A move by the numbers of its locals. */
export interface NumberedMove extends LocalMove {
  readonly to: number;
  /** What the player must not have said before, if it is honest. */
  readonly rivals: Slots;
}

/** Numbers every local that can be reached where any quorum may be there at any time. */
export function localsOf(model: Model): Locals {
  const found: Local[] = [firstLocal(model)];
  const places = new Map([[localKey(found[0]!), 0]]);
  const moves: NumberedMove[][] = [];
  while (moves.length < found.length) {
    const list = movesOf(model, found[moves.length]!).map((move) => {
      const key = localKey(move.target);
      const to = places.get(key) ?? found.push(move.target) - 1;
      places.set(key, to);
      return { ...move, to, rivals: rivalsOf(model, move.says) };
    });
    moves.push(list);
  }
  const numbers = numbered(moves);
  const renumbered = moves.map((list) => list.map((move) => ({ ...move, to: numbers[move.to]! })));
  const firsts = [...new Set(numbers)].map((number) => numbers.indexOf(number));
  const all = firsts.map((place) => found[place]!);
  const numberOf = (local: Local) => numbers[places.get(localKey(local)) ?? -1] ?? -1;
  const renamings = renamingsOf(model);
  return withMoves(
    {
      all,
      renamings,
      mirrors: renamings.map((renaming) => all.map((local) => numberOf(renamed(renaming, local)))),
      numberOf,
      movesAt: (local) => renumbered[places.get(localKey(local)) ?? -1] ?? [],
    },
    firsts.map((place) => renumbered[place]!),
  );
}

/** The same locals where other moves lead from one to another. */
export function withMoves(
  locals: Omit<Locals, 'moves' | 'maySay' | 'mayRead'>,
  moves: readonly (readonly NumberedMove[])[],
): Locals {
  const maySay = gathered(moves, ({ says }) => says);
  const mayRead = gathered(moves, ({ needs }) => needs ?? NO_SLOTS);
  return { ...locals, moves, maySay, mayRead };
}

/**
 * A number for each local, the same for those of which each can do exactly what the other can: split until those of one number have moves that
 * need and say the same and lead to the same numbers.
 */
function numbered(moves: readonly (readonly NumberedMove[])[]): readonly number[] {
  let numbers: readonly number[] = moves.map(() => 0);
  for (let count = 1; ; ) {
    const kinds = new Map<string, number>();
    const next = moves.map((list, place) => {
      const own = list.map((move) => moveKey(numbers, move, place)).filter((key) => key !== '');
      const kind = [numbers[place], ...new Set(own.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)))].join(' ');
      const number = kinds.get(kind) ?? kinds.size;
      kinds.set(kind, number);
      return number;
    });
    numbers = next;
    if (kinds.size === count) return numbers;
    count = kinds.size;
  }
}

/** Equal for moves that need and say the same and lead to the same number; empty for one that changes nothing. */
function moveKey(numbers: readonly number[], { needs, says, to }: NumberedMove, from: number): string {
  if (numbers[to] === numbers[from] && says.low === 0 && says.high === 0) return '';
  return [needs?.low, needs?.high, says.low, says.high, numbers[to]].join();
}

/** For each local the slots of all moves that may come. */
function gathered(moves: readonly (readonly NumberedMove[])[], of: (move: NumberedMove) => Slots): Slots[] {
  const found = moves.map(() => NO_SLOTS);
  for (let isStable = false; !isStable; ) {
    isStable = true;
    for (const [number, list] of moves.entries()) {
      // A move that changes nothing needs nothing.
      const real = list.filter(({ to, says }) => to !== number || says.low !== 0 || says.high !== 0);
      const next = real.map((move) => union(of(move), found[move.to]!)).reduce(union, found[number]!);
      if (next.low === found[number]!.low && next.high === found[number]!.high) continue;
      found[number] = next;
      isStable = false;
    }
  }
  return found;
}
