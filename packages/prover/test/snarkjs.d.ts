/** What the development backend, the tests and the bench use of snarkjs 0.7. */
declare module 'snarkjs' {
  interface MemoryFile {
    readonly type: 'mem';
    readonly data: Uint8Array;
  }
  /** Projective coordinates in decimal, the last one 1; in G2 each is [c0, c1]. */
  interface SnarkjsProof {
    readonly pi_a: readonly string[];
    readonly pi_b: readonly (readonly string[])[];
    readonly pi_c: readonly string[];
    readonly protocol?: string;
    readonly curve?: string;
  }
  interface SnarkjsVerifyingKey {
    readonly protocol: 'groth16';
    readonly curve: 'bls12381';
    readonly nPublic: number;
    readonly vk_alpha_1: readonly string[];
    readonly vk_beta_2: readonly (readonly string[])[];
    readonly vk_gamma_2: readonly (readonly string[])[];
    readonly vk_delta_2: readonly (readonly string[])[];
    readonly IC: readonly (readonly string[])[];
  }
  export const groth16: {
    prove(zkey: MemoryFile, witness: MemoryFile): Promise<{ proof: SnarkjsProof; publicSignals: string[] }>;
    verify(vk: SnarkjsVerifyingKey, publicSignals: readonly string[], proof: SnarkjsProof): Promise<boolean>;
  };
  export const wtns: {
    calculate(
      signals: Readonly<Record<string, readonly bigint[]>>,
      program: Uint8Array,
      out: { readonly type: 'mem' },
    ): Promise<void>;
  };
}
