import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinSplitWitness, SHAPE_A } from '@sero/circuits';
import { circuitFile, makeDevelopmentKeys } from '@sero/circuits/node';
import { toField } from '@sero/crypto';
import { appendLeaves, EMPTY_FRONTIER, hashNodesWith } from '@sero/protocol';
import { openBackend } from '@sero/prover/node';
import { buildTransaction, plan, readPlan } from '@sero/wallet';
import sodium from 'sodium-native';
import { developmentTools } from '../tools/demo/network.ts';
import { browserFigures } from './browser/figures.ts';
import { besides, counted, type Figure, type Measurement, type Suite, sampled, timed } from './harness.ts';
import { buildNativeBench, type NativeBench } from './native.ts';
import { fundedWallet, payment, proofItems } from './payment.ts';
import { type ProverOrder, type ProverProcess, type ProverTask, startProver } from './prover-task.ts';
import { temporaryDirectories } from './temporary.ts';

const CORES = 2;
const MSM_POINTS = 1 << 15;
const TREE_LEAVES = 1 << 16;

/** Runs orders in turn, one of each a round, after a round that does not count. */
async function inTurn(
  rounds: number,
  orders: readonly (readonly [ProverProcess, ProverOrder])[],
): Promise<number[][]> {
  const samples: number[][] = orders.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [i, [process, order]] of orders.entries()) {
      const value = await process.order(order);
      if (round >= 0) samples[i]!.push(value);
    }
  }
  return samples;
}

/** A payment of shape A to be proved, and its proof. */
async function makeTask(): Promise<{ task: ProverTask; wtns: Uint8Array }> {
  const tools = await developmentTools();
  try {
    const { actor, network } = await fundedWallet(tools);
    const { item } = await proofItems(actor, network, tools);
    const planned = readPlan(await plan(actor.wallet, payment(actor)));
    const { assignment } = buildTransaction(planned, actor.key.proof);
    const { program, provingKey } = await tools.circuit(SHAPE_A.id);
    if (typeof provingKey !== 'string') throw new Error('the development key is not in a file');
    const { wtns } = await joinSplitWitness(program, SHAPE_A, assignment);
    const { publicInputs, proof } = item;
    return {
      task: { assignment, zkey: provingKey, verifyingKey: tools.verifyingKey, publicInputs, proof },
      wtns,
    };
  } finally {
    await tools.close();
  }
}

const perSecond = (milliseconds: readonly number[]): number[] => milliseconds.map((each) => 1_000 / each);
const micro = (milliseconds: readonly number[]): number[] => milliseconds.map((each) => each * 1_000);

/** Proofs by every backend beside snarkjs on the same key. */
async function proofFigures(task: ProverTask, wants: (name: string) => boolean): Promise<Figure[]> {
  const figures: Figure[] = [];
  const snarkjs = await startProver('snarkjs', CORES, task);
  const [, ...slow] = (await inTurn(3, [[snarkjs, 'prove']]))[0]!;
  const backends = [
    ['native', 'native', 'the fastest code of this processor'],
    ['portable', 'portable', "the same library without the processor's vector instructions"],
    ['wasm', 'wasm', 'WebAssembly in Node, workers of its own'],
  ] as const;
  for (const [suffix, backend, what] of backends) {
    const name = `prover.prove.A.${suffix}`;
    if (!wants(name) && !wants(`prover.pay.A.${suffix}`)) continue;
    const process = await startProver(backend, CORES, task);
    const [prove, pay] = await inTurn(suffix === 'wasm' ? 7 : 15, [
      [process, 'prove'],
      [process, 'pay'],
    ]);
    figures.push(
      besides(
        sampled(
          {
            name,
            what: `A proof of shape A from its witness, ${CORES} threads: ${what}. Checked before it is handed out.`,
          },
          prove!,
          'ms',
        ),
        'snarkjs, same key and witness',
        slow,
      ),
      sampled(
        { name: `prover.pay.A.${suffix}`, what: 'The same with its witness, computed before.' },
        pay!,
        'ms',
      ),
    );
    if (suffix === 'native') figures.push(...(await memoryFigures(process, snarkjs)));
    await process.stop();
  }
  await snarkjs.stop();
  return figures;
}

