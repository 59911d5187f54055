import type { ProverBackend } from './backend.ts';
import type { NativeAddon } from './native-addon.ts';
import { createNativeGroups } from './native-groups.ts';
import { createNativeNoteHasher } from './native-note-hasher.ts';
import { createNativeScanner } from './native-scanner.ts';
import { createNativeSignatureVerifier } from './native-signatures.ts';
import { createNativeVerifier } from './native-verifier.ts';
import { createNativeWitnessEngine } from './native-witness.ts';
import { createWasmAddon } from './wasm-addon.ts';
import type { WasmModule } from './wasm-module.ts';
import { createWasmPool } from './wasm-pool.ts';
import { createWasmProver, type WasmProverOptions } from './wasm-prover.ts';
import type { StartWasmThread } from './wasm-thread.ts';

export interface WasmBackendOptions extends Pick<WasmProverOptions, 'readKey'> {
  readonly module: WasmModule;
  readonly threads: number;
  readonly startThread: StartWasmThread;
  /** Why no faster backend is in use. */
  readonly because?: string;
}

/** The C++ in WebAssembly, on threads that share no memory. */
export function createWasmBackend(options: WasmBackendOptions): ProverBackend {
  const { module, threads, startThread, because, ...rest } = options;
  const pool = createWasmPool(module, threads, startThread);
  const addon = createWasmAddon(module, pool);
  const prover = createWasmProver(pool, { ...rest, newId: addon.newId });
  // What is made of it calls none of the functions that only the native addon has: threads of a process, proofs.
  const shared = addon as unknown as NativeAddon;
  return {
    name: 'wasm',
    kernel: 'wasm',
    threads,
    ...(because === undefined ? {} : { because }),
    prover,
    verifier: createNativeVerifier(shared),
    scanner: createNativeScanner(shared),
    noteHasher: createNativeNoteHasher(shared),
    signatures: createNativeSignatureVerifier(shared),
    groups: createNativeGroups(shared),
    witness: createNativeWitnessEngine(shared),
    async close() {
      await prover.close();
      pool.close();
    },
  };
}
