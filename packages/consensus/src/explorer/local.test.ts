import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STEP } from '@sero/protocol';
import { localKey, localOf, moveBy, stateOf } from './local.ts';
import { localsOf } from './locals.ts';
import { modelOf } from './model.ts';

const model = modelOf({ faults: 1, originals: [2, 1, 1], emptyBlockPeriod: 2, nextVotes: 2, recovery: true });

test('a period that ends by the votes of one step is as much over as by those of another', () => {
  const { all } = localsOf(model);
  let compared = 0;
  for (const local of all) {
    for (const slot of model.slots) {
      if (slot.step < STEP.next || slot.period < local.period - 1) continue;
      const first = model.slots.find(
        ({ step, period, value }) => step >= STEP.next && period === slot.period && value === slot.value,
      )!;
      const [one, other] = [slot, first].map((by) => moveBy(model, local, { type: 'next', slot: by }));
      assert.equal(localKey(one!.target), localKey(other!.target));
      assert.deepEqual(one!.says, other!.says);
      compared++;
    }
  }
  assert.ok(compared > 1_000, `${compared}`);
});

test('a player of whom only this is left has all of it left', () => {
  for (const local of localsOf(model).all) {
    assert.equal(localKey(localOf(model, stateOf(model, local))), localKey(local));
  }
  assert.equal(localKey(localOf(model, model.newcomer)), localKey(localsOf(model).all[0]!));
});
