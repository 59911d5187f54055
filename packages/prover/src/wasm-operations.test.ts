import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { concat, fieldToBytes, leBytes, Q } from '@sero/crypto';
import { createReferenceGroupEngine } from './group-reference.ts';
import { createPortableNoteHasher } from './note-hasher.ts';
import { bytes1, g1, knownKey, randomField, simulate, strayG1 } from './test-support.ts';
import { compileWasm, hasFusedMultiplyAdd, WASM_FILES, type WasmKind } from './wasm-module.ts';
import { readWasmFile } from './wasm-node.ts';
import { createWasmOperations } from './wasm-operations.ts';

/** Both artefacts, whichever would be taken here: one that would compute wrongly is shown not to be taken instead. */
const kinds = Object.keys(WASM_FILES) as WasmKind[];

/** Elements at the edges of limbs of 44, 49, 52 and 64 bits, and of the field. */
const EDGES = [
  0n,
  1n,
  2n,
  Q - 1n,
  Q - 2n,
  (Q - 1n) / 2n,
  (Q + 1n) / 2n,
  ...[43, 44, 48, 49, 51, 52, 63, 64, 88, 128, 132, 176, 220, 254].flatMap((bits) => {
    const power = 2n ** BigInt(bits);
    return [power - 1n, power, power + 1n, Q - power];
  }),
].map((value) => value % Q);

for (const kind of kinds) {
  describe(`the artefact ${kind}`, async () => {
    const bytes = await readFile(new URL(`../wasm/${WASM_FILES[kind]}`, import.meta.url));
    if (kind === 'fma' && !hasFusedMultiplyAdd()) {
      test('is not taken by an engine that does not fuse', async () => {
        assert.equal((await compileWasm(readWasmFile)).kind, 'plain');
      });
      return;
    }
    const operations = createWasmOperations({ kind, module: new WebAssembly.Module(bytes) });

    test('hashes elements at the edges of limbs as the reference does', () => {
      const tuples = concat(
        ...EDGES.flatMap((edge, i) =>
          [edge, EDGES[(i + 1) % EDGES.length]!, randomField(), edge].map(fieldToBytes),
        ),
      );
      assert.deepEqual(operations.hashNodes(tuples), createPortableNoteHasher().hash4(tuples));
    });

    test('names the element that is not below the modulus', () => {
      const tuple = concat(...[0n, 1n, 2n].map(fieldToBytes), leBytes(Q, 32));
      assert.deepEqual(operations.hashNodes(tuple), [600, 3]);
    });

    test('multiplies points by scalars at the edges as the reference does', async () => {
      const scalars = concat(...EDGES.map((edge) => leBytes(edge, 32)));
      const reference = await createReferenceGroupEngine().multiplyGenerator('g1', scalars);
      assert.deepEqual(operations.groupMultiplyGenerator(1, scalars), reference);
      const each = operations.groupMultiplyEach(1, reference, scalars);
      assert.deepEqual(each, await createReferenceGroupEngine().multiplyEach('g1', reference, scalars));
    });

    test('accepts a valid proof and says what is wrong with others', () => {
      const key = knownKey(2);
      const { alpha, beta, gamma, delta, ic } = key.vk;
      assert.equal(operations.addVerifyingKey(1, concat(alpha, beta, gamma, delta, ...ic)), undefined);
      const inputs = [randomField(), randomField()];
      const packed = concat(...inputs.map((input) => leBytes(input, 32)));
      const proof = simulate(key, inputs);
      const stray = concat(bytes1(strayG1()), proof.subarray(48));
      const other = concat(bytes1(g1(5n)), proof.subarray(48));
      assert.equal(operations.verify(1, packed, proof), 0);
      assert.equal(operations.verify(1, packed, stray), 104);
      assert.equal(operations.verify(1, packed, other), 112);
      const seed = globalThis.crypto.getRandomValues(new Uint8Array(32));
      const four = concat(packed, packed, packed, packed);
      const verdicts = operations.verifyBatch(
        [1],
        new Uint8Array(4),
        four,
        concat(proof, stray, other, proof),
        seed,
      );
      assert.deepEqual(verdicts, Uint8Array.of(0, 104, 112, 0));
      assert.equal(operations.verifyBatch([1], new Uint8Array(1), packed, proof, new Uint8Array(32)), 4);
    });

    test('refuses a proving key and a circuit that are none', () => {
      assert.deepEqual(operations.addProvingKey(9, Uint8Array.of(1, 2, 3), 1), [700, 0]);
      assert.deepEqual(operations.addCircuit(9, Uint8Array.of(1, 2, 3)), [200, 0]);
    });
  });
}
