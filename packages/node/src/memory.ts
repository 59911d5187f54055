import { readFileSync } from 'node:fs';

/** Bytes of memory by part. */
export type MemorySizes = readonly (readonly [part: string, bytes: number])[];

/**
 * What this process has of memory now, bytes:
 *
 * - `resident`: all that lies in memory; on Linux it is the sum of `own` and `files`. Files that are mapped (the state's database) count from
 *   the moment a page of theirs is read, until the system wants the room for something else: it grows with the database and is no leak.
 * - `heap`: objects of the program, those that nobody needs any more included; `heap_reserved`: what is held for them.
 * - `buffers`: bytes outside the heap that objects hold.
 */
export function memorySizes(status: () => string = ownStatus): MemorySizes {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  const linux = [...status().matchAll(/^(RssAnon|RssFile):\s+(\d+) kB$/gm)].map(
    ([, name, kilobytes]) => [name === 'RssAnon' ? 'own' : 'files', Number(kilobytes) * 1024] as const,
  );
  return [
    ['resident', rss],
    ...linux,
    ['heap', heapUsed],
    ['heap_reserved', heapTotal],
    ['buffers', external],
  ];
}

/** Of this process; nothing where the system is another. */
function ownStatus(): string {
  return process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
}
