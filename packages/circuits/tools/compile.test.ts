import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { type CompiledCircuit, compileCircuit } from './compile.ts';

const SQUARE = {
  'square.circom': `pragma circom 2.2.0;
include "multiply.circom";
component main = Multiply();
`,
  'multiply.circom': `pragma circom 2.2.0;
template Multiply() {
  signal input a, b;
  signal output c <== a * b;
}
`,
};

const before = process.env.SERO_CACHE;
const folders: string[] = [];
let cache = '';

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'sero-circuits-'));
  folders.push(cache);
  process.env.SERO_CACHE = cache;
});

after(() => {
  if (before === undefined) delete process.env.SERO_CACHE;
  else process.env.SERO_CACHE = before;
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const kept = (): string[] => readdirSync(join(cache, 'circuits'));
const equal = (a: CompiledCircuit, b: CompiledCircuit): void => {
  for (const part of ['r1cs', 'wasm', 'sym'] as const) assert.ok(Buffer.from(a[part]).equals(b[part]), part);
};

test('a circuit is compiled once and found again', async () => {
  const first = await compileCircuit(SQUARE, 'square');
  const file = join(cache, 'circuits', kept()[0]!, 'r1cs');
  const written = statSync(file, { bigint: true }).mtimeNs;
  equal(await compileCircuit(SQUARE, 'square'), first);
  assert.equal(statSync(file, { bigint: true }).mtimeNs, written);
});

test('a circuit compiles to the same bytes each time', async () => {
  const first = await compileCircuit(SQUARE, 'square');
  rmSync(join(cache, 'circuits'), { recursive: true });
  equal(await compileCircuit(SQUARE, 'square'), first);
});

test('changed sources are another circuit, and so is another simplification', async () => {
  await compileCircuit(SQUARE, 'square');
  const other = SQUARE['multiply.circom'].replace('a * b', 'a * a + b');
  await compileCircuit({ ...SQUARE, 'multiply.circom': other }, 'square');
  await compileCircuit(SQUARE, 'square', 'none');
  assert.equal(kept().length, 3);
});

test('two compilations of one circuit at once agree and leave one result', async () => {
  const [a, b] = await Promise.all([compileCircuit(SQUARE, 'square'), compileCircuit(SQUARE, 'square')]);
  equal(a, b);
  assert.equal(kept().length, 1);
});

test('a damaged result in the cache is found out and made again', async () => {
  const first = await compileCircuit(SQUARE, 'square');
  const file = join(cache, 'circuits', kept()[0]!, 'r1cs');
  const damaged = readFileSync(file);
  damaged[damaged.length - 1]! ^= 1;
  writeFileSync(file, damaged);
  equal(await compileCircuit(SQUARE, 'square'), first);
  assert.ok(readFileSync(file).equals(first.r1cs));
  rmSync(file);
  equal(await compileCircuit(SQUARE, 'square'), first);
});

test('a circuit that does not compile is refused in the compiler’s words, and nothing is kept', async () => {
  const wrong = {
    ...SQUARE,
    'multiply.circom': 'pragma circom 2.2.0;\ntemplate Multiply() { signal input a }',
  };
  await assert.rejects(compileCircuit(wrong, 'square'), {
    code: 'compile-failed',
    message: /multiply\.circom/,
  });
  await assert.rejects(compileCircuit(SQUARE, 'absent'), { code: 'compile-failed' });
  assert.deepEqual(kept(), []);
});

test('compiling leaves the working directory alone', async () => {
  const here = process.cwd();
  const files = readdirSync(here);
  await compileCircuit(SQUARE, 'square');
  assert.equal(process.cwd(), here);
  assert.deepEqual(readdirSync(here), files);
});
