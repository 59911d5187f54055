import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '@sero/crypto';
import fc from 'fast-check';
import { type Change, type KeyValueStore, memoryStore, overlay } from './index.ts';
import { keyValueStoreCompliance } from './key-value-test-support.ts';

keyValueStoreCompliance('memoryStore', memoryStore);

/** Few keys, so that changes meet. */
const key = fc.constantFrom('', '00', '01', '0100', 'ff', 'ffff').map(fromHex);
const value = fc.uint8Array({ maxLength: 3 });
const change = fc.record({ key, value: fc.option(value, { nil: undefined }) });

const put = (k: string, v: string): Change => ({ key: fromHex(k), value: fromHex(v) });

function contents(store: KeyValueStore): Map<string, string> {
  return new Map([...store.entries(new Uint8Array(0))].map(([k, v]) => [toHex(k), toHex(v)]));
}

/** A map as the simplest thing that a store could be. */
function applied(model: ReadonlyMap<string, string>, changes: readonly Change[]): Map<string, string> {
  const next = new Map(model);
  for (const { key: k, value: v } of changes) {
    if (v === undefined) next.delete(toHex(k));
    else next.set(toHex(k), toHex(v));
  }
  return next;
}

const sorted = (map: ReadonlyMap<string, string>): [string, string][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

test('a store is a map, whatever is written to it', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 6 }), (batches) => {
      const store = memoryStore();
      let model = new Map<string, string>();
      for (const batch of batches) {
        store.write(batch);
        model = applied(model, batch);
        assert.deepEqual([...contents(store)], sorted(model));
      }
    }),
  );
});

type Command =
  | { readonly do: 'change'; readonly change: Change }
  | { readonly do: 'mark' }
  | { readonly do: 'revert'; readonly to: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: change.map((c) => ({ do: 'change' as const, change: c })) },
  { weight: 1, arbitrary: fc.constant({ do: 'mark' as const }) },
  { weight: 1, arbitrary: fc.nat(5).map((to) => ({ do: 'revert' as const, to })) },
);

test('an overlay is the store with its changes on top, at every mark that it goes back to', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 8 }),
      fc.array(command, { maxLength: 40 }),
      (stored, commands) => {
        const store = memoryStore();
        store.write(stored);
        const before = contents(store);
        const over = overlay(store);
        let model = before;
        const marks: { mark: number; model: Map<string, string> }[] = [];
        for (const step of commands) {
          if (step.do === 'change') {
            const { key: k, value: v } = step.change;
            if (v === undefined) over.delete(k);
            else over.put(k, v);
            model = applied(model, [step.change]);
          } else if (step.do === 'mark') {
            marks.push({ mark: over.mark(), model });
          } else if (marks.length > 0) {
            const at = step.to % marks.length;
            over.revert(marks[at]!.mark);
            model = marks[at]!.model;
            marks.length = at + 1; // the same mark may be gone back to again
          }
          for (const k of ['', '00', '01', '0100', 'ff', 'ffff']) {
            const found = over.get(fromHex(k));
            assert.equal(found === undefined ? undefined : toHex(found), model.get(k));
          }
        }
        assert.deepEqual(contents(store), before, 'nothing reaches the store by itself');
        store.write(over.changes());
        assert.deepEqual([...contents(store)], sorted(model));
      },
    ),
    { numRuns: 200 },
  );
});

test('the changes of an overlay ascend by key, one a key', () => {
  const over = overlay(memoryStore());
  for (const k of ['ff', '00', '0100', '01', 'ff', '00']) over.put(fromHex(k), fromHex('aa'));
  over.delete(fromHex('01'));
  assert.deepEqual(
    over.changes().map(({ key: k, value: v }) => [toHex(k), v === undefined ? 'deleted' : toHex(v)]),
    [
      ['00', 'aa'],
      ['01', 'deleted'],
      ['0100', 'aa'],
      ['ff', 'aa'],
    ],
  );
});

test('a key deleted in an overlay is gone there and stays in the store until the changes are written', () => {
  const store = memoryStore();
  store.write([put('01', 'aa')]);
  const over = overlay(store);
  over.delete(fromHex('01'));
  assert.equal(over.get(fromHex('01')), undefined);
  assert.deepEqual(store.get(fromHex('01')), fromHex('aa'));
  store.write(over.changes());
  assert.equal(store.get(fromHex('01')), undefined);
});

test('what an overlay is given is not copied, and is undone like anything else', () => {
  const over = overlay(memoryStore());
  const mark = over.mark();
  const value = fromHex('aa');
  over.give(fromHex('01'), value);
  assert.equal(over.get(fromHex('01')), value);
  assert.equal(over.changes()[0]!.value, value);
  over.revert(mark);
  assert.deepEqual(over.changes(), []);
});

test('going back to the first mark leaves no change at all', () => {
  const over = overlay(memoryStore());
  const start = over.mark();
  over.put(fromHex('01'), fromHex('aa'));
  over.delete(fromHex('02'));
  over.revert(start);
  assert.deepEqual(over.changes(), []);
});
