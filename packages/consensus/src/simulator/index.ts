export { MUTANTS, type Mutant } from '../mutant.ts';
export * from './run-seed.ts';
export { KINDS } from './scenarios/index.ts';
export { leadsTooOften } from './scenarios/withheld.ts';
