import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type Marker, readMarkers } from './markers.ts';
import type { ChildProgram } from './program.ts';

/** How a life ends: so long after its first word, or so long after it began a commit, counted from 1. */
export type Plan = { readonly afterMs: number } | { readonly commit: number; readonly afterMs: number };

/**
 * Runs the node until the plan says otherwise, and returns all that it said. It always dies of SIGKILL, which no process can delay
 * or see coming: from here, or, at an instant inside a commit, from a thread of its own, since word of the commit comes here too late.
 */
export function live({ command, args, env }: ChildProgram, directory: string, plan: Plan): Promise<Marker[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args(directory, 'commit' in plan ? plan : undefined), {
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let [said, trouble] = ['', ''];
    child.stderr!.on('data', (text: Buffer) => {
      trouble += text;
    });
    (child.stdio[3] as Readable).on('data', (text: Buffer) => {
      if (said === '' && !('commit' in plan)) setTimeout(() => child.kill('SIGKILL'), plan.afterMs);
      said += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(readMarkers(said));
      else reject(new Error(`the node ended by itself (${code ?? signal}): ${trouble}`));
    });
  });
}
