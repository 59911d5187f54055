export * from './cache.ts';
export * from './ceremony/index.ts';
export * from './circuit-files.ts';
export * from './setup.ts';
export { type R1cs, R1csError, readR1cs } from './setup-r1cs.ts';
export { type ProvingKey, readProvingKey, writeProvingKey } from './zkey-file.ts';
