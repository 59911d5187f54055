import { ProtocolError } from './errors.ts';
import type { Genesis } from './genesis.ts';
import { isNextStep, STEP } from './steps.ts';

/** The genesis file's committees: expected sizes and thresholds of every step. */
export type Committees = Genesis['committees'];

/** Who votes at a step, given the total weight W. */
export interface Committee {
  /** tau: units drawn on average; W where every unit is drawn. */
  readonly size: bigint;
  /** T: weight that makes a quorum, in 1..size. 0 for proposals, of which no number is a quorum. */
  readonly threshold: bigint;
  /** Whether every unit is drawn: j is the weight, and a vote carries no proof (a proposal always does). */
  readonly everyUnit: boolean;
}

/** Entry of the genesis file for a step; proposals have no threshold. Throws `step-not-canonical` outside 0..255. */
function entryOf(committees: Committees, step: number): { size: number; threshold: number } {
  switch (step) {
    case STEP.propose:
      return { size: committees.proposers, threshold: 0 };
    case STEP.soft:
      return committees.soft;
    case STEP.cert:
      return committees.cert;
    case STEP.late:
      return committees.late;
    case STEP.redo:
      return committees.redo;
    case STEP.down:
      return committees.down;
    default:
      if (!Number.isInteger(step) || !isNextStep(step)) {
        throw new ProtocolError('step-not-canonical', `there is no step ${step}`);
      }
      return committees.next;
  }
}

/**
 * The committee of a step where all stake together weighs `total` units (design 4-se-random, "Parts"): size 0 draws every
 * unit with threshold floor(2W/3) + 1; a size of W or more draws every unit with the threshold scaled, floor(W T / size) + 1;
 * any other stands as it is.
 *
 * @param step 0..255; `step-not-canonical` otherwise
 * @param total W of the round's table, units, at least 1
 */
export function committeeOf(committees: Committees, step: number, total: bigint): Committee {
  const { size, threshold } = entryOf(committees, step);
  const [tau, quorum] = [BigInt(size), BigInt(threshold)];
  const everyUnit = tau === 0n || tau >= total;
  if (step === STEP.propose) return { size: everyUnit ? total : tau, threshold: 0n, everyUnit };
  if (tau === 0n) return { size: total, threshold: (2n * total) / 3n + 1n, everyUnit };
  if (everyUnit) return { size: total, threshold: (total * quorum) / tau + 1n, everyUnit };
  return { size: tau, threshold: quorum, everyUnit };
}
