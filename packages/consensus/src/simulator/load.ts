import type { Load } from './plan.ts';
import type { Simulation } from './simulation.ts';
import { encodeCommand, type StakeCommand } from './transactions.ts';

/** Pause between transactions, ms, and what executing one takes, ms. */
const LOADS: Readonly<Record<Exclude<Load, 'none'>, { pause: readonly [number, number]; cost: number }>> = {
  sparse: { pause: [300, 7_000], cost: 5 },
  steady: { pause: [20, 400], cost: 10 },
  full: { pause: [5, 40], cost: 60 },
};

/** Sends transactions to everybody as long as the run lasts. */
export function startLoad(simulation: Simulation): void {
  const { plan, random, schedule, nodes } = simulation;
  if (plan.load === 'none') return;
  const { pause, cost } = LOADS[plan.load];
  const commands = stakeCommands(simulation);
  let id = 1;
  const next = (): void => {
    const stake = plan.changesStake && random.chance(200) ? commands() : undefined;
    const command = {
      kind: 'plain',
      row: 0,
      weight: 0,
      ...stake,
      id: id++,
      cost: random.below(cost),
    } as const;
    const transaction = encodeCommand(command);
    for (const node of nodes) {
      schedule.after(random.below(100), () => node.addTransaction(transaction));
    }
    schedule.after(random.between(...(pause as [number, number])), next);
  };
  next();
}

/** Draws changes of honest weights: between what a record began with and half as much again, so that the hostile part stays bounded. */
function stakeCommands({
  random,
  nodes,
  chain,
}: Simulation): () => Pick<StakeCommand, 'kind' | 'row' | 'weight'> {
  const [table] = chain.genesis.tables;
  const honest = nodes.filter(({ isHonest }) => isHonest).flatMap(({ records }) => records);
  return () => {
    const { id } = random.pick(honest);
    const row = table!.rows.findIndex((one) => one.id.every((byte, i) => byte === id[i]));
    const weight = Number(table!.rows[row]!.weight);
    return { kind: 'weight', row, weight: weight + random.below((weight >> 1) + 2) };
  };
}
