// One backend in a process of its own: `prover-child.ts BACKEND THREADS`, BACKEND as SERO_PROVER names them, or snarkjs. It is told what
// to do by messages, and answers each with the milliseconds that it took (or the bytes that it holds).

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { joinSplitSignals, joinSplitWitness, loadWitnessProgram, SHAPE_A } from '@sero/circuits';
import { cacheDirectory, circuitFile, compileShape } from '@sero/circuits/node';
import {
  type BackendName,
  createPortableScanner,
  decodeVerifyingKey,
  type Groth16Prover,
  type ProofItem,
  type ProverBackend,
  SCAN_OUTPUT_BYTES,
} from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import { createSnarkjsProver, type SnarkjsProver } from '@sero/prover/test/snarkjs';
import { wtns } from 'snarkjs';
import { signedHashes, viewKeyAndOutputs } from './prover-inputs.ts';
import { type ProverAnswer, type ProverOrder, type ProverTask, revived } from './prover-task.ts';

const [name = '', threads = '1'] = process.argv.slice(2);
const backend: ProverBackend | undefined =
  name === 'snarkjs'
    ? undefined
    : await openBackend({
        backend: name as BackendName,
        threads: Number(threads),
        images: join(cacheDirectory(), 'ready'),
      });
const oracle: SnarkjsProver | undefined = backend === undefined ? createSnarkjsProver() : undefined;
const prover: Groth16Prover = backend?.prover ?? oracle!;

async function timed(job: () => unknown): Promise<number> {
  const start = performance.now();
  await job();
  return performance.now() - start;
}

/** What an order needs is made when it is first given, and is not in its time. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function orders(task: ProverTask): Record<ProverOrder, () => Promise<number>> {
  const { zkey, assignment } = task;
  const vk = decodeVerifyingKey(task.verifyingKey);
  const item: ProofItem = { vk, publicInputs: task.publicInputs, proof: task.proof };
  const program = once(async () => loadWitnessProgram(await circuitFile(SHAPE_A), backend?.witness));
  const witness = once(async () => joinSplitWitness(await program(), SHAPE_A, assignment));
  const circom = once(() => compileShape(SHAPE_A));
  const scan = once(() => viewKeyAndOutputs(backend?.kernel === 'typescript' ? 256 : 32_768));
  const signed = once(() => signedHashes(64));
  const tuples = once(() => {
    const bytes = randomBytes(128 * 16_384);
    for (let i = 31; i < bytes.length; i += 32) bytes[i]! &= 0x3f;
    return bytes;
  });
  return {
    prove: async () => {
      const { wtns } = await witness();
      return timed(() => prover.prove(zkey, wtns));
    },
    pay: async () => {
      const ready = await program();
      return timed(async () => {
        const { wtns } = await joinSplitWitness(ready, SHAPE_A, assignment);
        await prover.prove(zkey, wtns);
      });
    },
    witness: async () => {
      if (backend === undefined) {
        const { wasm } = await circom();
        const signals = joinSplitSignals(SHAPE_A, assignment);
        return timed(() => wtns.calculate(signals, wasm, { type: 'mem' }));
      }
      const ready = await program();
      return timed(() => joinSplitWitness(ready, SHAPE_A, assignment));
    },
    verify: () =>
      timed(() =>
        backend === undefined
          ? oracle!.verify(vk, item.publicInputs, item.proof)
          : backend.verifier.verifySync(vk, item.publicInputs, item.proof),
      ),
    verifyBatch64: async () => {
      const batch = Array.from({ length: 64 }, () => item);
      return (await timed(() => backend!.verifier.verifyBatch(batch))) / batch.length;
    },
    scan: async () => {
      const { viewKey, outputs } = scan();
      const scanner = backend?.scanner ?? createPortableScanner();
      const count = outputs.length / SCAN_OUTPUT_BYTES;
      return (await timed(() => scanner.scan({ viewKey, outputs }))) / count;
    },
    hashNodes: async () => (await timed(() => backend!.noteHasher.hash4(tuples()))) / 16_384,
    signatures64: async () => (await timed(() => backend!.signatures.verifyBatch(signed()))) / 64,
    memory: async () => process.resourceUsage().maxRSS * 1_024,
    processor: async () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
  };
}

let ready: Record<ProverOrder, () => Promise<number>> | undefined;
process.on('message', async (message: { readonly task: string } | { readonly order: ProverOrder }) => {
  let answer: ProverAnswer;
  try {
    if ('task' in message) {
      ready = orders(revived(message.task));
      answer = { value: 0 };
    } else {
      answer = { value: await ready![message.order]() };
    }
  } catch (error) {
    answer = { error: String(error) };
  }
  process.send!(answer);
});
process.on('disconnect', async () => {
  await backend?.close();
  await oracle?.close();
  process.exit(0);
});
process.send!({ value: 0 } satisfies ProverAnswer);
