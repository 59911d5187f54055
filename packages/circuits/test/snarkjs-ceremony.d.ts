/** What the tests of ceremonies use of snarkjs, which is their oracle. */
declare module 'snarkjs' {
  /** A file in memory; `data` is set by whoever writes it. */
  export interface CeremonyFile {
    readonly type: 'mem';
    data?: Uint8Array;
  }
  export interface Logger {
    debug(text: string): void;
    info(text: string): void;
    log(text: string): void;
    warn(text: string): void;
    error(text: string): void;
  }
  /** The WASM curve and its threads. */
  export interface Curve {
    terminate(): Promise<void>;
  }
  export const curves: { getCurveFromName(name: string): Promise<Curve> };
  export const powersOfTau: {
    newAccumulator(curve: Curve, power: number, to: CeremonyFile): Promise<Uint8Array>;
    contribute(from: CeremonyFile, to: CeremonyFile, name: string, entropy: string): Promise<Uint8Array>;
    beacon(
      from: CeremonyFile,
      to: CeremonyFile,
      name: string,
      beacon: string,
      iterationsPower: number,
    ): Promise<Uint8Array>;
    preparePhase2(from: CeremonyFile, to: CeremonyFile): Promise<void>;
    verify(file: CeremonyFile, logger?: Logger): Promise<boolean>;
  };
  export const zKey: {
    newZKey(r1cs: CeremonyFile, powers: CeremonyFile, to: CeremonyFile): Promise<Uint8Array>;
    contribute(from: CeremonyFile, to: CeremonyFile, name: string, entropy: string): Promise<Uint8Array>;
    beacon(
      from: CeremonyFile,
      to: CeremonyFile,
      name: string,
      beacon: string,
      iterationsPower: number,
    ): Promise<Uint8Array>;
    verifyFromR1cs(r1cs: CeremonyFile, powers: CeremonyFile, key: CeremonyFile): Promise<boolean>;
  };
}
