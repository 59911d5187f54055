/**
 * Worlds of the deterministic simulator (packages/consensus/src/simulator).
 *
 *   npm run simulate -- --seeds 200                       seeds 1 to 200, each a world of its own kind
 *   npm run simulate -- --seeds 50 --scenario mixed       all of one kind
 *   npm run simulate -- --seed 17 [--trace]               one world again, with everything that is said in it
 *   npm run simulate -- --seeds 200 --mutant next-vote    with one rule switched off: prints the first seed that finds out
 *   npm run simulate -- --seeds 10000 --from 1 --workers 4
 *
 * Ends with 1 where an invariant does not hold; with --mutant, where none is broken.
 */
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { KINDS, leadsTooOften, MUTANTS, type Mutant, type SeedOutcome } from '@sero/consensus/simulator';
import { runWorld } from '@sero/consensus/test/real-ledger';

const NAMES: readonly string[] = KINDS.map(({ name }) => name);

/** Seeds that one worker runs: from, from + step, and so on below the end. */
interface Share {
  readonly from: number;
  readonly end: number;
  readonly step: number;
  readonly scenario: string | undefined;
  readonly mutant: Mutant | undefined;
}

async function* outcomes({ from, end, step, scenario, mutant }: Share): AsyncGenerator<SeedOutcome> {
  for (let seed = from; seed < end; seed += step) {
    yield await runWorld(seed, {
      ...(scenario === undefined ? {} : { scenario }),
      ...(mutant === undefined ? {} : { mutant }),
    });
  }
}

if (isMainThread) await main();
else for await (const outcome of outcomes(workerData as Share)) parentPort!.postMessage(outcome);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      scenario: { type: 'string' },
      mutant: { type: 'string' },
      workers: { type: 'string', default: '1' },
      trace: { type: 'boolean', default: false },
    },
  });
  const mutant = MUTANTS.find((name) => name === values.mutant);
  if (values.mutant !== undefined && mutant === undefined) {
    return fail(`--mutant is one of ${MUTANTS.join(', ')}`);
  }
  if (values.scenario !== undefined && !NAMES.includes(values.scenario)) {
    return fail(`--scenario is one of ${NAMES.join(', ')}`);
  }
  const scenario = values.scenario;
  const [from, count, workers] = [
    values.seed ?? values.from,
    values.seed === undefined ? values.seeds : '1',
    values.workers,
  ].map(Number) as [number, number, number];
  if (![from, count, workers].every((number) => Number.isSafeInteger(number) && number >= 0) || workers < 1) {
    return fail('--seed, --seeds, --from and --workers are whole numbers');
  }
  if (values.trace) {
    const options = {
      ...(scenario === undefined ? {} : { scenario }),
      ...(mutant === undefined ? {} : { mutant }),
    };
    tell(await runWorld(from, { ...options, trace: (line) => console.log(line) }), mutant);
    return;
  }
  const began = performance.now();
  const summary = newSummary();
  const share = { end: from + count, step: workers, scenario, mutant };
  const take = (outcome: SeedOutcome): boolean => {
    add(summary, outcome);
    if (outcome.violation !== undefined) tell(outcome, mutant);
    // One seed is enough to show that a mutant is found.
    return mutant !== undefined && outcome.violation !== undefined;
  };
  if (workers === 1) {
    for await (const outcome of outcomes({ ...share, from })) if (take(outcome)) break;
  } else {
    await inWorkers(
      Array.from({ length: workers }, (_, i) => ({ ...share, from: from + i })),
      take,
    );
  }
  show(summary, performance.now() - began);
  expectFairShares(summary, mutant);
  const isFine = mutant === undefined ? summary.violations === 0 : summary.violations > 0;
  if (!isFine) process.exitCode = 1;
}

function fail(message: string): void {
  console.error(message);
  process.exitCode = 2;
}

/** Runs shares beside each other until all are done or one outcome is enough. */
async function inWorkers(shares: readonly Share[], take: (outcome: SeedOutcome) => boolean): Promise<void> {
  const threads = shares.map((share) => new Worker(new URL(import.meta.url), { workerData: share }));
  await new Promise<void>((resolve, reject) => {
    let running = threads.length;
    for (const thread of threads) {
      thread.on('message', (outcome: SeedOutcome) => {
        if (take(outcome)) resolve();
      });
      thread.on('error', reject);
      thread.on('exit', () => {
        running--;
        if (running === 0) resolve();
      });
    }
  });
  await Promise.all(threads.map((thread) => thread.terminate()));
}

/** What a number of runs came to. */
interface Summary {
  seeds: number;
  rounds: number;
  packets: number;
  /** Virtual, ms. */
  time: number;
  violations: number;
  readonly scenarios: Map<string, { seeds: number; rounds: number; violations: number }>;
  /** What the worlds lived through, by name: how often. */
  readonly happened: Map<string, number>;
}

function newSummary(): Summary {
  return {
    seeds: 0,
    rounds: 0,
    packets: 0,
    time: 0,
    violations: 0,
    scenarios: new Map(),
    happened: new Map(),
  };
}

function add(summary: Summary, { scenario, rounds, packets, time, happened, violation }: SeedOutcome): void {
  const isBad = violation === undefined ? 0 : 1;
  summary.seeds++;
  summary.rounds += rounds;
  summary.packets += packets;
  summary.time += time;
  summary.violations += isBad;
  const kind = summary.scenarios.get(scenario) ?? { seeds: 0, rounds: 0, violations: 0 };
  summary.scenarios.set(scenario, kind);
  for (const [what, times] of Object.entries(happened)) {
    summary.happened.set(what, (summary.happened.get(what) ?? 0) + times);
  }
  kind.seeds++;
  kind.rounds += rounds;
  kind.violations += isBad;
}

function tell({ seed, scenario, violation }: SeedOutcome, mutant: Mutant | undefined): void {
  if (violation === undefined) {
    console.log(`seed ${seed} (${scenario}): every invariant holds`);
    return;
  }
  const withMutant = mutant === undefined ? '' : ` --mutant ${mutant}`;
  console.log(`seed ${seed} (${scenario}) ${violation.message}`);
  console.log(`  again: npm run simulate -- --seed ${seed} --scenario ${scenario}${withMutant} --trace`);
}

/** What withholders led in all their worlds together. */
function expectFairShares(summary: Summary, mutant: Mutant | undefined): void {
  const [rounds, led] = ['first-period', 'hostile-lead'].map((what) => summary.happened.get(what) ?? 0);
  if (mutant !== undefined || !leadsTooOften({ rounds: rounds!, led: led! })) return;
  console.log(`withholders led ${led} of ${rounds} first periods: more than their bound`);
  summary.violations++;
}

function show(
  { seeds, rounds, packets, time, violations, scenarios, happened }: Summary,
  wallMs: number,
): void {
  for (const [name, kind] of [...scenarios].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bad = kind.violations === 0 ? '' : `  ${kind.violations} violations`;
    console.log(
      `${name.padEnd(24)} ${String(kind.seeds).padStart(6)} seeds ${String(kind.rounds).padStart(8)} rounds${bad}`,
    );
  }
  const times = [...happened].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, n]) => `${n} ${what}`);
  if (times.length > 0) console.log(`happened: ${times.join(', ')}`);
  const [virtual, wall] = [time, wallMs].map((ms) => Math.round(ms / 1000));
  console.log(
    `${seeds} seeds: ${rounds} rounds, ${packets} messages, ${virtual} s of virtual time in ${wall} s; ${violations} violations`,
  );
}
