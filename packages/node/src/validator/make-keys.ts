import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  keyFileSize,
  makeEphemeralKeys,
  openEphemeralKeys,
  type RoundRange,
  runKeySteps,
} from '@sero/consensus';
import { type Bls, blsSecret, portableBls } from '@sero/crypto';
import { decodeOneTimeAddress, MAX_KEY_RANGE } from '@sero/protocol';
import { openDataDirectory, syncDirectory } from '@sero/store/node';
import { fastEd25519, fastVrf } from '../fast-signatures.ts';
import { ensure } from './errors.ts';
import { type FileDisk, onDisk, systemFileDisk } from './file-disk.ts';
import { expectNoneBegun, KEY_FILES, KEYS_SCHEMA } from './keys.ts';
import { writePlace } from './place.ts';
import { RECORD_FILE, type ValidatorPublicKeys, writeRecord } from './record-file.ts';
import { writeSecretFile } from './secret-file.ts';
import { makeSlotFile } from './slot-file.ts';
import { openVoteLog } from './vote-log-file.ts';

export interface MakeKeysOptions {
  /** Who will own the stake record, PKr, 64 bytes: the proof of possession of the BLS key holds for him alone. */
  readonly owner: Uint8Array;
  /**
   * Asked three times for 32 bytes: for the VRF key, the BLS key and the ephemeral keys, in this order. What it gives is wiped. Default: the
   * system's random bytes.
   */
  readonly random?: (length: number) => Uint8Array;
  /** Default: the portable one. */
  readonly bls?: Bls;
  /** Default: node:fs. */
  readonly disk?: FileDisk;
}

/**
 * Makes a validator's keys in a directory, which is made if it is not there and may hold no other keys. See `ValidatorKeys` for what stands in
 * it, and for what must never be done with it. For every 256 rounds it takes some 0.1 ms and 128 bytes.
 *
 * @param range at most 3,000,000 rounds from the first to the last
 * @throws ValidatorKeysError `keys-invalid`, `keys-exist`, `keys-incomplete`; StoreError `directory-locked`, `disk-` codes
 */
export function makeValidatorKeys(
  directory: string,
  range: RoundRange,
  options: MakeKeysOptions,
): ValidatorPublicKeys {
  const { owner, disk = systemFileDisk } = options;
  expectValid(range, owner);
  onDisk(`directory ${directory}`, () => disk.mkdirSync(directory, { recursive: true, mode: 0o700 }));
  const { release } = openDataDirectory(directory, { schema: KEYS_SCHEMA, disk });
  try {
    ensure(
      !existsSync(join(directory, RECORD_FILE)),
      'keys-exist',
      `${directory} holds the keys of a validator: choose another directory`,
    );
    expectNoneBegun(directory);
    return makeFiles(directory, range, options);
  } finally {
    release();
  }
}

function makeFiles(directory: string, range: RoundRange, options: MakeKeysOptions): ValidatorPublicKeys {
  const { owner, random = randomBytes, bls = portableBls, disk = systemFileDisk } = options;
  const vrf = random(32);
  const material = random(32);
  const checkpoints = blsSecret(material);
  const seed = Uint8Array.from(random(32));
  const at = (name: string): string => join(directory, name);
  try {
    writeSecretFile(at(KEY_FILES.vrf), vrf, disk);
    writeSecretFile(at(KEY_FILES.bls), checkpoints, disk);
    const made = makeEphemeral(at(KEY_FILES.ephemeral), range, seed, disk);
    const votes = openVoteLog(at(KEY_FILES.votes), { disk });
    votes.close();
    writePlace(directory, { file: made.identity, changed: made.changed, logs: [votes.id] }, disk);
    const keys: ValidatorPublicKeys = {
      owner: owner.slice(),
      vrfKey: fastVrf.publicKey(vrf),
      voteRoot: made.root,
      blsKey: bls.publicKey(checkpoints),
      blsProof: bls.provePossession(checkpoints, owner),
      firstRound: range.first,
      lastRound: range.last,
    };
    onDisk(`directory ${directory}`, () => {
      syncDirectory(disk, directory);
      syncDirectory(disk, dirname(directory));
    });
    writeRecord(directory, keys, disk);
    return keys;
  } finally {
    for (const secret of [vrf, material, checkpoints, seed]) secret.fill(0);
  }
}

function makeEphemeral(path: string, range: RoundRange, seed: Uint8Array, disk: FileDisk) {
  const file = makeSlotFile(path, keyFileSize(range), disk);
  try {
    let failure: Error | undefined;
    runKeySteps(
      makeEphemeralKeys(file, seed, range, fastEd25519),
      {
        sync(done) {
          file.syncNow();
          done();
        },
      },
      (resume) => resume(),
      (error) => {
        failure = error;
      },
    );
    if (failure !== undefined) throw failure;
    const { root } = openEphemeralKeys(file, fastEd25519);
    return { identity: file.identity, changed: file.changed(), root };
  } finally {
    file.close();
  }
}

function expectValid({ first, last }: RoundRange, owner: Uint8Array): void {
  ensure(
    first >= 0n && first <= last && last - first <= MAX_KEY_RANGE && last < 1n << 64n,
    'keys-invalid',
    `keys cover rounds from a first to a last one that is at most ${MAX_KEY_RANGE} later; ${first} to ${last} are not`,
  );
  let isAddress = true;
  try {
    decodeOneTimeAddress(owner);
  } catch {
    // Which of its rules it breaks helps nobody here.
    isAddress = false;
  }
  ensure(
    isAddress,
    'keys-invalid',
    'the owner is a one-time address (PKr) of 64 bytes; these bytes are none',
  );
}
