import { PRODUCTION } from '@sero/protocol';
import { doubleVoter, mute } from '../adversaries/voters.ts';
import type { Plan } from '../plan.ts';
import type { Random } from '../random.ts';
import { calmPlan, crowd, nodesOf, type Scenario } from './draw.ts';
import { crashes, lossyWeather, partitionOnce } from './faults.ts';
import { hide } from './hidden.ts';

/** Real sortition of some thousand units out of a hundred thousand, at the pace of production. */
function productionPlan(random: Random): Plan {
  const honest = Array.from({ length: random.between(8, 11) }, () => [random.between(8_000, 12_000)]);
  const hostile = random.chance(500) ? [[random.between(1_000, 9_000)]] : [];
  const plan = calmPlan(random, nodesOf({ honest, hostile }, [random.pick([mute, doubleVoter])]));
  const { seedLookback, seedRefresh, balanceLookback } = plan.parameters.stake;
  return {
    ...plan,
    parameters: {
      ...PRODUCTION,
      stake: { ...PRODUCTION.stake, seedLookback, seedRefresh, balanceLookback },
    },
    faulty: { ms: 60_000, height: 5n },
  };
}

export const PROFILES: readonly Scenario[] = [
  {
    name: 'production-committees',
    share: 10,
    plan(random) {
      const plan = productionPlan(random);
      return { ...plan, weather: { ...plan.weather, ...(random.chance(400) ? lossyWeather(random) : {}) } };
    },
  },
  {
    // Longer than fast recovery takes to come, so that committees of its steps are drawn and heard.
    name: 'production-partition',
    share: 10,
    plan: (random) => ({
      ...productionPlan(random),
      isScripted: true,
      faulty: { ms: 900_000, height: 20n },
      script: (simulation) => partitionOnce(simulation, random.pick([34, 50, 66]), [310_000, 700_000]),
    }),
  },
  {
    // A certificate that one node sees, or nobody, in the first periods or in those of the empty block.
    name: 'production-hidden',
    share: 10,
    plan: (random) => ({
      ...productionPlan(random),
      isScripted: true,
      faulty: { ms: 900_000, height: 8n },
      script: (simulation) => {
        const seer = random.chance(500) ? random.below(8) : undefined;
        hide(simulation, random.pick([0, 1, 7, 8, 9]), seer, random.between(150_000, 450_000));
      },
    }),
  },
  {
    // Real VRF, real signatures, real key files.
    name: 'real-crypto',
    share: 10,
    plan: (random) => ({
      ...calmPlan(random, nodesOf({ honest: [[1], [1], [1], [1]], hostile: [] })),
      real: 'crypto',
      // Most of what it costs is making the keys.
      keyRounds: 11n,
      isEncoded: true,
      faulty: { ms: 40_000, height: 4n },
      progress: { rounds: 2 },
    }),
  },
  {
    // Real key files, torn by crashes.
    name: 'real-keys',
    share: 15,
    plan(random) {
      const plan = calmPlan(random, nodesOf(crowd(random, 0)));
      return {
        ...plan,
        real: 'keys',
        weather: { ...plan.weather, ...lossyWeather(random) },
        faulty: { ms: 80_000, height: 10n },
        script: (simulation) => crashes(simulation, [300, 4_000], 1),
      };
    },
  },
];
