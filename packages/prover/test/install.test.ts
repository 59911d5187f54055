import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

const base = mkdtempSync(join(tmpdir(), 'sero-install-'));
after(() => rmSync(base, { recursive: true }));
let made = 0;

const program = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o755 });

interface World {
  /** Version of c-kzg that is installed; undefined: none. */
  readonly blst?: string | undefined;
  /** Programs that PATH has; each is a shell script's text. */
  readonly programs?: Readonly<Record<string, string>>;
  /** What node-gyp does, in JavaScript. */
  readonly nodeGyp?: string;
}

const COMPILER = { 'g++': 'echo "g++ 99.0"', make: 'exit 0' };
const BUILDS = `
  const fs = require('node:fs');
  fs.appendFileSync('calls', process.argv.slice(2, 4).join(' ') + ' ' + process.env.GYP_DEFINES + '\\n');
  fs.mkdirSync('build/Release', { recursive: true });
  fs.writeFileSync('build/Release/sero_prover.node', 'addon of ' + fs.readFileSync('native/src/a.cpp', 'utf8'));
`;

/** Stands for loading: an addon here is a text, and one of "crash" brings down whoever loads it. */
const LOADS = `
  process.dlopen = (module, file) => {
    const text = require('node:fs').readFileSync(file, 'utf8');
    if (text.endsWith('crash')) process.kill(process.pid, 'SIGILL');
    if (text.endsWith('foreign')) throw new Error('wrong ELF class');
  };
`;

