export * from './errors.ts';
export * from './groth16.ts';
export * from './note-hasher.ts';
export * from './scanner.ts';
export * from './verifier.ts';
export * from './verifying-key.ts';
export * from './verifying-key-checks.ts';
export { readWitnessLength, readZkeyShape, verifyingKeyFromZkey, type ZkeyShape } from './zkey.ts';
