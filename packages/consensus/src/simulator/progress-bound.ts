import { CALM } from './network.ts';
import type { Plan } from './plan.ts';

/** Periods that may fail after healing: hostile nodes lead them, or a script left players who saw different ends of the period before. */
const FAILED = 3;

/** Clocks may run slow by 40 thousandths. */
const SLOWEST = 960;

/**
 * Virtual time within which every honest node makes so many rounds final once nothing fails any more, ms:
 *
 *   fastRecovery + l     everybody has sent what he knows, and his late, redo or down vote, to everybody: all are in the latest period
 *   fastRecovery + l     who came to it last is at other next votes than the rest, which may never meet: the next turn of fast recovery ends it for all
 *   idle + l + 4 d       a round: somebody begins it, the filter time, and a message each for block, soft votes, cert votes and round
 *   3 L                  where some nodes are hostile, or a script kept players apart
 *
 * with l = filterMax, L = deadlineLater and d the slowest message and the syncs before it, on the slowest clock. The last line is no certainty: a period
 * has a hostile leader with a chance of less than a third, and only m of them in a row must end with a block, the empty one.
 */
export function progressBound({ parameters, nodes, disk, progress, isScripted }: Plan): number {
  const { filterMax, deadlineLater, fastRecovery, idle } = parameters.pace;
  const message = CALM.delay[1] + 2 * disk[1];
  const failed = isScripted === true || nodes.some(({ hostile }) => hostile !== undefined) ? FAILED : 0;
  const together = 2 * (fastRecovery + filterMax);
  const local = together + progress.rounds * (idle + filterMax + 4 * message) + failed * deadlineLater;
  return Number((BigInt(local) * 1_000n) / BigInt(SLOWEST));
}
