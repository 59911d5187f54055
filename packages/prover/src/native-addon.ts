import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { interfaceFault } from './core-interface.ts';

declare const handle: unique symbol;

/** What the addon holds for JavaScript; freed by `release`, or when it is collected. */
export interface NativeHandle<Kind extends string> {
  readonly [handle]: Kind;
}

export type NativeCancel = NativeHandle<'cancel'>;
export type NativeVerifyingKey = NativeHandle<'verifying-key'>;
export type NativeProvingKey = NativeHandle<'proving-key'>;
export type NativeCircuit = NativeHandle<'circuit'>;

/** A status of sero_prover.h that is not 0, and where or why. */
export type NativeFault = readonly [status: number, at: number];

/**
 * sero_prover.h as functions of bytes: what the native addon and the WebAssembly have in common. They check their arguments and throw TypeError or RangeError for what is not of the
 * form that they name: faults of ours, since each caller here looks before. Bytes are copied before a promise is
 * returned, secrets wiped when it settles. A number in place of a result is a status of sero_prover.h.
 */
export interface CoreAddon {
  newCancel(): NativeCancel;
  cancel(flag: NativeCancel): void;
  release(any: NativeHandle<string>): void;
  /** Objects of this process that are not freed yet. */
  liveHandles(): number;

  newVerifyingKey(points: Uint8Array): NativeVerifyingKey | NativeFault;
  verify(key: NativeVerifyingKey, inputs: Uint8Array, proof: Uint8Array): number;
  /** One byte a proof, the status of its verdict. */
  verifyBatch(
    keys: readonly NativeVerifyingKey[],
    which: Uint8Array,
    inputs: Uint8Array,
    proofs: Uint8Array,
    seed: Uint8Array,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | number>;

  newCircuit(file: Uint8Array): NativeCircuit | number;
  witness(circuit: NativeCircuit, inputs: Uint8Array): Promise<Uint8Array | NativeFault>;

  groupMultiplyGenerator(
    group: number,
    scalars: Uint8Array,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | NativeFault>;
  groupMultiplyEach(
    group: number,
    points: Uint8Array,
    scalars: Uint8Array,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | NativeFault>;
  groupMultiplyPowers(
    group: number,
    points: Uint8Array,
    first: Uint8Array,
    factor: Uint8Array,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | NativeFault>;
  groupLagrange(group: number, points: Uint8Array, cancel?: NativeCancel): Promise<Uint8Array | NativeFault>;
  groupCombineRows(
    group: number,
    bases: Uint8Array,
    starts: Uint8Array,
    indices: Uint8Array,
    coefficients: Uint8Array,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | NativeFault>;
  groupMultiExp(
    group: number,
    points: Uint8Array,
    scalars: Uint8Array,
    scalarBytes: number,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | NativeFault>;
  groupSubtract(
    group: number,
    left: Uint8Array,
    right: Uint8Array,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | NativeFault>;
  groupCheck(group: number, points: Uint8Array, cancel?: NativeCancel): Promise<number | NativeFault>;
  groupEncode(
    group: number,
    points: Uint8Array,
    compressed: boolean,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | NativeFault>;
  /** One element a tuple, at once. */
  hashNodes(tuples: Uint8Array): Uint8Array | NativeFault;
  /** Each hit's place (4 bytes, little-endian) and its secret (32). */
  scan(
    viewKey: Uint8Array,
    outputs: Uint8Array,
    audit: boolean,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | number>;
  /** 8 bytes an entry, all ones for another account's. */
  openTraces(
    traceKey: Uint8Array,
    zpk: Uint8Array,
    entries: Uint8Array,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | NativeFault>;
  /** 65 bytes a point: 0 where it is fit to be a key, else its status less 600; then u and v, zeros where there are none. */
  checkPoints(encodings: Uint8Array, cancel?: NativeCancel): Promise<Uint8Array | number>;
  /** One byte an item: 1 where it is valid. */
  verifySignatures(items: Uint8Array, seed: Uint8Array, cancel?: NativeCancel): Promise<Uint8Array | number>;
  pairingProductIsOne(left: Uint8Array, right: Uint8Array): Promise<number | NativeFault>;
}

/** The functions of native/addon: those on a process and its threads, and on proofs, are its own. */
export interface NativeAddon extends CoreAddon {
  /** SERO_INTERFACE of the sources that it was built from. */
  interface(): number;
  /** Says how many threads work together, unless they have begun; gives how many do. For the whole process. */
  useThreads(count: number): number;
  /** Which code runs on this processor. */
  kernel(): 'ifma' | 'portable';
  /** For the whole process. */
  forcePortable(isForced: boolean): void;

  /**
   * @param zkey the bytes, or the path of the file
   * @param copies of the points, 1 to 64
   * @param image path of the file that keeps the key of a file ready
   */
  newProvingKey(
    zkey: Uint8Array | string,
    copies: number,
    cancel?: NativeCancel,
    image?: string,
  ): Promise<NativeProvingKey | number>;
  prove(
    key: NativeProvingKey,
    wtns: Uint8Array,
    seed: Uint8Array,
    cancel?: NativeCancel,
  ): Promise<Uint8Array | number>;
  /** Bytes that it holds. */
  provingKeyMemory(key: NativeProvingKey): number;
}

/** The addon, or why there is none. */
export type NativeLoad = { readonly addon: NativeAddon } | { readonly missing: string };

const ADDON = new URL('../native/build/sero_prover.node', import.meta.url);
const STATUS = new URL('../native/build-status.json', import.meta.url);
const AGAIN = 'run node packages/prover/install.mjs';

/** Where the addon and what is known of its build come from. */
export interface NativeFiles {
  /** What the addon exports. */
  readonly requireAddon: () => unknown;
  /** What install.mjs wrote of the build. */
  readonly readStatus: () => string;
}

/** What install.mjs wrote of a build that came to nothing. Never throws: it explains a fault. */
function reasonOfBuild(readStatus: () => string): string {
  let text: string;
  try {
    text = readStatus();
  } catch {
    return 'install scripts were not run';
  }
  let status: unknown;
  try {
    status = JSON.parse(text);
  } catch {
    status = undefined;
  }
  if (typeof status !== 'object' || status === null) return `what the build left cannot be read: ${AGAIN}`;
  const { reason } = status as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : `the built addon is gone: ${AGAIN}`;
}

let loaded: NativeLoad | undefined;

/** Loads the addon of this package, once a thread. */
export function loadNativeAddon(): NativeLoad {
  loaded ??= loadFrom({
    requireAddon: () => createRequire(import.meta.url)(fileURLToPath(ADDON)),
    readStatus: () => readFileSync(STATUS, 'utf8'),
  });
  return loaded;
}

/** The addon, if there is one that can be loaded and is of the interface that is called here. */
export function loadFrom({ requireAddon, readStatus }: NativeFiles): NativeLoad {
  let addon: unknown;
  try {
    addon = requireAddon();
  } catch (error) {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    return { missing: code === 'MODULE_NOT_FOUND' ? reasonOfBuild(readStatus) : message.split('\n', 1)[0]! };
  }
  const missing = interfaceFault('the addon', addon, 'interface');
  return missing === undefined ? { addon: addon as NativeAddon } : { missing };
}
