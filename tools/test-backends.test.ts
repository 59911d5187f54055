import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, describe, it } from 'node:test';
import { filesUnder } from './files.ts';
import { moduleGraph } from './module-graph.ts';
import { BACKENDS, dependentFiles, othersThan, partOf, RULES, WITNESSES } from './test-backends.ts';

const OPEN = "export const open = () => process.env['SERO_PROVER'];\nexport interface Opened {}\n";

/** Test files that may open a prover, and how. */
const DEPENDENT: Readonly<Record<string, string>> = {
  'names a backend itself': "const env = { SERO_PROVER: 'wasm' };",
  'takes it through the door of a package': "import { open } from '@sero/prover/node';",
  'takes it by another name': "import { again } from '../support/renamed.ts';",
  'takes it from a module that hands on everything': "import { use } from '../support/everything.ts';",
  'takes a whole module': "import * as all from '../support/everything.ts';",
  'only loads a module': "import '../support/use.ts';",
  'loads a module later': "await import('../support/use.ts');",
  'takes something else of a module that uses it': "import { other } from '../support/use.ts';",
  'takes something of a module that hands on, and does more':
    "import { pure } from '../support/does-more.ts';",
  'takes the default': "import use from '../support/default.ts';",
  'starts a thread': "new Worker(new URL('../support/worker.ts', import.meta.url));",
  'starts a program': "spawn(process.execPath, [join(root, 'programs', 'main.ts'), 'word']);",
  'names a program by a text': `spawn(process.execPath, [\`\${root}/programs/main.ts\`]);`,
  'starts a script of the shell': "spawn('bash', [join(import.meta.dirname, 'start.sh')]);",
};

/** Test files that cannot. */
const INDEPENDENT: Readonly<Record<string, string>> = {
  'takes something else through the same door': "import { pure } from '@sero/prover/node';",
  'takes types':
    "import type { open } from '@sero/prover/node'; import { type Opened } from '@sero/prover/node';",
  'asks for the type of a module': "type All = typeof import('../support/use.ts');",
  'speaks of it': '// SERO_PROVER and openBackend\nconst help = "set SERO_PROVER to another";',
  'imports what is not ours': "import { open } from 'node:fs/promises';",
};

const SOURCES: Readonly<Record<string, string>> = {
  'packages/prover/package.json':
    '{ "name": "@sero/prover", "exports": { ".": "./src/index.ts", "./node": "./src/node.ts" } }',
  'packages/prover/src/index.ts': "export * from './pure.ts';",
  'packages/prover/src/node.ts': "export * from './pure.ts';\nexport { type Opened, open } from './open.ts';",
  'packages/prover/src/pure.ts': 'export const pure = 1;',
  'packages/prover/src/open.ts': OPEN,
  'test/support/use.ts':
    "import { open } from '@sero/prover/node';\nexport const { use, other } = { use: open, other: 1 };",
  'test/support/renamed.ts': "export { use as again } from './use.ts';",
  'test/support/everything.ts': "export * from './renamed.ts';\nexport * from './use.ts';",
  'test/support/does-more.ts': "export { pure } from '@sero/prover';\nconsole.log(process.env.SERO_PROVER);",
  'test/support/default.ts': "import { use } from './use.ts';\nexport default use;",
  'test/support/worker.ts': "import { use } from './everything.ts';\nuse();",
  'test/a/start.sh': 'exec "$ROOT/programs/main.ts"',
  'programs/main.ts': "import('../test/support/worker.ts');",
};

