import type { ProverBackend } from './backend.ts';
import { withClosing } from './closing.ts';
import { ProverError } from './errors.ts';
import type { NativeAddon } from './native-addon.ts';
import { createNativeGroups } from './native-groups.ts';
import { createNativeKeyPointChecker } from './native-key-points.ts';
import { createNativeNoteHasher } from './native-note-hasher.ts';
import { createNativeScanner } from './native-scanner.ts';
import { createNativeSignatureVerifier } from './native-signatures.ts';
import { createNativeTraceOpener } from './native-traces.ts';
import { createNativeVerifier } from './native-verifier.ts';
import { createNativeWitnessEngine } from './native-witness.ts';
import { createWasmAddon } from './wasm-addon.ts';
import type { WasmModule } from './wasm-module.ts';
import { createWasmPool, type WasmPool } from './wasm-pool.ts';
import { createWasmProver, type WasmProverOptions } from './wasm-prover.ts';
import type { StartWasmThread } from './wasm-thread.ts';

export interface WasmBackendOptions extends Pick<WasmProverOptions, 'readKey' | 'versionOf'> {
  readonly module: WasmModule;
  readonly threads: number;
  readonly startThread: StartWasmThread;
  /** Why no faster backend is in use. */
  readonly because?: string;
}

/** Bytes of four field elements, zeros, whose hash shows that a thread works; and of the hash. */
const TUPLE_BYTES = 128;
const HASH_BYTES = 32;

/**
 * The C++ in WebAssembly, on threads that share no memory. One of them has answered before it is handed out: there are
 * engines that compile the code and may start no thread.
 *
 * @throws ProverError `backend-unavailable`
 */
export async function openWasmBackend(options: WasmBackendOptions): Promise<ProverBackend> {
  const { module, threads, startThread } = options;
  const pool = createWasmPool(module, threads, startThread);
  try {
    const answer = await pool.run('hashNodes', [new Uint8Array(TUPLE_BYTES)]);
    if (answer instanceof Uint8Array && answer.length === HASH_BYTES) return backendOn(pool, options);
    throw new ProverError('backend-unavailable', 'a WebAssembly thread gives no answer');
  } catch (error) {
    pool.close();
    if (error instanceof ProverError) throw error;
    throw new ProverError('backend-unavailable', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

function backendOn(pool: WasmPool, options: WasmBackendOptions): ProverBackend {
  const { module, threads, because, readKey, versionOf } = options;
  const addon = createWasmAddon(module, pool);
  const prover = createWasmProver(pool, {
    ...(readKey === undefined ? {} : { readKey }),
    ...(versionOf === undefined ? {} : { versionOf }),
    newId: addon.newId,
  });
  // What is made of it calls none of the functions that only the native addon has: threads of a process, proofs.
  const shared = addon as unknown as NativeAddon;
  const verifier = createNativeVerifier(shared);
  const witness = createNativeWitnessEngine(shared);
  const backend: ProverBackend = {
    name: 'wasm',
    kernel: 'wasm',
    threads,
    ...(because === undefined ? {} : { because }),
    prover,
    verifier,
    scanner: createNativeScanner(shared),
    traces: createNativeTraceOpener(shared),
    noteHasher: createNativeNoteHasher(shared),
    signatures: createNativeSignatureVerifier(shared),
    keyPoints: createNativeKeyPointChecker(shared),
    groups: createNativeGroups(shared),
    witness,
    async close() {
      await prover.close();
      pool.close();
    },
  };
  return withClosing(backend, () => {
    verifier.release();
    witness.release();
  });
}
