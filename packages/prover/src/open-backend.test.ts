import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { BACKEND_NAMES, describeBackend, type ProverBackend } from './backend.ts';
import { ProverError } from './errors.ts';
import { openBackend } from './open-backend.ts';
import { openWebBackend, type WebWorker } from './open-web-backend.ts';
import { readWasmFile } from './wasm-node.ts';

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

test('numbers out of their range are refused by name, whichever backend is asked for', async () => {
  const wrong = [0, -1, 1.5, 65, 1e9, Number.NaN, Number.POSITIVE_INFINITY, '2' as unknown as number];
  for (const backend of BACKEND_NAMES) {
    for (const option of ['threads', 'keyCopies'] as const) {
      for (const value of wrong) {
        await assert.rejects(
          openBackend({ backend, environment: {}, [option]: value }),
          refusesWith('option-invalid', new RegExp(`^${option} is an integer from 1 to 64, not `)),
          `${option} ${value}`,
        );
      }
    }
  }
  for (const threads of wrong) {
    await assert.rejects(
      openWebBackend({ threads, load: readWasmFile }),
      refusesWith('option-invalid', /threads/),
    );
  }
});

test('where no thread may be started, WebAssembly is not taken, and is an error for who asks for it', async () => {
  const program = `
    import { openBackend } from ${JSON.stringify(new URL('./open-backend.ts', import.meta.url).href)};
    const { name, because } = await openBackend({ environment: {} });
    const error = await openBackend({ backend: 'wasm', environment: {} }).catch((error) => error);
    console.log(JSON.stringify({ name, because, code: error.code }));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--permission', '--allow-fs-read=*', '--input-type=module', '--eval', program],
  ]);
  const { name, because, code } = JSON.parse(stdout);
  assert.deepEqual([name, code], ['reference', 'backend-unavailable']);
  assert.match(because, /WebAssembly: a WebAssembly thread takes no work: /);
});

test('a page is told why its backend was not opened: no file, no code, no worker, one that dies', async () => {
  const dying = (): WebWorker => {
    const worker: WebWorker = {
      postMessage: () => queueMicrotask(() => worker.onerror?.({ message: 'blocked by worker-src' })),
      terminate: () => {},
      onmessage: null,
      onerror: null,
      onmessageerror: null,
    };
    return worker;
  };
  const forbidden = (): WebWorker => {
    throw new Error('SecurityError');
  };
  const absent = async (): Promise<Uint8Array> => {
    throw new Error('404 Not Found');
  };
  const refused: [RegExp, Parameters<typeof openWebBackend>[0]][] = [
    [/sero-prover.*404 Not Found/, { load: absent }],
    [/does not compile/, { load: async () => new Uint8Array(9) }],
    [/SecurityError/, { load: readWasmFile, startWorker: forbidden }],
    [/blocked by worker-src/, { load: readWasmFile, startWorker: dying }],
  ];
  for (const [message, options] of refused) {
    await assert.rejects(
      openWebBackend({ threads: 2, ...options }),
      refusesWith('backend-unavailable', message),
    );
  }
});
