export { MUTANTS, type Mutant } from '../mutant.ts';
export * from './run-seed.ts';
export { SCENARIOS } from './scenarios/index.ts';
