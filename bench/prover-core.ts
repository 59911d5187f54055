import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leBytes } from '@sero/crypto';
import sodium from 'sodium-native';
import { besides, type Figure, inTurn, sampled, timed } from './harness.ts';
import type { Floors } from './prover-floor.ts';
import { signedHashes, viewKeyAndOutputs } from './prover-inputs.ts';
import type { ProverName } from './prover-names.ts';
import { type ProverOrder, type ProverProcess, type ProverTask, startProver } from './prover-task.ts';
import { temporaryDirectories } from './temporary.ts';

const BATCH = 64;
/** Outputs whose multiplications are counted. */
const COUNTED_OUTPUTS = 1_024;
const SODIUM_RUNS = 2_000;

const perSecond = (milliseconds: readonly number[]): number[] => milliseconds.map((each) => 1_000 / each);
const micro = (milliseconds: readonly number[]): number[] => milliseconds.map((each) => each * 1_000);
const figure = (name: ProverName, what: string, samples: readonly number[], unit: string): Figure =>
  sampled({ name, what }, samples, unit, unit.endsWith('/s') ? 'higher' : 'lower');

/** Runs orders of processes that are there only for them, each of one thread unless it says otherwise, in turn. */
async function ordered(
  task: ProverTask,
  rounds: number,
  orders: readonly (readonly [backend: string, order: ProverOrder, threads?: number])[],
  others: readonly (() => Promise<number>)[] = [],
): Promise<number[][]> {
  const processes = new Map<string, ProverProcess>();
  for (const [backend, , threads = 1] of orders) {
    const key = `${backend} ${threads}`;
    if (!processes.has(key)) processes.set(key, await startProver(backend, threads, task));
  }
  const jobs = orders.map(
    ([backend, order, threads = 1]) =>
      () =>
        processes.get(`${backend} ${threads}`)!.order(order),
  );
  const samples = await inTurn(rounds, [...jobs, ...others]);
  for (const process of processes.values()) await process.stop();
  return samples;
}

/** One proof at a time on one core. */
export async function verifyFigures(task: ProverTask, floors: Floors): Promise<Figure[]> {
  const [single, waited, snarkjs, noble] = await ordered(task, 9, [
    ['native', 'verify'],
    ['native', 'verifyAsync'],
    ['snarkjs', 'verify'],
    ['reference', 'verify'],
  ]);
  const of = { work: ['verify', '1'], operations: 1, cores: 1 } as const;
  const what = 'One proof of shape A, one thread; each of 32 different ones in a row';
  const sync = figure('prover.verify.single', `${what}, by the synchronous call.`, single!, 'ms');
  const async_ = figure(
    'prover.verify.single.async',
    `${what}, each awaited: the call that a node's thread makes for a proof that came alone.`,
    waited!,
    'ms',
  );
  return [
    await floors(besides(sync, 'snarkjs', snarkjs!), of),
    await floors(besides(async_, 'snarkjs', snarkjs!), of),
    besides(
      figure('prover.verify.single.noble', 'As prover.verify.single.', single!, 'ms'),
      '@noble/curves',
      noble!,
    ),
  ];
}

/** 64 different proofs as a batch on one core: the call that a node's thread makes for a block's. */
export async function verifyBatchFigures(task: ProverTask, floors: Floors): Promise<Figure[]> {
  const [batch, noble, snarkjs] = await ordered(task, 5, [
    ['native', 'verifyBatch64'],
    ['reference', 'verifyBatch64'],
    ['snarkjs', 'verifyBatch64'],
  ]);
  const what = `Each of ${BATCH} different proofs in a batch, one thread, decoding and subgroup checks included.`;
  const of = { work: ['verify', String(BATCH)], operations: BATCH, cores: 1 } as const;
  return [
    await floors(
      besides(figure('prover.verify.batch64', what, batch!, 'ms'), '@noble/curves, as a batch', noble!),
      of,
    ),
    besides(
      figure('prover.verify.batch64.snarkjs', 'As prover.verify.batch64.', batch!, 'ms'),
      'snarkjs, which has no batches, one by one',
      snarkjs!,
    ),
  ];
}

/** RedJubjub on one core. */
export async function signatureFigures(task: ProverTask, floors: Floors): Promise<Figure[]> {
  const [signed, noble] = await ordered(task, 5, [
    ['native', 'signatures64'],
    ['reference', 'signatures64'],
  ]);
  const file = join(temporaryDirectories().make(), 'signatures');
  const items = signedHashes(BATCH).flatMap(({ rk, hashE, signature }) => [
    rk,
    leBytes(hashE, 32),
    signature,
  ]);
  await writeFile(file, Buffer.concat(items));
  const what = `Each of ${BATCH} RedJubjub signatures in a batch, one thread.`;
  return [
    await floors(
      besides(
        figure('prover.signatures64', what, micro(signed!), 'us'),
        '@noble/curves, as a batch',
        micro(noble!),
      ),
      { work: ['signatures', file], operations: BATCH, cores: 1 },
    ),
  ];
}

/** The witness of a payment. */
export async function witnessFigures(task: ProverTask): Promise<Figure[]> {
  const [witness, circom] = await ordered(task, 9, [
    ['native', 'witness'],
    ['snarkjs', 'witness'],
  ]);
  const what = 'The witness of a payment with the checks of what it is made from.';
  return [
    besides(
      figure('prover.witness.A', what, witness!, 'ms'),
      "circom's program, by snarkjs, without those checks",
      circom!,
    ),
  ];
}

/** Outputs of others. */
export async function scanFigures(task: ProverTask, cores: number, floors: Floors): Promise<Figure[]> {
  const point = Buffer.alloc(32);
  sodium.crypto_scalarmult_base(point, randomBytes(32));
  const secret = randomBytes(32);
  const out = Buffer.alloc(32);
  const libsodium = async (): Promise<number> => {
    const took = await timed(() => {
      for (let i = 0; i < SODIUM_RUNS; i++) sodium.crypto_scalarmult(out, secret, point);
    });
    return took / SODIUM_RUNS;
  };
  const orders = [
    ['native', 'scan', cores],
    ['native', 'scan', 1],
    ['reference', 'scan'],
  ] as const;
  const [all, single, noble, multiplied] = await ordered(task, 5, orders, [libsodium]);
  const file = join(temporaryDirectories().make(), 'outputs');
  const { viewKey, outputs } = viewKeyAndOutputs(COUNTED_OUTPUTS);
  await writeFile(file, Buffer.concat([viewKey, outputs]));
  const of = { work: ['scan', file], operations: COUNTED_OUTPUTS } as const;
  const what = `Outputs of others tried by a wallet, ${cores} threads.`;
  return [
    await floors(
      besides(
        figure('prover.scan', what, perSecond(all!), 'outputs/s'),
        '@noble/curves, one thread',
        perSecond(noble!),
      ),
      { ...of, cores },
    ),
    await floors(
      besides(
        figure('prover.scan.core', 'The same on one thread.', perSecond(single!), 'outputs/s'),
        'scalar multiplications by libsodium (Curve25519), one thread',
        perSecond(multiplied!),
      ),
      { ...of, cores: 1 },
    ),
  ];
}
