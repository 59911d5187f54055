import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { leInteger } from '@sero/crypto';
import { createReferenceBackend, encodeVerifyingKey, verifyingKeyFromZkey } from '@sero/prover';
import { findChromium, runPage, servedBytes } from '../../bench/browser/chromium.ts';
import type { PageReport, PageTask } from './report.ts';

const FIXTURES = join(import.meta.dirname, '../../packages/prover/src/fixtures');
const WIRES = 8;
const WIRE_BYTES = 32;

const chromium = findChromium();

async function pageReport(
  program: string,
): Promise<{ report: PageReport; check: (proof: Uint8Array) => boolean }> {
  const zkey = new Uint8Array(await readFile(join(FIXTURES, 'product-chain.zkey')));
  const wtns = new Uint8Array(await readFile(join(FIXTURES, 'product-chain.wtns')));
  const vk = verifyingKeyFromZkey(zkey, 1, true);
  // The values stand at the end of the file: 1, then the public inputs.
  const values = wtns.subarray(wtns.length - WIRES * WIRE_BYTES);
  const publicInputs = [1, 2, 3].map((wire) =>
    leInteger(values.subarray(wire * WIRE_BYTES, (wire + 1) * WIRE_BYTES)),
  );
  const falseWitness = new Uint8Array(wtns);
  falseWitness[wtns.length - WIRE_BYTES]! ^= 1;
  const task: PageTask = {
    verifyingKey: Buffer.from(encodeVerifyingKey(vk)).toString('hex'),
    publicInputs: publicInputs.map(String),
  };
  const files = new Map([
    ['/task', { type: 'application/json', body: JSON.stringify(task) }],
    ['/key.zkey', servedBytes(zkey)],
    ['/witness.wtns', servedBytes(wtns)],
    ['/false.wtns', servedBytes(falseWitness)],
  ]);
  const report = await runPage(program, join(import.meta.dirname, 'page.ts'), files);
  assert.ok(typeof report === 'object' && report !== null && !('failure' in report), JSON.stringify(report));
  const { verifier } = createReferenceBackend();
  return {
    report: report as PageReport,
    check: (proof) => verifier.verifySync(vk, publicInputs, proof).ok,
  };
}

describe('the prover in a page of a browser', () => {
  if (chromium === undefined) {
    it('is left out: there is no Chromium on this machine', (context) => {
      context.diagnostic('no chromium, chromium-browser or google-chrome on PATH');
      assert.equal(findChromium(), undefined);
    });
    return;
  }

  it('proves in workers of its own without shared memory, and refuses what it must with the codes that all backends give', async () => {
    const { report, check } = await pageReport(chromium);
    const { proof, ...rest } = report;
    assert.ok(check(Uint8Array.from(proof)), "the reference takes the page's proof");
    assert.deepEqual(rest, {
      name: 'wasm',
      threads: 2,
      holds: true,
      otherInputs: 'proof-invalid',
      falseWitness: 'prove-failed',
      malformedKey: 'zkey-malformed',
      aborted: 'aborted',
      holdsAfter: true,
      closed: 'closed',
      notLoaded: 'backend-unavailable',
    });
  });
});
