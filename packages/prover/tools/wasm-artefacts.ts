/** What a check of the built files needs. */
export { hasFusedMultiplyAdd } from '../src/wasm-module.ts';
export * from './build-wasm.ts';
export { fieldFaults } from './wasm-field-check.ts';
