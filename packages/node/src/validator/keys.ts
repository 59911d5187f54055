import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type EphemeralKeys, openEphemeralKeys, type VoteLog } from '@sero/consensus';
import { type Bls, equalBytes, portableBls, toHex } from '@sero/crypto';
import { openDataDirectory } from '@sero/store/node';
import sodium from 'sodium-native';
import { fastEd25519, fastVrf } from '../fast-signatures.ts';
import { ensure, ValidatorKeysError } from './errors.ts';
import { type FileDisk, systemFileDisk } from './file-disk.ts';
import { expectPlace, writePlace } from './place.ts';
import { RECORD_FILE, readValidatorRecord, type ValidatorPublicKeys } from './record-file.ts';
import { readSecretFile } from './secret-file.ts';
import { openSlotFile } from './slot-file.ts';
import { openVoteLog, voteLogId } from './vote-log-file.ts';
import { newLogId } from './vote-log-record.ts';

/** Version of what stands in the directory and how. */
export const KEYS_SCHEMA = 1;

/** The secrets and the vote log in a validator's directory. */
export const KEY_FILES = {
  vrf: 'vrf.key',
  bls: 'bls.key',
  ephemeral: 'ephemeral.keys',
  votes: 'votes',
} as const;

/**
 * A validator's keys at work. Their directory:
 *
 *   record.json      public: what is registered. It is written last: without it the others were never used
 *   vrf.key          32 bytes, secret: draws the lots
 *   bls.key          32 bytes, secret: signs checkpoints
 *   ephemeral.keys   secret: signs votes; every key in it is overwritten after its use
 *   votes/           the vote log: what was signed and may have been sent
 *   place.json       where the keys were last used
 *
 * Nothing of it but record.json may be copied, backed up or restored. Two copies that vote sign two votes at one step, which is evidence that
 * takes the stake; an older copy signs again what was signed, and brings back keys that were destroyed. Who loses the directory
 * registers new keys, for which the owner's wallet is enough. Who has it commands votes, and no money.
 */
export interface ValidatorKeys {
  readonly public: ValidatorPublicKeys;
  /** The VRF proof of an input, 80 bytes. @throws ValidatorKeysError `closed` */
  prove(alpha: Uint8Array): Uint8Array;
  /** The BLS signature of a message, 96 bytes. @throws ValidatorKeysError `closed` */
  blsSign(message: Uint8Array): Uint8Array;
  /** Their batches have to be prepared in time: batches.ts. */
  readonly keys: EphemeralKeys;
  readonly votes: VoteLog;
  /** Gives the directory back; may be called again. @throws StoreError where the note of it cannot be kept; it is given back all the same */
  close(): void;
}

export interface OpenKeysOptions {
  /** Default: the portable one. */
  readonly bls?: Bls;
  /** Default: node:fs. */
  readonly disk?: FileDisk;
}

/**
 * Takes a validator's directory for this process. The files are held against record.json and each other before anything is used.
 *
 * @throws ValidatorKeysError `keys-missing`, `keys-incomplete`, `keys-damaged`, `keys-mismatch`, `keys-exposed`, `keys-copied`,
 *   `votes-replaced`, `votes-damaged`; KeyError of the ephemeral keys' file; StoreError `directory-locked`, `schema-unknown`, `disk-` codes
 */
export function openValidatorKeys(directory: string, options: OpenKeysOptions = {}): ValidatorKeys {
  const { bls = portableBls, disk = systemFileDisk } = options;
  expectKeys(directory);
  /** What is open, in the order of opening. */
  const opened: (() => void)[] = [];
  const closeAll = (): void => {
    for (let close = opened.pop(); close !== undefined; close = opened.pop()) close();
  };
  const secretOf = (name: string): Buffer => {
    const secret = readSecretFile(join(directory, name), disk);
    opened.push(() => sodium.sodium_memzero(secret));
    return secret;
  };
  try {
    opened.push(openDataDirectory(directory, { schema: KEYS_SCHEMA, disk }).release);
    const record = readValidatorRecord(directory);
    const vrf = secretOf(KEY_FILES.vrf);
    expectSame(directory, KEY_FILES.vrf, fastVrf.publicKey(vrf), record.vrfKey);
    const checkpoints = secretOf(KEY_FILES.bls);
    expectSame(directory, KEY_FILES.bls, bls.publicKey(checkpoints), record.blsKey);
    const file = openSlotFile(join(directory, KEY_FILES.ephemeral), disk);
    opened.push(() => file.close());
    const votesAt = join(directory, KEY_FILES.votes);
    const last = voteLogId(votesAt, disk);
    expectPlace(directory, { file: file.identity, changed: file.changed(), log: last });
    const keys = openEphemeralKeys(file, fastEd25519);
    expectSame(directory, KEY_FILES.ephemeral, keys.root, record.voteRoot);
    const isSameRange = keys.range.first === record.firstRound && keys.range.last === record.lastRound;
    ensure(isSameRange, 'keys-mismatch', mismatch(directory, KEY_FILES.ephemeral));
    // A crash on the way leaves a log that is one of those noted.
    const id = newLogId();
    const noted = last === undefined ? [] : [last];
    const place = { file: file.identity, changed: undefined };
    writePlace(directory, { ...place, logs: [...noted, toHex(id)] }, disk);
    const votes = openVoteLog(votesAt, { disk, id });
    opened.push(() => votes.close());
    writePlace(directory, { ...place, logs: [votes.id] }, disk);
    let isClosed = false;
    const open = (): void => {
      if (isClosed) throw new ValidatorKeysError('closed', `the keys in ${directory} are closed`);
    };
    return {
      public: record,
      prove(alpha) {
        open();
        return fastVrf.prove(vrf, alpha);
      },
      blsSign(message) {
        open();
        return bls.sign(checkpoints, message);
      },
      keys,
      votes,
      close() {
        if (isClosed) return;
        isClosed = true;
        try {
          writePlace(directory, { ...place, changed: file.changed(), logs: [votes.id] }, disk);
        } finally {
          closeAll();
        }
      },
    };
  } catch (error) {
    closeAll();
    throw error;
  }
}

/** Tells a directory without keys from one in which their making was interrupted. */
function expectKeys(directory: string): void {
  if (existsSync(join(directory, RECORD_FILE))) return;
  expectNoneBegun(directory);
  throw new ValidatorKeysError(
    'keys-missing',
    `${directory} holds no validator's keys: name the directory that they were made in, or make new ones`,
  );
}

/** Refuses a directory with secrets that no record.json names. @throws ValidatorKeysError `keys-incomplete` */
export function expectNoneBegun(directory: string): void {
  const left = Object.values(KEY_FILES).filter((name) => existsSync(join(directory, name)));
  ensure(
    left.length === 0,
    'keys-incomplete',
    `${directory} holds ${left.join(', ')} but no ${RECORD_FILE}: the making of keys was interrupted there. If nothing was registered with them, delete these files and make new keys; else put ${RECORD_FILE} back`,
  );
}

function expectSame(directory: string, name: string, derived: Uint8Array, registered: Uint8Array): void {
  ensure(equalBytes(derived, registered), 'keys-mismatch', mismatch(directory, name));
}

function mismatch(directory: string, name: string): string {
  return `${join(directory, name)} does not belong to ${join(directory, RECORD_FILE)}: one of them is of other keys. Put back the one that belongs there, or register new keys`;
}