describe('which test files depend on the prover', () => {
  const root = mkdtempSync(join(tmpdir(), 'graph-'));
  after(() => rmSync(root, { recursive: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const [path, text] of Object.entries(SOURCES)) write(path, text);

  const tested = (says: string, text: string): readonly string[] => {
    const path = `test/a/${says.replaceAll(' ', '-')}.test.ts`;
    write(path, text);
    return dependentFiles(root, [path]);
  };
  for (const [says, text] of Object.entries(DEPENDENT)) {
    it(`one does that ${says}`, () => assert.equal(tested(says, text).length, 1));
  }
  for (const [says, text] of Object.entries(INDEPENDENT)) {
    it(`one does not that ${says}`, () => assert.deepEqual(tested(says, text), []));
  }
});

describe('the test files of this repository', () => {
  const root = join(import.meta.dirname, '..');
  const files = ['packages', 'test', 'tools', 'bench']
    .flatMap((folder) => filesUnder(join(root, folder), (name) => name.endsWith('.test.ts')))
    .map((file) => relative(root, file).replaceAll('\\', '/'));
  const dependent = dependentFiles(root, files);

  it('depend on the prover where they open one themselves, start the program, or make keys', () => {
    const opening = files.filter((file) => /\bopenBackend\(/.test(readFileSync(join(root, file), 'utf8')));
    assert.ok(opening.length >= 6);
    // It copies the package, breaks what was built and names the backends that it opens there.
    const inCopies = ['packages/prover/src/native-load.test.ts'];
    const known = [
      'test/cli/send.test.ts',
      'test/docs/commands.test.ts',
      'packages/circuits/src/setup.test.ts',
    ];
    for (const file of [...opening, ...known]) {
      assert.equal(dependent.includes(file), !inCopies.includes(file), file);
    }
  });

  it('do not where they compute without one', () => {
    for (const file of ['packages/crypto/src/poseidon.test.ts', 'packages/store/src/file-log.test.ts']) {
      assert.ok(files.includes(file) && !dependent.includes(file), file);
    }
  });

  it('are left out by rules of which each still has a file, and with a reason', () => {
    for (const { files: rule, because } of RULES) {
      assert.ok(
        dependent.some((file) => rule.test(file)),
        String(rule),
      );
      assert.ok(because.length > 10);
    }
  });

  it('of wallets ask a prover for witnesses alone, where they are left out for that, and some of them are not', () => {
    const graph = moduleGraph(root);
    const wallets = dependent.filter((file) => WITNESSES.test(file));
    assert.ok(wallets.length > 10);
    const opening = wallets.flatMap((file) =>
      [...graph.reachedFrom(file)].filter((source) => graph.says(source, 'openBackend')),
    );
    // Who opens one: the doubles, for a witness; what makes development keys, of which these need none; and the function itself.
    assert.deepEqual([...new Set(opening)].toSorted(), [
      'packages/circuits/src/setup-worker.ts',
      'packages/prover/src/open-backend.ts',
      'test/wallet/doubles.ts',
    ]);
    const left = new Set(partOf('wasm', dependent).leftOut.map(({ file }) => file));
    const tried = dependent.filter((file) => file.startsWith('test/wallet/') && !left.has(file));
    assert.deepEqual(
      tried,
      ['audit', 'kinds', 'refused', 'restore', 'shapes', 'stake-tables', 'stake'].map(
        (name) => `test/wallet/${name}.test.ts`,
      ),
    );
  });

  it('all run with a prover or are named as left out', () => {
    for (const backend of BACKENDS) {
      const { files: run, leftOut } = partOf(backend, dependent);
      assert.deepEqual([...run, ...leftOut.map(({ file }) => file)].toSorted(), dependent.toSorted());
      assert.ok(run.includes('packages/prover/src/compliance.test.ts'));
      for (const { file, because } of leftOut) {
        const rule = RULES.find((one) => one.files.test(file) && one.backends.includes(backend));
        assert.equal(because, rule?.because);
      }
    }
  });
});

describe('the provers beside the fastest', () => {
  it('are all others, but for what would be the same again or cannot run here', () => {
    assert.deepEqual(othersThan({ name: 'native', kernel: 'ifma' }), {
      run: ['portable', 'wasm', 'reference'],
      not: [],
    });
    const names = (fastest: Parameters<typeof othersThan>[0]) => {
      const { run, not } = othersThan(fastest);
      return { run, not: not.map(({ backend, because }) => `${backend}: ${because}`) };
    };
    assert.deepEqual(names({ name: 'native', kernel: 'portable' }), {
      run: ['wasm', 'reference'],
      not: ['portable: on this processor it is what native is'],
    });
    assert.deepEqual(names({ name: 'wasm', kernel: 'wasm', because: 'no compiler' }), {
      run: ['reference'],
      not: ['native: no compiler', 'portable: no compiler'],
    });
    assert.deepEqual(names({ name: 'reference', kernel: 'typescript', because: 'no compiler; no SIMD' }), {
      run: [],
      not: ['native', 'portable', 'wasm'].map((name) => `${name}: no compiler; no SIMD`),
    });
  });
});