async function memoryFigures(native: ProverProcess, snarkjs: ProverProcess): Promise<Figure[]> {
  const megabytes = async (process: ProverProcess): Promise<number> => (await process.order('memory')) / 1e6;
  const figure = sampled(
    {
      name: 'prover.memory',
      what: 'Largest resident set of the whole process that proves natively, Node itself included.',
    },
    [await megabytes(native)],
    'MB',
  );
  return [besides(figure, 'the process of snarkjs', [await megabytes(snarkjs)])];
}

/** What one core does: a process with one thread beside the TypeScript reference. */
async function coreFigures(task: ProverTask): Promise<Figure[]> {
  const [native, reference, oracle] = await Promise.all([
    startProver('native', 1, task),
    startProver('reference', 1, task),
    startProver('snarkjs', 1, task),
  ]);
  const [single, noble, snarkjs] = await inTurn(9, [
    [native, 'verify'],
    [reference, 'verify'],
    [oracle, 'verify'],
  ]);
  const [batch, nobleBatch] = await inTurn(5, [
    [native, 'verifyBatch64'],
    [reference, 'verifyBatch64'],
  ]);
  const [signed, nobleSigned] = await inTurn(5, [
    [native, 'signatures64'],
    [reference, 'signatures64'],
  ]);
  const [witness, circom] = await inTurn(9, [
    [native, 'witness'],
    [oracle, 'witness'],
  ]);
  await Promise.all([native.stop(), reference.stop(), oracle.stop()]);
  return [
    besides(
      sampled({ name: 'prover.verify.single', what: 'One proof of shape A, one thread.' }, single!, 'ms'),
      'snarkjs',
      snarkjs!,
    ),
    besides(
      sampled({ name: 'prover.verify.single.noble', what: 'The same.' }, single!, 'ms'),
      '@noble/curves',
      noble!,
    ),
    besides(
      sampled(
        {
          name: 'prover.verify.batch64',
          what: 'Each of 64 proofs in a batch, one thread, decoding and subgroup checks included.',
        },
        batch!,
        'ms',
      ),
      '@noble/curves, as a batch',
      nobleBatch!,
    ),
    besides(
      sampled(
        { name: 'prover.signatures64', what: 'Each of 64 RedJubjub signatures in a batch, one thread.' },
        micro(signed!),
        'us',
      ),
      '@noble/curves, as a batch',
      micro(nobleSigned!),
    ),
    besides(
      sampled(
        {
          name: 'prover.witness.A',
          what: 'The witness of a payment with the checks of what it is made from.',
        },
        witness!,
        'ms',
      ),
      "circom's program, by snarkjs, without those checks",
      circom!,
    ),
  ];
}

async function scanFigures(task: ProverTask): Promise<Figure[]> {
  const [both, one, reference] = await Promise.all([
    startProver('native', CORES, task),
    startProver('native', 1, task),
    startProver('reference', 1, task),
  ]);
  const [two, single, noble] = await inTurn(5, [
    [both, 'scan'],
    [one, 'scan'],
    [reference, 'scan'],
  ]);
  await Promise.all([both.stop(), one.stop(), reference.stop()]);
  const point = Buffer.alloc(32);
  sodium.crypto_scalarmult_base(point, randomBytes(32));
  const secret = randomBytes(32);
  const out = Buffer.alloc(32);
  const libsodium: number[] = [];
  for (let run = 0; run < 5; run++) {
    const took = await timed(() => {
      for (let i = 0; i < 2_000; i++) sodium.crypto_scalarmult(out, secret, point);
    });
    libsodium.push(took / 2_000);
  }
  return [
    besides(
      sampled(
        { name: 'prover.scan', what: `Outputs of others tried by a wallet, ${CORES} threads.` },
        perSecond(two!),
        'outputs/s',
        'higher',
      ),
      '@noble/curves, one thread',
      perSecond(noble!),
    ),
    besides(
      sampled(
        { name: 'prover.scan.core', what: 'The same on one thread.' },
        perSecond(single!),
        'outputs/s',
        'higher',
      ),
      'scalar multiplications by libsodium (Curve25519), one thread',
      perSecond(libsodium),
    ),
  ];
}

