export { createSnarkjsProver, type SnarkjsProver } from './snarkjs-prover.ts';
