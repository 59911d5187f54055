import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const here = import.meta.dirname;
const sums = readFileSync(join(here, 'SHA256SUMS'), 'utf8');

test('every vector file has the checksum that SHA256SUMS commits to, and no file stands outside it', () => {
  const files = readdirSync(here).filter((name) => name.endsWith('.json'));
  const lines = files.map((name) => {
    const digest = createHash('sha256').update(readFileSync(join(here, name)));
    return `${digest.digest('hex')}  ${name}`;
  });
  assert.ok(files.length > 0);
  assert.deepEqual(lines.sort(byText), sums.trimEnd().split('\n').sort(byText));
});

test('the Python reference makes the committed vectors, byte for byte', (t) => {
  if (spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']).status !== 0) {
    t.diagnostic('no Python 3.10 or newer here: the vectors were compared with SHA256SUMS only');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sero-vectors-'));
  try {
    const script = join(here, 'reference', 'generate.py');
    const run = spawnSync('python3', ['-B', script, folder], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    const names = readdirSync(folder);
    assert.deepEqual(
      names.filter((name) => name !== 'SHA256SUMS').sort(byText),
      readdirSync(here)
        .filter((name) => name.endsWith('.json'))
        .sort(byText),
    );
    for (const name of names) {
      const made = readFileSync(join(folder, name));
      assert.ok(made.equals(readFileSync(join(here, name))), `${name} is not what the reference makes`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
