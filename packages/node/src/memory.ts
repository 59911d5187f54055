import { readFileSync } from 'node:fs';

/** Bytes of memory by part. */
export type MemorySizes = readonly (readonly [part: string, bytes: number])[];

/**
 * What this process has of memory now, bytes:
 *
 * - `resident`: all that lies in memory; where Linux tells, it is the sum of `own` and `files`. Files that are mapped (the state's database) count from
 *   the moment a page of theirs is read, until the system wants the room for something else: it grows with the database and is no leak.
 * - `heap`: objects of the program, those that nobody needs any more included; `heap_reserved`: what is held for them.
 * - `buffers`: bytes outside the heap that objects hold.
 */
export function memorySizes(status: () => string = ownStatus): MemorySizes {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const linux = [...status().matchAll(/^Rss(Anon|File|Shmem):\s+(\d+) kB$/gm)];
  const bytes = new Map(linux.map(([, name, kilobytes]) => [name, Number(kilobytes) * 1024]));
  const parts: MemorySizes = [
    ['own', bytes.get('Anon') ?? 0],
    // A file of tmpfs that is mapped counts as shared memory.
    ['files', (bytes.get('File') ?? 0) + (bytes.get('Shmem') ?? 0)],
  ];
  return [
    ['resident', rss],
    ...(bytes.size === 0 ? [] : parts),
    ['heap', heapUsed],
    ['heap_reserved', heapTotal],
    ['buffers', external],
  ];
}

/** Of this process; nothing where the system tells nothing. */
function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
