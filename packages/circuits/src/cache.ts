import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Where compiled circuits and development keys are kept between runs, outside the source tree: the variable
 * SERO_CACHE, else XDG_CACHE_HOME/sero, else ~/.cache/sero (XDG Base Directory Specification). Everything in it
 * can be made again.
 */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.SERO_CACHE) return environment.SERO_CACHE;
  if (environment.XDG_CACHE_HOME) return join(environment.XDG_CACHE_HOME, 'sero');
  return join(homedir(), '.cache', 'sero');
}

const digestPath = (path: string): string => `${path}.sha256`;
const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Readers see the old bytes or the new ones, never a part: written beside, then renamed. */
async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const beside = `${path}.${randomBytes(8).toString('hex')}.part`;
  try {
    await writeFile(beside, bytes);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/**
 * The bytes kept at `path`, or undefined where there are none or where they no longer have the digest they were
 * kept with: a cache is never trusted further than its digest reaches.
 */
export async function readCached(path: string): Promise<Uint8Array | undefined> {
  const [bytes, digest] = await Promise.all([readIfThere(path), readIfThere(digestPath(path))]);
  if (bytes === undefined || digest === undefined) return undefined;
  return digestOf(bytes) === new TextDecoder().decode(digest) ? bytes : undefined;
}

/** Keeps `bytes` at `path` with their digest, making folders as needed. */
export async function writeCached(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeAtomically(path, bytes);
  await writeAtomically(digestPath(path), new TextEncoder().encode(digestOf(bytes)));
}
