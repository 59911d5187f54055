// Builds the native prover, or writes down why there is none. npm runs it as the package's install script.
//
//   node install.mjs              builds where the sources changed since the last time
//
// It always exits with 0: without an addon the package works on its WASM, and `describeBackend` says so with the
// reason found here. Plain JavaScript without dependencies: it runs before anything else is installed, on
// whatever Node (20 or newer) npm runs on.

import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, 'native', 'build');
const statusFile = join(here, 'native', 'build-status.json');
const addon = join(out, 'sero_prover.node');
const C_KZG = '4.1.0';

/** A reason why no addon is built: an answer, not a fault. */
class NoAddon extends Error {}

/** Every file below a folder that a build reads. */
function sources(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(cpp|hpp|h|c|S)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/**
 * Says which sources an addon is of. The compiler is no part of it: another compiler makes no stale addon. blst
 * stands in it by the version of the package that it comes with.
 */
export function nativeStamp() {
  const native = join(here, 'native');
  const files = ['addon', 'include', 'src'].flatMap((folder) => sources(join(native, folder)));
  const hash = createHash('sha256').update(`c-kzg ${C_KZG} ${process.platform} ${process.arch}`);
  for (const file of [...files, join(here, 'binding.gyp'), join(here, 'install.mjs')].sort()) {
    hash.update(`\n${relative(here, file).split(sep).join('/')}\n`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** What the last build left, or undefined where none was tried. What cannot be read says that one was, and nothing else. */
function readStatus() {
  if (!existsSync(statusFile)) return undefined;
  try {
    return JSON.parse(readFileSync(statusFile, 'utf8')) ?? {};
  } catch {
    return {};
  }
}

/** Beside, then renamed: who reads meanwhile, and whoever comes after a crash, finds the old one or the new one as a whole. */
function writeStatus(status) {
  const fresh = `${statusFile}.${process.pid}`;
  try {
    writeFileSync(fresh, `${JSON.stringify(status, undefined, 2)}\n`);
    renameSync(fresh, statusFile);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** True where a build was made or tried before, of other sources than these. Without any, install scripts are not wanted here. */
export function isBuildStale() {
  const status = readStatus();
  return status !== undefined && (status.stamp !== nativeStamp() || (status.built && !existsSync(addon)));
}

function run(command, arguments_, options = {}) {
  return spawnSync(command, arguments_, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
}

/** The C++ compiler that make would take, or the first one that is there. */
function findCompiler() {
  const named = process.env.CXX;
  for (const command of named ? [named] : ['g++', 'clang++', 'c++']) {
    const [program, ...flags] = command.trim().split(/\s+/);
    const { status, stdout } = run(program, [...flags, '--version']);
    if (status === 0)
      return { program, flags, version: stdout.split('\n', 1)[0], named: named !== undefined };
  }
  throw new NoAddon(
    named ? `the compiler ${named} cannot be run` : 'there is no C++ compiler (g++ or clang++)',
  );
}

/** The C compiler beside a C++ one, for blst. */
function besideCompiler(program) {
  return program
    .replace(/clang\+\+/, 'clang')
    .replace(/g\+\+/, 'gcc')
    .replace(/c\+\+$/, 'cc');
}

const IFMA_FLAGS = [
  '-mavx512f',
  '-mavx512ifma',
  '-mavx512dq',
  '-mavx512vl',
  '-mavx512bw',
  '-mavx512vbmi',
  '-mbmi2',
  '-madx',
];

/** Whether the compiler knows AVX-512 IFMA; whether the processor does is asked when the addon runs. */
function knowsIfma({ program, flags }) {
  if (process.arch !== 'x64' || !existsSync(join(here, 'native/src/kernels_ifma.cpp'))) return false;
  const source = '#include <immintrin.h>\n__m512i f(__m512i a) { return _mm512_madd52lo_epu64(a, a, a); }\n';
  const arguments_ = [...flags, ...IFMA_FLAGS, '-std=c++17', '-x', 'c++', '-fsyntax-only', '-'];
  return run(program, arguments_, { input: source }).status === 0;
}

/** npm brings node-gyp along; it is found from the npm that runs us, or from the one on PATH. */
function findNodeGyp() {
  const npmFolders = [
    ...(process.env.npm_execpath ? [dirname(dirname(process.env.npm_execpath))] : []),
    join(dirname(dirname(process.execPath)), 'lib', 'node_modules', 'npm'),
    ...(process.env.PATH ?? '').split(delimiter).flatMap((folder) => {
      const npm = join(folder, 'npm');
      return existsSync(npm) ? [dirname(dirname(realpathSync(npm)))] : [];
    }),
  ];
  const candidates = [
    process.env.npm_config_node_gyp,
    ...npmFolders.map((folder) => join(folder, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')),
  ];
  const found = candidates.find((candidate) => candidate && existsSync(candidate));
  if (found === undefined) throw new NoAddon('node-gyp was not found: npm has it, and npm is not on PATH');
  return found;
}

/**
 * A folder with include/node/node_api.h. Node-API is one for all versions of Node, so any headers do. Undefined
 * where there are none: node-gyp then fetches those of the running Node.
 */
function findHeaders() {
  const known = [process.env.npm_config_nodedir, dirname(dirname(process.execPath)), '/usr', '/usr/local'];
  const found = known.find((folder) => folder && existsSync(join(folder, 'include', 'node', 'node_api.h')));
  if (found !== undefined) return found;
  let headers;
  try {
    headers = createRequire(import.meta.url)('node-api-headers').include_dir;
  } catch {
    return undefined;
  }
  const copy = join(out, 'headers');
  cpSync(headers, join(copy, 'include', 'node'), { recursive: true });
  writeFileSync(join(copy, 'include', 'node', 'common.gypi'), '{}');
  return copy;
}

function checkBlst() {
  let manifest;
  try {
    manifest = createRequire(import.meta.url)('c-kzg/package.json');
  } catch {
    throw new NoAddon('the optional package c-kzg, which brings blst, is not installed');
  }
  if (manifest.version !== C_KZG) throw new NoAddon(`c-kzg is ${manifest.version}, and ${C_KZG} is needed`);
}

/** What a failed build says, in one line: the compiler's first error, else node-gyp's. */
function firstError(output) {
  const lines = output.split('\n').map((line) => line.trim());
  const line =
    lines.find((text) => /\berror:/i.test(text)) ?? lines.find((text) => /gyp ERR! (stack|find)/.test(text));
  return (line ?? 'node-gyp failed').replace(/^gyp ERR! /, '').slice(0, 300);
}

/** Loads an addon in a process of its own: where that dies, every process that used the addon would. */
function checkLoads(file) {
  const text = 'process.dlopen({ exports: {} }, process.argv[1])';
  const { status, signal, stderr, error } = run(process.execPath, ['-e', text, file]);
  if (status === 0) return;
  const message = stderr?.split('\n').find((line) => /^\w*Error\b/.test(line));
  const why =
    error?.message ?? (signal ? `loading it ends with ${signal}` : (message ?? `exit code ${status}`));
  throw new NoAddon(`the addon was built, but cannot be loaded on this machine (${why.slice(0, 300)})`);
}

function compile() {
  if (process.platform === 'win32') throw new NoAddon('on Windows the addon is not built');
  checkBlst();
  const compiler = findCompiler();
  if (run('make', ['--version']).status !== 0) throw new NoAddon('there is no make');
  const nodeGyp = findNodeGyp();
  const headers = findHeaders();
  const ifma = knowsIfma(compiler);
  const jobs = process.env.JOBS ?? 'max';
  const arguments_ = [nodeGyp, 'configure', 'build', '--release', `--jobs=${jobs}`];
  if (headers !== undefined) arguments_.push(`--nodedir=${headers}`);
  const environment = { ...process.env, GYP_DEFINES: `sero_ifma=${ifma ? 1 : 0}` };
  if (!compiler.named) {
    environment.CXX = compiler.program;
    environment.CC ??= besideCompiler(compiler.program);
  }
  console.error('building the native prover, which takes about a minute of processor time');
  const { status, stdout, stderr, error } = run(process.execPath, arguments_, {
    cwd: here,
    env: environment,
  });
  if (error) throw new NoAddon(`node-gyp could not be started: ${error.message}`);
  if (status !== 0) {
    const log = join(out, 'build.log');
    writeFileSync(log, `${stdout}\n${stderr}`);
    throw new NoAddon(`the build failed (${firstError(`${stderr}\n${stdout}`)}), see ${relative(here, log)}`);
  }
  // A process that runs has the old addon mapped: it keeps the file that it has, and the name gets a new one.
  const fresh = `${addon}.${process.pid}`;
  try {
    copyFileSync(join(here, 'build', 'Release', 'sero_prover.node'), fresh);
    checkLoads(fresh);
    renameSync(fresh, addon);
  } finally {
    rmSync(fresh, { force: true });
  }
  return { compiler: compiler.version, ifma };
}

/** A lock says that its owner lives by its time, which the owner's worker sets again this often, even while it builds. */
const HEARTBEAT_MS = 1_000;
/** A lock of this age is a dead process's. Process ids say less: they are given again, and containers share none. */
const DEAD_MS = 20_000;
const HEART = `
  const { utimesSync } = require('node:fs');
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    try {
      utimesSync(workerData.file, new Date(), new Date());
    } catch {}
  }, workerData.every);`;

function statOf(file) {
  return statSync(file, { throwIfNoEntry: false });
}

function isDead(stat) {
  return Date.now() - stat.mtimeMs > DEAD_MS;
}

/** Removes a dead lock, and no other: one that has taken its place meanwhile is put back. */
function breakLock(file, dead, aside) {
  try {
    renameSync(file, aside);
    if (statSync(aside).ino !== dead.ino) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

/**
 * Waits until no other process builds here. The lock is a second name of a file of our own, so that it is never empty
 * and nobody removes another's. Whoever died while building holds it for DEAD_MS at most.
 */
function lock() {
  const file = join(out, 'lock');
  for (const name of readdirSync(out).filter((name) => name.startsWith('lock.'))) {
    const left = statOf(join(out, name));
    if (left !== undefined && isDead(left)) rmSync(join(out, name), { force: true });
  }
  const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(own, String(process.pid), { flag: 'wx' });
  const { ino } = statSync(own);
  const heart = new Worker(HEART, { eval: true, workerData: { file: own, every: HEARTBEAT_MS } });
  heart.unref();
  const isOurs = () => statOf(file)?.ino === ino;
  const unlock = () => {
    heart.terminate();
    if (isOurs()) rmSync(file, { force: true });
    rmSync(own, { force: true });
  };
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (;;) {
    try {
      linkSync(own, file);
    } catch (error) {
      if (error.code !== 'EEXIST') {
        unlock();
        throw error;
      }
    }
    if (isOurs()) return unlock;
    const other = statOf(file);
    if (other !== undefined && isDead(other)) breakLock(file, other, `${own}.dead`);
    else Atomics.wait(pause, 0, 0, 200);
  }
}

/**
 * Builds the addon where its sources changed since the last time, and writes what came of it to
 * native/build-status.json: `{ stamp, built: true, compiler, ifma }` or `{ stamp, built: false, reason }`.
 *
 * @returns the status
 */
export function install({ again = false } = {}) {
  mkdirSync(out, { recursive: true });
  const unlock = lock();
  try {
    const stamp = nativeStamp();
    const last = readStatus();
    const done = last?.stamp === stamp && last.built && existsSync(addon);
    if (done && !again) return last;
    let status;
    try {
      status = { stamp, built: true, ...compile() };
    } catch (error) {
      const why = error instanceof NoAddon ? error.message : String(error);
      if (done) {
        console.error(
          `the native prover was not built again (${why}); the one that is there fits the sources`,
        );
        return last;
      }
      const reason = existsSync(addon) ? `${why}; the addon of other sources is removed` : why;
      rmSync(addon, { force: true });
      status = { stamp, built: false, reason };
    }
    writeStatus(status);
    return status;
  } finally {
    unlock();
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  let line;
  try {
    const status = install();
    line = status.built
      ? `the native prover is built (${status.compiler})`
      : `no native prover: ${status.reason}`;
  } catch (error) {
    line = `no native prover: ${error.message}`;
  }
  console.log(line);
}
