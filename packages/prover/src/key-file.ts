import { readFile, stat } from 'node:fs/promises';
import { ProverError } from './errors.ts';

/** Proving keys on the disk, for backends that do not read files themselves. */

function unreadable(path: string, cause: unknown): ProverError {
  return new ProverError('zkey-malformed', `the proving key ${path} cannot be read`, { cause });
}

/** @throws ProverError `zkey-malformed` */
export function readKeyFile(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

/**
 * What is another where the file was changed or replaced.
 *
 * @throws ProverError `zkey-malformed`
 */
export async function versionOfKeyFile(path: string): Promise<string> {
  const state = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return `${state.dev} ${state.ino} ${state.size} ${state.mtimeMs}`;
}
