import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileWasm, hasFusedMultiplyAdd, WASM_FILES } from './wasm-module.ts';

test('the artefact for fused multiply-adds is taken where the engine has them, the plain one elsewhere', async () => {
  const asked: string[] = [];
  // The smallest module there is.
  const empty = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  const { kind } = await compileWasm(async (file) => {
    asked.push(file);
    return empty;
  });
  assert.equal(kind, hasFusedMultiplyAdd() ? 'fma' : 'plain');
  assert.deepEqual(asked, [WASM_FILES[kind]]);
});

test('an artefact that the engine does not compile is refused by name', async () => {
  await assert.rejects(
    compileWasm(async () => Uint8Array.of(1, 2, 3)),
    { name: 'ProverError', code: 'backend-unavailable', message: /sero-prover/ },
  );
});

test('an artefact that is asked for by name is taken, and one that cannot be loaded is told', async () => {
  const asked: string[] = [];
  const absent = async (file: string): Promise<Uint8Array> => {
    asked.push(file);
    throw new Error('404 Not Found');
  };
  for (const kind of ['plain', 'fma'] as const) {
    await assert.rejects(compileWasm(absent, kind), {
      name: 'ProverError',
      code: 'backend-unavailable',
      message: new RegExp(`^${WASM_FILES[kind]} cannot be loaded: 404 Not Found$`),
    });
  }
  assert.deepEqual(asked, [WASM_FILES.plain, WASM_FILES.fma]);
});
