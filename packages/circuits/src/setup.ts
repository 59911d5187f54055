import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { toHex } from '@sero/crypto';
import { cacheDirectory, readCached, writeCached } from './cache.ts';
import { circuitHash } from './circuit-source.ts';
import { withFileLock } from './lock.ts';
import { type DevelopmentKeys, keysOf, SETUP_VERSION } from './setup-keys.ts';
import { R1csError } from './setup-r1cs.ts';

/**
 * The development setup: proving and verifying keys in seconds, from toxic waste that anybody can compute. Keys
 * made here carry the mark "development" inside their hashed bytes; networks refuse them unless their genesis
 * says `devnet: true`. Real keys come from a ceremony.
 */

/** What the thread is told. */
export interface SetupTask {
  readonly r1cs: Uint8Array;
  readonly circuit: number;
}

/** What it answers: keys, or why the bytes are no circuit. */
export type SetupAnswer =
  | { readonly keys: DevelopmentKeys; readonly malformed?: never }
  | { readonly keys?: never; readonly malformed: string };

/**
 * Makes the development keys of a circuit, in a thread of its own. Deterministic: the same circuit gives the same bytes on
 * every machine and by every backend. On two cores, natively: 2 s for shape A, 2.5 s for C, 5 s for B.
 *
 * @param r1cs a circuit file, or bytes of the circuit's .r1cs over BLS12-381's scalar field
 * @param circuit circuit id for the verifying key, 1 to 255
 * @param signal ends the thread
 * @throws R1csError
 */
export async function makeDevelopmentKeys(
  r1cs: Uint8Array,
  circuit: number,
  signal?: AbortSignal,
): Promise<DevelopmentKeys> {
  const answer = await runThread({ r1cs, circuit }, signal);
  if (answer.keys === undefined) throw new R1csError(answer.malformed);
  return answer.keys;
}

function runThread(task: SetupTask, signal?: AbortSignal): Promise<SetupAnswer> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./setup-worker.ts', import.meta.url), {
      workerData: task,
      execArgv: [],
    });
    const abort = (): void => {
      reject(signal?.reason);
      void worker.terminate();
    };
    signal?.addEventListener('abort', abort, { once: true });
    worker.once('message', (answer: SetupAnswer) => resolve(answer));
    worker.once('error', reject);
    worker.once('exit', (code) => {
      signal?.removeEventListener('abort', abort);
      reject(new Error(`the thread of the setup ended with ${code} before it answered`));
    });
  });
}

export interface LoadDevelopmentKeysOptions {
  /** Where to keep the keys. Default: `cacheDirectory()`. */
  readonly directory?: string;
  /** Gets the one line that says how insecure the keys are, when they are made. Default: stderr. */
  readonly warn?: (line: string) => void;
  /** Ends making the keys, or waiting for a process that makes them. */
  readonly signal?: AbortSignal;
}

/** Keys, and where the proving key lies for backends that read files. */
export interface CachedDevelopmentKeys extends DevelopmentKeys {
  readonly zkeyPath: string;
  /** True where they were made now, false where the cache had them or another process made them. */
  readonly made: boolean;
}

/**
 * The development keys of a circuit: from the cache, or made and kept there, by one process where several ask at once.
 * What the cache holds is checked against its digest; damaged keys are made again.
 *
 * @param r1cs a circuit file, or bytes of the circuit's .r1cs over BLS12-381's scalar field
 * @param circuit circuit id for the verifying key, 1 to 255
 * @throws R1csError
 */
export async function loadDevelopmentKeys(
  r1cs: Uint8Array,
  circuit: number,
  options: LoadDevelopmentKeysOptions = {},
): Promise<CachedDevelopmentKeys> {
  const { directory = cacheDirectory(), signal } = options;
  const zkeyPath = join(directory, `development-v${SETUP_VERSION}-${toHex(circuitHash(r1cs))}.zkey`);
  const readKept = async (): Promise<CachedDevelopmentKeys | undefined> => {
    const kept = await readCached(zkeyPath);
    return kept === undefined ? undefined : { ...keysOf(kept, circuit), zkeyPath, made: false };
  };
  const make = async (): Promise<CachedDevelopmentKeys> => {
    const warn = options.warn ?? ((line: string) => void process.stderr.write(line));
    warn(
      `sero: INSECURE development keys made for circuit ${circuit}: anybody can forge proofs under them (devnet only)\n`,
    );
    const keys = await makeDevelopmentKeys(r1cs, circuit, signal);
    await writeCached(zkeyPath, keys.zkey);
    return { ...keys, zkeyPath, made: true };
  };
  const locking = signal === undefined ? {} : { signal };
  return (
    (await readKept()) ?? withFileLock(`${zkeyPath}.lock`, async () => (await readKept()) ?? make(), locking)
  );
}
