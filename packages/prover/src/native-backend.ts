import type { ProverBackend } from './backend.ts';
import { withClosing } from './closing.ts';
import { loadNativeAddon, type NativeAddon } from './native-addon.ts';
import { createNativeGroups } from './native-groups.ts';
import { createNativeKeyPointChecker } from './native-key-points.ts';
import { createNativeNoteHasher } from './native-note-hasher.ts';
import { createNativeProver } from './native-prover.ts';
import { createNativeScanner } from './native-scanner.ts';
import { createNativeSignatureVerifier } from './native-signatures.ts';
import { createNativeTraceOpener } from './native-traces.ts';
import { createNativeVerifier } from './native-verifier.ts';
import { createNativeWitnessEngine } from './native-witness.ts';

/** Options of the native backend. */
export interface NativeBackendOptions {
  /** Leaves the processor's extensions alone. For the whole process: the backend that was opened last decides. */
  readonly portable: boolean;
  /** Threads of the process that work together; who worked first decided. */
  readonly threads: number;
  /** Of a proving key's points, shifted. */
  readonly copies: number;
  /** Folder that keeps the keys of files ready. */
  readonly images?: string | undefined;
}

/** The native backend, or why there is none. */
export function openNativeBackend(
  options: NativeBackendOptions,
): ProverBackend | { readonly missing: string } {
  const load = loadNativeAddon();
  return 'missing' in load ? load : nativeBackendOn(load.addon, options);
}

/** The native backend over an addon. */
export function nativeBackendOn(
  addon: NativeAddon,
  { portable, threads, copies, images }: NativeBackendOptions,
): ProverBackend {
  addon.forcePortable(portable);
  const prover = createNativeProver(addon, { copies, images });
  const verifier = createNativeVerifier(addon);
  const witness = createNativeWitnessEngine(addon);
  const backend: ProverBackend = {
    name: 'native',
    // Another backend of the process may have changed it meanwhile.
    get kernel() {
      return addon.kernel();
    },
    threads: addon.useThreads(threads),
    prover,
    verifier,
    scanner: createNativeScanner(addon),
    traces: createNativeTraceOpener(addon),
    noteHasher: createNativeNoteHasher(addon),
    signatures: createNativeSignatureVerifier(addon),
    keyPoints: createNativeKeyPointChecker(addon),
    groups: createNativeGroups(addon),
    witness,
    close: () => prover.close(),
  };
  return withClosing(backend, () => {
    prover.release();
    verifier.release();
    witness.release();
  });
}
