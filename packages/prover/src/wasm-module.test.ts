import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERO_INTERFACE } from './core-interface.ts';
import { compileWasm, hasFusedMultiplyAdd, WASM_FILES } from './wasm-module.ts';

/** (func (export "sero_interface") (result i32) (i32.const number)), a number below 64. */
function ofInterface(number: number): Uint8Array {
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
    ...[0x03, 0x02, 0x01, 0x00],
    ...[0x07, 0x12, 0x01, 0x0e, ...Buffer.from('sero_interface'), 0x00, 0x00],
    ...[0x0a, 0x06, 0x01, 0x04, 0x00, 0x41, number, 0x0b],
  );
}

test('the artefact for fused multiply-adds is taken where the engine has them, the plain one elsewhere', async () => {
  const asked: string[] = [];
  const { kind } = await compileWasm(async (file) => {
    asked.push(file);
    return ofInterface(SERO_INTERFACE);
  });
  assert.equal(kind, hasFusedMultiplyAdd() ? 'fma' : 'plain');
  assert.deepEqual(asked, [WASM_FILES[kind]]);
});

test('an artefact of another interface is refused, and both numbers are told', async () => {
  for (const number of [0, SERO_INTERFACE + 1]) {
    await assert.rejects(
      compileWasm(async () => ofInterface(number), 'plain'),
      {
        name: 'ProverError',
        code: 'backend-unavailable',
        message: `sero-prover.wasm was built for interface ${number}, this is ${SERO_INTERFACE}: build it again`,
      },
    );
  }
});

test('an artefact that tells no interface is refused', async () => {
  // The smallest module there is.
  const empty = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);
  await assert.rejects(
    compileWasm(async () => empty),
    { code: 'backend-unavailable', message: /built for no interface that has a number/ },
  );
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
