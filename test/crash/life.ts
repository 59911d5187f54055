import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type Marker, readMarkers } from './markers.ts';
import type { ChildProgram } from './program.ts';

/** How a life ends: so long after its first word, or so long after it began a commit. */
export type Plan = { readonly afterMs: number } | { readonly commit: number; readonly thenMs: number };

/** A life that was ended. */
export interface Life {
  readonly markers: readonly Marker[];
  /** ms between beginning a commit and having written it, as far as it shows from outside. */
  readonly commitMs: readonly number[];
}

/** Runs the node until the plan says otherwise: SIGKILL, which no process can delay. */
export function live({ command, args, env }: ChildProgram, directory: string, plan: Plan): Promise<Life> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args(directory), { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    const commitMs: number[] = [];
    let [said, trouble, heard, commits, began, struck] = ['', '', 0, 0, 0, false];

    const strikeAfter = (ms: number): void => {
      if (struck) return;
      struck = true;
      const due = performance.now() + ms;
      // Timers are too coarse for instants inside a commit.
      const wait = (): void => {
        if (performance.now() >= due) child.kill('SIGKILL');
        else setImmediate(wait);
      };
      wait();
    };

    child.stderr!.on('data', (text: Buffer) => {
      trouble += text;
    });
    (child.stdio[3] as Readable).on('data', (text: Buffer) => {
      said += text;
      const markers = readMarkers(said);
      for (const { at } of markers.slice(heard)) {
        // Without a commit before it, it finished what the last life left.
        if (at === 'written' && commits > 0) commitMs.push(performance.now() - began);
        if (at !== 'commit') continue;
        commits++;
        began = performance.now();
        if ('commit' in plan && commits === plan.commit) strikeAfter(plan.thenMs);
      }
      heard = markers.length;
      if ('afterMs' in plan) strikeAfter(plan.afterMs);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve({ markers: readMarkers(said), commitMs });
      else reject(new Error(`the node ended by itself (${code ?? signal}): ${trouble}`));
    });
  });
}
