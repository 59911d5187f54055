import { blake2b256, le32, le64 } from '@sero/crypto';
import { leafOf } from '@sero/protocol';
import { type EphemeralKeys, openEphemeralKeys } from './ephemeral-keys.ts';
import { keyFileSize } from './key-file.ts';
import { cheapEd25519, run, seedOf } from './key-test-support.ts';
import { decodeLogRecord } from './log-record.ts';
import { makeEphemeralKeys } from './make-keys.ts';
import {
  type Later,
  type MemorySlotFile,
  type MemoryVoteLog,
  memorySlotFile,
  memoryVoteLog,
} from './memory-disk.ts';

/** What a machine stores: two files that syncs and crashes work on. */
export interface Machine {
  readonly file: MemorySlotFile;
  readonly log: MemoryVoteLog;
}

export const RANGE = { first: 254n, last: 258n };
export const ROUNDS = [254n, 255n, 256n, 257n, 258n];

/** Every secret that any of the keys of a machine with this seed is made of, by its place. */
export function secretsOf(seed: string): Map<string, Buffer> {
  const secrets = new Map<string, Buffer>();
  const add = (name: string, secret: Uint8Array) => secrets.set(name, Buffer.from(secret));
  add('root', blake2b256('SERO_EPH_ROOT', seedOf(seed)));
  for (const batch of [0n, 1n]) {
    const secret = blake2b256('SERO_EPH_BATCH', seedOf(seed), le64(batch));
    add(`batch ${batch}`, secret);
    add(`signer ${batch}`, blake2b256('SERO_EPH_SIGN', secret));
    for (const round of ROUNDS.filter((one) => one >> 8n === batch)) {
      for (let leaf = 0; leaf < 16; leaf++) {
        const place = leafOf(round, 0, 0) + leaf;
        add(`leaf ${round} ${leaf}`, blake2b256('SERO_EPH_LEAF', secret, le32(place)));
      }
    }
  }
  return secrets;
}

const NOTHING = Buffer.alloc(512);

/** Bytes that a thief finds, the zeros between them left out. */
export function loot({ file, log }: Machine): Buffer {
  const parts: Uint8Array[] = [...log.replay()];
  const bytes = Buffer.from(file.read(0, file.size));
  for (let at = 0; at < bytes.length; at += NOTHING.length) {
    const sector = bytes.subarray(at, at + NOTHING.length);
    if (!NOTHING.equals(sector)) parts.push(sector);
  }
  return Buffer.concat(parts);
}

/** A machine whose keys are made, and no leaves yet. @param later delays syncs from then on */
export function newMachine(seed: string, later?: Later): Machine {
  let isMade = false;
  const file = memorySlotFile(keyFileSize(RANGE), (go) => (isMade && later !== undefined ? later(go) : go()));
  run(makeEphemeralKeys(file, seedOf(seed), RANGE, cheapEd25519), file);
  isMade = true;
  return { file, log: memoryVoteLog(later) };
}

/** Opens what a machine stores as a participant does, at the chain's round. */
export function start({ file, log }: Machine, round: bigint): EphemeralKeys {
  const keys = openEphemeralKeys(file, cheapEd25519);
  for (const record of log.replay()) keys.erase(decodeLogRecord(record).erased);
  keys.eraseBefore(round);
  return keys;
}
