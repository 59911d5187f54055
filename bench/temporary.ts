import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Directories that are gone when `clear` was called, or when the process exits. */
export interface Directories {
  /** A new one. */
  make(): string;
  clear(): void;
}

/** Directories of one suite. */
export function temporaryDirectories(): Directories {
  const made: string[] = [];
  function clear(): void {
    for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
  }
  process.on('exit', clear);
  return {
    make() {
      const directory = mkdtempSync(join(tmpdir(), 'sero-bench-'));
      made.push(directory);
      return directory;
    },
    clear,
  };
}
