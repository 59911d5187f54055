export type { Beacon, Origin } from './contribution.ts';
export * from './errors.ts';
export { finishKeys, requireBeacon } from './finish.ts';
export { preparePowers } from './lagrange.ts';
export { contributePowers, startPowers } from './phase1.ts';
export { type VerifiedContribution, verifyPowers } from './phase1-verify.ts';
export { contributeKey, startKey } from './phase2.ts';
export { verifyKey } from './phase2-verify.ts';
export { type Powers, readPowers, writePowers } from './ptau.ts';
