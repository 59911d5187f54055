import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

const base = mkdtempSync(join(tmpdir(), 'ensure-installed-'));
after(() => rmSync(base, { recursive: true }));
let made = 0;

/** Stands in for npm: notes its arguments, and installs the given version of node or fails. */
function fakeNpm(version: string | undefined): string {
  return `
    const fs = require('node:fs');
    fs.appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
    ${version === undefined ? 'process.exit(3);' : ''}
    fs.mkdirSync('node_modules/.bin', { recursive: true });
    fs.writeFileSync('node_modules/.bin/node', ${JSON.stringify(fakeNode(version ?? ''))}, { mode: 0o755 });
    fs.writeFileSync('node_modules/.package-lock.json', '{}');
  `;
}

/** Stands in for the node that npm installs: tells its version, or which program it was asked to run. */
function fakeNode(version: string): string {
  return `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else echo "ran $*"; exit 7; fi\n`;
}

function clone(version: string | undefined): string {
  const root = join(base, String(made++));
  mkdirSync(join(root, 'tools'), { recursive: true });
  cpSync(join(import.meta.dirname, 'ensure-installed.mjs'), join(root, 'tools', 'ensure-installed.mjs'));
  writeFileSync(join(root, 'package-lock.json'), '{}');
  writeFileSync(join(root, 'npm-cli.js'), fakeNpm(version));
  return root;
}

/** A clone whose node_modules is there and is `age` seconds younger than the lockfile. */
function installed(version: string, age: number): string {
  const root = clone('v24.8.0');
  mkdirSync(join(root, 'node_modules', '.bin'), { recursive: true });
  const node = join(root, 'node_modules', '.bin', 'node');
  writeFileSync(node, fakeNode(version));
  chmodSync(node, 0o755);
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), '{}');
  utimesSync(join(root, 'package-lock.json'), 1000, 1000);
  utimesSync(join(root, 'node_modules', '.package-lock.json'), 1000 + age, 1000 + age);
  return root;
}

function ensure(root: string, ...program: string[]) {
  const result = spawnSync(process.execPath, [join(root, 'tools', 'ensure-installed.mjs'), ...program], {
    encoding: 'utf8',
    env: { ...process.env, npm_execpath: join(root, 'npm-cli.js') },
  });
  const calls = existsSync(join(root, 'npm-calls')) ? readFileSync(join(root, 'npm-calls'), 'utf8') : '';
  return { status: result.status, out: result.stdout, errors: result.stderr, calls };
}

const INSTALL = 'install --no-save --include=dev --no-audit --no-fund --loglevel=error\n';

describe('ensure-installed', () => {
  it('installs on a fresh clone what the lockfile says, and says so in one line', () => {
    const { status, out, errors, calls } = ensure(clone('v24.8.0'));
    assert.equal(status, 0);
    assert.equal(calls, INSTALL);
    assert.equal(out, '');
    assert.equal(errors, `installing dependencies: npm ${INSTALL}`);
  });

  it('says and does nothing when all is installed', () => {
    const { status, errors, calls } = ensure(installed('v24.8.0', 5));
    assert.deepEqual({ status, errors, calls }, { status: 0, errors: '', calls: '' });
  });

  it('installs again when the lockfile is newer', () => {
    assert.equal(ensure(installed('v24.8.0', -5)).calls, INSTALL);
  });

  it('installs again when an installation was broken off', () => {
    const root = installed('v24.8.0', 5);
    rmSync(join(root, 'node_modules', '.package-lock.json'));
    assert.equal(ensure(root).calls, INSTALL);
  });

  it('installs without a lockfile too', () => {
    const root = clone('v24.8.0');
    rmSync(join(root, 'package-lock.json'));
    assert.equal(ensure(root).calls, INSTALL);
  });

  it('fails with a sentence when npm does, and runs nothing', () => {
    const { status, out, errors } = ensure(clone(undefined), 'program.ts');
    assert.equal(status, 1);
    assert.equal(out, '');
    assert.match(errors, /The installation failed \(npm ended with 3\): .* try again\.\n$/);
  });

  for (const version of ['v20.20.2', 'v24.7.9', 'v9.9.9']) {
    it(`refuses node ${version}, which is older than 24.8`, () => {
      const { status, out, errors } = ensure(installed(version, 5), 'program.ts');
      assert.equal(status, 1);
      assert.equal(out, '');
      assert.match(errors, new RegExp(`is ${version.slice(0, -2)}, but 24\\.8 or newer is needed`));
    });
  }

  for (const version of ['v24.10.0', 'v25.0.0']) {
    it(`takes node ${version}`, () => {
      assert.equal(ensure(installed(version, 5)).status, 0);
    });
  }

  it('refuses an installation without node', () => {
    const root = installed('v24.8.0', 5);
    rmSync(join(root, 'node_modules', '.bin', 'node'));
    assert.match(ensure(root).errors, /is missing, but 24\.8/);
  });

  it('builds the native prover again where its sources have changed, and not otherwise', () => {
    const root = installed('v24.8.0', 5);
    const install = (isStale: boolean, reason: string): void => {
      mkdirSync(join(root, 'packages', 'prover'), { recursive: true });
      writeFileSync(
        join(root, 'packages', 'prover', 'install.mjs'),
        `export const isBuildStale = () => ${isStale}; export const install = () => { console.error('built'); return ${reason}; };`,
      );
    };
    install(false, '{}');
    assert.equal(ensure(root, 'program.ts').errors, '');
    install(true, '{}');
    const line = 'the sources of the native prover have changed: building it again\nbuilt\n';
    assert.equal(ensure(root, 'program.ts').errors, line);
    install(true, "{ reason: 'there is no compiler' }");
    const { status, out, errors } = ensure(root, 'program.ts');
    assert.equal(errors, `${line}no native prover: there is no compiler\n`);
    assert.deepEqual([status, out], [7, 'ran program.ts\n'], 'the program runs all the same');
  });

  it('builds the native prover only for what may prove, verify or scan', () => {
    const root = installed('v24.8.0', 5);
    mkdirSync(join(root, 'packages', 'prover'), { recursive: true });
    writeFileSync(
      join(root, 'packages', 'prover', 'install.mjs'),
      'export const isBuildStale = () => true; export const install = () => ({});',
    );
    const sero = 'packages/cli/src/main.ts';
    const builds = (words: string): boolean => ensure(root, ...words.split(' ')).errors !== '';
    for (const words of [
      'tools/check.ts',
      `${sero}`,
      `${sero} --help`,
      `${sero} send -h`,
      `${sero} --version`,
      `${sero} help send`,
      `${sero} completion bash`,
      `${sero} --dir send init`,
    ]) {
      assert.ok(!builds(words), words);
    }
    assert.equal(ensure(root).errors, '');
    for (const words of [
      'tools/test.ts',
      'bench/main.ts --only pool.',
      `${sero} devnet`,
      `${sero} --dir init send a 1`,
      `${sero} -q balance`,
      `${sero} send a 1 --memo --help`,
      `${sero} send init 1`,
    ]) {
      assert.ok(builds(words), words);
    }
  });

  it('runs the program under the installed node, and ends with its exit code', () => {
    const { status, out } = ensure(clone('v24.8.0'), 'program.ts', '--json', 'two words');
    assert.equal(out, 'ran program.ts --json two words\n');
    assert.equal(status, 7);
  });
});
