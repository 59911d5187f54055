// Makes node_modules what package-lock.json says, then runs a program under the Node that npm installed.
//
//   node tools/ensure-installed.mjs [program.ts [argument ...]]
//
// Plain JavaScript without dependencies, because it is the one file that runs before anything is installed,
// on whatever Node (20 or newer) the machine has. The program is started from here and not by `&& node ...`
// in package.json: a shell remembers where it found `node` the first time, so on a fresh clone it would
// start the machine's Node again and not the one just installed.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OLDEST = [24, 8];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockfile = join(root, 'package-lock.json');
const installed = join(root, 'node_modules', '.package-lock.json');
const node = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
const shell = process.platform === 'win32';

/** Prints a sentence that says what to do, and ends with exit code 1. */
function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** npm writes node_modules/.package-lock.json last, so a half-finished install has none. */
function isInstalled() {
  if (!existsSync(installed)) return false;
  return !existsSync(lockfile) || statSync(lockfile).mtimeMs <= statSync(installed).mtimeMs;
}

/**
 * Not `npm ci`: it refuses a lockfile that lacks optional packages of other platforms (npm/cli#4828), and
 * empties node_modules under programs that may be running. `--no-save` keeps to the lockfile and leaves it be.
 */
function install() {
  const arguments_ = ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  console.error(`installing dependencies: npm ${arguments_.join(' ')}`);
  // Under `npm run`, npm_execpath is the very npm that runs us; otherwise the one on PATH.
  const own = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const result =
    own !== undefined && basename(own) === 'npm-cli.js'
      ? spawnSync(process.execPath, [own, ...arguments_], options)
      : spawnSync('npm', arguments_, { ...options, shell });
  if (result.error) fail(`npm could not be started (${result.error.message}): install npm and try again.`);
  if (result.status !== 0) {
    fail(
      `The installation failed (npm ended with ${result.status ?? result.signal}): ` +
        'read its message above, check that the npm registry can be reached, and try again.',
    );
  }
}

function checkNode() {
  const result = spawnSync(node, ['--version'], { encoding: 'utf8', shell });
  const version = /^v(\d+)\.(\d+)\./.exec(result.stdout ?? '');
  const [major, minor] = version ? [Number(version[1]), Number(version[2])] : [0, 0];
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return;
  fail(
    `node_modules/.bin/node is ${version ? version[0].slice(0, -1) : 'missing'}, but ${OLDEST.join('.')} or newer is needed: ` +
      'remove node_modules and run `npm install` with scripts allowed (npm config ignore-scripts must be false).',
  );
}

/** Commands of `sero` that neither prove, verify nor scan. */
const WITHOUT_PROVER = ['account', 'completion', 'help', 'init', 'password'];
/** Options of `sero` that stand before its command and take a value. */
const WITH_VALUE = ['--dir', '--node', '--account', '--password-file'];

/**
 * Says whether a program may prove, verify or scan: all do but the checks, and what the command line does without a prover.
 *
 * @param {readonly string[]} program and its arguments
 */
function mayUseProver([program, ...args]) {
  const file = program?.replaceAll('\\', '/');
  if (file === undefined || file.endsWith('tools/check.ts')) return false;
  if (!file.endsWith('packages/cli/src/main.ts')) return true;
  // What stands behind an option may be its value.
  const asked = args.filter((_, i) => !args[i - 1]?.startsWith('-'));
  if (asked.some((arg) => ['-h', '--help', '--version'].includes(arg))) return false;
  const command = args.find((arg, i) => !arg.startsWith('-') && !WITH_VALUE.includes(args[i - 1] ?? ''));
  return command !== undefined && !WITHOUT_PROVER.includes(command);
}

/**
 * An addon of other sources than these would run stale code: after a `git pull` it is built again. npm does that only when it installs.
 * Where none was built before, install scripts are not wanted, and nothing is built.
 */
async function rebuildNative() {
  const script = join(root, 'packages', 'prover', 'install.mjs');
  if (!existsSync(script)) return;
  const { install: build, isBuildStale } = await import(pathToFileURL(script).href);
  if (!isBuildStale()) return;
  console.error('the sources of the native prover have changed: building it again');
  const { reason } = build();
  if (reason !== undefined) console.error(`no native prover: ${reason}`);
}

async function main(program) {
  if (!isInstalled()) install();
  checkNode();
  if (mayUseProver(program)) await rebuildNative();
  if (program.length === 0) return;
  const child = spawn(node, program, { stdio: 'inherit', shell });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

await main(process.argv.slice(2));
