import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Disk } from './disk.ts';

/** What tells this process and its machine from others; a test gives another one. */
export interface Here {
  readonly pid: number;
  /** The boot that this machine is in, a UUID; empty where the system does not tell. */
  readonly boot: string;
  /** Clock ticks from that boot to the start of the process, in hex; empty where the system does not tell. */
  readonly start: string;
  /** The set of process numbers that this one belongs to: a container has its own. Empty where the system does not tell. */
  readonly space: string;
  /** Name of the machine or container and, behind a space, its machine-id; empty where the system does not tell. */
  readonly host: string;
}

/** Who says in a file that the directory is his. */
export interface Holder extends Here {
  readonly file: string;
  /** Number of the file whose lock he has. */
  readonly inode: string;
  /** Whether the disk was one for him that one machine has at a time. */
  readonly local: boolean;
}

/** From where a holder is judged: by whoever has the lock of the kernel on the file of this number. */
export interface Standpoint {
  readonly here: Here;
  readonly inode: string;
  /** Whether the directory is on a disk that one machine has at a time. */
  readonly local: boolean;
  /** Whether this process has the directory already, by another file `lock`. */
  readonly mine: boolean;
}

/**
 * What can be said of a process that took the directory. It is gone
 *
 * - where it had the lock that is ours now, and would have it still if it ran: the disk is local for both. For one alone says too
 *   little: a machine may lend its own disk to others, whose locks it does not see;
 * - where this kernel's table of processes does not have it;
 * - where it is of another boot of this machine, or of this machine without a word of the boot and its number is free.
 *
 * Of this machine is what has its machine-id and is in no container: a container has the one of its image.
 */
export function judge(
  holder: Holder,
  { here, inode, local, mine }: Standpoint,
): 'running' | 'gone' | 'unknown' {
  const hadOurLock = inode !== '' && holder.inode === inode;
  const bothLocal = local && holder.local;
  const sameSpace = holder.space === here.space;
  if (isThisProcess(holder, here) && mine) return 'running';
  if (holder.boot !== '' && holder.boot === here.boot) {
    if (hadOurLock && bothLocal && !sameSpace) return 'gone';
    // Processes of another container are not seen.
    if (!sameSpace) return 'unknown';
    if (isThisProcess(holder, here) && hadOurLock) return 'gone'; // it could not remove its file
    const start = startOf(holder.pid);
    if (start === `${holder.boot}-${holder.start}`) return 'running';
    // One of another user may be hidden.
    return start !== undefined || hadOurLock || !isRunning(holder.pid) ? 'gone' : 'unknown';
  }
  if (hadOurLock && bothLocal) return 'gone';
  if (!isThisMachine(holder, here)) return 'unknown';
  if (holder.boot !== '' && here.boot !== '') return 'gone';
  return holder.pid === here.pid || !isRunning(holder.pid) ? 'gone' : 'unknown';
}

function isThisProcess(holder: Holder, here: Here): boolean {
  return (['pid', 'boot', 'start', 'space', 'host'] as const).every((name) => holder[name] === here[name]);
}

/** The kernel's own set of process numbers (PROC_PID_INIT_INO): no container's. */
const OUTSIDE_CONTAINERS = 'pid:[4026531836]';

function isThisMachine(holder: Holder, here: Here): boolean {
  return (
    / [0-9a-f]{32}$/.test(here.host) &&
    holder.host === here.host &&
    holder.space === OUTSIDE_CONTAINERS &&
    here.space === OUTSIDE_CONTAINERS
  );
}

/**
 * File systems of Linux that one machine has at a time (statfs(2), f_type): ext2 to ext4, XFS, btrfs, ZFS, F2FS, bcachefs,
 * tmpfs, overlayfs. The others may have locks that other machines do not see: NFS by its options, FUSE, 9p.
 */
const LOCAL: readonly number[] = [
  0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0xca451a4e, 0x01021994, 0x794c7630,
];

export function isLocal(path: string, disk: Disk): boolean {
  try {
    return process.platform === 'linux' && LOCAL.includes(disk.statfsSync(path).type);
  } catch {
    return false;
  }
}

/** This process on this machine. */
export function thisProcess(): Here {
  const [boot = '', start = ''] = /^(.*)-([0-9a-f]+)$/.exec(startOf(process.pid) ?? '')?.slice(1) ?? [];
  return {
    pid: process.pid,
    boot,
    start,
    space: readOrEmpty(() => readlinkSync('/proc/self/ns/pid')),
    host: `${hostname()} ${readOrEmpty(() => readFileSync('/etc/machine-id', 'latin1').trim())}`,
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== 'ESRCH';
  }
}

/**
 * The start of a process: the boot it belongs to and clock ticks since then (proc(5): stat, field 22). Empty for one that
 * ended and was not collected yet, undefined where there is no such process or no such file system.
 */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return '';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot}-${BigInt(fields[19]!).toString(16)}`;
  } catch {
    return undefined;
  }
}

function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
