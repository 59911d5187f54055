// The WebAssembly artefacts are built from the sources beside them: by their hashes always, byte for byte where the compiler
// that built them is there.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
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
import { noticeFaults } from './notices.ts';

/** Wrong products that are shown. */
const MOST_PRODUCTS = 5;
const SHOWN = 'packages/prover/wasm';
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
 * @returns faults by rule: `wasm-stale` (a source, the flags or an artefact is not the one that was built from or came out,
 *   also where one lies there that nobody says how to build), `notice` (what others wrote and is built in is not named as it should be),
 *   `wasm-differs` (the same compiler makes other bytes of the same sources), `wasm-field` (a product that is wrong)
 */
export function wasmFaults(): WasmResult {
  const file = (name: string) => `${SHOWN}/${name}`;
  const source = JSON.parse(readFileSync(join(WASM_FOLDER, 'source.json'), 'utf8')) as WasmSource;
  const hashes = sourceHashes();
  const stale: Fault[] = [...new Set([...Object.keys(hashes), ...Object.keys(source.sources)])]
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
  stale.push(...artefactFaults(WASM_FOLDER, source.artefacts));
  const notices = noticeFaults(WASM_FOLDER, SHOWN, othersAmong(Object.keys(source.sources)));
  if (notices.length > 0) return { isRebuilt: false, faults: [...stale, ...notices] };
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

/**
 * Compares the .wasm files of a folder with those that it should have.
 *
 * @param artefacts SHA-256 by name
 * @returns faults by rule `wasm-stale`: another file than was built, one that is missing, one that nobody built
 */
export function artefactFaults(folder: string, artefacts: Readonly<Record<string, string>>): Fault[] {
  const there = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  return [...new Set([...Object.keys(artefacts), ...there])].sort().flatMap((name): Fault[] => {
    const fault = (message: string): Fault[] => [{ file: `${SHOWN}/${name}`, rule: 'wasm-stale', message }];
    if (!there.includes(name)) return fault(`missing: ${REBUILD}`);
    if (!Object.hasOwn(artefacts, name)) return fault('source.json does not say what it is built from');
    const isBuilt = sha256(readFileSync(join(folder, name))) === artefacts[name];
    return isBuilt ? [] : fault(`not the file that was built: ${REBUILD}`);
  });
}

/** Folders of the package in which our own sources lie. */
const OURS: readonly string[] = ['native', 'tools'];

/** What among the sources is not ours, by name: the file of its licence, in the package that brings it. */
function othersAmong(sources: readonly string[]): Map<string, string> {
  const names = new Set(
    sources.map((path) => path.split('/', 1)[0] ?? path).filter((name) => !OURS.includes(name)),
  );
  const resolver = createRequire(import.meta.resolve('@sero/prover'));
  const packages = dirname(resolver.resolve('c-kzg/package.json'));
  return new Map([...names].map((name) => [name, join(packages, 'deps', name, 'LICENSE')]));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
