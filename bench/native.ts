import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const FOLDER = join(import.meta.dirname, '../packages/prover/native');

/** Nanoseconds of one field multiplication, in one lane; by kernel. */
type FieldTimes = Readonly<Record<string, { readonly fq: number; readonly fr: number }>>;

/** Multi-exponentiations that were timed in turn, ms each run. */
export interface MultiExpTimes {
  readonly ours: readonly number[];
  readonly withoutCopies: readonly number[];
  readonly blst: readonly number[];
}

/** Field multiplications of one kernel: its own in lanes, and those of blst's code, which takes them as the portable kernel does. */
export interface Multiplications {
  readonly fq: number;
  readonly fr: number;
  readonly blstFq: number;
  readonly blstFr: number;
}

/** What is counted, with the arguments of harness/bench.cpp. */
export type CountedWork =
  | readonly ['prove', zkey: string, wtns: string]
  | readonly ['msm' | 'verify' | 'nodes', count: string]
  | readonly ['scan' | 'signatures', file: string];

/** The library's own programs: what cannot be seen from JavaScript. */
export interface NativeBench {
  fields(): Promise<FieldTimes>;
  /** Field multiplications by kernel; one is missing where the processor does not run it. */
  count(work: CountedWork): Promise<Readonly<Record<string, Multiplications>>>;
  multiExps(points: number, runs: number): Promise<MultiExpTimes>;
}

/** Builds the programs with make and the C++ compiler; throws what they say where there is none. */
export async function buildNativeBench(): Promise<NativeBench> {
  // The Node that runs this finds c-kzg for make.
  const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  await run('make', ['--silent', 'bench'], {
    cwd: FOLDER,
    env: { ...process.env, PATH },
    maxBuffer: 1 << 26,
  });
  const call = async (program: string, ...arguments_: string[]): Promise<unknown> => {
    const { stdout } = await run(join(FOLDER, 'build/harness', program), arguments_);
    return JSON.parse(stdout) as unknown;
  };
  return {
    fields: async () => (await call('bench', 'fields')) as FieldTimes,
    count: async (work) => (await call('bench-count', ...work)) as Record<string, Multiplications>,
    multiExps: async (points, runs) =>
      (await call('bench', 'msm', String(points), String(runs))) as MultiExpTimes,
  };
}
