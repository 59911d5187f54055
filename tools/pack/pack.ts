// From the workspace to tarballs that npm installs.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { workspacePackages } from '../checks/workspace.ts';
import { compile } from './compile.ts';
import { PackError } from './error.ts';
import { entriesOf, packedManifest, type SourceManifest } from './manifest.ts';

/** A tarball. */
export interface Packed {
  /** Of the package. */
  readonly name: string;
  /** Path of the tarball. */
  readonly file: string;
  /** Paths in it, from the package's folder. */
  readonly paths: readonly string[];
  /** Bytes, packed. */
  readonly size: number;
}

interface Source {
  readonly folder: string;
  readonly manifest: SourceManifest;
}

/**
 * Makes a tarball of each package of the workspace that is not private: JavaScript and declarations, what `files` in its package.json
 * names, README and licence. The workspace is left as it is.
 *
 * @param root of the repository
 * @param folder for the tarballs; it is made where it is missing, and what is there under their names is replaced
 * @throws PackError
 */
export function packAll(root: string, folder: string): Packed[] {
  const packages: Source[] = workspacePackages(root).filter(
    ({ manifest }) => !(manifest as SourceManifest).private,
  );
  const stage = mkdtempSync(join(tmpdir(), 'sero-pack-'));
  try {
    const compiled = compileAll(root, packages);
    for (const [path, text] of compiled) write(join(stage, path), text);
    // After what is compiled, with which a package.json comes that a source imports.
    for (const one of packages) writePackage(root, stage, one, packages);
    mkdirSync(folder, { recursive: true });
    return npmPack(
      stage,
      packages.map((one) => one.folder),
      resolve(folder),
    );
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function compileAll(root: string, packages: readonly Source[]): Map<string, string> {
  const [imported, run]: [string[], string[]] = [[], []];
  for (const { folder, manifest } of packages) {
    const entries = entriesOf(manifest);
    const fromRoot = (path: string): string => join('packages', folder, path);
    imported.push(...entries.imported.map(fromRoot));
    run.push(...entries.run.map(fromRoot));
  }
  return compile(root, { imported, run });
}

/** Writes what a package ships that is not compiled. */
function writePackage(
  root: string,
  stage: string,
  { folder, manifest }: Source,
  all: readonly Source[],
): void {
  const [from, to] = [join(root, 'packages', folder), join(stage, folder)];
  const versions = new Map(all.map(({ manifest: { name, version = '' } }) => [name, version]));
  write(join(to, 'package.json'), `${JSON.stringify(packedManifest(manifest, versions), undefined, 2)}\n`);
  cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
  for (const path of ['README.md', ...(manifest.files ?? [])]) {
    if (!existsSync(join(from, path)))
      throw new PackError(`${manifest.name} lacks ${path}, which it is to ship`);
    cpSync(join(from, path), join(to, path), { recursive: true });
  }
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** What `npm pack --json` says of a tarball. */
interface NpmPacked {
  readonly name: string;
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** npm gives every file the same date, so that equal packages are equal tarballs. */
function npmPack(stage: string, folders: readonly string[], destination: string): Packed[] {
  const arguments_ = [
    'pack',
    ...folders.map((folder) => `./${folder}`),
    '--json',
    '--ignore-scripts',
    '--offline',
    '--loglevel=error',
    `--pack-destination=${destination}`,
  ];
  // Under `npm run`, npm_execpath is the very npm that runs us; otherwise the one on PATH.
  const own = process.env['npm_execpath'];
  const isOwn = own !== undefined && basename(own) === 'npm-cli.js';
  const [command, before] = isOwn ? [process.execPath, [own]] : ['npm', []];
  const { status, stdout, stderr, error } = spawnSync(command, [...before, ...arguments_], {
    cwd: stage,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    shell: !isOwn && process.platform === 'win32',
  });
  if (error !== undefined) throw new PackError(`npm could not be started: ${error.message}`);
  if (status !== 0) throw new PackError(`npm pack failed: ${stderr}`);
  return (JSON.parse(stdout) as NpmPacked[]).map(({ name, filename, size, files }) => ({
    name,
    file: join(destination, filename),
    paths: files.map(({ path }) => path),
    size,
  }));
}
