import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bundleForBrowser } from './browser.ts';

const root = join(import.meta.dirname, 'fixtures', 'browser');

async function faultsOf(name: string): Promise<string[]> {
  const { faults } = await bundleForBrowser(root, `./${name}.ts`);
  return faults.map((fault) => `${fault.rule} ${fault.file}:${fault.line ?? ''}`);
}

describe('a bundle for the browser', () => {
  it('is measured when nothing in it needs node', async () => {
    const { size, faults } = await bundleForBrowser(root, './good.ts');
    assert.deepEqual(faults, []);
    assert.equal(size?.entry, './good.ts');
    assert.ok(size.bytes > 0 && size.gzipped > 0);
  });

  it('fails on an import of a node: module, at the file that asks for it', async () => {
    assert.deepEqual(await faultsOf('node-import'), ['unresolved node-import-deep.ts:1']);
  });

  it("fails on node's modules without the prefix", async () => {
    assert.deepEqual(await faultsOf('builtin'), ['unresolved builtin.ts:1']);
  });

  it('fails on an import that happens only when it runs', async () => {
    assert.deepEqual(await faultsOf('late'), ['unresolved late.ts:1']);
  });

  it('fails on an import that is guarded by try', async () => {
    assert.deepEqual(await faultsOf('guarded'), ['external guarded.ts:']);
  });

  it("fails where a source of ours uses node's globals", async () => {
    assert.deepEqual(await faultsOf('node-global'), ['node-global node-global-deep.ts:']);
  });

  it('fails on a module that nobody has', async () => {
    assert.deepEqual(await faultsOf('missing'), ['unresolved missing.ts:1']);
  });
});
