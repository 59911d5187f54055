import { equalBytes, fieldToBytes, toHex } from '@sero/crypto';
import { type Allocation, DEVELOPMENT, decodeExecutedBlock, SERO_ASSET } from '@sero/protocol';
import { type Actor, allocationAddress, keysFromWords, openActor } from './actor.ts';
import { type Attack, prepareAttack } from './attacks.ts';
import { conservation, type FinalBalance, finalBalances, shownBalance } from './balances.ts';
import { type Agreement, type Chain, inProcessChain } from './chain.ts';
import { audit, disclose } from './evidence.ts';
import { type DevelopmentTools, startNetwork } from './network.ts';
import { pay } from './payment.ts';
import type { Scenario, ScenarioStep } from './scenario.ts';
import {
  catchUp,
  type Details,
  headerAt,
  heightOf,
  include,
  networkHash,
  nextBlocks,
  type Play,
  type Stage,
  transact,
} from './stage.ts';

/** One line of the demo's output. `ok` says whether what happened is what should have happened. */
export interface StepReport {
  readonly step: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly [detail: string]: unknown;
}

/** The result of a scenario. */
export interface ScenarioResult {
  readonly ok: boolean;
  readonly balances: readonly FinalBalance[];
}

/** Opens a chain whose genesis file has these allocations. */
export type OpenChain = (allocations: readonly Allocation[]) => Promise<Chain>;

/**
 * Plays a scenario on a chain of its own. Reports every step as it ends; goes on after a step that is not ok.
 *
 * @param openChain opens the chain; one in this process unless given
 */
export async function runScenario(
  scenario: Scenario,
  tools: DevelopmentTools,
  report: (step: StepReport) => void,
  openChain: OpenChain = async (allocations) =>
    inProcessChain(startNetwork([tools.verifyingKey], allocations, tools)),
): Promise<ScenarioResult> {
  const words = scenario.wallets.map(({ name, words }) => ({ name, ...keysFromWords(words) }));
  const allocations = scenario.allocations.map(({ wallet, amount }) => ({
    pkr: allocationAddress(words.find(({ name }) => name === wallet)!.key, DEVELOPMENT.chainId),
    asset: fieldToBytes(SERO_ASSET),
    value: amount,
  }));
  const chain = await openChain(allocations);
  try {
    const actors = new Map<string, Actor>();
    for (const { name, words: own } of words)
      actors.set(name, await openActor(name, own, chain.genesis, tools));
    return await playScenario(scenario, { chain, tools, actors, blocks: [], finality: [], ok: true }, report);
  } finally {
    await chain.close();
  }
}

async function playScenario(
  scenario: Scenario,
  stage: Stage,
  report: (step: StepReport) => void,
): Promise<ScenarioResult> {
  const play: Play = async (title, facts, action) => {
    const start = performance.now();
    let details: Details;
    try {
      details = await action();
    } catch (error) {
      details = { ok: false, ...errorDetails(error) };
    }
    const { ok = true, ...rest } = details;
    stage.ok &&= ok;
    report({ step: title, ok, ms: Math.round(performance.now() - start), ...facts, ...rest });
  };

  await play('genesis', {}, async () => {
    await catchUp(stage);
    return {
      genesisHash: toHex(networkHash(stage)),
      root: toHex(headerAt(stage, 0n).stateRoot),
      wallets: [...stage.actors.values()].map(({ name, wallet }) => ({
        wallet: name,
        ...shownBalance(wallet),
      })),
    };
  });
  for (const step of scenario.steps) await playStep(stage, step, play);
  await play('conservation', {}, () => conservation(stage, scenario));
  const agreement = await stage.chain.agreement();
  if (agreement !== undefined) await play('agreement', {}, async () => agreed(stage, agreement));
  return { ok: stage.ok, balances: finalBalances(stage) };
}

async function playStep(stage: Stage, step: ScenarioStep, play: Play): Promise<void> {
  const actor = (name: string): Actor => stage.actors.get(name)!;
  switch (step.do) {
    case 'wait':
      return play('wait', { blocks: step.blocks }, async () => {
        await catchUp(stage);
        for (let i = 0; i < step.blocks; i++) await nextBlocks(stage);
        return { height: heightOf(stage).toString() };
      });
    case 'commit':
      return play('commit', { wallet: step.wallet, name: step.name }, () =>
        transact(stage, actor(step.wallet), { type: 'commit', name: step.name }),
      );
    case 'issue': {
      const { wallet, name, kind, supply } = step;
      return play('issue', { wallet, name, supply: supply.toString() }, () =>
        transact(stage, actor(wallet), { type: 'issue', name, kind, supply }),
      );
    }
    case 'pay':
      return pay(stage, step, play);
    case 'audit':
      return play('audit', { wallet: step.wallet }, () => audit(stage, actor(step.wallet)));
    case 'disclose':
      return play('disclose', { wallet: step.wallet, by: step.by }, () =>
        disclose(stage, actor(step.wallet), step.by),
      );
    case 'attack':
      return play(`attack: ${step.attack}`, { by: step.by, victim: step.victim }, () =>
        attack(stage, step.attack, actor(step.by), actor(step.victim), play),
      );
  }
}

/** An attack is ok when it is refused with the code of the rule that stops it and the state is untouched. */
async function attack(
  stage: Stage,
  name: Attack['name'],
  attacker: Actor,
  victim: Actor,
  play: Play,
): Promise<Details> {
  const prepared = await prepareAttack(name, attacker, victim, stage.tools, async (honest) => {
    const facts = { from: attacker.name, to: victim.name, asset: 'SERO', amount: '1' };
    await play('pay', facts, () => include(stage, honest));
  });
  await catchUp(stage);
  const before = headerAt(stage, heightOf(stage));
  let code = 'accepted';
  let message: string | undefined;
  try {
    await stage.chain.send(prepared.transaction);
    await nextBlocks(stage);
  } catch (error) {
    ({ code, message } = errorDetails(error));
  }
  await catchUp(stage);
  const { height, stateRoot } = headerAt(stage, heightOf(stage));
  // A node goes on making empty blocks by its clock; each changes the root, by its own hash and nothing else.
  const since = stage.blocks.slice(Number(before.height) + 1);
  const untouched =
    since.length === 0
      ? equalBytes(before.stateRoot, stateRoot)
      : since.every((block) => decodeExecutedBlock(block).block.transactions.length === 0);
  return {
    ok: code === prepared.refusal && untouched,
    code,
    message,
    rootBefore: toHex(before.stateRoot),
    rootAfter: toHex(stateRoot),
    ...(height === before.height ? {} : { emptyBlocks: (height - before.height).toString() }),
  };
}

/** How the validators did: every block that the story saw was made final by more than two thirds of them. */
function agreed(stage: Stage, { participants, units, rounds }: Agreement): Details {
  const times = stage.finality.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(times[Math.floor(share * (times.length - 1))] ?? 0);
  const voters = rounds.map((round) => round.voters);
  return {
    ok: rounds.length > 0 && voters.every((count) => 3 * count > 2 * participants),
    participants,
    units: units.toString(),
    rounds: rounds.length,
    firstPeriod: rounds.filter(({ period }) => period === 0).length,
    fewestVoters: Math.min(...voters),
    transactions: times.length,
    medianFinalMs: at(0.5),
    slowestFinalMs: at(1),
  };
}

function errorDetails(error: unknown): { code: string; message: string } {
  const typed = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return typed
    ? { code: String(error.code), message: error.message }
    : { code: 'unexpected', message: String(error) };
}
