// Runs the checks that are not tests:  npm run check -- [name ...]

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { BROWSER_ENTRIES, bundleForBrowser } from './checks/browser.ts';
import { consensusFiles, determinismFaults } from './checks/determinism.ts';
import { type Fault, showFault } from './checks/fault.ts';
import { importFaults } from './checks/imports.ts';
import { bundledLicenceFaults, licenceFaults } from './checks/licences.ts';
import { wasmFaults } from './checks/wasm.ts';

/** Whether a check passed, what it has to say in a word or two, and at length. */
interface Verdict {
  readonly ok: boolean;
  readonly note: string;
  readonly lines: readonly string[];
}

const root = join(import.meta.dirname, '..');

const CHECKS: Readonly<Record<string, () => Promise<Verdict>>> = {
  biome: () => command('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--colors=off', '.'),
  // With declarations, as packing makes them.
  types: () => command('typescript/bin/tsc', '--noEmit', '--declaration', '-p', '.'),
  knip: () => command('knip/bin/knip.js'),
  determinism: async () => {
    const files = consensusFiles(root);
    return verdict(determinismFaults(root, files), `${files.length} files`);
  },
  imports: async () => verdict(importFaults(root), ''),
  browser: async () => {
    const bundles = await Promise.all(BROWSER_ENTRIES.map((name) => bundleForBrowser(root, name)));
    const sizes = bundles.flatMap(({ size }) =>
      size === undefined ? [] : [`${size.entry} ${kib(size.gzipped)}`],
    );
    return verdict(
      bundles.flatMap(({ faults }) => faults),
      `${sizes.join(', ')} gzipped`,
    );
  },
  licences: async () => {
    const { packages, faults } = licenceFaults(root);
    const bundles = await Promise.all(BROWSER_ENTRIES.map((entry) => bundleForBrowser(root, entry)));
    const bundled = bundledLicenceFaults(
      root,
      bundles.flatMap((bundle) => bundle.packages),
    );
    return verdict(
      [...faults, ...bundled.faults],
      `${packages} packages, ${bundled.packages} of them in bundles for browsers`,
    );
  },
  wasm: async () => {
    const { isRebuilt, faults } = wasmFaults();
    return verdict(faults, isRebuilt ? 'built again, the same' : 'not built again: no such compiler here');
  },
};

function verdict(faults: readonly Fault[], note: string): Verdict {
  return { ok: faults.length === 0, note, lines: faults.map(showFault) };
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KiB`;
}

/** Runs a tool from node_modules under this very node; what it prints is shown only if it fails. */
function command(script: string, ...args: string[]): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const file = join(root, 'node_modules', script);
    const child = spawn(process.execPath, [file, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ ok: code === 0, note: '', lines: [Buffer.concat(chunks).toString().trimEnd()] });
    });
  });
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(CHECKS, name));
if (unknown.length > 0) {
  console.error(`There is no check ${unknown.join(' or ')}: choose from ${Object.keys(CHECKS).join(', ')}.`);
  process.exit(2);
}

const failed: string[] = [];
for (const [name, check] of Object.entries(CHECKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const start = performance.now();
  const { ok, note, lines } = await check();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(12)} ${seconds.padStart(5)} s  ${note}`.trimEnd());
  if (ok) continue;
  failed.push(name);
  for (const line of lines) console.log(line.replace(/^/gm, '    '));
}
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
