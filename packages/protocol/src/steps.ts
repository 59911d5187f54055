/**
 * Steps of a period (the paper's steps of BA*, 4.1; ABFT's names): propose 0, soft 1, cert 2, next_k 3 + k, and the three
 * steps of fast recovery at the end of the byte.
 */
export const STEP = { propose: 0, soft: 1, cert: 2, next: 3, late: 253, redo: 254, down: 255 } as const;

/** Whether a step's votes may open the next period: next_k, late, redo and down, 3..255. */
export function isNextStep(step: number): boolean {
  return step >= STEP.next && step <= STEP.down;
}

/** Whether votes of this step may be for bottom: next_k and down; every other step needs a value. */
export function mayVoteBottom(step: number): boolean {
  return step === STEP.down || (step >= STEP.next && step < STEP.late);
}

/** Whether a vote of this step may make this choice: down is for bottom only, next_k for either, the others for a value. */
export function isCanonicalChoice(step: number, bottom: boolean): boolean {
  return step === STEP.down ? bottom : !bottom || mayVoteBottom(step);
}
