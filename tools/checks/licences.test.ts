import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { bundleForBrowser } from './browser.ts';
import { isAllowed } from './licence-expression.ts';
import { bundledLicenceFaults, licenceFaults } from './licences.ts';

// Made here and not kept as files, because git ignores every node_modules.
const root = mkdtempSync(join(tmpdir(), 'licences-'));
after(() => rmSync(root, { recursive: true }));

function install(folder: string, manifest: object): void {
  const file = join(root, folder, 'package.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    JSON.stringify({ name: folder.split('node_modules/').at(-1), version: '1.0.0', ...manifest }),
  );
}

install('packages/app', {
  license: 'Apache-2.0',
  dependencies: { good: '1', deep: '1', gpl: '1', none: '1', 'not-there': '1' },
  optionalDependencies: { 'other-platform': '1', 'optional-gpl': '1' },
  peerDependencies: { 'gpl-peer': '1', 'gpl-tool': '1' },
  peerDependenciesMeta: { 'gpl-tool': { optional: true } },
  devDependencies: { 'gpl-tool': '1' },
});
install('node_modules/good', { license: '(GPL-2.0 OR MIT)' });
install('node_modules/deep', { license: 'MIT', dependencies: { good: '1', nested: '1' } });
install('node_modules/deep/node_modules/good', { license: 'AGPL-3.0' });
install('node_modules/nested', { license: 'LGPL-3.0-only', dependencies: { deep: '1' } });
install('node_modules/gpl', { license: 'GPL-3.0' });
install('node_modules/none', {});
install('node_modules/optional-gpl', { licenses: [{ type: 'GPL-3.0' }] });
install('node_modules/gpl-peer', { license: { type: 'GPL-3.0' } });
install('node_modules/gpl-tool', { license: 'GPL-3.0' });

describe('licences of what is shipped', () => {
  const { packages, faults } = licenceFaults(root);
  const named = (rule: string) =>
    faults
      .filter((fault) => fault.rule === rule)
      .map((fault) => fault.message.split(/[ :]/)[0])
      .sort((a = '', b = '') => (a < b ? -1 : 1));

  it('are refused at any depth unless they are on the list', () => {
    assert.deepEqual(named('licence'), ['good', 'gpl', 'gpl-peer', 'nested', 'none', 'optional-gpl']);
  });

  it('are read from the copy that node would load', () => {
    const good = faults.filter((fault) => fault.message.startsWith('good '));
    assert.deepEqual(
      good.map((fault) => fault.file),
      ['node_modules/deep/node_modules/good/package.json'],
    );
  });

  it('cannot be told of a dependency that is missing, unless it is optional', () => {
    assert.deepEqual(named('not-installed'), ['not-there']);
  });

  it("are not asked of developers' tools, and each package is looked at once", () => {
    assert.equal(packages, 9);
  });
});

describe('licences of what a bundle for browsers holds', () => {
  const source = (file: string, text: string): void => writeFileSync(join(root, file), text);
  // A path that no manifest declares: the bundle alone shows it.
  source('node_modules/gpl-tool/deep.js', 'export const tool = 1;');
  source('node_modules/good/index.js', 'export const good = 1;');
  source('packages/app/worker.js', "export { tool } from '../../node_modules/gpl-tool/deep.js';");
  source('packages/app/fine.js', "export { good } from 'good';");

  async function faultsOf(entry: string): Promise<string[]> {
    const { packages: bundled, faults: others } = await bundleForBrowser(root, entry);
    assert.deepEqual(others, []);
    return bundledLicenceFaults(root, bundled).faults.map((fault) => fault.message.split(' ')[0] ?? '');
  }

  it('are refused although nothing declares it', async () => {
    assert.deepEqual(await faultsOf('./packages/app/worker.js'), ['gpl-tool']);
  });

  it('pass where all is allowed', async () => {
    assert.deepEqual(await faultsOf('./packages/app/fine.js'), []);
  });
});

describe('an SPDX expression', () => {
  const allowed = new Set(['MIT', 'ISC']);
  const cases: [string, boolean][] = [
    ['MIT', true],
    ['GPL-3.0', false],
    ['MIT OR GPL-3.0', true],
    ['(GPL-3.0 OR MIT)', true],
    ['MIT AND GPL-3.0', false],
    ['MIT AND ISC', true],
    ['GPL-3.0 OR MIT AND ISC', true],
    ['MIT AND (ISC OR GPL-3.0)', true],
    ['(MIT OR ISC) AND GPL-3.0', false],
    ['MIT WITH some-exception', true],
    ['MIT+', false],
    ['MIT ISC', false],
    ['MIT OR', false],
    ['(MIT', false],
    ['', false],
    ['SEE LICENSE IN LICENSE.md', false],
    ['UNLICENSED', false],
  ];
  for (const [expression, expected] of cases) {
    it(`${JSON.stringify(expression)} is ${expected ? 'allowed' : 'refused'} where MIT and ISC are`, () => {
      assert.equal(isAllowed(expression, allowed), expected);
    });
  }
});
