import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { keepCopy, lastSegment, putBack, tear } from './disk-faults.ts';

const folder = mkdtempSync(join(tmpdir(), 'sero-disk-'));
after(() => rmSync(folder, { recursive: true, force: true }));

it('a disk tears the last bytes off the file that was written last, and never a whole file', () => {
  const log = join(folder, 'log');
  mkdirSync(log);
  assert.throws(() => lastSegment(log), /holds no log/);
  for (const [name, text] of [
    ['0000000000000000.log', 'old'],
    ['0000000000000007.log', 'new records'],
    ['0000000000000007.index', 'index'],
  ] as const) {
    writeFileSync(join(log, name), text);
  }
  tear(lastSegment(log), 3);
  assert.equal(readFileSync(join(log, '0000000000000007.log'), 'utf8'), 'new reco');
  assert.throws(() => tear(lastSegment(log), 8), /8 bytes only/);
});

it('a disk goes back to what it was, with nothing of what came later', () => {
  const node = join(folder, 'node');
  mkdirSync(join(node, 'state'), { recursive: true });
  writeFileSync(join(node, 'state', 'data'), 'before');
  keepCopy(node, join(folder, 'copy'));
  writeFileSync(join(node, 'state', 'data'), 'after');
  writeFileSync(join(node, 'later'), 'x');
  putBack(node, join(folder, 'copy'));
  assert.equal(readFileSync(join(node, 'state', 'data'), 'utf8'), 'before');
  assert.deepEqual(readdirSync(node), ['state']);
});
