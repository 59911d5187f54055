import { instantiate } from './instantiate.ts';
import { keccakModule } from './keccak-module.ts';
import { moduleBytes } from './wasm.ts';

/** WebAssembly's memory, as far as it is used here; the standard types leave it out. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export type WasmMemoryConstructor = new (size: { initial: number; maximum: number }) => WasmMemory;

/** Keccak-256 of `length` bytes at `from`; its 32 bytes then stand at `KECCAK_RESULT`. */
export type Keccak = (from: number, length: number) => void;

let compiled: WebAssembly.Module | undefined;

/** Keccak-256 over a memory whose first 16 KiB are free for it. */
export function createKeccak(memory: WasmMemory): Keccak {
  compiled ??= new WebAssembly.Module(moduleBytes(keccakModule()));
  return instantiate(compiled, { m: { memory } })['keccak'] as Keccak;
}
