/**
 * The demo: private money end to end, on four validators in processes of their own and a node beside them, reached over RPC.
 *
 *   npm run demo                              the story in tools/demo/story.json
 *   npm run demo -- --scenario FILE           another story (docs/scenario.md)
 *   npm run demo -- --in-process              the chain in this process, without nodes
 *   npm run demo -- --json                    one JSON object a step on stdout
 *
 * Exits 0 when everything went as it should, 1 when anything was off, 2 for a bad scenario or bad arguments.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { developmentVerifyingKeys } from '@sero/circuits';
import { developmentTools } from './network.ts';
import { formatStep, visible } from './print.ts';
import { startRemoteChain } from './remote.ts';
import { type OpenChain, runScenario, type StepReport } from './run.ts';
import { parseScenario, type Scenario, ScenarioError } from './scenario.ts';

const USAGE = 'usage: npm run demo -- [--scenario FILE] [--in-process] [--json]';

interface Options {
  readonly scenario: Scenario;
  readonly json: boolean;
  readonly inProcess: boolean;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string' },
      json: { type: 'boolean', default: false },
      'in-process': { type: 'boolean', default: false },
    },
  });
  const file = values.scenario ?? new URL('./story.json', import.meta.url);
  return {
    scenario: parseScenario(readFileSync(file, 'utf8')),
    json: values.json,
    inProcess: values['in-process'],
  };
}

async function main({ scenario, json, inProcess }: Options): Promise<boolean> {
  const report = (step: StepReport): void => console.log(json ? JSON.stringify(step) : formatStep(step));
  if (!json) console.log(`${visible(scenario.title)}\n`);
  const start = performance.now();
  const tools = await developmentTools();
  if (!json) console.log(`${tools.backend}\n`);
  try {
    report({
      step: 'keys',
      ok: true,
      ms: Math.round(performance.now() - start),
      made: tools.made,
      insecure: 'development keys: anybody can forge proofs under them',
    });
    const openChain: OpenChain | undefined = inProcess
      ? undefined
      : (allocations) => startRemoteChain(developmentVerifyingKeys(), allocations);
    const { ok, balances } = await runScenario(scenario, tools, report, openChain);
    if (!json) console.log('\nFinal balances, smallest units');
    for (const balance of balances) {
      const { wallet, asset, balance: units } = balance;
      console.log(
        json ? JSON.stringify(balance) : `  ${wallet.padEnd(12)} ${asset.padEnd(16)} ${units.padStart(24)}`,
      );
    }
    return ok;
  } finally {
    await tools.close();
  }
}

let options: Options;
try {
  options = readOptions();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  console.error(error instanceof ScenarioError ? `scenario: ${reason}` : `${reason}\n${USAGE}`);
  process.exit(2);
}
process.exitCode = (await main(options)) ? 0 : 1;
