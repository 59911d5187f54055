// The WebAssembly artefacts are built from the sources beside them: by their hashes always, byte for byte where the compiler
// that built them is there.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildField,
  buildFlags,
  buildWasm,
  compilerVersion,
  fieldFaults,
  hasFusedMultiplyAdd,
  sourceHashes,
  WASM_FOLDER,
  type WasmSource,
} from '@sero/prover/test/wasm';
import type { Fault } from './fault.ts';

/** Wrong products that are shown. */
const MOST_PRODUCTS = 5;
const REBUILD = 'run node packages/prover/tools/build-wasm.ts';

/** What a check of the artefacts found. */
export interface WasmResult {
  /** Whether they were built again and compared. */
  readonly isRebuilt: boolean;
  readonly faults: Fault[];
}

/**
 * Compares the artefacts with what wasm/source.json says of them, and that with the sources.
 *
 * @returns faults by rule: `wasm-stale` (a source, the flags or an artefact is not the one that was built from or came out),
 *   `wasm-differs` (the same compiler makes other bytes of the same sources), `wasm-field` (a product that is wrong)
 */
export function wasmFaults(): WasmResult {
  const file = (name: string) => `packages/prover/wasm/${name}`;
  const source = JSON.parse(readFileSync(join(WASM_FOLDER, 'source.json'), 'utf8')) as WasmSource;
  const hashes = sourceHashes();
  const stale = [...new Set([...Object.keys(hashes), ...Object.keys(source.sources)])]
    .filter((path) => hashes[path] !== source.sources[path])
    .sort()
    .map((path) => ({
      file: file('source.json'),
      rule: 'wasm-stale',
      message: `${path} has changed: ${REBUILD}`,
    }));
  if (JSON.stringify(buildFlags()) !== JSON.stringify(source.flags)) {
    stale.push({
      file: file('source.json'),
      rule: 'wasm-stale',
      message: `the flags have changed: ${REBUILD}`,
    });
  }
  for (const [name, hash] of Object.entries(source.artefacts)) {
    if (sha256(readFileSync(join(WASM_FOLDER, name))) === hash) continue;
    stale.push({ file: file(name), rule: 'wasm-stale', message: `not the file that was built: ${REBUILD}` });
  }
  if (stale.length > 0 || compilerVersion() !== source.compiler) return { isRebuilt: false, faults: stale };
  const differing = [...buildWasm()].filter(([name, bytes]) => sha256(bytes) !== source.artefacts[name]);
  // Without a fused multiply-add here the artefact is not used here either.
  const wrong = hasFusedMultiplyAdd() ? fieldFaults(buildField()).slice(0, MOST_PRODUCTS) : [];
  return {
    isRebuilt: true,
    faults: [
      ...differing.map(([name]) => ({
        file: file(name),
        rule: 'wasm-differs',
        message: `${source.compiler} makes other bytes of the same sources`,
      })),
      ...wrong.map((message) => ({
        file: 'packages/prover/tools/wasm-field.ts',
        rule: 'wasm-field',
        message,
      })),
    ],
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
