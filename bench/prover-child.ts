// One backend in a process of its own: `prover-child.ts BACKEND THREADS`, BACKEND as SERO_PROVER names them, or snarkjs. It is told what
// to do by messages, and answers each with the milliseconds that it took.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { joinSplitSignals, joinSplitWitness, loadWitnessProgram, SHAPE_A } from '@sero/circuits';
import { cacheDirectory, circuitFile } from '@sero/circuits/node';
import { compileShape } from '@sero/circuits/test/compile';
import {
  type BackendName,
  createPortableScanner,
  decodeVerifyingKey,
  type Groth16Prover,
  type ProofItem,
  type ProverBackend,
  SCAN_OUTPUT_BYTES,
  type Verdict,
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

function mustHold(verdicts: readonly boolean[]): void {
  if (verdicts.length === 0 || verdicts.includes(false)) throw new Error('a proof that holds was refused');
}

/** Milliseconds of each of some verifications in a row; all must hold. */
async function eachOf(
  items: readonly ProofItem[],
  holds: (item: ProofItem) => Promise<boolean>,
): Promise<number> {
  const verdicts: boolean[] = [];
  const took = await timed(async () => {
    for (const item of items) verdicts.push(await holds(item));
  });
  mustHold(verdicts);
  return took / items.length;
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
  const { publicInputs } = task;
  const items: readonly ProofItem[] = task.proofs.map((proof) => ({ vk, publicInputs, proof }));
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
    verify: async () => {
      // After seconds of another process's work the first one finds neither its code nor its tables in the caches.
      const row =
        backend?.kernel === 'ifma' || backend?.kernel === 'portable' ? items.slice(0, 32) : items.slice(0, 1);
      return eachOf(row, async (item) =>
        backend === undefined
          ? await oracle!.verify(vk, publicInputs, item.proof)
          : backend.verifier.verifySync(vk, publicInputs, item.proof).ok,
      );
    },
    verifyAsync: async () =>
      eachOf(
        items.slice(0, 32),
        async ({ proof }) => (await backend!.verifier.verify(vk, publicInputs, proof)).ok,
      ),
    verifyBatch64: async () => {
      // snarkjs has no batches; some are enough to say what each takes.
      if (backend === undefined)
        return eachOf(items.slice(0, 8), ({ proof }) => oracle!.verify(vk, publicInputs, proof));
      let verdicts: readonly Verdict[] = [];
      const took = await timed(async () => {
        verdicts = await backend.verifier.verifyBatch(items);
      });
      mustHold(verdicts.map(({ ok }) => ok));
      return took / items.length;
    },
    scan: async () => {
      const { viewKey, outputs } = scan();
      const scanner = backend?.scanner ?? createPortableScanner();
      const count = outputs.length / SCAN_OUTPUT_BYTES;
      return (await timed(() => scanner.scan({ viewKey, outputs }))) / count;
    },
    hashNodes: async () => (await timed(() => backend!.noteHasher.hash4(tuples()))) / 16_384,
    signatures64: async () => (await timed(() => backend!.signatures.verifyBatch(signed()))) / 64,
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
