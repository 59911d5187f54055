import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { joinSplitWitness, SHAPE_A } from '@sero/circuits';
import { circuitFile, makeDevelopmentKeys } from '@sero/circuits/node';
import { toField } from '@sero/crypto';
import { appendLeaves, EMPTY_FRONTIER, hashNodesWith } from '@sero/protocol';
import { decodeVerifyingKey } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import { buildTransaction, plan, readPlan } from '@sero/wallet';
import { developmentTools } from '../tools/demo/network.ts';
import { browserFigures } from './browser/figures.ts';
import {
  besides,
  type Figure,
  inTurn,
  type LeftOut,
  type Measurement,
  type Suite,
  sampled,
  timed,
} from './harness.ts';
import { buildNativeBench, type NativeBench } from './native.ts';
import { fundedWallet, payment, proofItems } from './payment.ts';
import {
  scanFigures,
  signatureFigures,
  verifyBatchFigures,
  verifyFigures,
  witnessFigures,
} from './prover-core.ts';
import { type Floors, openFloors } from './prover-floor.ts';
import { rerandomised } from './prover-inputs.ts';
import { memoryFigures } from './prover-memory.ts';
import { missingNames, PROVER_NAMES, type ProverGroup, wantedGroups } from './prover-names.ts';
import { proofFigures } from './prover-proofs.ts';
import type { ProverTask } from './prover-task.ts';
import { temporaryDirectories } from './temporary.ts';

const CORES = 2;
const MSM_POINTS = 1 << 15;
const TREE_LEAVES = 1 << 16;
const DIFFERENT_PROOFS = 64;

/** A payment of shape A to be proved, and proofs of another one. */
interface Work {
  readonly task: ProverTask;
  readonly wtns: Uint8Array;
  /** The same in a file. */
  readonly wtnsFile: string;
  /** Of the payment to be proved. */
  readonly publicInputs: readonly bigint[];
}

async function makeWork(): Promise<Work> {
  const tools = await developmentTools();
  try {
    const { actor, network } = await fundedWallet(tools);
    const { item } = await proofItems(actor, network, tools);
    const planned = readPlan(await plan(actor.wallet, payment(actor)));
    const { assignment } = buildTransaction(planned, actor.key.proof);
    const { program, provingKey } = await tools.circuit(SHAPE_A.id);
    if (typeof provingKey !== 'string') throw new Error('the development key is not in a file');
    const { wtns, publicInputs } = await joinSplitWitness(program, SHAPE_A, assignment);
    const wtnsFile = join(temporaryDirectories().make(), 'payment.wtns');
    await writeFile(wtnsFile, wtns);
    const { verifyingKey } = tools;
    const proofs = rerandomised(item.proof, DIFFERENT_PROOFS);
    const task = { assignment, zkey: provingKey, verifyingKey, publicInputs: item.publicInputs, proofs };
    return { task, wtns, wtnsFile, publicInputs };
  } finally {
    await tools.close();
  }
}

/** The library's own programs, or why there are none. */
type Native = { readonly bench: NativeBench } | { readonly because: string };

async function openNative(): Promise<Native> {
  try {
    return { bench: await buildNativeBench() };
  } catch (error) {
    return { because: `the library's own programs cannot be built: ${String(error).split('\n', 1)[0]}` };
  }
}

/** Where nothing can be counted figures stay as they are, and a line says so. */
async function floorsOf(native: Native): Promise<Floors> {
  if ('bench' in native) return openFloors(native.bench);
  console.error(`no floors: ${native.because}`);
  return async (figure) => figure;
}

async function msmFigures(native: NativeBench, floors: Floors): Promise<Figure[]> {
  const { ours, withoutCopies, blst } = await native.multiExps(MSM_POINTS, 9);
  const what = `A multi-exponentiation of ${MSM_POINTS} points of G1, ${CORES} threads`;
  const beside = "blst's Pippenger, half the points a thread";
  const copies = `${what}, with the table of four copies that a proving key keeps.`;
  return [
    await floors(besides(sampled({ name: 'prover.msm.g1', what: copies }, ours, 'ms'), beside, blst), {
      work: ['msm', String(MSM_POINTS)],
      operations: 1,
      cores: CORES,
    }),
    besides(
      sampled({ name: 'prover.msm.g1.plain', what: `${what}, without copies.` }, withoutCopies, 'ms'),
      beside,
      blst,
    ),
  ];
}

