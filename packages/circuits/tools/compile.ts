import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDirectory, readCached, writeCached } from '../src/cache.ts';
import { CircuitError } from '../src/errors.ts';
import { withFileLock } from '../src/lock.ts';
import type { Shape } from '../src/shape.ts';

/**
 * `full` (the default, and what keys are made of): linear constraints are substituted away. `none`: each signal
 * keeps its wire and each `===` its constraint, for analysis.
 */
export type Simplification = 'full' | 'none';
const LEVEL = { full: '--O2', none: '--O0' } as const;

/** File name to text. Includes are by name, all files in one folder. */
export type CircuitSources = Readonly<Record<string, string>>;

/** What circom makes of a circuit. */
export interface CompiledCircuit {
  /** Constraints, iden3's binary format. */
  readonly r1cs: Uint8Array;
  /** Circom's witness program: the oracle of ours. */
  readonly wasm: Uint8Array;
  /** Names of wires: lines of "label,wire,component,name", wire -1 where simplification removed it. */
  readonly sym: Uint8Array;
}

const PARTS = ['r1cs', 'wasm', 'sym'] as const;
const FLAGS = ['--prime', 'bls12381', '--r1cs', '--wasm', '--sym'];
const SOURCES = fileURLToPath(new URL('../circom/', import.meta.url));

/** The circuits of this package as they stand in circom/. */
export async function circuitSources(): Promise<CircuitSources> {
  const names = (await readdir(SOURCES)).filter((name) => name.endsWith('.circom')).sort();
  const files = names.map(async (name) => [name, await readFile(join(SOURCES, name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(files));
}

/** Name of a shape's main file, without `.circom`. */
function mainOf({ name }: Pick<Shape, 'name'>): string {
  return `shape_${name.toLowerCase()}`;
}

/**
 * One of the shapes, from the cache if these very sources were compiled before; else 12 s for A, 25 s for C, 50 s for B,
 * in a process of its own.
 */
export async function compileShape(shape: Shape): Promise<CompiledCircuit> {
  return compileCircuit(await circuitSources(), mainOf(shape));
}

/**
 * Compiles `main`.circom of `sources` with npm's circom2, a development tool (GPL-3.0, run as a program of its
 * own). The parts are kept in the cache directory under a hash of compiler version, flags and sources, each checked
 * against its digest when read back. Processes that want the same at once compile it once. Throws `compile-failed` with the compiler's words.
 */
export async function compileCircuit(
  sources: CircuitSources,
  main: string,
  simplification: Simplification = 'full',
): Promise<CompiledCircuit> {
  const compiler = locateCompiler();
  const flags = [...FLAGS, LEVEL[simplification]];
  const name = cacheKey(await compiler.version(), flags, sources, main);
  const kept = join(cacheDirectory(), 'circuits', name);
  const command = [compiler.program, `${main}.circom`, ...flags];
  return (
    (await readKept(kept)) ??
    withFileLock(
      `${kept}.lock`,
      async () => (await readKept(kept)) ?? compileInto(kept, main, command, sources),
    )
  );
}

async function readKept(kept: string): Promise<CompiledCircuit | undefined> {
  const [r1cs, wasm, sym] = await Promise.all(PARTS.map((part) => readCached(join(kept, part))));
  return r1cs === undefined || wasm === undefined || sym === undefined ? undefined : { r1cs, wasm, sym };
}

/** Compiles in a folder beside `kept`, and keeps the parts there. */
async function compileInto(
  kept: string,
  main: string,
  command: readonly string[],
  sources: CircuitSources,
): Promise<CompiledCircuit> {
  const workshop = await mkdtemp(join(dirname(kept), '.compiling-'));
  try {
    await runCompiler(command, workshop, sources);
    const made = await collect(workshop, main);
    for (const part of PARTS) await writeCached(join(kept, part), made[part]);
    return made;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

function locateCompiler(): { readonly program: string; readonly version: () => Promise<string> } {
  const require = createRequire(import.meta.url);
  try {
    const program = require.resolve('circom2/cli.js');
    const manifest = require.resolve('circom2/package.json');
    return {
      program,
      version: async () => (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version,
    };
  } catch {
    throw new CircuitError(
      'compile-failed',
      'npm’s circom2 is not installed: run npm install with devDependencies',
    );
  }
}

function cacheKey(version: string, flags: readonly string[], sources: CircuitSources, main: string): string {
  const files = Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([version, flags, main, files]))
    .digest('hex');
}

async function runCompiler(
  command: readonly string[],
  folder: string,
  sources: CircuitSources,
): Promise<void> {
  for (const [name, text] of Object.entries(sources)) await writeFile(join(folder, name), text);
  // The compiler sees the folder it runs in and includes from nowhere else, so it gets a folder of its own.
  const run = promisify(execFile)(process.execPath, [...command, '--output', '.'], {
    cwd: folder,
    maxBuffer: 1 << 24,
  });
  await run.catch((error: { stdout?: string; stderr?: string; message: string }) => {
    const words = [error.stdout, error.stderr].filter(Boolean).join('\n') || error.message;
    throw new CircuitError('compile-failed', `circom refused the circuit:\n${words}`);
  });
}

async function collect(folder: string, main: string): Promise<CompiledCircuit> {
  try {
    return {
      r1cs: await readFile(join(folder, `${main}.r1cs`)),
      wasm: await readFile(join(folder, `${main}_js`, `${main}.wasm`)),
      sym: await readFile(join(folder, `${main}.sym`)),
    };
  } catch (error) {
    throw new CircuitError('compile-failed', `circom left no result for ${main}.circom: ${String(error)}`);
  }
}
