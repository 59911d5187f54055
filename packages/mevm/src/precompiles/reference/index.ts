import type { Engine } from '../engine.ts';
import { blake2f } from './blake2f.ts';
import { blsG1Add, blsG1Msm, blsG2Add, blsG2Msm } from './bls-groups.ts';
import { blsMapFp2ToG2, blsMapFpToG1, blsPairing } from './bls-pairing.ts';
import { bn254Add, bn254Mul, bn254Pairing } from './bn254.ts';
import { ecrecover } from './ecrecover.ts';
import { identity, ripemd160, sha256 } from './hashes.ts';
import { modexp } from './modexp.ts';
import { pointEvaluation } from './point-evaluation.ts';

/** The contracts in TypeScript, over bigints and the noble libraries: what the other engines are compared with. */
export const referenceEngine: Engine = {
  ecrecover,
  sha256,
  ripemd160,
  identity,
  modexp,
  bn254Add,
  bn254Mul,
  bn254Pairing,
  blake2f,
  pointEvaluation,
  blsG1Add,
  blsG1Msm,
  blsG2Add,
  blsG2Msm,
  blsPairing,
  blsMapFpToG1,
  blsMapFp2ToG2,
};
