import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { besides, type Figure, sampled } from '../harness.ts';
import { findChromium, runPage, type ServedFile, servedBytes } from './chromium.ts';
import type { BrowserReport, BrowserTask } from './report.ts';

const RUNS = 7;
const SNARKJS_RUNS = 3;

/**
 * Proofs in a page of a headless Chromium, in turns with snarkjs' in the same page.
 *
 * @param verify says whether a proof holds
 * @returns undefined where there is no Chromium
 */
export async function browserFigures(
  zkey: Uint8Array,
  wtns: Uint8Array,
  threads: number,
  verify: (proof: Uint8Array) => boolean,
): Promise<Figure[] | undefined> {
  const chromium = findChromium();
  if (chromium === undefined) return undefined;
  const task: BrowserTask = { threads, runs: RUNS, snarkjsRuns: SNARKJS_RUNS };
  const snarkjs = join(dirname(createRequire(import.meta.url).resolve('snarkjs')), 'snarkjs.min.js');
  const files = new Map<string, ServedFile>([
    ['/task', { type: 'application/json', body: JSON.stringify(task) }],
    ['/snarkjs.js', { type: 'text/javascript', body: await readFile(snarkjs) }],
    ['/key.zkey', servedBytes(zkey)],
    ['/witness.wtns', servedBytes(wtns)],
  ]);
  const page = join(import.meta.dirname, 'page.ts');
  const report = (await runPage(chromium, page, files, ['/snarkjs.js'])) as BrowserReport;
  if ('failure' in report) throw new Error(`the page failed: ${report.failure}`);
  if (!verify(Uint8Array.from(report.proof))) throw new Error('the proof that the page made does not verify');
  const version = /Chrome\/[\d.]+/.exec(report.agent)?.[0] ?? report.agent;
  const where = `in a page of headless ${version}, ${report.threads} workers`;
  return [
    besides(
      sampled(
        {
          name: 'prover.prove.A.chromium',
          what: `A proof of shape A from its witness ${where}, its key ready.`,
        },
        report.wasm,
        'ms',
      ),
      'snarkjs, same page, key and witness',
      report.snarkjs,
    ),
    sampled(
      { name: 'prover.prove.A.chromium.first', what: `The first proof ${where}: it makes the key ready.` },
      [report.firstMs],
      'ms',
    ),
  ];
}
