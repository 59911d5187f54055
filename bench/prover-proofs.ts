import { besides, type Figure, inTurn, sampled } from './harness.ts';
import type { Floors } from './prover-floor.ts';
import type { ProverName } from './prover-names.ts';
import { type ProverProcess, type ProverTask, startProver } from './prover-task.ts';

/** Rounds after one that does not count; snarkjs takes more than five seconds of each. */
const ROUNDS = 7;

const BACKENDS = [
  ['native', 'the fastest code of this processor'],
  ['portable', "the same library without the processor's vector instructions"],
  ['wasm', 'WebAssembly in Node, workers of its own'],
] as const;

type Backend = (typeof BACKENDS)[number][0];

interface Contender {
  readonly name: ProverName;
  readonly what: string;
  readonly order: 'prove' | 'pay';
  readonly backend: Backend;
}

/**
 * Proofs by the backends that are asked for and by snarkjs on the same key: in each round each makes one.
 *
 * @param wtns file of the task's witness
 */
export async function proofFigures(
  task: ProverTask,
  wtns: string,
  threads: number,
  wants: (name: string) => boolean,
  floors: Floors,
): Promise<Figure[]> {
  const contenders = BACKENDS.flatMap(([backend, what]): Contender[] => [
    {
      name: `prover.prove.A.${backend}`,
      what: `A proof of shape A from its witness, ${threads} threads: ${what}. Checked before it is handed out.`,
      order: 'prove',
      backend,
    },
    {
      name: `prover.pay.A.${backend}`,
      what: 'The same with its witness, computed before.',
      order: 'pay',
      backend,
    },
  ]).filter(({ name }) => wants(name));
  const processes = new Map<string, ProverProcess>();
  for (const name of [...new Set(contenders.map(({ backend }) => backend)), 'snarkjs'])
    processes.set(name, await startProver(name, threads, task));
  const [snarkjs, ...samples] = await inTurn(ROUNDS, [
    () => processes.get('snarkjs')!.order('prove'),
    ...contenders.map(
      ({ backend, order }) =>
        () =>
          processes.get(backend)!.order(order),
    ),
  ]);
  for (const process of processes.values()) await process.stop();
  const figures: Figure[] = [];
  for (const [i, { name, what, order, backend }] of contenders.entries()) {
    const beside = order === 'prove' ? 'snarkjs, same key and witness' : "snarkjs' proof without a witness";
    const figure = besides(sampled({ name, what }, samples[i]!, 'ms'), beside, snarkjs!);
    const isCounted = order === 'prove' && backend !== 'wasm';
    const of = { operations: 1, cores: threads, portable: backend === 'portable' };
    figures.push(isCounted ? await floors(figure, { ...of, work: ['prove', task.zkey, wtns] }) : figure);
  }
  return figures;
}
