import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { compileWasm } from './wasm-module.ts';
import { readWasmFile } from './wasm-node.ts';
import { createWasmOperations } from './wasm-operations.ts';
import { serveWasm, type WasmReply } from './wasm-thread.ts';
import { readWitnessValues } from './zkey.ts';

const fixture = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(`./fixtures/${name}`, import.meta.url)));
const module = await compileWasm(readWasmFile);

function thread() {
  const replies: WasmReply[] = [];
  const serve = serveWasm((reply) => void replies.push(reply));
  return { replies, serve };
}

test('bytes that a thread was handed are wiped when it has done', () => {
  const { replies, serve } = thread();
  serve({ module });
  const tuples = new Uint8Array(128).fill(1);
  serve({ name: 'hashNodes', args: [tuples] });
  assert.ok(replies[0] !== undefined && 'result' in replies[0] && replies[0].result instanceof Uint8Array);
  assert.deepEqual(tuples, new Uint8Array(128));
});

test('bytes are wiped where the operation fails, too', () => {
  const { replies, serve } = thread();
  serve({ module });
  const inputs = new Uint8Array(32).fill(1);
  serve({ name: 'witness', args: [1, inputs] });
  assert.match((replies[0] as { readonly failure: string }).failure, /no object 1/);
  assert.deepEqual(inputs, new Uint8Array(32));
});

test('an operation before the code is a failure, not a crash', () => {
  const { replies, serve } = thread();
  serve({ name: 'hashNodes', args: [new Uint8Array(128)] });
  assert.match((replies[0] as { readonly failure: string }).failure, /before the code/);
});

test('no value of a witness is left in an instance that made the scalars of a proof and added them up', async () => {
  const operations = createWasmOperations(module);
  operations.addProvingKey(1, await fixture('product-chain.zkey'), 1);
  // A witness need not satisfy the circuit before the proof is put together: these values stand nowhere else.
  const values = readWitnessValues(await fixture('product-chain.wtns'));
  const secrets: Buffer[] = [];
  for (let at = 32; at < values.length; at += 32) {
    values.set(globalThis.crypto.getRandomValues(new Uint8Array(31)), at);
    secrets.push(Buffer.from(values.slice(at, at + 32)));
  }
  const scalars = operations.proveScalars(1, values);
  assert.ok(scalars instanceof Uint8Array);
  assert.ok(secrets.some((secret) => Buffer.from(scalars).includes(secret)));
  assert.ok(operations.proveSum(1, 0, 0, 1, scalars) instanceof Uint8Array);
  const image = Buffer.from(operations.provingKeyImage(1).memory.buffer);
  assert.deepEqual(
    secrets.filter((secret) => image.includes(secret)),
    [],
  );
});
