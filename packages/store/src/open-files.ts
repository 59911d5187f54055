import type { Disk } from './disk.ts';

/**
 * Files of which a few are open at a time: the one that is written, and those that were read last. What is only read is opened
 * for reading alone, which a disk that is full or read-only still allows.
 */
export interface OpenFiles {
  /** The descriptor of a file to read, opened again where it was closed. Holds until another file's is asked for. */
  readable(path: string): number;
  /** As `readable`, to write too. It stays open until another file is to be written. */
  writable(path: string): number;
  /** Takes over a file that was just made, to be written. */
  add(path: string, file: number): void;
  /** Closes a file, if it is open. */
  close(path: string): void;
  closeAll(): void;
}

/** @param most files that are open at once, 2 at least */
export function openFiles(disk: Disk, most: number): OpenFiles {
  /** Last used stands last. */
  const files = new Map<string, number>();
  let written: string | undefined;

  function close(path: string): void {
    const file = files.get(path);
    if (file === undefined) return;
    if (path === written) written = undefined;
    files.delete(path);
    disk.closeSync(file);
  }

  function keep(path: string, file: number): number {
    files.delete(path);
    files.set(path, file);
    for (const other of files.keys()) {
      if (files.size <= most) break;
      if (other !== written && other !== path) close(other);
    }
    return file;
  }

  return {
    readable: (path) => keep(path, files.get(path) ?? disk.openSync(path, 'r')),
    writable(path) {
      if (path === written) return keep(path, files.get(path)!);
      const file = disk.openSync(path, 'r+');
      close(path);
      written = path;
      return keep(path, file);
    },
    add(path, file) {
      written = path;
      keep(path, file);
    },
    close,
    closeAll() {
      for (const path of [...files.keys()]) close(path);
    },
  };
}
