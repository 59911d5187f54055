import { PRODUCTION } from '@sero/protocol';
import { doubleVoter, mute } from '../adversaries/voters.ts';
import { calmPlan, crowd, nodesOf, type Scenario } from './draw.ts';
import { crashes, lossyWeather } from './faults.ts';

export const PROFILES: readonly Scenario[] = [
  {
    // Real sortition of some thousand units out of a hundred thousand, at the pace of production.
    name: 'production-committees',
    share: 10,
    plan(random) {
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
        weather: { ...plan.weather, ...(random.chance(400) ? lossyWeather(random) : {}) },
        faulty: { ms: 60_000, height: 5n },
        progress: { rounds: 3, within: 900_000 },
      };
    },
  },
  {
    // Real VRF, real signatures, real key files.
    name: 'real-crypto',
    share: 5,
    plan: (random) => ({
      ...calmPlan(random, nodesOf({ honest: [[1], [1], [1], [1]], hostile: [] })),
      real: 'crypto',
      isEncoded: true,
      faulty: { ms: 6_000, height: 2n },
      progress: { rounds: 1, within: 120_000 },
    }),
  },
  {
    // Real key files, torn by crashes.
    name: 'real-keys',
    share: 5,
    plan(random) {
      const plan = calmPlan(random, nodesOf(crowd(random, 0)));
      return {
        ...plan,
        real: 'keys',
        weather: { ...plan.weather, ...lossyWeather(random) },
        faulty: { ms: 30_000, height: 10n },
        script: (simulation) => crashes(simulation, [200, 3_000], 2),
      };
    },
  },
];
