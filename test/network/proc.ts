import { readFileSync } from 'node:fs';

/** What the kernel knows of a process. */
export interface ProcessFigures {
  /** Seconds of processor time since its start, its threads included. */
  readonly cpuSeconds: number;
  /** Bytes of memory now, and at most so far. */
  readonly rss: number;
  readonly peakRss: number;
  /** Bytes of `rss` that are no pages of a mapped file. */
  readonly ownMemory: number;
  readonly threads: number;
  /** Bytes that its network namespace sent and received, but for loopback and the test's own way in: its own where it has a namespace of its own. */
  readonly sent: number;
  readonly received: number;
}

/** Ticks a second in /proc/PID/stat: fixed by the kernel's interface to programs. */
const TICKS = 100;

/** The device of a namespace by which the test reaches what runs in it. */
export const MANAGEMENT = 'mgmt0';

/** Reads it; undefined where there is no such process any more. */
export function processFigures(pid: number): ProcessFigures | undefined {
  try {
    const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');
    return figuresOf(read('stat'), read('status'), read('net/dev'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EINVAL') return undefined;
    throw error;
  }
}

/** Figures from the text of /proc/PID/stat, /proc/PID/status and /proc/PID/net/dev. */
export function figuresOf(stat: string, status: string, devices: string): ProcessFigures | undefined {
  // The name of the program may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kilobytes = (name: string): number | undefined => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status);
    return found === null ? undefined : Number(found[1]) * 1024;
  };
  const rss = kilobytes('VmRSS');
  // A process that is dead but not yet buried has no memory.
  if (rss === undefined) return undefined;
  let [sent, received] = [0, 0];
  for (const [, device, rest] of devices.matchAll(/^\s*([^\s:|]+):\s*(.*)$/gm)) {
    if (device === 'lo' || device === MANAGEMENT) continue;
    const columns = rest!.trim().split(/\s+/).map(Number);
    received += columns[0]!;
    sent += columns[8]!;
  }
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    rss,
    peakRss: kilobytes('VmHWM') ?? rss,
    ownMemory: kilobytes('RssAnon') ?? rss,
    threads: Number(fields[17]),
    sent,
    received,
  };
}
