import { STEP } from '@sero/protocol';
import type { Local } from './local.ts';
import type { Locals, NumberedMove } from './locals.ts';
import { holdsAll, isSimulated, needsNoMore } from './simulation.ts';

/** A player's moves, reduced. */
export interface Moves {
  /** Moves that may be made at once and alone, before all others of anybody. */
  readonly eager: readonly NumberedMove[];
  /** All that no other one makes needless. */
  readonly all: readonly NumberedMove[];
}

/** The moves of every local, none left out but those that change nothing. */
export function plainMoves({ moves }: Locals): readonly Moves[] {
  return moves.map((list, local) => ({ eager: [], all: list.filter((move) => changes(local, move)) }));
}

/** The moves of every local without those that cannot matter to whether there is a fork. */
export function reducedMoves(locals: Locals): readonly Moves[] {
  return plainMoves(locals).map(({ all }, local) => ({
    eager: eagerMoves(locals, local, all),
    all: withoutLosses(locals, all),
  }));
}

function changes(local: number, { to, says }: NumberedMove): boolean {
  return to !== local || says.low !== 0 || says.high !== 0;
}

/** Without a move where another one needs no more, says no less, and leads to a local that can do whatever its can. */
function withoutLosses(locals: Locals, moves: readonly NumberedMove[]): readonly NumberedMove[] {
  const isBeaten = (one: NumberedMove, other: NumberedMove) =>
    needsNoMore(other, one) &&
    holdsAll(other.says, one.says) &&
    isSimulated(locals, one.to, other.to, other.says, (local) => locals.moves[local]!);
  let kept = moves;
  for (const move of moves) {
    const others = kept.filter((other) => other !== move);
    if (others.some((other) => isBeaten(move, other))) kept = others;
  }
  return kept;
}

/**
 * A move after which the player can do whatever he could before it: then nothing is lost by making it first. It must be a move forward, so
 * that no circle of such moves keeps others from moving for ever.
 *
 * The soft votes of period 0 are such moves together: whichever he is to cast, at whatever time, he may cast at once.
 */
function eagerMoves(locals: Locals, local: number, moves: readonly NumberedMove[]): readonly NumberedMove[] {
  const here = locals.all[local]!;
  const gain = moves.find(
    (move) =>
      isForward(locals, local, move) &&
      isSimulated(locals, local, move.to, move.says, (other) => locals.moves[other]!),
  );
  if (gain !== undefined) return [gain];
  if (!isChoosing(here)) return [];
  const votes = moves.filter(({ event, says }) => event.type === 'filter' && (says.low | says.high) !== 0);
  const isCovered = moves
    .filter(({ event }) => event.type === 'filter')
    .every(({ says }) =>
      votes.some(
        (vote) =>
          holdsAll(vote.says, says) &&
          isSimulated(locals, local, vote.to, vote.says, (other) =>
            locals.moves[other]!.filter(
              (move) => !isChoosing(locals.all[other]!) || move.event.type !== 'filter' || isSame(move, says),
            ),
          ),
      ),
    );
  return isCovered ? votes : [];
}

function isSame(move: NumberedMove, says: NumberedMove['says']): boolean {
  return move.says.low === says.low && move.says.high === says.high;
}

function isChoosing({ period, step }: Local): boolean {
  return period === 0 && step === STEP.soft;
}

function isForward({ all }: Locals, local: number, { to, says }: NumberedMove): boolean {
  if (to === local) return (says.low | says.high) !== 0;
  const [before, after] = [rankOf(all[local]!), rankOf(all[to]!)];
  const at = after.findIndex((part, i) => part !== before[i]!);
  return at >= 0 && after[at]! > before[at]!;
}

function rankOf({ period, step, closed, committable, sawBottom, sawValue }: Local): readonly number[] {
  const flags = [closed, committable !== undefined, sawBottom, sawValue !== undefined];
  return [period, step, ...flags.map((flag) => (flag ? 1 : 0))];
}
