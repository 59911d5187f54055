import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cacheDirectory, readCached, writeCached } from './cache.ts';

const folder = await mkdtemp(join(tmpdir(), 'sero-cache-'));
after(() => rm(folder, { recursive: true }));
const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);

test('the cache is where SERO_CACHE says, else in XDG_CACHE_HOME, else in the home folder', () => {
  assert.equal(cacheDirectory({ SERO_CACHE: '/a', XDG_CACHE_HOME: '/b' }), '/a');
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: '/b' }), join('/b', 'sero'));
  assert.equal(cacheDirectory({ SERO_CACHE: '', XDG_CACHE_HOME: '' }), join(homedir(), '.cache', 'sero'));
});

test('what was kept is read back, and nothing else lies about', async () => {
  const path = join(folder, 'deep', 'kept');
  await writeCached(path, bytes);
  await writeCached(path, bytes);
  assert.deepEqual(await readCached(path), bytes);
  assert.deepEqual((await readdir(join(folder, 'deep'))).sort(), ['kept', 'kept.sha256']);
});

test('what was never kept is not there', async () => {
  assert.equal(await readCached(join(folder, 'absent')), undefined);
});

test('bytes that changed since they were kept are not given out', async () => {
  const path = join(folder, 'flipped');
  await writeCached(path, bytes);
  for (const at of [0, 50, 99]) {
    const flipped = new Uint8Array(bytes);
    flipped[at]! ^= 1;
    await writeFile(path, flipped);
    assert.equal(await readCached(path), undefined);
  }
  await writeFile(path, bytes.subarray(1));
  assert.equal(await readCached(path), undefined);
});

test('bytes without their digest, or with another, are not given out', async () => {
  const path = join(folder, 'digest');
  await writeCached(path, bytes);
  const digest = await readFile(`${path}.sha256`, 'utf8');
  await writeFile(
    `${path}.sha256`,
    digest.replace(/^./, (first) => (first === '0' ? '1' : '0')),
  );
  assert.equal(await readCached(path), undefined);
  await rm(`${path}.sha256`);
  assert.equal(await readCached(path), undefined);
});

test('a write that fails leaves no part behind', async () => {
  const path = join(folder, 'taken');
  await writeCached(join(path, 'inside'), bytes);
  await assert.rejects(writeCached(path, bytes));
  assert.ok((await readdir(folder)).every((name) => !name.endsWith('.part')));
});
