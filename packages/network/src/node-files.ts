import { randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PeerFile } from './address-book.ts';
import { NetworkError } from './errors.ts';

/** Bytes of a peer's key. */
const KEY_BYTES = 32;

/** Writes a file whole or not at all, durable when it returns. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const next = `${path}.new`;
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function readWhole(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The peer's key in a file of mode 600, made where there is none: so a node keeps its id. It signs nothing but the peer's own addresses
 * and connections, and has nothing to do with money or votes.
 *
 * @returns 32 bytes
 * @throws NetworkError `key-file` for a file of another length; what the file system throws
 */
export async function nodeKey(path: string): Promise<Uint8Array> {
  const kept = await readWhole(path);
  if (kept === undefined) {
    const made = new Uint8Array(randomBytes(KEY_BYTES));
    await replaceFile(path, made);
    return made;
  }
  if (kept.length !== KEY_BYTES) {
    throw new NetworkError('key-file', `${path} is ${kept.length} bytes, a peer's key is ${KEY_BYTES}`);
  }
  await chmod(path, 0o600);
  return kept;
}

/** A file for the peers that a node knows. */
export function peerFile(path: string): PeerFile {
  return { load: () => readWhole(path), save: (bytes) => replaceFile(path, bytes) };
}
