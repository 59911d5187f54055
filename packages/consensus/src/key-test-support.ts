import { blake2b, blake2b256, type Ed25519, equalBytes, utf8 } from '@sero/crypto';
import { type EphemeralKeys, openEphemeralKeys } from './ephemeral-keys.ts';
import { KeyError, type KeyErrorCode } from './key-error.ts';
import { keyFileSize, type RoundRange } from './key-file.ts';
import { type KeyStep, runKeySteps } from './key-steps.ts';
import { makeEphemeralKeys } from './make-keys.ts';
import { type MemorySlotFile, memorySlotFile } from './memory-disk.ts';
import type { SlotFile } from './slot-file.ts';

/** Signatures that anybody can make who knows the public key: for tests of order and storage, by the thousand. */
export const cheapEd25519: Ed25519 = {
  publicKey: (seed) => blake2b256('TEST_PUBLIC', seed),
  sign: (seed, message) => blake2b('TEST_SIGN', blake2b256('TEST_PUBLIC', seed), message),
  verify: (key, message, signature) => equalBytes(signature, blake2b('TEST_SIGN', key, message)),
};

/** The same, and every seed that it was ever given, in hexadecimal order of use. */
export function recording(ed25519: Ed25519): { ed25519: Ed25519; seeds: Uint8Array[] } {
  const seeds: Uint8Array[] = [];
  const note = (seed: Uint8Array): Uint8Array => {
    seeds.push(seed.slice());
    return seed;
  };
  return {
    seeds,
    ed25519: {
      publicKey: (seed) => ed25519.publicKey(note(seed)),
      sign: (seed, message) => ed25519.sign(note(seed), message),
      verify: ed25519.verify,
    },
  };
}

/** For assert.throws: a KeyError with this code. */
export function refuses(code: KeyErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof KeyError && error.code === code;
}

/** A seed for tests. */
export function seedOf(text: string): Uint8Array {
  return blake2b256('TEST_SEED', utf8(text));
}

/** Runs work on keys to its end. @throws what made it fail */
export function run(steps: Generator<KeyStep, void>, disk: Pick<SlotFile, 'sync'>): void {
  let outcome: { failure?: Error } | undefined;
  runKeySteps(
    steps,
    disk,
    (resume) => resume(),
    (failure) => {
      outcome = failure === undefined ? {} : { failure };
    },
  );
  if (outcome === undefined) throw new Error('the work did not come to an end');
  if (outcome.failure !== undefined) throw outcome.failure;
}

/** New keys in a file in memory, the first batch ready. */
export function newKeys(
  range: RoundRange,
  ed25519: Ed25519 = cheapEd25519,
): { file: MemorySlotFile; keys: EphemeralKeys } {
  const file = memorySlotFile(keyFileSize(range));
  run(makeEphemeralKeys(file, seedOf(`${range.first}`), range, ed25519), file);
  const keys = openEphemeralKeys(file, ed25519);
  run(keys.prepare(range.first), file);
  return { file, keys };
}

/** Waits for nothing: for files in memory. @throws where the sync failed */
export function syncNow(keys: EphemeralKeys): void {
  let isDone = false;
  keys.sync((failure) => {
    if (failure !== undefined) throw failure;
    isDone = true;
  });
  if (!isDone) throw new Error('the sync was not done at once');
}
