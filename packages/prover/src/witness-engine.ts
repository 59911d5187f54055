/** What a circuit program makes of inputs. */
export type WitnessOutcome =
  /** The value of every wire, 32 little-endian bytes each: secret, the caller's to wipe. */
  | { readonly ok: true; readonly witness: Uint8Array }
  /** The inputs break an equation: the number of the file's instruction. All engines name the same, the first. */
  | { readonly ok: false; readonly equation: number };

/** A circuit file made ready to compute witnesses. */
export interface LoadedCircuit {
  /**
   * Computes a witness. Copies of the inputs and of the witness that the engine makes are wiped.
   *
   * @param inputs 32 little-endian bytes each, in the order in which the file names them; the caller's to wipe
   * @throws ProverError `packed-length` or `field-not-canonical`
   */
  compute(inputs: Uint8Array): Promise<WitnessOutcome>;
}

/** Computes witnesses: in TypeScript (`@sero/circuits`, the reference), natively, in WebAssembly. All give the same. */
export interface WitnessEngine {
  /**
   * Makes a circuit file ready (packages/circuits/src/circuit-file.ts has the format).
   *
   * @throws ProverError `circuit-malformed`
   */
  load(file: Uint8Array): Promise<LoadedCircuit>;
}