async function treeFigure(): Promise<Figure> {
  const native = await openBackend({ threads: CORES });
  const leaves = Array.from({ length: TREE_LEAVES }, () => toField(randomBytes(64)));
  const few = leaves.slice(0, 1 << 10);
  const fast: number[] = [];
  const slow: number[] = [];
  for (let run = -1; run < 5; run++) {
    const quick = await timed(() => appendLeaves(EMPTY_FRONTIER, leaves, hashNodesWith(native.noteHasher)));
    const plain = await timed(() => appendLeaves(EMPTY_FRONTIER, few));
    if (run < 0) continue;
    fast.push(leaves.length / (quick / 1_000));
    slow.push(few.length / (plain / 1_000));
  }
  await native.close();
  const what = `${TREE_LEAVES} leaves appended to the note tree in one batch.`;
  return besides(sampled({ name: 'prover.tree', what }, fast, 'leaves/s', 'higher'), 'TypeScript', slow);
}

async function setupFigure(): Promise<Figure> {
  const file = await circuitFile(SHAPE_A);
  const samples: number[] = [];
  for (let run = 0; run < 3; run++) samples.push(await timed(() => makeDevelopmentKeys(file, SHAPE_A.id)));
  return sampled(
    { name: 'prover.setup.A', what: 'The development keys of shape A, from its circuit file.' },
    samples,
    'ms',
  );
}

/** The share of what the field multiplications alone would take. */
async function floorFigures(native: NativeBench, task: ProverTask, wtns: Uint8Array): Promise<Figure[]> {
  const file = join(temporaryDirectories().make(), 'payment.wtns');
  await writeFile(file, wtns);
  const [times, counts] = [await native.fields(), await native.count(task.zkey, file)];
  return Object.entries(counts).flatMap(([kernel, count]) => {
    const each = times[kernel]!;
    const floor = (count.fq * each.fq + count.fr * each.fr) / CORES / 1e6;
    const millions = (count.fq / 1e6).toFixed(2);
    return [
      counted(
        `prover.floor.A.${kernel}`,
        `What a proof's field multiplications alone would take on ${CORES} cores: ${millions} million of the base field, ${each.fq} ns each, ${(count.fr / 1e6).toFixed(2)} million of the scalar field, ${each.fr} ns each.`,
        Number(floor.toPrecision(3)),
        'ms',
      ),
    ];
  });
}

async function msmFigures(native: NativeBench): Promise<Figure[]> {
  const { ours, withoutCopies, blst } = await native.multiExps(MSM_POINTS, 9);
  const what = `A multi-exponentiation of ${MSM_POINTS} points of G1, ${CORES} threads`;
  return [
    besides(
      sampled(
        { name: 'prover.msm.g1', what: `${what}, with the table of four copies that a proving key keeps.` },
        ours,
        'ms',
      ),
      "blst's Pippenger, half the points a thread",
      blst,
    ),
    besides(
      sampled({ name: 'prover.msm.g1.plain', what: `${what}, without copies.` }, withoutCopies, 'ms'),
      "blst's Pippenger, half the points a thread",
      blst,
    ),
  ];
}

/** Figures of @sero/prover. */
export const proverSuite: Suite = {
  prefix: 'prover.',
  async prepare({ wants }) {
    const any = (...prefixes: string[]): boolean => prefixes.some((prefix) => wants(prefix));
    const { task, wtns } = await makeTask();
    const figures: Figure[] = [];
    if (any('prover.prove.A.native', 'prover.prove.A.portable', 'prover.prove.A.wasm', 'prover.memory')) {
      figures.push(...(await proofFigures(task, wants)));
    }
    if (any('prover.msm.g1', 'prover.msm.g1.plain', 'prover.floor.A.ifma', 'prover.floor.A.portable')) {
      const native = await buildNativeBench();
      figures.push(...(await msmFigures(native)), ...(await floorFigures(native, task, wtns)));
    }
    if (any('prover.verify.single', 'prover.verify.batch64', 'prover.signatures64', 'prover.witness.A')) {
      figures.push(...(await coreFigures(task)));
    }
    if (any('prover.scan', 'prover.scan.core')) figures.push(...(await scanFigures(task)));
    if (any('prover.prove.A.chromium')) {
      figures.push(...(await browserFigures(new Uint8Array(await readFile(task.zkey)), wtns, CORES)));
    }
    if (any('prover.tree')) figures.push(await treeFigure());
    if (any('prover.setup.A')) figures.push(await setupFigure());
    return figures.map((figure): Measurement => ({ figure }));
  },
};
