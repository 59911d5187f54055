import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { consensusFiles, determinismFaults } from './determinism.ts';
import { ADVICE, GLOBALS, MEMBERS } from './determinism-rules.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = join(import.meta.dirname, 'fixtures', 'determinism');
const fixtures = readdirSync(folder).map((name) => join(folder, name));

// Every name of the tables, one a line, as a global or as a property of something without a type.
const generated = mkdtempSync(join(tmpdir(), 'determinism-'));
after(() => rmSync(generated, { recursive: true }));
const lines = [
  ...[...GLOBALS].map(([name, rule]) => ({ text: `(): unknown => ${name}`, name, rule })),
  ...[...MEMBERS].map(([name, rule]) => ({
    text: `(it: ReturnType<typeof JSON.parse>): unknown => it.${name}`,
    name: `it.${name}`,
    rule,
  })),
];
const names = join(generated, 'names.ts');
writeFileSync(names, lines.map(({ text }, index) => `export const name${index} = ${text};\n`).join(''));

// One program for all files, since most of the time goes into reading the types of the language.
const faults = determinismFaults(root, [...fixtures, names]);

/** A fixture is named after the rule it breaks, with a word after it where a rule has several. */
function ruleOf(fixture: string): string {
  const name = basename(fixture, '.ts');
  const rules = Object.keys(ADVICE).filter((rule) => name === rule || name.startsWith(`${rule}-`));
  return rules.reduce((longest, rule) => (rule.length > longest.length ? rule : longest), '');
}

describe('determinism', () => {
  for (const fixture of fixtures) {
    const name = basename(fixture, '.ts');
    const expected = name === 'good' ? [] : [ruleOf(fixture)];
    it(`finds ${expected[0] ?? 'nothing'} in the fixture ${name}`, () => {
      const found = faults.filter((fault) => fault.file.endsWith(`/determinism/${name}.ts`));
      assert.deepEqual(
        found.map((fault) => fault.rule),
        expected,
      );
    });
  }

  it('has a failing fixture for every rule', () => {
    const shown = new Set(fixtures.map(ruleOf));
    assert.deepEqual(
      Object.keys(ADVICE).filter((rule) => !shown.has(rule)),
      [],
    );
  });

  for (const [index, { name, rule }] of lines.entries()) {
    it(`finds ${rule} in ${name}`, () => {
      const found = faults.filter((fault) => fault.file.endsWith('/names.ts') && fault.line === index + 1);
      assert.deepEqual(
        found.map((fault) => fault.rule),
        [rule],
      );
    });
  }

  it('names the file, the line and what to do', () => {
    const fault = faults.find((one) => one.rule === 'for-in');
    assert.equal(fault?.file, 'tools/checks/fixtures/determinism/for-in.ts');
    assert.equal(fault?.line, 3);
    assert.match(fault?.message ?? '', /use for-of/);
  });

  it('looks at the sources of protocol and ledger, and not at their tests', () => {
    const files = consensusFiles(root);
    assert.ok(files.some((file) => file.startsWith(join(root, 'packages', 'protocol', 'src'))));
    assert.ok(files.some((file) => file.startsWith(join(root, 'packages', 'ledger', 'src'))));
    assert.deepEqual(
      files.filter((file) => file.endsWith('.test.ts')),
      [],
    );
  });
});
