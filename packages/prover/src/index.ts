export { BACKEND_NAMES, type BackendName, describeBackend, type ProverBackend } from './backend.ts';
export * from './errors.ts';
export * from './groth16.ts';
export * from './group-engine.ts';
export { createReferenceGroupEngine } from './group-reference.ts';
export {
  createReferenceKeyPointChecker,
  type KeyPoint,
  type KeyPointChecker,
  type KeyPointVerdict,
  readKeyPoint,
} from './key-points.ts';
export * from './note-hasher.ts';
export { openWebBackend, type WebBackendOptions, type WebWorker } from './open-web-backend.ts';
export { createReferenceBackend, type ReferenceBackendOptions } from './reference-backend.ts';
export * from './scanner.ts';
export { createReferenceSignatureVerifier, type SignatureVerifier } from './signatures.ts';
export { createReferenceTraceOpener, type TraceOpener, type TraceRequest } from './traces.ts';
export * from './verifier.ts';
export * from './verifying-key.ts';
export * from './verifying-key-checks.ts';
export * from './witness-engine.ts';
export { readWitnessLength, readZkeyShape, verifyingKeyFromZkey, type ZkeyShape } from './zkey.ts';
