/** The precompiled contracts that the machine knows, by the names that the field has for them. */
export const NAMES = [
  'ecrecover',
  'sha256',
  'ripemd160',
  'identity',
  'modexp',
  'bn254Add',
  'bn254Mul',
  'bn254Pairing',
  'blake2f',
  'pointEvaluation',
  'blsG1Add',
  'blsG1Msm',
  'blsG2Add',
  'blsG2Msm',
  'blsPairing',
  'blsMapFpToG1',
  'blsMapFp2ToG2',
] as const;

export type PrecompileName = (typeof NAMES)[number];

/** From an input to the output; undefined where the input is not valid. The input is neither changed nor kept. */
export type Computation = (input: Uint8Array) => Uint8Array | undefined;

/**
 * What computes the contracts. Every engine gives the same answer to every input: which one runs is seen in the time alone.
 * One that cannot answer throws, which is a fault of the machine and never an answer.
 */
export type Engine = Readonly<Record<PrecompileName, Computation>>;
