import { DEVELOPMENT } from '@sero/protocol';
import { withholder } from '../adversaries/withholder.ts';
import type { Simulation } from '../simulation.ts';
import { Violation } from '../violation.ts';
import { calmPlan, nodesOf, type Scenario } from './draw.ts';

/** Rounds of a run: enough to tell a share from chance. */
const ROUNDS = 160;

/** Units of the withholder, of ten. */
const UNITS = 3;

/**
 * Most rounds of {@link ROUNDS} that it may lead. By its stake it leads 48, with a standard deviation of 5.8. Withholding chooses between two
 * seeds, and only where the own one is hopeless; the old block hash is known to it while it can still choose only where it leads four
 * rounds in a row of one chain of seeds (0.3^4): both together add about 4. The bound is more than five standard deviations above.
 */
const MOST = 84;

function expectFairShare({ checker, nodes }: Simulation): void {
  const own = nodes.filter(({ isHonest }) => !isHonest).flatMap(({ records }) => records.map(({ id }) => id));
  const blocks = checker.finals().slice(1);
  const led = blocks.filter(({ header }) =>
    header.proposer.some((proposer) => own.some((id) => id.every((byte, i) => byte === proposer[i]))),
  ).length;
  if (led * ROUNDS > MOST * blocks.length) {
    throw new Violation('leader-share', `${UNITS} of 10 units led ${led} of ${blocks.length} rounds`);
  }
}

export const WITHHELD: readonly Scenario[] = [
  {
    name: 'withholder',
    share: 10,
    plan(random) {
      const plan = calmPlan(random, nodesOf({ honest: [[3], [2], [2]], hostile: [[UNITS]] }, [withholder]));
      return {
        ...plan,
        parameters: { ...DEVELOPMENT, stake: { ...DEVELOPMENT.stake, seedRefresh: 4n } },
        load: 'steady',
        changesStake: false,
        isEncoded: false,
        faulty: { ms: 600_000, height: BigInt(ROUNDS) },
        atEnd: expectFairShare,
      };
    },
  },
];
