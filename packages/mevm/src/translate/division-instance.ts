import { divisionModule } from './division-module.ts';
import { instantiate } from './instantiate.ts';
import type { WasmMemory } from './keccak-instance.ts';
import { moduleBytes } from './wasm.ts';

/** What `DIVISIONS` names. */
export type Divisions = Readonly<Record<string, unknown>>;

let compiled: WebAssembly.Module | undefined;

/** Divisions in a memory whose digits of `layout.ts` are free for them. */
export function createDivisions(memory: WasmMemory): Divisions {
  compiled ??= new WebAssembly.Module(moduleBytes(divisionModule()));
  return instantiate(compiled, { m: { memory } });
}
