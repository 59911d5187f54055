import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';

/** What a figure was taken on, when, and of which sources: a row of a page of figures from several runs says nothing without it. */
export interface Run {
  /** Processor, cores, Node, load when the run began. */
  readonly machine: string;
  /** When the run began: year, month, day, hour and minute in UTC. */
  readonly date: string;
  /** HEAD when the run began, and whether files of it were changed since. */
  readonly commit: string;
}

/** What stands for a date or a commit that an older run did not write down. */
export const UNRECORDED = 'not recorded';

let begun: Run | undefined;

/** This run; it begins with the first call. */
export function thisRun(): Run {
  begun ??= {
    machine: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, node ${process.version}, load ${loadavg()[0]!.toFixed(1)}`,
    date: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    commit: commitOf(import.meta.dirname),
  };
  return begun;
}

/** HEAD of the checkout that a folder is in, as {@link Run} has it. Documents do not count as changes: figures are written to one. */
export function commitOf(folder: string): string {
  const git = (...parameters: string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', ['--no-optional-locks', '-C', folder, ...parameters], {
      encoding: 'utf8',
    });
    return status === 0 ? stdout.trim() : undefined;
  };
  const head = git('rev-parse', '--short=12', 'HEAD');
  if (head === undefined) return UNRECORDED;
  const changed = git('status', '--porcelain', '--', ':/', ':(top,exclude)*.md');
  return changed === '' ? head : `${head} with changes`;
}
