import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installPacked } from '../tools/pack/install.ts';
import { besides, type Figure, sampled } from './harness.ts';
import { temporaryDirectories } from './temporary.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const CHILD = fileURLToPath(new URL('./prover-memory-child.ts', import.meta.url));
const ROUNDS = 3;

/** The most memory that a process of its own held, MB. */
async function largest(program: string, ...arguments_: readonly string[]): Promise<number> {
  const { stdout } = await run(process.execPath, [program, ...arguments_]);
  return Number(stdout.trim().split('\n').at(-1)) / 1e6;
}

/** The program in JavaScript, in a project that has the packages as they are packed, and the addon. */
async function packedProgram(): Promise<string> {
  const project = temporaryDirectories().make();
  installPacked(root, project);
  const build = 'native/build';
  await symlink(
    join(root, 'packages/prover', build),
    join(project, 'node_modules/@sero/prover', build),
    'dir',
  );
  const program = join(project, 'prove.mjs');
  await writeFile(program, stripTypeScriptTypes(await readFile(CHILD, 'utf8')));
  return program;
}

/** What a wallet's process holds at most while it proves: its key is ready in the folder, as after the first proof. */
export async function memoryFigures(zkey: string, wtns: string): Promise<Figure[]> {
  const program = await packedProgram();
  const images = join(temporaryDirectories().make(), 'ready');
  const first = await largest(program, 'native', zkey, wtns, images);
  const native: number[] = [];
  const bare: number[] = [];
  const sources: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    native.push(await largest(program, 'native', zkey, wtns, images));
    bare.push(await largest(program, 'bare'));
    sources.push(await largest(CHILD, 'native', zkey, wtns, images));
  }
  const node = [...bare].sort((a, b) => a - b)[ROUNDS >> 1]!;
  const less = (samples: readonly number[]): number[] => samples.map((each) => each - node);
  // It runs here in a program of TypeScript, whose compiler is none of its own.
  const compiler = (await largest(CHILD, 'bare')) - node;
  const snarkjs = [(await largest(CHILD, 'snarkjs', zkey, wtns)) - compiler];
  const figure = (name: string, what: string, samples: readonly number[]): Figure =>
    sampled({ name, what }, samples, 'MB');
  return [
    besides(
      figure(
        'prover.memory',
        'Proving shape A natively, five proofs in a row with a key that is kept ready: the largest resident set of a process that does nothing else, of packages as `npm run pack` makes them, less that of Node by itself.',
        less(native),
      ),
      'snarkjs, one proof, less the same',
      less(snarkjs),
    ),
    besides(
      figure('prover.memory.process', 'The whole of that process, Node included.', native),
      "snarkjs' process, less Node's compiler of TypeScript",
      snarkjs,
    ),
    figure(
      'prover.memory.sources',
      "The whole of that process where it runs the repository's TypeScript: Node has its compiler in memory as well.",
      sources,
    ),
    figure('prover.memory.first', 'The same where the key has to be made ready.', [first]),
    figure('prover.memory.node', 'Node by itself, in which a program of one line runs.', bare),
  ];
}
