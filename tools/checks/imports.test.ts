import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import type { Fault } from './fault.ts';
import { importFaults } from './imports.ts';

const faults = importFaults(join(import.meta.dirname, 'fixtures', 'imports'));

function found(rule: string): string[] {
  return faults.filter((fault) => fault.rule === rule).map(place);
}

function place(fault: Fault): string {
  return fault.file.replace(/^packages\//, '').replace('/src/', '/');
}

describe('imports', () => {
  it('go down the list only, in package.json too, and a wallet never imports the ledger', () => {
    assert.deepEqual(found('direction'), [
      'wallet/package.json',
      'crypto/direction.ts',
      'wallet/direction.ts',
    ]);
  });

  it('enter a package by what it exports, never by a path into it, and what is for tests only from tests and tools', () => {
    assert.deepEqual(found('entry'), [
      'circuits/entry-tool.ts',
      'protocol/entry-deep.ts',
      'protocol/entry-oracle.ts',
      'protocol/entry-relative.ts',
      'protocol/entry-root.ts',
      'protocol/entry-test.test.ts',
      'protocol/entry-type.ts',
      'protocol/entry-unknown.ts',
      'protocol/entry-worker.ts',
      'prover/entry-oracle.ts',
      'tools/entry.ts',
    ]);
  });

  it('are declared, by the root alone only for what is not shipped', () => {
    assert.deepEqual(found('undeclared'), [
      'circuits/undeclared-created.ts',
      'circuits/undeclared-named.ts',
      'circuits/undeclared-resolved.ts',
      'ledger/undeclared-own.ts',
      'protocol/undeclared-required.ts',
      'protocol/undeclared-tester.ts',
      'protocol/undeclared.ts',
      'prover/verifier.ts',
      'test/undeclared.ts',
    ]);
  });

  it('name their modules where they can be read, in what is shipped', () => {
    assert.deepEqual(
      new Set(found('loader')),
      new Set([
        'circuits/loader-aliased.ts',
        'circuits/loader-builtin.ts',
        'circuits/loader-created.ts',
        'circuits/loader-elsewhere.ts',
        'circuits/loader-file.ts',
        'circuits/loader-kept.ts',
        'circuits/loader-late.ts',
        'circuits/loader-renamed.ts',
        'circuits/loader-variable.ts',
        'circuits/loader-whole.ts',
      ]),
    );
  });

  it('are refused in a package that has no place in the order', () => {
    assert.deepEqual(found('unlisted'), ['attic/package.json']);
  });

  it('pass where they keep the rules', () => {
    const good = faults.filter((fault) => basename(fault.file).startsWith('good.'));
    assert.deepEqual(good, []);
    const rules = ['direction', 'entry', 'loader', 'undeclared', 'unlisted'];
    assert.ok(faults.every((fault) => rules.includes(fault.rule)));
  });
});
