// Runs in a page: what a wallet in a browser does with the prover, and what is refused there.

import { decodeVerifyingKey, openWebBackend, type Verdict, type WebWorker } from '@sero/prover';
import type { PageReport, PageTask } from './report.ts';

async function bytesOf(path: string): Promise<Uint8Array> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

const startWorker = (): WebWorker => new Worker('/worker.js', { type: 'module' });

/** The code of a refusal; what is no refusal is said too. */
async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'not refused';
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  }
}

const codeOf = (verdict: Verdict): string => (verdict.ok ? 'not refused' : verdict.code);

async function run(): Promise<PageReport> {
  const task = (await (await fetch('/task')).json()) as PageTask;
  const [key, witness, falseWitness] = await Promise.all(
    ['/key.zkey', '/witness.wtns', '/false.wtns'].map(bytesOf),
  );
  const vk = decodeVerifyingKey(
    Uint8Array.from(task.verifyingKey.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)),
  );
  const inputs = task.publicInputs.map(BigInt);
  const others = inputs.map((value) => value + 1n);
  const backend = await openWebBackend({ threads: 2, load: (file) => bytesOf(`/${file}`), startWorker });
  const { prover, verifier } = backend;

  const proof = await prover.prove(key!, witness!);
  const stop = new AbortController();
  const stopped = refusal(() => prover.prove(key!, witness!, stop.signal));
  stop.abort();
  const report = {
    name: backend.name,
    threads: backend.threads,
    proof: [...proof],
    holds: (await verifier.verify(vk, inputs, proof)).ok,
    otherInputs: codeOf(await verifier.verify(vk, others, proof)),
    falseWitness: await refusal(() => prover.prove(key!, falseWitness!)),
    malformedKey: await refusal(() => prover.prove(key!.subarray(0, key!.length - 1), witness!)),
    aborted: await stopped,
    holdsAfter: verifier.verifySync(vk, inputs, await prover.prove(key!, witness!)).ok,
  };
  await backend.close();
  return {
    ...report,
    closed: await refusal(() => prover.prove(key!, witness!)),
    notLoaded: await refusal(() =>
      openWebBackend({ load: (file) => bytesOf(`/nowhere/${file}`), startWorker }),
    ),
  };
}

const report = await run().catch((error: unknown) => ({ failure: String(error) }));
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });

declare const Worker: new (url: string, options: { readonly type: 'module' }) => WebWorker;