/** A copy of this package with one source, on a machine of which everything is known. */
function machine({ blst = '4.1.0', programs = COMPILER, nodeGyp = BUILDS }: World) {
  const root = join(base, String(made++));
  for (const folder of ['native/src', 'native/addon', 'native/include', 'bin']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  cpSync(join(import.meta.dirname, '..', 'install.mjs'), join(root, 'install.mjs'));
  writeFileSync(join(root, 'binding.gyp'), '{}');
  writeFileSync(join(root, 'native/src/a.cpp'), 'one');
  for (const [name, text] of Object.entries(programs)) {
    program(join(root, 'bin', name), `#!/bin/sh\n${text}\n`);
  }
  program(join(root, 'gyp.js'), nodeGyp);
  writeFileSync(join(root, 'loads.cjs'), LOADS);
  if (blst !== '') {
    mkdirSync(join(root, 'node_modules/c-kzg'), { recursive: true });
    writeFileSync(join(root, 'node_modules/c-kzg/package.json'), JSON.stringify({ version: blst }));
  }
  const env = {
    PATH: join(root, 'bin'),
    npm_config_node_gyp: join(root, 'gyp.js'),
    NODE_OPTIONS: `--require=${join(root, 'loads.cjs')}`,
  };
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  return {
    root,
    env,
    read,
    install() {
      const { status, stdout } = spawnSync(process.execPath, ['install.mjs'], {
        cwd: root,
        env,
        encoding: 'utf8',
      });
      return { status, line: stdout, ...JSON.parse(read('native/build-status.json')) };
    },
    isStale() {
      const text = `import { isBuildStale } from ${JSON.stringify(pathToFileURL(join(root, 'install.mjs')).href)}; console.log(isBuildStale());`;
      return spawnSync(process.execPath, ['--input-type=module', '-e', text], {
        encoding: 'utf8',
      }).stdout.trim();
    },
  };
}

describe('install.mjs', () => {
  it('builds, says with which compiler, and puts the addon where it is loaded from', () => {
    const { install, read } = machine({});
    const { status, line, built, compiler } = install();
    assert.equal(status, 0);
    assert.equal(line, 'the native prover is built (g++ 99.0)\n');
    assert.deepEqual([built, compiler], [true, 'g++ 99.0']);
    assert.equal(read('native/build/sero_prover.node'), 'addon of one');
    assert.equal(read('calls').split(' ').slice(0, 2).join(' '), 'configure build');
  });

  it('builds once, and again when a source has changed or the addon is gone', () => {
    const { root, install, isStale, read } = machine({});
    assert.equal(isStale(), 'false', 'where nothing was built, nothing is stale');
    install();
    install();
    assert.equal(read('calls').trim().split('\n').length, 1);
    assert.equal(isStale(), 'false');

    writeFileSync(join(root, 'native/src/a.cpp'), 'two');
    assert.equal(isStale(), 'true');
    const before = statSync(join(root, 'native/build/sero_prover.node')).ino;
    install();
    assert.equal(read('native/build/sero_prover.node'), 'addon of two');
    assert.notEqual(
      statSync(join(root, 'native/build/sero_prover.node')).ino,
      before,
      'a new file, not new bytes',
    );
    assert.equal(isStale(), 'false');

    rmSync(join(root, 'native/build/sero_prover.node'));
    assert.equal(isStale(), 'true');
    install();
    assert.equal(read('native/build/sero_prover.node'), 'addon of two');
  });

  it('leaves a whole status whatever the last one was, and never changes one that somebody reads', () => {
    const { root, install, isStale, read } = machine({});
    install();
    const status = join(root, 'native/build-status.json');
    // A second name of what a reader has open.
    linkSync(status, join(root, 'read'));
    const before = read('read');
    writeFileSync(join(root, 'native/src/a.cpp'), 'two');
    install();
    assert.equal(read('read'), before);
    assert.notEqual(read('native/build-status.json'), before);
    assert.deepEqual(
      readdirSync(join(root, 'native')).filter((name) => name.startsWith('build-status')),
      ['build-status.json'],
    );
    for (const broken of ['', '{"stamp": "', 'null', '[]']) {
      writeFileSync(status, broken);
      assert.equal(isStale(), 'true', JSON.stringify(broken));
      assert.equal(install().built, true);
      assert.equal(isStale(), 'false');
    }
  });

  it('ends well without a compiler, make, blst or node-gyp, and names what is missing', () => {
    const { make, ...compiler } = COMPILER;
    const worlds: [World, RegExp][] = [
      [{ programs: { make } }, /^there is no C\+\+ compiler/],
      [{ programs: compiler }, /^there is no make$/],
      [{ blst: '' }, /c-kzg, which brings blst, is not installed$/],
      [{ blst: '4.0.1' }, /^c-kzg is 4\.0\.1, and 4\.1\.0 is needed$/],
    ];
    for (const [world, reason] of worlds) {
      const { status, line, built, reason: told } = machine(world).install();
      assert.deepEqual([status, built], [0, false]);
      assert.match(told, reason);
      assert.equal(line, `no native prover: ${told}\n`);
    }
  });

  it('takes the addon away when a build of newer sources fails, and quotes the first error', () => {
    const { root, install, read } = machine({});
    install();
    writeFileSync(join(root, 'native/src/a.cpp'), 'broken');
    program(
      join(root, 'gyp.js'),
      "console.error('gyp info it worked if it ends with ok'); console.error('a.cpp:1:1: error: no such thing'); process.exit(1);",
    );
    const { status, built, reason } = install();
    assert.deepEqual([status, built], [0, false]);
    assert.match(
      reason,
      /a\.cpp:1:1: error: no such thing.*native\/build\/build\.log; the addon of other sources is removed$/,
    );
    assert.match(read('native/build/build.log'), /gyp info it worked/);
    assert.equal(existsSync(join(root, 'native/build/sero_prover.node')), false);
  });

  it('has no addon where loading the one that was built ends the process, or is refused', () => {
    for (const [source, expected] of [
      ['crash', 'loading it ends with SIGILL'],
      ['foreign', 'Error: wrong ELF class'],
    ] as const) {
      const { root, install } = machine({});
      writeFileSync(join(root, 'native/src/a.cpp'), source);
      const { built, reason } = install();
      assert.equal(built, false);
      assert.equal(reason, `the addon was built, but cannot be loaded on this machine (${expected})`);
      assert.deepEqual(readdirSync(join(root, 'native/build')), []);
    }
  });

  it('keeps an addon that fits the sources where building it again fails', () => {
    const { root, env, install, read } = machine({});
    install();
    program(join(root, 'gyp.js'), 'process.exit(1)');
    const text = `import { install } from ${JSON.stringify(pathToFileURL(join(root, 'install.mjs')).href)}; console.log(install({ again: true }).built);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
      encoding: 'utf8',
      env,
    });
    assert.equal(stdout, 'true\n');
    assert.match(stderr, /was not built again \(the build failed .*fits the sources/);
    assert.equal(read('native/build/sero_prover.node'), 'addon of one');
    assert.equal(JSON.parse(read('native/build-status.json')).built, true);
  });

  it('is tried again after a failure, since what was missing may be there', () => {
    const { root, install } = machine({ programs: {} });
    assert.equal(install().built, false);
    for (const [name, text] of Object.entries(COMPILER)) {
      program(join(root, 'bin', name), `#!/bin/sh\n${text}\n`);
    }
    assert.equal(install().built, true);
  });

  it('lets one process build at a time, and waits for no dead one', async () => {
    const { root, env, read } = machine({
      nodeGyp: `
        const fs = require('node:fs');
        fs.writeFileSync('building', '', { flag: 'wx' });
        ${BUILDS.replace("const fs = require('node:fs');", '')}
        fs.rmSync('building');`,
    });
    mkdirSync(join(root, 'native/build'), { recursive: true });
    // Of a process whose id another one has now.
    const lock = join(root, 'native/build/lock');
    writeFileSync(lock, String(process.pid));
    utimesSync(lock, 1, 1);
    const codes = await Promise.all(
      [0, 1, 2].map(
        () =>
          new Promise((resolve) => {
            spawn(process.execPath, ['install.mjs'], { cwd: root, env, stdio: 'ignore' }).on('exit', resolve);
          }),
      ),
    );
    assert.deepEqual(codes, [0, 0, 0]);
    assert.equal(read('calls').trim().split('\n').length, 1, 'the others found it built');
    assert.deepEqual(readdirSync(join(root, 'native/build')), ['sero_prover.node']);
  });

  it('takes an empty lock, which a full disk may leave, for a dead one in time', () => {
    const { root, install } = machine({});
    mkdirSync(join(root, 'native/build'), { recursive: true });
    const lock = join(root, 'native/build/lock');
    writeFileSync(lock, '');
    utimesSync(lock, 1, 1);
    assert.equal(install().built, true);
    assert.equal(existsSync(lock), false);
  });

  it('leaves the lock to whoever builds for long', async () => {
    const { root, env, read } = machine({
      nodeGyp: `
        const fs = require('node:fs');
        const before = fs.statSync('native/build/lock').mtimeMs;
        while (fs.statSync('native/build/lock').mtimeMs === before) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
        ${BUILDS.replace("const fs = require('node:fs');", '')}`,
    });
    const codes = await Promise.all(
      [0, 1].map(
        () =>
          new Promise((resolve) => {
            spawn(process.execPath, ['install.mjs'], { cwd: root, env, stdio: 'ignore' }).on('exit', resolve);
          }),
      ),
    );
    assert.deepEqual(codes, [0, 0]);
    assert.equal(read('calls').trim().split('\n').length, 1, 'its time goes on while it builds');
  });
});
