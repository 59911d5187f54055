import { STEP } from '@sero/protocol';
import type { ClockError } from '../clock.ts';
import type { Weather } from '../network.ts';
import type { Plan } from '../plan.ts';
import type { Random } from '../random.ts';
import type { Simulation } from '../simulation.ts';
import { calmPlan, crowd, nodesOf, type Scenario } from './draw.ts';

/** A network that loses, doubles and reorders. */
export function lossyWeather(random: Random): Partial<Weather> {
  return {
    loss: random.between(20, 350),
    twice: random.between(0, 200),
    late: random.between(0, 200),
    straggle: random.pick([500, 3_000, 10_000]),
  };
}

/** A network that takes its time. */
export function slowWeather(random: Random): Partial<Weather> {
  const least = random.between(20, 300);
  return { delay: [least, least + random.between(50, 1_500)] };
}

/** A wrong clock. */
export function wrongClock(random: Random): ClockError {
  return { offset: random.between(-1_500, 1_500), drift: random.between(-40, 40) };
}

/** Parts into which a network falls: of all nodes so many of a hundred in the first. */
function parts(random: Random, nodes: number, percent: number): number[] {
  const first = Number((BigInt(nodes) * BigInt(percent) + 50n) / 100n);
  const size = first < 1 ? 1 : first >= nodes ? nodes - 1 : first;
  const inFirst = new Set(random.shuffled(Array.from({ length: nodes }, (_, i) => i)).slice(0, size));
  return Array.from({ length: nodes }, (_, i) => (inFirst.has(i) ? 0 : 1));
}

/** Splits the network now and again; heals it in between. */
export function partitions(simulation: Simulation, percents: readonly number[]): void {
  const { random, schedule, nodes } = simulation;
  const split = (): void => {
    simulation.turn({ parts: parts(random, nodes.length, random.pick(percents)) });
    schedule.after(random.between(1_000, 25_000), join);
  };
  const join = (): void => {
    simulation.turn({ parts: nodes.map(() => 0) });
    schedule.after(random.between(500, 8_000), split);
  };
  schedule.after(random.between(500, 6_000), split);
}

/** Splits the network once, after a while, and heals it when nothing fails any more. @param forMs bounds of the time between, ms */
export function partitionOnce(
  simulation: Simulation,
  percent: number,
  forMs: readonly [number, number],
): void {
  const { random, schedule, nodes } = simulation;
  schedule.after(random.between(5_000, 30_000), () => {
    simulation.turn({ parts: parts(random, nodes.length, percent) });
    schedule.after(random.between(forMs[0], forMs[1]), simulation.heal);
  });
}

/**
 * Crashes honest nodes: a quarter of the time at any moment, a quarter just after they have said something, and half of the time while what they
 * wrote, votes and erasures of keys, is on its way to the disk: it is torn then.
 *
 * @param pause bounds of the time between crashes, ms
 * @param most nodes that are down at a time
 */
export function crashes(simulation: Simulation, pause: readonly [number, number], most: number): void {
  const { random, schedule, nodes } = simulation;
  const honest = nodes.filter(({ isHonest }) => isHonest);
  const isHonest = new Set(honest.map(({ number }) => number));
  let due: 'said' | 'writing' | undefined;
  const crash = (node: number): void => {
    due = undefined;
    schedule.after(random.between(pause[0], pause[1]), arm);
    if (!simulation.isFaulty() || nodes.filter((one) => !one.isUp()).length >= most) return;
    simulation.crash(node, random.pick([20, 300, 3_000, 12_000]));
  };
  const arm = (): void => {
    const kind = random.below(4);
    if (kind === 0) crash(random.pick(honest).number);
    else due = kind === 1 ? 'said' : 'writing';
  };
  const strike = (node: number, within: number): void => {
    due = undefined;
    schedule.after(random.below(within), () => crash(node));
  };
  simulation.onSaid = (node, { type }) => {
    if (due === 'said' && type === 'vote' && !random.chance(600)) strike(node, 8);
  };
  simulation.onWrite = (node) => {
    if (due === 'writing' && isHonest.has(node) && !random.chance(600)) strike(node, simulation.plan.disk[1]);
  };
  schedule.after(random.between(200, 2_000), arm);
}

/** All nodes of this many, honest, in a calm world: what most scenarios begin with. */
function honestPlan(random: Random, clock?: () => ClockError): Plan {
  return calmPlan(random, nodesOf(crowd(random, 0), [], clock));
}

export const FAULTS: readonly Scenario[] = [
  { name: 'honest', share: 20, plan: (random) => honestPlan(random) },
  {
    name: 'lossy',
    share: 40,
    plan: (random) => {
      const plan = honestPlan(random);
      return { ...plan, weather: { ...plan.weather, ...lossyWeather(random) } };
    },
  },
  {
    name: 'slow',
    share: 25,
    plan: (random) => {
      const plan = honestPlan(random);
      const slow = plan.nodes.map(() => (random.chance(300) ? random.below(1_500) : 0));
      return { ...plan, weather: { ...plan.weather, ...slowWeather(random), slow } };
    },
  },
  { name: 'skewed', share: 25, plan: (random) => honestPlan(random, () => wrongClock(random)) },
  ...(
    [
      ['partition-even', [50]],
      ['partition-third', [34, 66]],
      ['partition-fifth', [80, 20]],
    ] as const
  ).map(
    ([name, percents]): Scenario => ({
      name,
      share: 30,
      plan: (random) => ({
        ...honestPlan(random),
        faulty: { ms: 60_000, height: 20n },
        script: (simulation) => partitions(simulation, percents),
      }),
    }),
  ),
  {
    name: 'crash-restart',
    share: 60,
    plan: (random) => {
      const plan = honestPlan(random);
      const weather = random.chance(500) ? lossyWeather(random) : slowWeather(random);
      return {
        ...plan,
        weather: { ...plan.weather, ...weather },
        faulty: { ms: 60_000, height: 20n },
        script: (simulation) => crashes(simulation, [100, 3_000], random.between(1, 3)),
      };
    },
  },
  {
    name: 'crash-all',
    share: 35,
    plan: (random) => ({
      ...honestPlan(random),
      faulty: { ms: 40_000, height: 20n },
      script: (simulation) => {
        const { schedule, nodes, plan } = simulation;
        const strike = (): void => {
          for (const { number } of nodes) simulation.crash(number, random.between(10, 4_000));
        };
        const inWrite = (): void => {
          simulation.onWrite = () => {
            simulation.onWrite = undefined;
            schedule.after(random.below(plan.disk[1]), strike);
          };
        };
        const beforeCertificate = (): void => {
          simulation.onSaid = (_, message) => {
            if (message.type !== 'vote' || message.vote.step !== STEP.cert) return;
            simulation.onSaid = undefined;
            schedule.after(random.between(10, 60), strike);
          };
        };
        // At any moment; while somebody's writes are on their way to the disk; when some have cert-voted and few, if any, have the certificate.
        const aims: readonly (() => void)[] = [strike, inWrite, beforeCertificate, beforeCertificate];
        const again = (): void => {
          random.pick(aims)();
          schedule.after(random.between(2_000, 8_000), again);
        };
        schedule.after(random.between(300, 3_000), again);
      },
    }),
  },
  {
    name: 'late-joiner',
    share: 25,
    plan: (random) => ({
      ...honestPlan(random),
      faulty: { ms: 40_000, height: 20n },
      script: (simulation) => {
        simulation.schedule.at(random.between(200, 3_000), () => simulation.crash(0, 30_000));
      },
    }),
  },
];
