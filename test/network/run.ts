/**
 * Networks of real processes, with figures:
 *
 *   npm run network-test -- [--nodes 4] [--late 1] [--scenario NAME ...] [--seed TEXT] [--way relay|namespaces] [--rounds 20] [--pay SECONDS] [--hurt SECONDS] [--attack SECONDS] [--program FILE] [--keep]
 *
 * Starts validators as `sero node start` runs them, watches them from outside, measures rounds in which nothing happens, then lets the scenarios
 * happen one after another (all of them by default; `none` for none). --pay has people pay each other for so long, --hurt the same while nodes are killed, paused
 * and cut off; afterwards their history is checked. --attack has a validator attacked in every way
 * that hostile.ts knows, for so long each. One line of JSON goes to stdout, what happens to stderr. The seed decides what
 * the relay does to which byte; processes and the kernel's scheduling are as they are.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ATTACKS, type AttackName, type UnderAttack, underAttack } from './hostile.ts';
import { jepsen } from './jepsen.ts';
import type { Way } from './running-network.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';
import { measured, openStage } from './stage.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '4' },
    late: { type: 'string', default: '1' },
    scenario: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    way: { type: 'string', default: 'relay' },
    rounds: { type: 'string', default: '20' },
    attack: { type: 'string', default: '0' },
    pay: { type: 'string', default: '0' },
    hurt: { type: 'string', default: '0' },
    program: { type: 'string' },
    certificates: { type: 'string', default: '64' },
    keep: { type: 'boolean', default: false },
  },
});
const isScenario = (name: string): name is ScenarioName => Object.hasOwn(SCENARIOS, name);
const wished = values.scenario ?? Object.keys(SCENARIOS);
const chosen = wished.filter((name) => name !== 'none');
const unknown = chosen.filter((name) => !isScenario(name));
if (unknown.length > 0) throw new Error(`no scenario is called ${unknown}: ${Object.keys(SCENARIOS)} are`);

// An exit, unlike the end by a signal, takes nodes and namespaces along.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const directory = mkdtempSync(join(tmpdir(), 'sero-network-'));
process.on('exit', () => {
  if (!values.keep) rmSync(directory, { recursive: true, force: true });
});

const began = performance.now();
const say = (text: string): void => {
  console.error(`${((performance.now() - began) / 1_000).toFixed(1).padStart(7)} s  ${text}`);
};
if (values.keep) say(directory);

const others = Number(values.late);
const stage = await openStage({
  directory,
  seed: values.seed,
  validators: Number(values.nodes),
  others,
  late: Array.from({ length: others }, (_, i) => `node-${i}`),
  way: values.way as Way,
  say,
  ...(values.program === undefined ? {} : { start: { program: values.program } }),
  certificates: Number(values.certificates),
});
const outcomes: Record<string, { seconds: number; failed?: string }> = {};
try {
  const { checker } = stage;
  const quiet = await measured(stage, () =>
    checker.progressed(stage.alive(), Number(values.rounds), 20_000 * Number(values.rounds)),
  );
  say(`${quiet.rounds} rounds, finality ${quiet.chain.finality.median} ms`);
  for (const name of chosen.filter(isScenario)) {
    const start = performance.now();
    const failed = await SCENARIOS[name](stage).then(
      () => undefined,
      (error: Error) => error.message,
    );
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    outcomes[name] = { seconds, ...(failed === undefined ? {} : { failed }) };
    say(`${name}: ${failed ?? 'ok'}`);
    if (failed !== undefined) break;
  }
  const { nodes, seed, way } = values;
  const paid = async (seconds: number, hurts: boolean) => {
    let result: Awaited<ReturnType<typeof jepsen>> | undefined;
    const pay = async (): Promise<void> => {
      result = await jepsen(stage, { seconds, hurts });
    };
    // Killed nodes have no figures.
    const cost = hurts ? await pay() : await measured(stage, pay);
    say(`${result!.final} of ${result!.payments} payments final, median ${result!.finality.median} ms`);
    return { ...result!, cost };
  };
  const [pay, hurt] = [Number(values.pay), Number(values.hurt)];
  const peace = pay > 0 ? await paid(pay, false) : undefined;
  const war = hurt > 0 ? await paid(hurt, true) : undefined;
  const attacks: Partial<Record<AttackName, UnderAttack>> = {};
  if (Number(values.attack) > 0) {
    for (const name of Object.keys(ATTACKS) as AttackName[]) {
      attacks[name] = await underAttack(stage, name, stage.validators[0]!, Number(values.attack));
      say(`${name}: ${JSON.stringify(attacks[name])}`);
    }
    await checker.progressed(stage.alive(), 3, 90_000);
    await checker.settle(stage.alive());
  }
  const faults = [peace, war].flatMap((result) => result?.faults ?? []);
  const all = checker.figures();
  const { violations } = checker.book;
  console.log(
    JSON.stringify({
      nodes: Number(nodes),
      seed,
      way,
      quiet,
      scenarios: outcomes,
      peace,
      war,
      all,
      violations,
    }),
  );
  if (
    violations.length + faults.length > 0 ||
    Object.values(outcomes).some(({ failed }) => failed !== undefined)
  ) {
    process.exitCode = 1;
  }
} finally {
  await stage.close();
}
