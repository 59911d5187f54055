import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from '@sero/store/node';
import { ensure } from './errors.ts';
import { type FileDisk, onDisk } from './file-disk.ts';
import type { FileIdentity } from './slot-file.ts';

/**
 * Where the keys were last used: which file of the system the ephemeral keys stand in, when it was last written if they were closed in order, and
 * which opening wrote the vote log. It tells a directory that was copied, moved to another disk or restored, one whose vote log was put back or
 * deleted, and one whose keys were put back while nobody used them, from one that went on. It cannot tell what nothing in the directory shows: the image
 * of a whole disk or virtual machine that was copied or set back, and a backup of all files written over the very same ones.
 */
export interface Place {
  readonly file: FileIdentity;
  /** ns since 1970; undefined while the keys are in use. */
  readonly changed: bigint | undefined;
  /** Ids of vote logs, one of which is the one that was last used. */
  readonly logs: readonly string[];
}

/** What is found there. */
export interface Found {
  readonly file: FileIdentity;
  readonly changed: bigint;
  readonly log: string | undefined;
}

const FILE = 'place.json';

const IN_USE = 'in use';

/** Notes where the keys are used; durable when it returns. */
export function writePlace(directory: string, { file, changed, logs }: Place, disk: FileDisk): void {
  const text = JSON.stringify({
    inode: `${file.inode}`,
    born: `${file.born}`,
    changed: `${changed ?? IN_USE}`,
    logs,
  });
  writeFileDurably(directory, FILE, new TextEncoder().encode(`${text}\n`), disk);
}

/**
 * Refuses where the keys are not where they were last used. Who is sure that no other copy votes deletes the note, and the next opening
 * makes another one.
 *
 * @throws ValidatorKeysError `keys-copied`, `votes-replaced`, `keys-damaged`
 */
export function expectPlace(directory: string, { file, changed, log }: Found): void {
  const path = join(directory, FILE);
  if (!existsSync(path)) return;
  const noted = parse(onDisk(`file ${path}`, () => readFileSync(path, 'utf8')));
  ensure(noted !== undefined, 'keys-damaged', `${path} cannot be read: ${ADVICE}, then delete that file`);
  const isSameFile =
    noted.inode === `${file.inode}` &&
    isSameBirth(noted.born, `${file.born}`) &&
    (noted.changed === IN_USE || noted.changed === `${changed}`);
  ensure(
    isSameFile,
    'keys-copied',
    `the keys in ${directory} are not where they were last used: they were copied, moved to another disk or restored from a backup. Two copies that vote lose the stake. ${ADVICE}, then delete ${path}`,
  );
  ensure(
    log !== undefined && noted.logs.includes(log),
    'votes-replaced',
    `the vote log in ${directory} is not the one that these keys last wrote: it was deleted or put back, and votes that were cast are forgotten. ${ADVICE}, then delete ${path}`,
  );
}

const ADVICE =
  'Make sure that no other copy runs or ever will, and wait until the round in which these keys last voted is over';

/** Some systems do not keep the time of birth. */
function isSameBirth(noted: string, found: string): boolean {
  return noted === found || noted === '0' || found === '0';
}

interface Noted {
  readonly inode: string;
  readonly born: string;
  readonly changed: string;
  readonly logs: readonly string[];
}

function parse(text: string): Noted | undefined {
  try {
    const { inode, born, changed, logs } = JSON.parse(text) as Record<string, unknown>;
    const isText = (value: unknown): value is string => typeof value === 'string';
    if (!isText(inode) || !isText(born) || !isText(changed)) return undefined;
    return Array.isArray(logs) && logs.every(isText) ? { inode, born, changed, logs } : undefined;
  } catch {
    // Said by whoever asked for it.
    return undefined;
  }
}
