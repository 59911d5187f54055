import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { SERO_INTERFACE } from './core-interface.ts';
import { fakeAddon } from './fake-addon-test-support.ts';
import { loadFrom, type NativeFiles } from './native-addon.ts';

/** Build products that are broken, or of other sources: each is a reason in one line, and no exception. */

const absent = (): never => {
  throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
};
const reason = (files: NativeFiles): string => {
  const load = loadFrom(files);
  assert.ok('missing' in load);
  return load.missing;
};

test('a status of a build that is cut short, empty or something else is told, and thrown by nobody', () => {
  for (const text of ['', '{"stamp": "12', '{', 'null', '7', '"built"', '\0']) {
    assert.equal(
      reason({ requireAddon: absent, readStatus: () => text }),
      'what the build left cannot be read: run node packages/prover/install.mjs',
      JSON.stringify(text),
    );
  }
  for (const text of ['{}', '[]', '{"built":true}', '{"built":false,"reason":7}']) {
    assert.match(reason({ requireAddon: absent, readStatus: () => text }), /^the built addon is gone: /);
  }
  assert.equal(
    reason({ requireAddon: absent, readStatus: () => '{"built":false,"reason":"there is no make"}' }),
    'there is no make',
  );
  assert.equal(reason({ requireAddon: absent, readStatus: absent }), 'install scripts were not run');
});

test('an addon that loads but is of another interface is left alone, and both numbers are told', () => {
  const readStatus = absent;
  for (const number of [0, SERO_INTERFACE + 1]) {
    const requireAddon = () => ({ interface: () => number });
    assert.equal(
      reason({ requireAddon, readStatus }),
      `the addon was built for interface ${number}, this is ${SERO_INTERFACE}: build it again`,
    );
  }
  for (const foreign of [{}, null, { interface: 1 }, { forcePortable: () => undefined }]) {
    assert.equal(
      reason({ requireAddon: () => foreign, readStatus }),
      `the addon was built for no interface that has a number, this is ${SERO_INTERFACE}: build it again`,
    );
  }
  const { addon } = fakeAddon();
  const numbered = new Proxy(addon, {
    get: (target, name) => (name === 'interface' ? () => SERO_INTERFACE : Reflect.get(target, name)),
  });
  assert.deepEqual(loadFrom({ requireAddon: () => numbered, readStatus }), { addon: numbered });
});

test('the interface called here is the one of sero_prover.h', async () => {
  const header = await readFile(new URL('../native/include/sero_prover.h', import.meta.url), 'utf8');
  assert.equal(Number(/\bSERO_INTERFACE = (\d+)/.exec(header)?.[1]), SERO_INTERFACE);
});

const root = await realpath(await mkdtemp(join(tmpdir(), 'sero-load-')));
after(() => rm(root, { recursive: true }));

test('with a status that is cut short WebAssembly is opened and says why; native asked for by name is an error', async () => {
  const here = join(import.meta.dirname, '..');
  const copy = join(root, 'prover');
  await mkdir(join(copy, 'native'), { recursive: true });
  for (const folder of ['src', 'wasm']) await cp(join(here, folder), join(copy, folder), { recursive: true });
  await writeFile(join(copy, 'package.json'), '{"type":"module"}');
  await writeFile(join(copy, 'native/build-status.json'), '{"stamp": "12');
  await symlink(join(here, '../../node_modules'), join(root, 'node_modules'));
  const program = `
    import { openBackend } from './src/open-backend.ts';
    const backend = await openBackend({ environment: {}, threads: 1 });
    const error = await openBackend({ backend: 'native', environment: {} }).catch((error) => error);
    console.log(JSON.stringify({ name: backend.name, because: backend.because, code: error.code, message: error.message }));
    await backend.close();`;
  await writeFile(join(copy, 'open.ts'), program);
  const { stdout } = await promisify(execFile)(process.execPath, [join(copy, 'open.ts')]);
  const why = 'what the build left cannot be read: run node packages/prover/install.mjs';
  assert.deepEqual(JSON.parse(stdout), {
    name: 'wasm',
    because: why,
    code: 'backend-unavailable',
    message: `the prover native cannot run here: ${why}`,
  });
});
