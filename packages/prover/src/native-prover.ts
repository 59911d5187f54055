import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ProverError } from './errors.ts';
import type { Groth16Prover, Proof, ProvingKeySource } from './groth16.ts';
import { createKeptHandles } from './kept-handles.ts';
import type { NativeAddon, NativeProvingKey } from './native-addon.ts';
import { cancellable, statusError } from './native-status.ts';
import { createProofQueue } from './proof-queue.ts';

const SEED_BYTES = 128;
/** Keys of files that are kept ready, each 20 to 60 MB: those of a wallet's shapes. */
const KEPT_KEYS = 3;
/** SERO_FILE_UNREADABLE. */
const FILE_UNREADABLE = 704;

/** A prover that can be closed. */
export interface NativeProver extends Groth16Prover {
  /** What waits or runs is refused with `closed`, and so is what comes later. */
  close(): Promise<void>;
  /** Frees the keys that are kept ready. */
  release(): void;
}

/** Options of the native prover, as in `OpenBackendOptions`. */
export interface NativeProverOptions {
  /** Of a key's points, shifted. */
  readonly copies: number;
  /** Folder that keeps the keys of files ready. */
  readonly images?: string | undefined;
}

/** A key that is ready, and of which state of its file. */
interface KeptKey {
  readonly key: NativeProvingKey;
  readonly version: string;
}

/**
 * The native prover: off the event loop, one proof at a time on all threads. Keys are made ready once: those of files
 * as long as the files stay as they are, those of bytes as long as the bytes, which must not change, are in use.
 */
export function createNativeProver(
  addon: NativeAddon,
  { copies, images }: NativeProverOptions,
): NativeProver {
  const queue = createProofQueue();
  const ofBytes = createKeptHandles<Uint8Array, NativeProvingKey>(addon);
  /** The one that was used last stands last. */
  const ofFiles = new Map<string, KeptKey>();

  /** Where a file's key is kept ready; nowhere without a folder, or if it cannot be made: that costs time only. */
  async function imageOf(path: string): Promise<string | undefined> {
    if (images === undefined) return undefined;
    const made = await mkdir(images, { recursive: true }).then(
      () => true,
      () => false,
    );
    const name = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 16);
    return made ? join(images, `${name}-${addon.kernel()}-${copies}`) : undefined;
  }

  async function makeReady(source: ProvingKeySource, signal: AbortSignal): Promise<NativeProvingKey> {
    const image = typeof source === 'string' ? await imageOf(source) : undefined;
    const made = await cancellable(
      addon,
      signal,
      () => signal.reason,
      async (flag) => {
        const key = await addon.newProvingKey(source, copies, flag, image);
        // Ready all the same, and nobody will have it.
        if (signal.aborted && typeof key !== 'number') addon.release(key);
        return key;
      },
    );
    if (made === FILE_UNREADABLE) throw unreadable(source);
    if (typeof made === 'number') throw statusError(made);
    return made;
  }

  async function keyOfFile(path: string, signal: AbortSignal): Promise<NativeProvingKey> {
    const state = await stat(path).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    const version = `${state.dev} ${state.ino} ${state.size} ${state.mtimeMs}`;
    const known = ofFiles.get(path);
    ofFiles.delete(path);
    if (known?.version === version) {
      ofFiles.set(path, known);
      return known.key;
    }
    if (known !== undefined) addon.release(known.key);
    // Before the next one is made: at the peak there are as few as can be.
    for (const [other, { key }] of ofFiles) {
      if (ofFiles.size < KEPT_KEYS) break;
      ofFiles.delete(other);
      addon.release(key);
    }
    const key = await makeReady(path, signal);
    ofFiles.set(path, { key, version });
    return key;
  }

  async function keyOf(source: ProvingKeySource, signal: AbortSignal): Promise<NativeProvingKey> {
    if (typeof source === 'string') return keyOfFile(source, signal);
    const known = ofBytes.get(source);
    if (known !== undefined) return known;
    const key = await makeReady(source, signal);
    ofBytes.set(source, key);
    return key;
  }

  return {
    async prove(source, witness, signal) {
      const wtns = new Uint8Array(witness);
      const seed = globalThis.crypto.getRandomValues(new Uint8Array(SEED_BYTES));
      try {
        return await queue.run(async (ended): Promise<Proof> => {
          const key = await keyOf(source, ended);
          const proof = await cancellable(
            addon,
            ended,
            () => ended.reason,
            (flag) => addon.prove(key, wtns, seed, flag),
          );
          if (typeof proof === 'number') throw statusError(proof);
          return proof;
        }, signal);
      } finally {
        wtns.fill(0);
        seed.fill(0);
      }
    },
    close: () => queue.close(),
    release() {
      for (const { key } of ofFiles.values()) addon.release(key);
      ofFiles.clear();
      ofBytes.release();
    },
  };
}

function unreadable(source: ProvingKeySource, cause?: unknown): ProverError {
  const what = typeof source === 'string' ? source : 'of these bytes';
  return new ProverError('zkey-malformed', `the proving key ${what} cannot be read`, { cause });
}
