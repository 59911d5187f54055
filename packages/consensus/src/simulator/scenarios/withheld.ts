import { toHex } from '@sero/crypto';
import { DEVELOPMENT } from '@sero/protocol';
import { withholder } from '../adversaries/withholder.ts';
import { isTooOften, type LeaderShare } from '../leader-share.ts';
import { ranking, type VrfSecrets } from '../leaders.ts';
import type { Simulation } from '../simulation.ts';
import { Violation } from '../violation.ts';
import { calmPlan, nodesOf, type Scenario } from './draw.ts';

/** Rounds of a run: enough to tell a share from chance. */
const ROUNDS = 160;

/** Records of the withholder, one unit each: a quarter of the sixteen units, split as finely as can be. */
const RECORDS = 4;
const UNITS = 16;

/** Whether the withholders of these worlds, taken together, led more first periods than their bound and chance explain. */
export const leadsTooOften = (share: LeaderShare): boolean => isTooOften(share, RECORDS, UNITS);

/**
 * Who would have led the first period of each round, from the seeds of the final blocks: whether his block was shown or withheld, a leader he was.
 */
function expectFairShare({ checker, nodes, chain, crypto, count }: Simulation, secrets: VrfSecrets): void {
  const own = new Set(
    nodes.filter(({ isHonest }) => !isHonest).flatMap(({ records }) => records.map(({ id }) => toHex(id))),
  );
  const finals = checker.finals();
  const rounds = finals.length - 1;
  let led = 0;
  for (let round = 1; round <= rounds; round++) {
    const [leader] = ranking(chain.context(finals[round - 1]!, BigInt(round)), secrets, crypto.vrf);
    count('first-period');
    if (leader === undefined || !own.has(toHex(leader))) continue;
    led++;
    count('hostile-lead');
  }
  if (leadsTooOften({ rounds, led })) {
    throw new Violation('leader-share', `${RECORDS} of ${UNITS} units led ${led} of ${rounds} first periods`);
  }
}

export const WITHHELD: readonly Scenario[] = [
  {
    name: 'withholder',
    share: 15,
    plan(random) {
      const secrets = new Map<string, Uint8Array>();
      const hostile = [Array.from({ length: RECORDS }, () => 1)];
      const plan = calmPlan(random, nodesOf({ honest: [[4], [4], [4]], hostile }, [withholder(secrets)]));
      return {
        ...plan,
        parameters: { ...DEVELOPMENT, stake: { ...DEVELOPMENT.stake, seedRefresh: 4n } },
        load: 'steady',
        changesStake: false,
        isEncoded: false,
        // Each block that it withholds takes a period.
        faulty: { ms: 1_200_000, height: BigInt(ROUNDS) },
        script({ nodes }) {
          for (const { id, vrfSecret } of nodes.flatMap(({ records }) => records)) {
            secrets.set(toHex(id), vrfSecret);
          }
        },
        atEnd: (simulation) => expectFairShare(simulation, secrets),
      };
    },
  },
];
