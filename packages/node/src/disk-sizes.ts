import * as files from 'node:fs/promises';
import { join } from 'node:path';

/** ms for which a look at the disk is good enough. */
const KEEP_MS = 15_000;

/** The calls to the disk; a test gives others. */
type Disk = Pick<typeof files, 'readdir' | 'stat'>;

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
  disk: Disk = files,
): () => Promise<DiskSizes> {
  let last: { readonly at: number; readonly sizes: Promise<DiskSizes> } | undefined;

  async function measure(): Promise<DiskSizes> {
    const sizes: (readonly [string, number])[] = [];
    for (const [part, folder] of Object.entries(folders)) sizes.push([part, await sizeOf(folder, disk)]);
    return sizes;
  }

  return () => {
    const time = now();
    if (last === undefined || time - last.at >= KEEP_MS) last = { at: time, sizes: measure() };
    return last.sizes;
  };
}

/** Bytes that a folder's files take up. What is not there, or goes away meanwhile, has none: the next look sees what is left. */
async function sizeOf(folder: string, disk: Disk): Promise<number> {
  let total = 0;
  for (const entry of await disk.readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) total += await sizeOf(path, disk);
    // Blocks taken, not length: a file may have holes.
    else if (entry.isFile()) total += await disk.stat(path).then(({ blocks }) => blocks * 512, NOTHING);
  }
  return total;
}

const NOTHING = (): number => 0;
