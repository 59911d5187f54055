import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** ms for which a look at the disk is good enough. */
const KEEP_MS = 15_000;

/** Bytes on disk by part. */
export type DiskSizes = readonly (readonly [part: string, bytes: number])[];

/**
 * Measures folders, at most once in `KEEP_MS` however often it is asked, and without holding anything up meanwhile.
 *
 * @param folders by the name of the part @param now ms, of a clock that does not go back
 */
export function diskSizes(
  folders: Readonly<Record<string, string>>,
  now: () => number,
): () => Promise<DiskSizes> {
  let last: { readonly at: number; readonly sizes: Promise<DiskSizes> } | undefined;

  async function measure(): Promise<DiskSizes> {
    const sizes: (readonly [string, number])[] = [];
    for (const [part, folder] of Object.entries(folders)) sizes.push([part, await sizeOf(folder)]);
    return sizes;
  }

  return () => {
    const time = now();
    if (last === undefined || time - last.at >= KEEP_MS) last = { at: time, sizes: measure() };
    return last.sizes;
  };
}

/** Bytes that a folder's files take up; 0 where it is not there. */
async function sizeOf(folder: string): Promise<number> {
  let total = 0;
  try {
    for (const file of await readdir(folder, { withFileTypes: true, recursive: true })) {
      // Blocks taken, not length: a file may have holes.
      if (file.isFile()) total += (await stat(join(file.parentPath, file.name))).blocks * 512;
    }
  } catch {
    // A file, or the folder, that goes away meanwhile; the next look sees what is left.
    return 0;
  }
  return total;
}
