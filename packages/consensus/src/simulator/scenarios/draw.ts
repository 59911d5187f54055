import { DEVELOPMENT, type Parameters } from '@sero/protocol';
import type { ClockError } from '../clock.ts';
import type { HostilePlan } from '../hostile.ts';
import { CALM } from '../network.ts';
import type { NodePlan, Plan } from '../plan.ts';
import type { Random } from '../random.ts';

/** What a scenario is made of: a plan from what its seed draws. */
export interface Scenario {
  readonly name: string;
  /** Of a thousand seeds without a named scenario so many have this one. */
  readonly share: number;
  readonly plan: (random: Random) => Plan;
}

/** The small profile, with lookbacks so short that a run reaches beyond them. */
function smallProfile(random: Random): Parameters {
  const seedRefresh = BigInt(random.between(1, 3));
  const { stake } = DEVELOPMENT;
  return {
    ...DEVELOPMENT,
    stake: { ...stake, seedRefresh, balanceLookback: stake.seedLookback * seedRefresh * 2n },
  };
}

/** A clock that is right. */
const RIGHT: ClockError = { offset: 0, drift: 0 };

/** Units that hostile nodes may have together: with them, less than a third; and each honest node's. */
export interface Crowd {
  readonly honest: readonly (readonly number[])[];
  readonly hostile: readonly (readonly number[])[];
}

/**
 * Stake records of honest and hostile nodes: below a third of all units is hostile, as much as possible.
 *
 * @param count hostile nodes; 0 to 2
 */
export function crowd(random: Random, count: number): Crowd {
  if (count === 0) {
    const nodes = random.between(4, 7);
    const most = random.chance(500) ? 1 : 6;
    return { honest: Array.from({ length: nodes }, () => units(random, most)), hostile: [] };
  }
  if (random.chance(500)) {
    // Equal nodes, 3 f + 1 of them.
    return {
      honest: Array.from({ length: 2 * count + 1 }, () => [1]),
      hostile: Array.from({ length: count }, () => [1]),
    };
  }
  const honest = Array.from({ length: random.between(2 * count + 1, 2 * count + 3) }, () => units(random, 6));
  const weight = honest.flat().reduce((sum, one) => sum + one, 0);
  // b hostile units of W bear: W >= 3 b + 1, so 2 b <= honest - 1.
  const most = (weight - 1) >> 1;
  const first = count === 1 ? most : random.between(1, most - 1);
  return { honest, hostile: count === 1 ? [[most]] : [[first], [most - first]] };
}

/** A node's records. */
function units(random: Random, most: number): number[] {
  return Array.from({ length: random.chance(150) ? 2 : 1 }, () => random.between(1, most));
}

/** Nodes of a crowd. @param plans what the hostile ones do, in turn */
export function nodesOf(
  { honest, hostile }: Crowd,
  plans: readonly HostilePlan[] = [],
  clock: () => ClockError = () => RIGHT,
): NodePlan[] {
  return [
    ...honest.map((weights): NodePlan => ({ weights, clock: clock() })),
    ...hostile.map(
      (weights, i): NodePlan => ({ weights, clock: clock(), hostile: plans[i % plans.length]! }),
    ),
  ];
}

/** A world in which nothing fails, to begin with. */
export function calmPlan(random: Random, nodes: readonly NodePlan[]): Plan {
  return {
    parameters: smallProfile(random),
    nodes,
    weather: CALM,
    load: random.pick(['sparse', 'steady'] as const),
    disk: [0, random.pick([2, 10, 30])],
    ...(random.chance(300) ? { degree: 3 } : {}),
    isEncoded: random.chance(100),
    changesStake: random.chance(500),
    faulty: { ms: 40_000, height: BigInt(random.between(4, 12)) },
    script: () => undefined,
    progress: { rounds: 3 },
  };
}
