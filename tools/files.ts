import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that hold no source of ours: dependencies, build output, and files that are wrong on purpose. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', 'fixtures', 'dist', 'coverage']);

/**
 * Lists the files under a folder, deepest included, in alphabetical order of their paths.
 *
 * @param folder where to start; a folder that does not exist holds no files
 * @param wanted says by its name whether a file is listed
 * @returns paths that begin with `folder`; nothing under node_modules, fixtures, dist, coverage or a dot folder
 */
export function filesUnder(folder: string, wanted: (name: string) => boolean): string[] {
  const found: string[] = [];
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!LEFT_OUT.has(entry.name) && !entry.name.startsWith('.')) found.push(...filesUnder(path, wanted));
    } else if (wanted(entry.name)) found.push(path);
  }
  return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
