/** What a page is asked to measure. */
export interface BrowserTask {
  readonly threads: number;
  /** Proofs after the first one, which makes the key ready. */
  readonly runs: number;
  /** How many of them have one of snarkjs' beside them. */
  readonly snarkjsRuns: number;
}

/** What it measured, in milliseconds, or why it did not. */
export type BrowserReport =
  | {
      readonly agent: string;
      readonly threads: number;
      readonly firstMs: number;
      readonly wasm: readonly number[];
      readonly snarkjs: readonly number[];
      /** The last proof's bytes. */
      readonly proof: readonly number[];
    }
  | { readonly failure: string };
