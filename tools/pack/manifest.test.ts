import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PackError } from './error.ts';
import { compiledPath, entriesOf, packedManifest, type SourceManifest, shippedExports } from './manifest.ts';

const manifest: SourceManifest = {
  name: '@sero/prover',
  version: '0.1.0',
  description: 'Proves',
  license: 'Apache-2.0',
  type: 'module',
  exports: {
    '.': './src/index.ts',
    './node': './src/node.ts',
    './programs/*': './programs/*',
    './test/doubles': './test/doubles.ts',
  },
  bin: { prove: './src/main.ts' },
  files: ['programs'],
  scripts: { install: 'node install.mjs', test: 'node --test' },
  dependencies: { '@noble/curves': '2.4.0', '@sero/crypto': '0.1.0' },
  optionalDependencies: { 'c-kzg': '4.1.0' },
  devDependencies: { '@scure/bip39': '2.4.0' },
};
const versions = new Map([['@sero/crypto', '0.1.0']]);

describe('the package.json of a packed package', () => {
  it('names JavaScript and its types where the workspace names sources, and nothing that is for tests or work on it', () => {
    assert.deepEqual(packedManifest(manifest, versions), {
      name: '@sero/prover',
      version: '0.1.0',
      description: 'Proves',
      license: 'Apache-2.0',
      type: 'module',
      engines: { node: '>=24' },
      exports: {
        '.': { types: './dist/index.d.ts', default: './dist/index.js' },
        './node': { types: './dist/node.d.ts', default: './dist/node.js' },
        './programs/*': './programs/*',
      },
      bin: { prove: './dist/main.js' },
      scripts: { install: 'node install.mjs' },
      dependencies: { '@noble/curves': '2.4.0', '@sero/crypto': '0.1.0' },
      optionalDependencies: { 'c-kzg': '4.1.0' },
    });
  });

  it('is refused where it asks for another version of a sibling than the one beside it, or for a range', () => {
    const refused = (message: RegExp) => (error: unknown) =>
      error instanceof PackError && error.code === 'unpackable' && message.test(error.message);
    assert.throws(
      () => packedManifest(manifest, new Map([['@sero/crypto', '0.2.0']])),
      refused(/@sero\/crypto 0\.1\.0, and this workspace has 0\.2\.0/),
    );
    for (const range of ['^4.1.0', '4', '*', 'workspace:*']) {
      const ranged = { ...manifest, optionalDependencies: { 'c-kzg': range } };
      assert.throws(() => packedManifest(ranged, versions), refused(/no exact version/));
    }
  });

  it('offers no source that lies outside src/, where nothing is compiled', () => {
    const odd = { ...manifest, exports: { './tools': './tools/make.ts' } };
    assert.throws(() => shippedExports(odd), PackError);
    assert.throws(
      () => shippedExports({ ...manifest, exports: { '.': { node: './src/node.ts' } } }),
      PackError,
    );
  });
});

it('What is imported and what is run is compiled; what is for tests is neither', () => {
  assert.deepEqual(entriesOf(manifest), {
    imported: ['./src/index.ts', './src/node.ts'],
    run: ['./src/main.ts'],
  });
});

it('What was in src/ is in dist/, as deep as before, so that paths to files of data hold', () => {
  const paths = ['./src/a/b.ts', 'src/a.d.ts', 'keys/a.data.json', 'src.ts/x'];
  assert.deepEqual(paths.map(compiledPath), ['./dist/a/b.js', 'dist/a.d.ts', 'keys/a.data.json', 'src.ts/x']);
});
