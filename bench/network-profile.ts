import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A processor profile as V8 writes it: the Chrome DevTools Protocol's `Profiler.Profile`, what is used of it. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  /** Node of each sample, and microseconds since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const ROOT = join(import.meta.dirname, '..') + sep;

/** Places that are told of each list. */
const TOLD = 30;

/** Time that is nobody's work. */
const IDLE: ReadonlySet<string> = new Set(['(idle)']);

/**
 * Where the threads of a process spent some seconds before their end: by file, and by function, own time and time with all that it called.
 *
 * @param folder that `--cpu-prof` wrote to
 * @param seconds that count; what was before is the start
 * @param tail seconds after those, which do not count
 */
export function heaviest(folder: string, seconds: number, tail: number): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .flatMap((name) => {
      const profile = JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile;
      return ['', name, ...ofThread(profile, 1e6 * seconds, 1e6 * tail)];
    });
}

function ofThread({ nodes, samples, timeDeltas }: CpuProfile, microseconds: number, tail: number): string[] {
  const own = new Map<number, number>();
  let [passed, counted] = [0, 0];
  for (let i = samples.length - 1; i >= 0 && counted < microseconds; i--) {
    passed += timeDeltas[i]!;
    if (passed <= tail) continue;
    own.set(samples[i]!, (own.get(samples[i]!) ?? 0) + timeDeltas[i]!);
    counted += timeDeltas[i]!;
  }
  const byFile = new Map<string, number>();
  const byFunction = new Map<string, number>();
  const within = new Map<string, number>();
  const add = (to: Map<string, number>, key: string, time: number): void => {
    to.set(key, (to.get(key) ?? 0) + time);
  };
  const byId = new Map(nodes.map((node) => [node.id, node]));
  /** Time of a node with its callees; of a function that calls itself only the outermost counts. */
  function visit(id: number, above: ReadonlySet<string>): number {
    const { callFrame, children = [] } = byId.get(id)!;
    const name = nameOf(callFrame);
    const mine = own.get(id) ?? 0;
    add(byFile, fileOf(callFrame), mine);
    add(byFunction, name, mine);
    const inside = above.has(name) ? above : new Set([...above, name]);
    const all = children.reduce((sum, child) => sum + visit(child, inside), mine);
    if (!above.has(name)) add(within, name, all);
    return all;
  }
  visit(nodes[0]!.id, new Set());
  const working =
    counted - [...byFunction].reduce((sum, [name, time]) => sum + (IDLE.has(name) ? time : 0), 0);
  return [
    `${(working / 1e6).toFixed(1)} s of work in ${(counted / 1e6).toFixed(1)} s`,
    'own time by file:',
    ...listed(byFile, working),
    'own time by function:',
    ...listed(byFunction, working),
    'time with what it called, by function:',
    ...listed(within, working),
  ];
}

function listed(times: ReadonlyMap<string, number>, working: number): string[] {
  return [...times]
    .filter(([name, time]) => !IDLE.has(name) && name !== '(root)' && time > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, TOLD)
    .map(([name, time]) => `  ${((100 * time) / working).toFixed(1).padStart(5)} %  ${name}`);
}

type Frame = CpuProfile['nodes'][number]['callFrame'];

function fileOf({ functionName, url }: Frame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(built in)';
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

function nameOf(frame: Frame): string {
  if (frame.url === '') return frame.functionName || '(built in)';
  return `${frame.functionName || '(anonymous)'}  ${fileOf(frame)}:${frame.lineNumber + 1}`;
}
