import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { besides, type Figure, sampled } from './harness.ts';
import { temporaryDirectories } from './temporary.ts';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('./prover-memory-child.ts', import.meta.url));
const ROUNDS = 3;

/** The most memory that a process of its own held, MB. */
async function largest(...arguments_: readonly string[]): Promise<number> {
  const { stdout } = await run(process.execPath, [CHILD, ...arguments_]);
  return Number(stdout.trim().split('\n').at(-1)) / 1e6;
}

/** What a wallet's process holds at most while it proves: its key is ready in the folder, as after the first proof. */
export async function memoryFigures(zkey: string, wtns: string): Promise<Figure[]> {
  const images = join(temporaryDirectories().make(), 'ready');
  const first = await largest('native', zkey, wtns, images);
  const native: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    native.push(await largest('native', zkey, wtns, images));
    bare.push(await largest('bare'));
  }
  const snarkjs = [await largest('snarkjs', zkey, wtns)];
  const node = [...bare].sort((a, b) => a - b)[ROUNDS >> 1]!;
  const less = (samples: readonly number[]): number[] => samples.map((each) => each - node);
  const figure = (name: string, what: string, samples: readonly number[]): Figure =>
    sampled({ name, what }, samples, 'MB');
  return [
    besides(
      figure(
        'prover.memory',
        'Proving shape A natively, five proofs in a row with a key that is kept ready: the largest resident set of a process that does nothing else, less that of Node by itself.',
        less(native),
      ),
      'snarkjs, one proof, less the same',
      less(snarkjs),
    ),
    besides(
      figure('prover.memory.process', 'The whole of that process, Node included.', native),
      "snarkjs' process",
      snarkjs,
    ),
    figure('prover.memory.first', 'The same where the key has to be made ready.', [first]),
    figure('prover.memory.node', 'Node by itself, in which a program of one line runs.', bare),
  ];
}
