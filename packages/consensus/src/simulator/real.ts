import type { Ed25519 } from '@sero/crypto';
import { type EphemeralKeys, openEphemeralKeys } from '../ephemeral-keys.ts';
import { keyFileSize } from '../key-file.ts';
import { runKeySteps } from '../key-steps.ts';
import { makeEphemeralKeys } from '../make-keys.ts';
import { type Later, type MemorySlotFile, memorySlotFile } from '../memory-disk.ts';
import { secretOf } from './stub-crypto.ts';
import type { StolenKeys } from './stub-keys.ts';

/** Rounds that the key files of a run cover. */
const LAST_ROUND = 40n;

/** Keys in a real key file on a disk that a crash can hit. @param number of the stake record in its run */
export function realKeys(number: number, ed25519: Ed25519, later: Later, lastRound = LAST_ROUND): StolenKeys {
  const range = { first: 0n, last: lastRound };
  /** The disk is at once there while keys are made, before the run begins. */
  let isRunning = false;
  const file: MemorySlotFile = memorySlotFile(keyFileSize(range), (run) => (isRunning ? later(run) : run()));
  const work = (steps: ReturnType<EphemeralKeys['prepare']>): void =>
    runKeySteps(
      steps,
      file,
      (resume) => resume(),
      (failure) => {
        if (failure !== undefined) throw failure;
      },
    );
  work(makeEphemeralKeys(file, secretOf(1, number), range, ed25519));
  let opened = openEphemeralKeys(file, ed25519);
  work(opened.prepare(range.first));
  isRunning = true;
  return {
    range,
    root: opened.root,
    sign: (...place) => opened.sign(...place),
    erase: (leaves) => opened.erase(leaves),
    eraseBefore: (round) => opened.eraseBefore(round),
    isReady: (round) => opened.isReady(round),
    prepare: (round) => opened.prepare(round),
    sync: (done) => opened.sync(done),
    crash(isKept) {
      file.crash((length) => (isKept() ? length : length >> 1));
      opened = openEphemeralKeys(file, ed25519);
    },
    steal: () => undefined,
  };
}
