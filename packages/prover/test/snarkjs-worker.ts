import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { type ProveFault, ProverError } from '../src/errors.ts';
import type { Proof, ProvingKeySource } from '../src/groth16.ts';
import type { VerifyingKey } from '../src/verifying-key.ts';
import { readWitnessLength, readZkeyShape } from '../src/zkey.ts';
import { proofForSnarkjs, proofFromSnarkjs, verifyingKeyForSnarkjs } from './snarkjs-format.ts';

/** The thread of snarkjs-prover.ts: one job at a time, in the order of the messages. */

export type SnarkjsJob =
  | { readonly kind: 'prove'; readonly key: ProvingKeySource; readonly witness: Uint8Array }
  | {
      readonly kind: 'verify';
      readonly vk: VerifyingKey;
      readonly publicInputs: readonly bigint[];
      readonly proof: Proof;
    };

export type SnarkjsAnswer =
  | { readonly ok: true; readonly value: Proof | boolean }
  | { readonly ok: false; readonly code: ProveFault; readonly message: string };

async function loadSnarkjs(): Promise<typeof import('snarkjs')> {
  // snarkjs's own threads come from web-worker 1.2, which starts threads only where it believes to be in the main
  // one, and elsewhere takes the thread's globals over. This thread has to pass for the main one before snarkjs
  // is loaded; the ones below it are real.
  const threads = createRequire(import.meta.url)('node:worker_threads') as { isMainThread: boolean };
  threads.isMainThread = true;
  return import('snarkjs');
}

let lastKey: { readonly path: string; readonly bytes: Uint8Array } | undefined;

async function readKey(source: ProvingKeySource): Promise<Uint8Array> {
  if (typeof source !== 'string') return source;
  if (lastKey?.path === source) return lastKey.bytes;
  const bytes = await readFile(source).catch((error: unknown) => {
    throw new ProverError('zkey-malformed', `the proving key ${source} cannot be read`, { cause: error });
  });
  lastKey = { path: source, bytes };
  return bytes;
}

async function prove(key: ProvingKeySource, witness: Uint8Array): Promise<Proof> {
  const zkey = await readKey(key);
  const { wires } = readZkeyShape(zkey);
  const length = readWitnessLength(witness);
  if (length !== wires) {
    throw new ProverError(
      'witness-length',
      `the key's circuit has ${wires} wires, the witness ${length} values`,
    );
  }
  const { groth16 } = await loadSnarkjs();
  const { proof } = await groth16.prove({ type: 'mem', data: zkey }, { type: 'mem', data: witness });
  return proofFromSnarkjs(proof);
}

async function work(job: SnarkjsJob): Promise<Proof | boolean> {
  if (job.kind === 'prove') return prove(job.key, job.witness);
  const { groth16 } = await loadSnarkjs();
  return groth16.verify(
    verifyingKeyForSnarkjs(job.vk),
    job.publicInputs.map(String),
    proofForSnarkjs(job.proof),
  );
}

async function answer(job: SnarkjsJob): Promise<SnarkjsAnswer> {
  try {
    return { ok: true, value: await work(job) };
  } catch (error) {
    const code = error instanceof ProverError ? (error.code as ProveFault) : 'prove-failed';
    return { ok: false, code, message: error instanceof Error ? error.message : String(error) };
  } finally {
    if (job.kind === 'prove') job.witness.fill(0);
  }
}

parentPort?.on('message', (job: SnarkjsJob) => {
  void answer(job).then((result) => parentPort?.postMessage(result));
});
