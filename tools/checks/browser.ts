// crypto, protocol, api, prover's interface and wallet run in a browser (design 1): here they are bundled for one.

import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Message, transform } from 'esbuild';
import type { Fault } from './fault.ts';
import { readManifest } from './workspace.ts';

/** What a browser loads: the index.ts of packages, and the program of the prover's workers. */
export const BROWSER_ENTRIES = [
  '@sero/crypto',
  '@sero/prover',
  './packages/prover/src/wasm-worker-web.ts',
  '@sero/circuits',
  '@sero/protocol',
  '@sero/api',
  '@sero/wallet',
];

/** Names that node defines and a browser does not. Sources of ours may not use them, even guarded. */
const NODE_GLOBALS = [
  'Buffer',
  'process',
  'global',
  '__dirname',
  '__filename',
  'require',
  'setImmediate',
  'clearImmediate',
];

/** What a package weighs in a browser. */
export interface BundleSize {
  readonly entry: string;
  /** Bytes, minified. */
  readonly bytes: number;
  /** Bytes, minified and gzipped. */
  readonly gzipped: number;
}

export interface BundleResult {
  readonly size?: BundleSize;
  /** Folders of the packages whose code is in it, ours included. */
  readonly packages: readonly string[];
  readonly faults: Fault[];
}

/**
 * Bundles one package, all it depends on included, as a browser would load it.
 *
 * @param root folder that names are resolved from; our sources are those in it outside node_modules
 * @param entry package name, or path from `root` that begins with `./`
 * @returns its size, and faults by rule: `unresolved` (a module a browser does not have, or none has), `external`
 *   (such a module asked for in a way that fails only when it runs) and `node-global`
 */
export async function bundleForBrowser(root: string, entry: string): Promise<BundleResult> {
  const result = await build({
    stdin: { contents: `export * from ${JSON.stringify(entry)};`, resolveDir: root, sourcefile: 'entry.js' },
    absWorkingDir: root,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2024',
    minify: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
  }).catch((error: { errors?: Message[] }) => {
    if (error.errors === undefined) throw error;
    return error.errors;
  });
  if (Array.isArray(result))
    return { packages: [], faults: result.map((message) => unresolved(entry, message)) };
  const inputs = Object.entries(result.metafile.inputs);
  const external = inputs.flatMap(([file, input]) =>
    input.imports
      .filter((item) => item.external === true || isBuiltin(item.path))
      .map((item) => ({
        file,
        rule: 'external',
        message: `${entry} asks for ${item.path}, which a browser lacks`,
      })),
  );
  const ours = inputs
    .map(([file]) => file)
    .filter((file) => /\.[cm]?[jt]s$/.test(file) && !isDependency(file));
  const globals = await Promise.all(
    ours.filter((file) => file !== 'entry.js').map((file) => globalFaults(root, file)),
  );
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  return {
    size: { entry, bytes: code.length, gzipped: gzipSync(code).length },
    packages: [
      ...new Set(inputs.flatMap(([file]) => (file === 'entry.js' ? [] : packageOf(join(root, file))))),
    ],
    faults: [...external, ...globals.flat()],
  };
}

/** The nearest folder above a file whose package.json names a package; others only say how their files are read. */
function packageOf(file: string): string[] {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (!existsSync(join(folder, 'package.json'))) continue;
    if (readManifest(folder).name !== undefined) return [folder];
  }
  return [];
}

function isDependency(file: string): boolean {
  return file.split('/').includes('node_modules');
}

function unresolved(entry: string, message: Message): Fault {
  const file = message.location?.file ?? entry;
  const place = message.location === null ? {} : { line: message.location.line };
  return {
    file: file.split(sep).join('/'),
    ...place,
    rule: 'unresolved',
    message: `${entry}: ${message.text}`,
  };
}

/** esbuild's `define` replaces a name only where it is free, so a mark in the output is a use of the global. */
async function globalFaults(root: string, file: string): Promise<Fault[]> {
  const path = join(root, file);
  const define = Object.fromEntries(NODE_GLOBALS.map((name) => [name, `NODE_GLOBAL_${name}`]));
  const { code } = await transform(readFileSync(path, 'utf8'), { loader: 'ts', format: 'esm', define });
  return NODE_GLOBALS.filter((name) => code.includes(`NODE_GLOBAL_${name}`)).map((name) => ({
    file: relative(root, path).split(sep).join('/'),
    rule: 'node-global',
    message: `${name} is node's own: take what is needed as a parameter`,
  }));
}