async function treeFigures(floors: Floors): Promise<Figure[]> {
  const native = await openBackend({ backend: 'native', threads: CORES });
  const leaves = Array.from({ length: TREE_LEAVES }, () => toField(randomBytes(64)));
  const few = leaves.slice(0, 1 << 10);
  let nodes = 0;
  const hash4 = (tuples: Uint8Array): Uint8Array => {
    nodes += tuples.length / 128;
    return native.noteHasher.hash4(tuples);
  };
  const append = (): void => {
    nodes = 0;
    appendLeaves(EMPTY_FRONTIER, leaves, hashNodesWith({ hash4 }));
  };
  const [fast, slow] = await inTurn(5, [
    async () => leaves.length / ((await timed(append)) / 1_000),
    async () => few.length / ((await timed(() => appendLeaves(EMPTY_FRONTIER, few))) / 1_000),
  ]);
  await native.close();
  const what = `${TREE_LEAVES} leaves appended to the note tree in one batch by the native prover: ${nodes} nodes.`;
  const figure = sampled({ name: 'prover.tree', what }, fast!, 'leaves/s', 'higher');
  const of = { operations: leaves.length, cores: CORES };
  return [await floors(besides(figure, 'TypeScript', slow!), { ...of, work: ['nodes', String(nodes)] })];
}

/** The thread that makes the keys opens the backend that the environment names. */
async function withNative<T>(work: () => Promise<T>): Promise<T> {
  const named = process.env['SERO_PROVER'];
  process.env['SERO_PROVER'] = 'native';
  try {
    return await work();
  } finally {
    if (named === undefined) delete process.env['SERO_PROVER'];
    else process.env['SERO_PROVER'] = named;
  }
}

async function setupFigures(): Promise<Figure[]> {
  const file = await circuitFile(SHAPE_A);
  const samples: number[] = [];
  for (let run = 0; run < 3; run++)
    samples.push(await withNative(() => timed(() => makeDevelopmentKeys(file, SHAPE_A.id))));
  const what = 'The development keys of shape A, from its circuit file, by the native prover.';
  return [sampled({ name: 'prover.setup.A', what }, samples, 'ms')];
}

async function pageFigures({ task, wtns, publicInputs }: Work): Promise<Found> {
  const native = await openBackend({ backend: 'native', threads: 1 });
  const vk = decodeVerifyingKey(task.verifyingKey);
  const holds = (proof: Uint8Array): boolean => native.verifier.verifySync(vk, publicInputs, proof).ok;
  const zkey = new Uint8Array(await readFile(task.zkey));
  const figures = await browserFigures(zkey, wtns, CORES, holds).finally(() => native.close());
  return figures ?? allLeftOut('browser', 'there is no Chromium');
}

type Found = readonly (Figure | LeftOut)[];

function allLeftOut(group: ProverGroup, because: string): LeftOut[] {
  return PROVER_NAMES[group].map((name) => ({ name, because }));
}

/** What is made once for all figures that need it. */
interface Made {
  work(): Promise<Work>;
  native(): Promise<Native>;
  floors(): Promise<Floors>;
  wants(name: string): boolean;
}

const GROUPS: Readonly<Record<ProverGroup, (made: Made) => Promise<Found>>> = {
  proofs: async ({ work, floors, wants }) => {
    const { task, wtnsFile } = await work();
    return proofFigures(task, wtnsFile, CORES, wants, await floors());
  },
  browser: async ({ work }) => pageFigures(await work()),
  memory: async ({ work }) => {
    const { task, wtnsFile } = await work();
    return memoryFigures(task.zkey, wtnsFile);
  },
  msm: async ({ native, floors }) => {
    const opened = await native();
    return 'bench' in opened ? msmFigures(opened.bench, await floors()) : allLeftOut('msm', opened.because);
  },
  verify: async ({ work, floors }) => verifyFigures((await work()).task, await floors()),
  verifyBatch: async ({ work, floors }) => verifyBatchFigures((await work()).task, await floors()),
  signatures: async ({ work, floors }) => signatureFigures((await work()).task, await floors()),
  witness: async ({ work }) => witnessFigures((await work()).task),
  scan: async ({ work, floors }) => scanFigures((await work()).task, CORES, await floors()),
  tree: async ({ floors }) => treeFigures(await floors()),
  setup: () => setupFigures(),
};

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Figures of @sero/prover. */
export const proverSuite: Suite = {
  prefix: 'prover.',
  async prepare({ wants }) {
    const native = once(openNative);
    const made: Made = {
      work: once(makeWork),
      native,
      floors: once(async () => floorsOf(await native())),
      wants,
    };
    const measurements: Measurement[] = [];
    for (const group of wantedGroups(wants)) {
      const found = await GROUPS[group](made);
      const missing = missingNames(
        group,
        wants,
        found.map(({ name }) => name),
      );
      if (missing.length > 0) throw new Error(`not measured: ${missing.join(', ')}`);
      measurements.push(...found.map((one) => ('because' in one ? { leftOut: one } : { figure: one })));
    }
    return measurements;
  },
};
