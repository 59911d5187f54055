import { ProverError } from './errors.ts';
import type { Groth16Prover, Groth16Verifier } from './groth16.ts';
import type { GroupEngine } from './group-engine.ts';
import type { KeyPointChecker } from './key-points.ts';
import type { NoteHasher } from './note-hasher.ts';
import type { Scanner } from './scanner.ts';
import type { SignatureVerifier } from './signatures.ts';
import type { TraceOpener } from './traces.ts';
import type { WitnessEngine } from './witness-engine.ts';

/** A way to do this package's work. All give the same verdicts, hits, hashes and points, and accept each other's proofs. */
export interface ProverBackend {
  /** C++ behind Node-API, the same C++ as WebAssembly, or TypeScript on big integers. */
  readonly name: 'native' | 'wasm' | 'reference';
  /**
   * The field arithmetic in use now: AVX-512 IFMA, portable 64-bit code, WebAssembly's, big integers. One for all native backends of a
   * process: the one that was opened last decides.
   */
  readonly kernel: 'ifma' | 'portable' | 'wasm' | 'typescript';
  /** Threads that its work is spread over; natively those of the process's one pool, whatever was asked for since it began. */
  readonly threads: number;
  /** Why no faster backend is in use, where there is one. */
  readonly because?: string;
  readonly prover: Groth16Prover;
  readonly verifier: Groth16Verifier;
  readonly scanner: Scanner;
  readonly traces: TraceOpener;
  readonly noteHasher: NoteHasher;
  readonly signatures: SignatureVerifier;
  readonly keyPoints: KeyPointChecker;
  readonly groups: GroupEngine;
  /** Undefined where there is none but the reference of `@sero/circuits`. */
  readonly witness?: WitnessEngine;
  /**
   * Ends its threads. All that waits or runs, of whatever kind, is refused with `closed` once it has ended, and so is what comes
   * later. Settled when nothing runs.
   */
  close(): Promise<void>;
}

/** The names by which a backend is asked for; `portable` is the native one without the processor's extensions. */
export const BACKEND_NAMES = ['native', 'portable', 'wasm', 'reference'] as const;
export type BackendName = (typeof BACKEND_NAMES)[number];

/** The most threads that a backend takes. */
export const MAX_THREADS = 64;
/** The most shifted copies of a proving key's points. */
export const MAX_KEY_COPIES = 64;

/**
 * A number that an option gives.
 *
 * @throws ProverError `option-invalid` for what is no integer from 1 to `most`
 */
export function checkCount(option: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new ProverError('option-invalid', `${option} is an integer from 1 to ${most}, not ${String(value)}`);
}

/** The one line that says which backend is in use and why, without an end of line. */
export function describeBackend({ name, kernel, threads, because }: ProverBackend): string {
  const what = {
    ifma: 'native, AVX-512 IFMA',
    portable: 'native, portable code',
    wasm: 'WebAssembly',
    typescript: 'the TypeScript reference, very slow',
  }[kernel];
  const on = name === 'reference' ? '' : `, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return `prover: ${what}${on}${because === undefined ? '' : ` (${because})`}`;
}
