import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeBackend, type ProverBackend } from './backend.ts';
import { ProverError } from './errors.ts';
import { openBackend } from './open-backend.ts';

const refusesWith =
  (code: string, message: RegExp) =>
  (error: unknown): boolean =>
    error instanceof ProverError && error.code === code && message.test(error.message);

const kernels: Readonly<Record<ProverBackend['name'], readonly ProverBackend['kernel'][]>> = {
  native: ['ifma', 'portable'],
  wasm: ['wasm'],
  reference: ['typescript'],
};

test('what is opened without a wish is a backend, and says why it is no faster one', async () => {
  const backend = await openBackend({ environment: {} });
  assert.ok(kernels[backend.name].includes(backend.kernel));
  assert.equal(backend.because === undefined, backend.name === 'native');
  assert.match(describeBackend(backend), /^prover: [^\n]+$/);
  await backend.close();
});

test('the environment names a backend, and the caller may name another', async () => {
  const named = await openBackend({ environment: { SERO_PROVER: 'reference' } });
  assert.deepEqual([named.name, named.because], ['reference', undefined]);
  const both = await openBackend({ backend: 'reference', environment: { SERO_PROVER: 'wasm' } });
  assert.equal(both.name, 'reference');
  const empty = await openBackend({ environment: { SERO_PROVER: '' } });
  const none = await openBackend({ environment: {} });
  assert.equal(empty.name, none.name);
  for (const backend of [named, both, empty, none]) await backend.close();
});

test('an unknown name is refused, the environment’s too where the caller has one of his own', async () => {
  const environment = { SERO_PROVER: 'Native' };
  const refused = refusesWith('backend-unknown', /"Native" is none of native, portable, wasm, reference/);
  await assert.rejects(openBackend({ environment }), refused);
  await assert.rejects(openBackend({ environment, backend: 'reference' }), refused);
  await assert.rejects(
    openBackend({ environment: {}, backend: 'gpu' as 'wasm' }),
    refusesWith('backend-unknown', /"gpu"/),
  );
});

test('the portable code is the native backend without the processor’s extensions, or an error that says why', async () => {
  const opened = await openBackend({ backend: 'portable', environment: {} }).catch((error: unknown) => error);
  if (opened instanceof Error) {
    assert.ok(refusesWith('backend-unavailable', /^the prover portable cannot run here: .{10}/)(opened));
  } else {
    const backend = opened as ProverBackend;
    assert.deepEqual([backend.name, backend.kernel], ['native', 'portable']);
    await backend.close();
    // For the whole process: the next one decides anew.
    await (await openBackend({ environment: {} })).close();
  }
});

test('the line names what is in use, the threads, and the reason', () => {
  const backend = {
    name: 'wasm',
    kernel: 'wasm',
    threads: 2,
    because: 'there is no C++ compiler',
  } as ProverBackend;
  assert.equal(describeBackend(backend), 'prover: WebAssembly, 2 threads (there is no C++ compiler)');
  const one = { name: 'native', kernel: 'ifma', threads: 1 } as ProverBackend;
  assert.equal(describeBackend(one), 'prover: native, AVX-512 IFMA, 1 thread');
});
