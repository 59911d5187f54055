import { besides, type Figure, sampled } from '../harness.ts';
import { findChromium, runInChromium } from './chromium.ts';

const RUNS = 7;
const SNARKJS_RUNS = 3;

/**
 * Proofs in a page of a headless Chromium, in turns with snarkjs' in the same page.
 *
 * @returns none where there is no Chromium
 */
export async function browserFigures(zkey: Uint8Array, wtns: Uint8Array, threads: number): Promise<Figure[]> {
  const chromium = findChromium();
  if (chromium === undefined) return [];
  const report = await runInChromium(chromium, zkey, wtns, {
    threads,
    runs: RUNS,
    snarkjsRuns: SNARKJS_RUNS,
  });
  if ('failure' in report) throw new Error(`the page failed: ${report.failure}`);
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
