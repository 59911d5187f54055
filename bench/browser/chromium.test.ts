import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { temporaryDirectories } from '../temporary.ts';
import { findChromium, runPage } from './chromium.ts';

const directories = temporaryDirectories();
after(() => directories.clear());

/** A module of a page. */
function pageOf(source: string): string {
  const file = join(directories.make(), 'page.ts');
  writeFileSync(file, source);
  return file;
}

const chromium = findChromium();

describe('a page in a browser', () => {
  it('is not waited for where there is no such browser', async () => {
    await assert.rejects(runPage('no-such-chromium', pageOf(''), new Map()), /ENOENT/);
  });

  it('is not waited for where the browser ends before it reports', async () => {
    await assert.rejects(runPage('true', pageOf(''), new Map()), /Chromium ended before the page reported/);
  });

  if (chromium === undefined) return;

  it('reports what it throws, what it rejects and what it cannot load, though its module never gets that far', async () => {
    const failures: readonly (readonly [source: string, scripts: readonly string[], expected: RegExp])[] = [
      ['throw new Error("not today");', [], /not today/],
      ['await Promise.reject(new Error("nor tomorrow"));', [], /nor tomorrow/],
      ['void Promise.reject(new Error("never"));', [], /never/],
      ['', ['/missing.js'], /missing\.js was not loaded/],
    ];
    for (const [source, scripts, expected] of failures) {
      const report = (await runPage(chromium, pageOf(source), new Map(), scripts)) as { failure: string };
      assert.match(report.failure, expected);
    }
  });

  it('that says nothing is given up', async () => {
    await assert.rejects(runPage(chromium, pageOf(''), new Map(), [], 1), /said nothing for 1 s/);
  });
});
