// With which provers a run of the tests goes through which files. The whole suite runs once, with the fastest prover; after it the
// files whose outcome depends on the prover run with each other one.

import type { BackendName, ProverBackend } from '@sero/prover';
import { moduleGraph } from './module-graph.ts';

/** The variable by which a prover is chosen: a source that says its name is where the choice is read, or handed to another process. */
export const CHOICE = 'SERO_PROVER';

/** Every prover. The type asks for all of them, so that a new one is not forgotten. */
export const BACKENDS = Object.keys({
  native: true,
  portable: true,
  wasm: true,
  reference: true,
} satisfies Record<BackendName, true>) as BackendName[];

/** A part of a run: these files, with this prover. */
export interface Part {
  /** Undefined for the fastest that works, which is what a user has. */
  readonly backend?: BackendName;
  readonly files: readonly string[];
  /** Files that depend on the prover and are not run with it, and why. */
  readonly leftOut: readonly { readonly file: string; readonly because: string }[];
}

/** Files that do not run with some provers. */
export interface Rule {
  readonly backends: readonly BackendName[];
  readonly files: RegExp;
  readonly because: string;
}

const PROVES_LARGE = /(^|\/)(shape-b|shape-c|real-proofs)\.test\.ts$/;
/** Tests in which people pay: each of these makes several proofs of shape A, in processes of their own most of them. */
const PAYS = /^test\/(cli\/(patterns|refused|send)|ledger\/proof-attacks)\.test\.ts$/;
/** Tests of commands and of what they start. */
const COMMANDS =
  /^test\/(cli\/(devnet|docs|examples|genesis|genesis-ceremony|node|repair|stake|trusted)|demo\/cli|docs\/commands)\.test\.ts$/;
/** Tests of wallets that stand alone, whose payments are proved by doubles: a prover is asked for the witness, once more in each of them. */
export const WITNESSES = /^packages\/wallet\/src\/.*\.test\.ts$/;

/**
 * What is too slow with a prover for what it would show. The first rule that fits gives the reason; a file that no rule names runs with
 * every prover.
 */
export const RULES: readonly Rule[] = [
  {
    backends: BACKENDS,
    files: /^packages\/circuits\/src\/(circuit|development-keys|shape-[bc])\.test\.ts$/,
    because: 'of a prover it has only the development keys, which are in the cache by now',
  },
  {
    backends: BACKENDS,
    files: /^tools\/.*\.test\.ts$/,
    because: 'it starts programs with provers of its own choice, or none',
  },
  {
    backends: BACKENDS,
    files: /^test\/crash\//,
    because: 'it kills a node 200 times whose proofs are doubles, in a bundle that no addon lies beside',
  },
  {
    backends: BACKENDS,
    files: /^test\/(demo\/random|wallet\/walk)\.test\.ts$/,
    because:
      'it pays hundreds of times by doubles, which have of a prover only what the other wallet tests try',
  },
  {
    backends: BACKENDS,
    files: /^test\/(network|node)\//,
    because: 'it runs networks of nodes, whose provers do nothing but verify, or are doubles',
  },
  {
    backends: BACKENDS,
    files: COMMANDS,
    because:
      'it is about commands; what they ask of a prover, test/cli/send and the tests of wallets and ledgers ask every one for',
  },
  {
    backends: BACKENDS,
    files: WITNESSES,
    because:
      'of a prover it has only the witnesses that doubles of proofs take, which test/wallet asks every prover for',
  },
  {
    backends: ['wasm', 'reference'],
    files: PROVES_LARGE,
    because: 'it proves shape B or C, or many times shape A, whose keys are made ready again in each process',
  },
  {
    backends: ['reference'],
    files: PAYS,
    because: 'each proof of shape A takes the reference more than a minute',
  },
  {
    backends: ['reference'],
    files: /^packages\/circuits\/src\/witness-engines\.test\.ts$/,
    because: 'it compares the engines of the others with the reference',
  },
];

/**
 * The files whose outcome depends on the prover: those that may run a source in which the choice is read.
 *
 * @param files paths from the root
 */
export function dependentFiles(root: string, files: readonly string[]): string[] {
  const graph = moduleGraph(root);
  const reads = (source: string): boolean => graph.says(source, CHOICE);
  return files.filter((file) => [...graph.reachedFrom(file)].some(reads));
}

/** The part of a run that one prover has besides the fastest. */
export function partOf(backend: BackendName, dependent: readonly string[]): Part {
  const fitting = (file: string): Rule | undefined =>
    RULES.find((rule) => rule.backends.includes(backend) && rule.files.test(file));
  return {
    backend,
    files: dependent.filter((file) => fitting(file) === undefined),
    leftOut: dependent.flatMap((file) => {
      const rule = fitting(file);
      return rule === undefined ? [] : [{ file, because: rule.because }];
    }),
  };
}

/** The provers besides the fastest, and those that would be it again or cannot run here, with the reason. */
export interface Others {
  readonly run: readonly BackendName[];
  readonly not: readonly { readonly backend: BackendName; readonly because: string }[];
}

/** What the fastest prover leaves to be run. */
export function othersThan({ name, kernel, because = 'it cannot run here' }: Fastest): Others {
  if (name === 'native') {
    if (kernel === 'ifma') return { run: ['portable', 'wasm', 'reference'], not: [] };
    return {
      run: ['wasm', 'reference'],
      not: [{ backend: 'portable', because: 'on this processor it is what native is' }],
    };
  }
  const native = (['native', 'portable'] as const).map((backend) => ({ backend, because }));
  if (name === 'wasm') return { run: ['reference'], not: native };
  return { run: [], not: [...native, { backend: 'wasm', because }] };
}

export type Fastest = Pick<ProverBackend, 'name' | 'kernel' | 'because'>;
