import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { WalletStore } from './store.ts';

/** What every WalletStore must do; an implementation hands in a way to make an empty one. */
export function walletStoreCompliance(name: string, make: () => Promise<WalletStore>): void {
  describe(name, () => {
    it('has nothing in it at first', async () => {
      const store = await make();
      assert.equal(await store.get('a'), undefined);
      assert.deepEqual(await store.entries(''), []);
    });

    it('gives back what was written last, and nothing that was deleted', async () => {
      const store = await make();
      await store.write([
        { key: 'a', value: '1' },
        { key: 'b', value: '' },
      ]);
      await store.write([
        { key: 'a', value: '2' },
        { key: 'c', value: undefined },
      ]);
      assert.equal(await store.get('a'), '2');
      assert.equal(await store.get('b'), '');
      await store.write([{ key: 'a', value: undefined }]);
      assert.equal(await store.get('a'), undefined);
      assert.deepEqual(await store.entries(''), [['b', '']]);
    });

    it('applies the changes of a batch in their order', async () => {
      const store = await make();
      await store.write([
        { key: 'a', value: '1' },
        { key: 'a', value: undefined },
        { key: 'b', value: '1' },
        { key: 'b', value: '2' },
      ]);
      assert.deepEqual(await store.entries(''), [['b', '2']]);
    });

    it('lists exactly the entries with a prefix', async () => {
      const store = await make();
      const keys = ['note/1', 'note/2', 'notes', 'note', 'name/1', 'Note/1'];
      await store.write(keys.map((key) => ({ key, value: key })));
      const found = (await store.entries('note/')).map(([key]) => key).toSorted();
      assert.deepEqual(found, ['note/1', 'note/2']);
    });

    it('is a map from text to text, whatever is written', async () => {
      const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 3 });
      const change = fc.record({ key, value: fc.option(fc.string(), { nil: undefined }) });
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(change)), key, async (batches, prefix) => {
          const store = await make();
          const model = new Map<string, string>();
          for (const batch of batches) {
            await store.write(batch);
            for (const { key, value } of batch) {
              if (value === undefined) model.delete(key);
              else model.set(key, value);
            }
          }
          const expected = [...model].filter(([name]) => name.startsWith(prefix)).toSorted();
          assert.deepEqual((await store.entries(prefix)).toSorted(), expected);
          for (const [name, value] of model) assert.equal(await store.get(name), value);
        }),
      );
    });
  });
}
