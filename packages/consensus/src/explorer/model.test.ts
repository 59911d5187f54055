import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEVELOPMENT, STEP } from '@sero/protocol';
import fc from 'fast-check';
import { enough, modelOf, quorumsOf, slotBit, slotsIn, union } from './model.ts';
import { newStateSet } from './state-set.ts';
import { renamingsOf, swapBits } from './symmetry.ts';

const scope = { faults: 1, originals: [2, 2], emptyBlockPeriod: 3, nextVotes: 2, recovery: true } as const;
const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

test('a bit has a quorum exactly if enough words have it', () => {
  const words = fc.array(word, { minLength: 1, maxLength: 7 });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 3 }), (list, quorum) => {
      for (let bit = 0; bit < 32; bit++) {
        const count = list.filter((one) => ((one >>> bit) & 1) === 1).length;
        assert.equal((enough(quorum, list) >>> bit) & 1, count >= quorum ? 1 : 0);
      }
    }),
  );
});

test('two honest votes of three are a quorum, and one is none', () => {
  const model = modelOf(scope);
  const one = slotBit(model, { period: 0, step: STEP.cert, value: 2 });
  const none = { low: 0, high: 0 };
  assert.deepEqual(quorumsOf(model, [one, none, one]), one);
  assert.deepEqual(quorumsOf(model, [one, none, none]), none);
  assert.equal(model.newcomer.params.committees, DEVELOPMENT.committees);
});

test('every slot has a bit of its own', () => {
  const model = modelOf(scope);
  const all = model.bits.reduce(union);
  assert.deepEqual(slotsIn(model, all), model.slots);
  for (const [at, bit] of model.bits.entries()) assert.deepEqual(slotsIn(model, bit), [model.slots[at]]);
});

test('a renaming of values gives each slot that of the other value', () => {
  const model = modelOf(scope);
  const renamings = renamingsOf(model);
  assert.equal(renamings.length, 3);
  for (const { ids, swapped } of renamings) {
    for (const [at, slot] of model.slots.entries()) {
      const { low, high } = model.bits[at]!;
      const other = { low: swapBits(low, swapped.low), high: swapBits(high, swapped.high) };
      assert.deepEqual(other, slotBit(model, { ...slot, value: ids[slot.value]! }));
    }
  }
});

test('a scope with more slots than there are bits is refused', () => {
  const originals = [2, 2, 2, 2];
  assert.throws(() => modelOf({ ...scope, originals }), RangeError);
});

test('a set of states has each state once, and gives it back', () => {
  const states = newStateSet(2);
  const known = new Map<string, number>();
  // More than it begins with room for, half of them twice.
  for (let i = 0; i < 60_000; i++) {
    const state = Int32Array.of((i * 7) % 40_000, -i % 3);
    const key = state.join();
    assert.equal(states.add(state, i), !known.has(key));
    if (!known.has(key)) known.set(key, i);
  }
  assert.equal(states.size, known.size);
  const state = new Int32Array(2);
  for (const [index, [key, from]] of [...known].entries()) {
    states.read(index, state);
    assert.equal(state.join(), key);
    assert.equal(states.fromOf(index), from);
  }
});
