import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { equalBytes } from '@sero/crypto';
import { ProtocolError } from '@sero/protocol';
import { ProverError } from '@sero/prover';
import { expectNew, writeAllNew } from '../ceremony/outputs.ts';
import { CliError, usageError } from '../errors.ts';
import { readBytes } from '../files.ts';
import type { Io } from '../io.ts';

/** The files that people of a genesis ceremony exchange: bounded before they are read, whole or not there, and never written over. */

/**
 * Reads and decodes one file. What is wrong with it is said with its name.
 *
 * @param most bytes that it may have
 * @throws CliError `usage`, or the code of the ProtocolError or ProverError that the decoder throws
 */
export async function readFileAs<T>(
  io: Io,
  path: string,
  most: number,
  decode: (bytes: Uint8Array) => T,
): Promise<T> {
  const found = await stat(resolve(io.cwd, path)).catch(() => undefined);
  if (found?.isFile() === true ? found.size > most : found?.isDirectory() === false) {
    throw usageError(`${path} is no file of at most ${most} bytes: it is not what is expected`);
  }
  // It says what is wrong where there is nothing, or a directory.
  const bytes = await readBytes(io, path);
  try {
    return decode(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof ProverError)) throw error;
    throw new CliError('usage', error.code, `${path}: ${error.message}`, undefined, { cause: error });
  }
}

/** A text file, which must be UTF-8. */
export function readTextFile(io: Io, path: string, most: number): Promise<string> {
  return readFileAs(io, path, most, (bytes) => {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw usageError(`${path} is no text in UTF-8`);
    }
  });
}

/** A file that a command makes. */
interface NewFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Writes results that follow from what was given, all or none. One that stands there to the byte was made by the same call before, and
 * stays; anything else that stands there is refused.
 *
 * @returns whether anything was written
 */
export async function writeOnce(io: Io, ...results: readonly NewFile[]): Promise<boolean> {
  const there = await Promise.all(results.map((result) => stands(io, result)));
  const missing = results.filter((_, i) => !there[i]);
  await expectNew(io, ...missing.map(({ path }) => path));
  if (missing.length > 0) await writeAllNew(io, ...missing);
  return missing.length > 0;
}

async function stands(io: Io, { path, bytes }: NewFile): Promise<boolean> {
  try {
    return await readFileAs(io, path, bytes.length, (found) => equalBytes(found, bytes));
  } catch {
    // Nothing, or something else: `expectNew` says which.
    return false;
  }
}
