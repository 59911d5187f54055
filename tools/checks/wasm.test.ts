import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { noticeFaults } from './notices.ts';
import { artefactFaults } from './wasm.ts';

const base = mkdtempSync(join(tmpdir(), 'wasm-'));
after(() => rmSync(base, { recursive: true }));

function folder(files: Readonly<Record<string, string>>): string {
  const made = mkdtempSync(join(base, 'artefacts-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text);
  return made;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('WebAssembly artefacts', () => {
  const artefacts = { 'one.wasm': hashOf('one') };
  const found = (files: Readonly<Record<string, string>>): string[] =>
    artefactFaults(folder(files), artefacts).map((fault) => `${fault.file} ${fault.message}`);

  it('pass where they are those that were built, whatever else lies beside them', () => {
    assert.deepEqual(found({ 'one.wasm': 'one', 'README.md': '' }), []);
  });

  it('are refused where one is another, or missing', () => {
    assert.match(found({ 'one.wasm': 'two' }).join(), /^packages\/prover\/wasm\/one\.wasm not the file/);
    assert.match(found({}).join(), /^packages\/prover\/wasm\/one\.wasm missing/);
  });

  it('are refused where nobody says what one is built from', () => {
    const faults = found({ 'one.wasm': 'one', 'planted.wasm': 'one' });
    assert.deepEqual(faults, [
      'packages/prover/wasm/planted.wasm source.json does not say what it is built from',
    ]);
  });
});

describe('what others wrote and is built in', () => {
  const original = join(base, 'LICENSE');
  writeFileSync(original, 'the text');
  const found = (files: Readonly<Record<string, string>>): string[] =>
    noticeFaults(folder(files), 'here', new Map([['lib', original]])).map((fault) => fault.file);
  const notice = (name: string, licence: string): string =>
    `# Notices\n\n## ${name}\n\nLicence: ${licence}\n`;

  it('passes where it is named, under a licence that is allowed, with its text', () => {
    assert.deepEqual(found({ 'THIRD-PARTY.md': notice('lib', 'MIT'), 'LICENSE.lib': 'the text' }), []);
  });

  it('is refused where it is not named, there is no notice at all, or only something else is named', () => {
    assert.deepEqual(found({ 'LICENSE.lib': 'the text' }), ['here/THIRD-PARTY.md']);
    const other = notice('library', 'MIT');
    assert.deepEqual(found({ 'THIRD-PARTY.md': other, 'LICENSE.lib': 'the text' }), ['here/THIRD-PARTY.md']);
  });

  it('is refused under a licence that is not allowed', () => {
    const gpl = notice('lib', 'GPL-3.0');
    assert.deepEqual(found({ 'THIRD-PARTY.md': gpl, 'LICENSE.lib': 'the text' }), ['here/THIRD-PARTY.md']);
  });

  it("is refused where its licence's text is missing, or another one", () => {
    const named = notice('lib', 'MIT');
    assert.deepEqual(found({ 'THIRD-PARTY.md': named }), ['here/LICENSE.lib']);
    assert.deepEqual(found({ 'THIRD-PARTY.md': named, 'LICENSE.lib': 'a text' }), ['here/LICENSE.lib']);
  });
});
