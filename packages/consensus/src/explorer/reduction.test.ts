import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STEP } from '@sero/protocol';
import { exploreLocals } from './explore.ts';
import { type Locals, localsOf, withMoves } from './locals.ts';
import { type Model, modelOf, NO_SLOTS, slotBit } from './model.ts';

const MOST_STATES = 1_000_000;

/** Players that break the machine's rules here and there: some next and cert votes are left out, or cast for something else, or cast unasked. */
function broken(model: Model, locals: Locals, dice: (sides: number) => number): Locals {
  const votes = model.slots.filter(({ step }) => step !== STEP.soft);
  const moves = locals.moves.map((list) =>
    list.map((move) => {
      // A player has one soft vote a period, whatever else it does.
      if (move.event.type === 'filter' || dice(25) > 0) return move;
      switch (dice(3)) {
        case 0:
          return { ...move, says: NO_SLOTS };
        case 1:
          return { ...move, says: slotBit(model, votes[dice(votes.length)]!) };
        default:
          return { ...move, needs: undefined };
      }
    }),
  );
  return withMoves({ ...locals, renamings: [], mirrors: [] }, moves);
}

test('with what is left out there is a fork exactly where there is one without it, whatever rules players follow', () => {
  const model = modelOf({ faults: 1, originals: [2, 1], emptyBlockPeriod: 3, nextVotes: 1, recovery: false });
  const locals = localsOf(model);
  let x = 1;
  const dice = (sides: number) => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    return (x >>> 8) % sides;
  };
  const outcomes = new Map<boolean, number>();
  for (let i = 0; i < 60; i++) {
    const players = broken(model, locals, dice);
    const [plain, reduced] = [false, true].map((isReduced) =>
      exploreLocals(model, players, { mostStates: MOST_STATES, isReduced }),
    );
    const isFork = plain!.fork !== undefined;
    assert.ok(isFork || (plain!.isComplete && reduced!.isComplete));
    assert.equal(reduced!.fork !== undefined, isFork, `players ${i}`);
    assert.ok(reduced!.states <= plain!.states || isFork);
    outcomes.set(isFork, (outcomes.get(isFork) ?? 0) + 1);
  }

  assert.ok(outcomes.get(true)! > 15 && outcomes.get(false)! > 15);
});
