/** The one function of ffjavascript that the setup uses, and what it reads of the result. */
declare module 'ffjavascript' {
  /** Builds the WASM curve; with `singleThread` no worker is started. */
  export function buildBls12381(singleThread: boolean): Promise<{
    readonly tm: {
      readonly code: Uint8Array;
      /** Address of the generator of G1 in the module's memory, in Jacobian coordinates. */
      readonly pG1gen: number;
      /** Address of the generator of G2, likewise. */
      readonly pG2gen: number;
    };
  }>;
}
