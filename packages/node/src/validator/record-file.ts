import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex, toHex } from '@sero/crypto';
import { writeFileDurably } from '@sero/store/node';
import { ensure } from './errors.ts';
import { type FileDisk, onDisk } from './file-disk.ts';

/** What a validator registers: public, and the same on every machine. */
export interface ValidatorPublicKeys {
  /** The owner of the record, PKr: 64 bytes. `blsProof` holds for this owner alone. */
  readonly owner: Uint8Array;
  /** RFC 9381 over Ed25519, 32 bytes. */
  readonly vrfKey: Uint8Array;
  /** Root of the ephemeral keys, Ed25519, 32 bytes. */
  readonly voteRoot: Uint8Array;
  /** BLS12-381 in G1, 48 bytes. */
  readonly blsKey: Uint8Array;
  /** Proof of possession in G2, 96 bytes. */
  readonly blsProof: Uint8Array;
  /** Rounds that the ephemeral keys cover, both included. */
  readonly firstRound: bigint;
  readonly lastRound: bigint;
}

export const RECORD_FILE = 'record.json';

const VERSION = 1;

const LENGTHS = { owner: 64, vrfKey: 32, voteRoot: 32, blsKey: 48, blsProof: 96 } as const;
type KeyName = keyof typeof LENGTHS;
const KEY_NAMES = Object.keys(LENGTHS) as KeyName[];

/** Longest file that is read. */
const MAX_BYTES = 4096;

/** Puts record.json in its place, whole and durable or not at all. */
export function writeRecord(directory: string, keys: ValidatorPublicKeys, disk: FileDisk): void {
  const text = {
    version: VERSION,
    ...Object.fromEntries(KEY_NAMES.map((name) => [name, toHex(keys[name])])),
    firstRound: `${keys.firstRound}`,
    lastRound: `${keys.lastRound}`,
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(text, undefined, 2)}\n`);
  writeFileDurably(directory, RECORD_FILE, bytes, disk);
}

/**
 * The public keys of a validator's directory, read from its record.json; the secrets and the lock are not touched, so a copy of this one file
 * is enough.
 *
 * @throws ValidatorKeysError `keys-missing`, `keys-damaged`; StoreError `disk-` codes
 */
export function readValidatorRecord(directory: string): ValidatorPublicKeys {
  const path = join(directory, RECORD_FILE);
  ensure(
    existsSync(path),
    'keys-missing',
    `${path} is not there: name the directory that the keys were made in`,
  );
  const bytes = onDisk(`file ${path}`, () => readFileSync(path));
  const read = bytes.length <= MAX_BYTES ? decode(bytes) : undefined;
  ensure(read !== undefined, 'keys-damaged', `${path} is not the record of a validator's keys: restore it`);
  return read;
}

function decode(bytes: Uint8Array): ValidatorPublicKeys | undefined {
  const text = parse(bytes);
  if (text?.version !== VERSION) return undefined;
  const key = (name: KeyName): Uint8Array | undefined => {
    const hex = text[name];
    const isKey = typeof hex === 'string' && hex.length === 2 * LENGTHS[name] && /^[0-9a-f]*$/.test(hex);
    return isKey ? fromHex(hex) : undefined;
  };
  const round = (name: string): bigint | undefined => {
    const digits = text[name];
    return typeof digits === 'string' && /^(0|[1-9]\d{0,19})$/.test(digits) ? BigInt(digits) : undefined;
  };
  const [owner, vrfKey, voteRoot, blsKey, blsProof] = KEY_NAMES.map(key);
  const [firstRound, lastRound] = [round('firstRound'), round('lastRound')];
  if (!owner || !vrfKey || !voteRoot || !blsKey || !blsProof) return undefined;
  if (firstRound === undefined || lastRound === undefined) return undefined;
  return { owner, vrfKey, voteRoot, blsKey, blsProof, firstRound, lastRound };
}

function parse(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Said by whoever asked for it.
    return undefined;
  }
}
