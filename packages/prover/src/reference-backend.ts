import type { ProverBackend } from './backend.ts';
import { withClosing } from './closing.ts';
import { createReferenceGroupEngine } from './group-reference.ts';
import { createReferenceKeyPointChecker } from './key-points.ts';
import { createPortableNoteHasher } from './note-hasher.ts';
import { createReferenceProver, type ReferenceProverOptions } from './reference-prover.ts';
import { createPortableScanner } from './scanner.ts';
import { createReferenceSignatureVerifier } from './signatures.ts';
import { createReferenceTraceOpener } from './traces.ts';
import { createPortableVerifier } from './verifier.ts';

/** Options of the reference backend. */
export interface ReferenceBackendOptions extends ReferenceProverOptions {
  /** Why no faster backend is in use. */
  readonly because?: string;
}

/** Everything in TypeScript, on the calling thread: what the others are compared with, and the last resort. */
export function createReferenceBackend(options: ReferenceBackendOptions = {}): ProverBackend {
  const prover = createReferenceProver(options);
  return withClosing({
    name: 'reference',
    kernel: 'typescript',
    threads: 1,
    ...(options.because === undefined ? {} : { because: options.because }),
    prover,
    verifier: createPortableVerifier(),
    scanner: createPortableScanner(),
    traces: createReferenceTraceOpener(),
    noteHasher: createPortableNoteHasher(),
    signatures: createReferenceSignatureVerifier(),
    keyPoints: createReferenceKeyPointChecker(),
    groups: createReferenceGroupEngine(),
    close: () => prover.close(),
  });
}
