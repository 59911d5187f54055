// Runs in the page: proves with the WebAssembly backend and with snarkjs in turns, and posts what it took.

import { openWebBackend } from '@sero/prover';
import type { BrowserReport, BrowserTask } from './report.ts';

/** snarkjs' own build for browsers, which the page loads before this. */
interface Snarkjs {
  readonly groth16: {
    prove(
      zkey: { type: 'mem'; data: Uint8Array },
      witness: { type: 'mem'; data: Uint8Array },
    ): Promise<unknown>;
  };
}

const { snarkjs } = globalThis as unknown as { readonly snarkjs: Snarkjs };

async function bytesOf(path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(path)).arrayBuffer());
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const start = performance.now();
  const value = await work();
  return { ms: performance.now() - start, value };
}

async function run(): Promise<BrowserReport> {
  const task = (await (await fetch('/task')).json()) as BrowserTask;
  const [zkey, witness] = await Promise.all([bytesOf('/key.zkey'), bytesOf('/witness.wtns')]);
  const backend = await openWebBackend({
    threads: task.threads,
    load: (file) => bytesOf(`/${file}`),
    // Of this very origin: nothing is asked of the page's headers.
    startWorker: () => new Worker('/worker.js', { type: 'module' }),
  });
  const first = await timed(() => backend.prover.prove(zkey, witness));
  const wasm: number[] = [];
  const snark: number[] = [];
  let proof = first.value;
  for (let i = 0; i < task.runs; i++) {
    const own = await timed(() => backend.prover.prove(zkey, witness));
    proof = own.value;
    wasm.push(own.ms);
    if (i >= task.snarkjsRuns) continue;
    const theirs = { type: 'mem', data: zkey } as const;
    snark.push((await timed(() => snarkjs.groth16.prove(theirs, { type: 'mem', data: witness }))).ms);
  }
  await backend.close();
  return {
    agent: navigator.userAgent,
    threads: backend.threads,
    firstMs: first.ms,
    wasm,
    snarkjs: snark,
    proof: [...proof],
  };
}

const report = await run().catch((error: unknown) => ({ failure: String(error) }));
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });

declare const navigator: { readonly userAgent: string };
declare const Worker: new (url: string, options: { readonly type: 'module' }) => never;
