import { interfaceFault } from './core-interface.ts';
import { ProverError } from './errors.ts';

/** The two artefacts of wasm/: for engines whose relaxed SIMD has a fused multiply-add, and for all others. */
export const WASM_FILES = { fma: 'sero-prover-fma.wasm', plain: 'sero-prover.wasm' } as const;
export type WasmKind = keyof typeof WASM_FILES;

/** The prover's code, compiled: to be instantiated in any number of threads. */
export interface WasmModule {
  readonly kind: WasmKind;
  readonly module: WebAssembly.Module;
}

/**
 * (func (export "f") (param f64 f64 f64) (result f64)
 *   (f64x2.extract_lane 0 (f64x2.relaxed_madd
 *     (f64x2.splat (local.get 0)) (f64x2.splat (local.get 1)) (f64x2.splat (local.get 2)))))
 */
const PROBE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x08, 0x01, 0x60, 0x03, 0x7c, 0x7c, 0x7c, 0x01, 0x7c],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
  ...[0x0a, 0x16, 0x01, 0x14, 0x00],
  ...[0x20, 0x00, 0xfd, 0x14, 0x20, 0x01, 0xfd, 0x14, 0x20, 0x02, 0xfd, 0x14],
  ...[0xfd, 0x87, 0x02, 0xfd, 0x21, 0x00, 0x0b],
);

/**
 * Whether relaxed_madd is there and rounds once. The proposal lets an engine round twice, the same everywhere and always
 * (WebAssembly relaxed SIMD, "Relaxed fused multiply-add"); then products of limbs would be wrong.
 */
export function hasFusedMultiplyAdd(): boolean {
  if (!WebAssembly.validate(PROBE)) return false;
  const { f } = new WebAssembly.Instance(new WebAssembly.Module(PROBE)).exports as {
    f(a: number, b: number, c: number): number;
  };
  // (1 + 2^-30)^2 = 1 + 2^-29 + 2^-60, whose last term is lost where the product is rounded.
  return f(1 + 2 ** -30, 1 + 2 ** -30, -(1 + 2 ** -29)) === 2 ** -60;
}

/**
 * Compiles an artefact.
 *
 * @param load gives an artefact's bytes
 * @param wished default: the fastest that computes rightly here
 * @throws ProverError `backend-unavailable` where it is not to be had, the engine does not compile it, or it is of another interface
 */
export async function compileWasm(
  load: (file: string) => Promise<Uint8Array>,
  wished?: WasmKind,
): Promise<WasmModule> {
  if (typeof WebAssembly === 'undefined') throw unavailable('this engine has no WebAssembly');
  const kind = wished ?? (hasFusedMultiplyAdd() ? 'fma' : 'plain');
  const file = WASM_FILES[kind];
  const bytes = await load(file).catch((error: unknown) => {
    throw unavailable(`${file} cannot be loaded: ${messageOf(error)}`, error);
  });
  const module = await WebAssembly.compile(bytes).catch((error: unknown) => {
    throw unavailable(`this engine does not compile ${file}: ${messageOf(error)}`, error);
  });
  const { exports } = await WebAssembly.instantiate(module).catch((error: unknown) => {
    throw unavailable(`this engine does not start ${file}: ${messageOf(error)}`, error);
  });
  const fault = interfaceFault(file, exports, 'sero_interface');
  if (fault !== undefined) throw unavailable(fault);
  return { kind, module };
}

function unavailable(what: string, cause?: unknown): ProverError {
  return new ProverError('backend-unavailable', what, { cause });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
