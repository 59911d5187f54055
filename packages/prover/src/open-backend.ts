import { availableParallelism } from 'node:os';
import {
  BACKEND_NAMES,
  type BackendName,
  checkCount,
  MAX_KEY_COPIES,
  MAX_THREADS,
  type ProverBackend,
} from './backend.ts';
import { ProverError } from './errors.ts';
import { readKeyFile, versionOfKeyFile } from './key-file.ts';
import { openNativeBackend } from './native-backend.ts';
import { createReferenceBackend } from './reference-backend.ts';
import { openWasmBackend } from './wasm-backend.ts';
import { compileWasm } from './wasm-module.ts';
import { readWasmFile, startNodeThread } from './wasm-node.ts';

/** Options of `openBackend`. */
export interface OpenBackendOptions {
  /** Opens this one or fails. Default: what the environment's SERO_PROVER names, else the fastest that works. */
  readonly backend?: BackendName;
  /** Where SERO_PROVER is looked up. Default: the process's own environment. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * Threads that work together. Default: as many as the machine runs at once, at most 32. From 1 to 64. Native backends share one pool
   * a process, which starts with their first work: asked for later, another number changes nothing, and the backend's `threads` says how
   * many there are.
   */
  readonly threads?: number;
  /**
   * Folder where the native prover keeps keys of files ready, some 50 MB each for shape A: made ready once, a key is taken from there in
   * milliseconds. Whoever can write to it can make proofs fail, at witnesses of his choice, and nothing else: a proof is handed out only if
   * the verifying key of the .zkey accepts it, and is blinded by that file's points. Default: none is kept.
   */
  readonly images?: string;
  /**
   * Shifted copies of a proving key's points that the native prover keeps, 1 to 64. For shape A four of them take a sixth off a proof's
   * work, for twice the memory and three times the work of making the key ready. Default: 4 where keys are kept ready, else 1.
   */
  readonly keyCopies?: number;
}

type Missing = { readonly missing: string };

interface Means {
  readonly threads: number;
  readonly copies: number;
  readonly images?: string | undefined;
}

/** As many as are taken where nobody says how many. */
const DEFAULT_THREADS = 32;

function readName(name: string, from: string): BackendName {
  const known = BACKEND_NAMES.find((one) => one === name);
  if (known !== undefined) return known;
  throw new ProverError(
    'backend-unknown',
    `${from} names no prover: ${JSON.stringify(name)} is none of ${BACKEND_NAMES.join(', ')}`,
  );
}

async function openWasm(threads: number, because?: string): Promise<ProverBackend | Missing> {
  try {
    return await openWasmBackend({
      module: await compileWasm(readWasmFile),
      threads,
      startThread: startNodeThread,
      readKey: readKeyFile,
      versionOf: versionOfKeyFile,
      ...(because === undefined ? {} : { because }),
    });
  } catch (error) {
    return { missing: `WebAssembly: ${error instanceof Error ? error.message : error}` };
  }
}

async function tryOpen(
  name: BackendName,
  { threads, copies, images }: Means,
  because?: string,
): Promise<ProverBackend | Missing> {
  switch (name) {
    case 'native':
    case 'portable':
      return openNativeBackend({ portable: name === 'portable', threads, copies, images });
    case 'wasm':
      return openWasm(threads, because);
    case 'reference':
      return createReferenceBackend({ readKey: readKeyFile, ...(because === undefined ? {} : { because }) });
  }
}

/**
 * Opens the backend that is asked for, or the fastest that works here: native, WebAssembly, TypeScript. Nothing falls
 * back in silence: one that is named and cannot run is an error, and one that was taken for want of a better says why.
 *
 * @throws ProverError `backend-unknown`, `option-invalid`, or `backend-unavailable` with the reason
 */
export async function openBackend(options: OpenBackendOptions = {}): Promise<ProverBackend> {
  const { backend, environment = process.env, images } = options;
  const copies = checkCount('keyCopies', options.keyCopies ?? (images === undefined ? 1 : 4), MAX_KEY_COPIES);
  const threads = checkCount(
    'threads',
    options.threads ?? Math.min(availableParallelism(), DEFAULT_THREADS),
    MAX_THREADS,
  );
  // The environment's word is read even where the caller has one of its own: a wrong one is told at once.
  const named = environment['SERO_PROVER'];
  const wished = named === undefined || named === '' ? undefined : readName(named, 'SERO_PROVER');
  const asked = backend === undefined ? wished : readName(backend, 'the caller');
  if (asked !== undefined) {
    const opened = await tryOpen(asked, { threads, copies, images });
    if (!('missing' in opened)) return opened;
    throw new ProverError('backend-unavailable', `the prover ${asked} cannot run here: ${opened.missing}`);
  }
  let because: string | undefined;
  for (const name of ['native', 'wasm', 'reference'] as const) {
    const opened = await tryOpen(name, { threads, copies, images }, because);
    if (!('missing' in opened)) return opened;
    because = because === undefined ? opened.missing : `${because}; ${opened.missing}`;
  }
  throw new ProverError('backend-unavailable', `no prover can run here: ${because}`);
}
