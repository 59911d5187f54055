// Explores one round of agreement to its end: every order of messages, losses and timers, with one Byzantine player of four.
//   npm run explore                         every run, then each mutant until it forks
//   npm run explore -- --run NAME           one run
//   npm run explore -- --mutant NAME        a mutant: prints its shortest fork
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import {
  type Exploration,
  explore,
  FORKING,
  type Model,
  MUTANTS,
  modelOf,
  RUNS,
  type RunName,
  replay,
  type Scope,
  slotText,
  traceText,
} from '@sero/consensus';

/** Enough for every run, and for no more than 6 GB. */
const MOST_STATES = 60_000_000;

const { values } = parseArgs({ options: { run: { type: 'string' }, mutant: { type: 'string' } } });

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function scopeText({ originals, emptyBlockPeriod, nextVotes, recovery }: Scope): string {
  const steps = ['soft', 'cert', ...Array.from({ length: nextVotes }, (_, k) => `next_${k}`)];
  const all = recovery ? [...steps, 'late', 'redo', 'down'] : steps;
  const last = originals.length - 1;
  return `periods 0..${last} with ${originals.join(', ')} new values, m = ${emptyBlockPeriod}; ${all.join(', ')}; in period ${last} soft, cert`;
}

function explored(name: RunName, model: Model): Exploration {
  const { scope, isReduced } = RUNS[name];
  print(
    `${name}: ${scopeText(scope)}; ${isReduced ? 'reduced' : 'every state'}; quorum of ${model.honestQuorum} + 1`,
  );
  const start = performance.now();
  const found = explore(model, { mostStates: MOST_STATES, isReduced });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const { states, transitions, depth, locals, isComplete, fork } = found;
  const end = fork !== undefined ? 'a fork' : isComplete ? 'complete, no fork' : 'given up';
  print(
    `  ${end}: ${states} states, ${transitions} transitions, depth ${depth}, ${locals} conditions of a player, ${seconds} s`,
  );
  print(`  certificates seen: ${found.certificates.map((slot) => slotText(model, slot)).join('; ')}`);
  return found;
}

function runs(names: readonly RunName[]): void {
  for (const name of names) {
    const model = modelOf(RUNS[name].scope);
    const { fork, isComplete, saysTwice } = explored(name, model);
    if (fork !== undefined) for (const line of traceText(model, fork)) print(`    ${line}`);
    if (saysTwice) print('  an honest player says two things at one step');
    if (fork !== undefined || saysTwice || !isComplete) process.exitCode = 1;
  }
}

function mutants(names: readonly string[]): void {
  for (const name of names) {
    const mutant = MUTANTS.find((known) => known === name);
    const run = mutant === undefined ? undefined : FORKING.get(mutant);
    if (mutant === undefined || run === undefined) {
      throw new Error(
        `no mutant that forks in the small: ${name}; there are ${[...FORKING.keys()].join(', ')}`,
      );
    }
    print(`mutant ${mutant}`);
    const model = modelOf({ ...RUNS[run].scope, mutant });
    const { fork } = explored(run, model);
    if (fork === undefined) {
      process.exitCode = 1;
      continue;
    }
    for (const line of traceText(model, fork)) print(`    ${line}`);
    for (const { player, value } of replay(model, fork)) {
      print(`    player ${player} makes ${model.values[value]!.name} final`);
    }
  }
}

function runName(name: string): RunName {
  const known = (Object.keys(RUNS) as RunName[]).find((run) => run === name);
  if (known === undefined) throw new Error(`no run ${name}; there are ${Object.keys(RUNS).join(', ')}`);
  return known;
}

if (values.run !== undefined) runs([runName(values.run)]);
if (values.mutant !== undefined) mutants([values.mutant]);
if (values.run === undefined && values.mutant === undefined) {
  runs(Object.keys(RUNS) as RunName[]);
  mutants([...FORKING.keys()]);
}
