import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { BROWSER_ENTRIES, bundleForBrowser } from '../checks/browser.ts';
import { readManifest, workspacePackages } from '../checks/workspace.ts';
import { installPacked } from './install.ts';
import type { SourceManifest } from './manifest.ts';
import type { Packed } from './pack.ts';

const root = join(import.meta.dirname, '../..');
const fixtures = join(root, 'packages/prover/src/fixtures');
const project = mkdtempSync(join(tmpdir(), 'sero-packed-'));
const modules = join(project, 'node_modules');
after(() => rmSync(project, { recursive: true }));

/** What a user has: the tarballs unpacked, and what they depend on beside them. Nothing is fetched and no script is run. */
let packed: readonly Packed[] = [];
before(() => {
  packed = installPacked(root, project);
  cpSync(join(import.meta.dirname, 'fixtures'), project, { recursive: true });
});

/** What a program prints that plain node runs in the project. */
function runNode(...arguments_: string[]): string {
  const { NODE_OPTIONS: _, SERO_PROVER: __, ...env } = process.env;
  return execFileSync(process.execPath, arguments_, { cwd: project, encoding: 'utf8', env });
}

const installed = (name: string): SourceManifest => readManifest(join(modules, name));

describe('a tarball', () => {
  it('is made of each package of the workspace', () => {
    assert.deepEqual(
      packed.map(({ name }) => name),
      workspacePackages(root).map(({ manifest }) => manifest.name),
    );
    for (const { file, name } of packed) {
      assert.equal(basename(file), `${name.slice(1).replace('/', '-')}-${installed(name).version}.tgz`);
    }
  });

  it('holds the licence, a manifest, a README, programs with their types, and what its manifest names besides', () => {
    const besides: Readonly<Record<string, RegExp>> = {
      '@sero/prover':
        /^(binding\.gyp|install\.mjs|native\/(addon|include|src)\/.*\.(cpp|hpp|h|c)|native\/src\/wasm\/include\/\w+|wasm\/.*\.(wasm|md)|wasm\/LICENSE\.blst|wasm\/source\.json)$/,
      '@sero/circuits': /^(keys\/development\.data\.json|programs\/shape-[abc]\.circuit)$/,
    };
    const licence = readFileSync(join(root, 'LICENSE'), 'utf8');
    for (const { name, paths } of packed) {
      assert.equal(readFileSync(join(modules, name, 'LICENSE'), 'utf8'), licence);
      assert.ok(
        ['package.json', 'README.md', 'dist/index.js', 'dist/index.d.ts'].every((path) =>
          paths.includes(path),
        ),
      );
      const other = paths
        .filter((path) => !/^(LICENSE|README\.md|package\.json)$|^dist\/.*\.(js|d\.ts)$/.test(path))
        .filter((path) => !besides[name]?.test(path));
      assert.deepEqual(other, [], name);
    }
  });

  it('holds no TypeScript, no test, no tool and nothing that a test is helped by', () => {
    const all = packed.flatMap(({ name, paths }) => paths.map((path) => `${name}/${path}`));
    assert.deepEqual(
      all.filter((path) => /(?<!\.d)\.ts$|\btest|fixtures?\/|harness|\/tools\/|differential/.test(path)),
      [],
    );
  });

  it('asks for its siblings in the versions that they have', () => {
    for (const { name } of packed) {
      for (const [other, version] of Object.entries(installed(name).dependencies ?? {})) {
        if (other.startsWith('@sero/')) assert.equal(installed(other).version, version);
      }
    }
  });

  it('of the prover has every native source, so that installing it with a compiler builds the same addon', async () => {
    const stampOf = async (folder: string): Promise<string> => {
      const { nativeStamp } = await import(pathToFileURL(join(folder, 'install.mjs')).href);
      return nativeStamp();
    };
    assert.equal(await stampOf(join(modules, '@sero/prover')), await stampOf(join(root, 'packages/prover')));
  });
});

describe('packed packages under plain node', () => {
  it('can be imported by every name that they export', () => {
    const names = packed.flatMap(({ name }) =>
      Object.entries(installed(name).exports ?? {}).flatMap(([key, file]) =>
        typeof file === 'string' ? [] : [`${name}${key.slice(1)}`],
      ),
    );
    for (const name of ['@sero/prover/node', '@sero/store/node', '@sero/circuits/node', '@sero/wallet'])
      assert.ok(names.includes(name));
    const counts: Record<string, number> = JSON.parse(runNode('import.mjs', ...names));
    assert.deepEqual(Object.keys(counts), names);
    for (const [name, count] of Object.entries(counts)) assert.ok(count > 0, name);
  });

  it('prove and verify by WebAssembly in threads and by the reference, where no addon was built', () => {
    const files = ['zkey', 'wtns'].map((kind) => join(fixtures, `product-chain.${kind}`));
    assert.equal(runNode('prove.mjs', ...files), 'proved\n');
  });

  it('load the programs of witnesses and the hashes of their circuits, without circom', () => {
    const hashes: Record<string, string> = JSON.parse(runNode('witness.mjs'));
    assert.deepEqual(Object.keys(hashes), ['A', 'B', 'C']);
    for (const hash of Object.values(hashes)) assert.match(hash, /^[0-9a-f]{64}$/);
    assert.equal(new Set(Object.values(hashes)).size, 3);
  });

  it('run the command sero', () => {
    const sero = join(modules, '@sero/cli', installed('@sero/cli').bin?.['sero'] ?? '');
    assert.match(readFileSync(sero, 'utf8'), /^#!\/usr\/bin\/env node\n/);
    assert.equal(runNode(sero, '--version'), '0.1.0\n');
  });
});

describe('packed packages under the compiler, with every declaration checked', () => {
  const strict: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    typeRoots: [join(root, 'node_modules/@types')],
  };

  function faults(consumer: string, options: ts.CompilerOptions): { file: string; message: string }[] {
    const program = ts.createProgram([join(project, consumer)], { ...strict, ...options });
    return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => ({
      file: file?.fileName ?? '',
      message: ts.flattenDiagnosticMessageText(messageText, '\n'),
    }));
  }

  it('type a program for Node', () => {
    // libp2p's own declarations name types of browsers.
    const found = faults('node-consumer.ts', { lib: ['lib.es2024.d.ts'], types: ['node'] }).filter(
      ({ file }) => !/\/node_modules\/(@libp2p|main-event)\//.test(file),
    );
    assert.deepEqual(found, []);
  });

  it('type a program for browsers, and ask it for no types of Node', () => {
    const lib = ['lib.es2024.d.ts', 'lib.dom.d.ts'];
    // @chainsafe/ssz declares Buffer, which only Node has.
    const found = faults('browser-consumer.ts', { lib, types: [] }).filter(
      ({ file }) => !file.includes('@chainsafe'),
    );
    assert.deepEqual(found, []);
  });
});

it('Packed packages that run in browsers can be bundled for one, and so can their worker', async () => {
  const worker = './node_modules/@sero/prover/dist/wasm-worker-web.js';
  const entries = [...BROWSER_ENTRIES.filter((entry) => entry.startsWith('@')), worker];
  for (const entry of entries) {
    const { faults, size } = await bundleForBrowser(project, entry);
    assert.deepEqual(faults, []);
    assert.ok((size?.bytes ?? 0) > 1_000, entry);
  }
});
