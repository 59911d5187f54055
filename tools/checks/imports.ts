// Imports between packages go one way, through the front door, and are declared (design 1, "The rooms").

import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { filesUnder } from '../files.ts';
import type { Fault } from './fault.ts';
import { hiddenLoads } from './loaders.ts';
import { isModuleName } from './module-name.ts';
import { type Manifest, readManifest, workspacePackages } from './workspace.ts';

/** From the ground up: a package may import those before it. */
const ORDER = [
  'crypto',
  'prover',
  'circuits',
  'protocol',
  'store',
  'mevm',
  'ledger',
  'consensus',
  'network',
  'api',
  'node',
  'wallet',
  'contracts',
  'cli',
];

/** A wallet trusts no node's code: it may import these and nothing else of ours. */
const WALLET_MAY = new Set(['crypto', 'prover', 'circuits', 'protocol', 'api']);

/** Folders at the root whose programs use packages as anyone else would. */
const ROOT_FOLDERS = ['tools', 'bench', 'test'];

/** What is looked for, used if it is there and done without if not: declared nowhere, so that nobody is made to install it. */
const MAY_BE_THERE: Readonly<Record<string, readonly string[]>> = {
  // Headers for the addon, MIT, where the machine's Node has none.
  'packages/prover/install.mjs': ['node-api-headers'],
};

/** Folders of a package that are for tests and tools. */
const NOT_SHIPPED = ['test', 'scripts', 'tools'];

const SCOPE = '@sero/';

interface Repository {
  readonly root: string;
  readonly rootManifest: Manifest;
  /** By folder name, such as `crypto`. */
  readonly packages: ReadonlyMap<string, Manifest>;
}

interface Importer {
  readonly path: string;
  /** The package it belongs to; absent for the root's folders. */
  readonly home?: string;
  /** Tests and the scripts of a package are not, and may use the root's devDependencies. */
  readonly shipped: boolean;
}

/**
 * Finds imports that break the order of the packages, enter one by a side door, or are not declared.
 *
 * @param root repository with packages/, and tools/, bench/ and test/ where it has them
 * @returns faults by rule: `unlisted` (a package whose place in the order is not known), `direction`, `entry`
 *   (a path that `exports` does not offer, or a relative path out of the package), `undeclared`, and `loader` (what is shipped
 *   loads a module whose name cannot be read there)
 */
export function importFaults(root: string): Fault[] {
  const listed = workspacePackages(root);
  const packages = new Map(listed.map(({ folder, manifest }) => [folder, manifest]));
  const repository = { root, rootManifest: readManifest(root), packages };
  const manifests = listed.flatMap(({ folder, manifest }) => manifestFaults(folder, manifest));
  const homes = [...packages.keys()].flatMap((home) => folderFaults(repository, `packages/${home}`, home));
  return [...manifests, ...homes, ...ROOT_FOLDERS.flatMap((folder) => folderFaults(repository, folder))];
}

function manifestFaults(folder: string, manifest: Manifest): Fault[] {
  const file = `packages/${folder}/package.json`;
  if (!ORDER.includes(folder)) {
    return [
      { file, rule: 'unlisted', message: `give ${folder} its place in the order in tools/checks/imports.ts` },
    ];
  }
  return Object.keys(declared(manifest))
    .filter((name) => name.startsWith(SCOPE) && !mayImport(folder, name.slice(SCOPE.length)))
    .map((name) => ({ file, rule: 'direction', message: `${folder} must not depend on ${name}` }));
}

function mayImport(home: string, target: string): boolean {
  if (home === 'wallet') return WALLET_MAY.has(target);
  return ORDER.indexOf(target) !== -1 && ORDER.indexOf(target) < ORDER.indexOf(home);
}

/** What a package asks npm for when it is installed without its workspace. */
function declared(manifest: Manifest): Record<string, string> {
  return { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies };
}

function folderFaults(repository: Repository, folder: string, home?: string): Fault[] {
  const isSource = (name: string) => /\.[cm]?[jt]s$/.test(name);
  return filesUnder(join(repository.root, folder), isSource).flatMap((file) => {
    const path = slashes(relative(repository.root, file));
    const shipped = !/\.test\.ts$|test-support\.ts$|\/(test|scripts|tools)\//.test(path);
    const importer: Importer = home === undefined ? { path, shipped: false } : { path, home, shipped };
    return fileFaults(repository, importer);
  });
}

function fileFaults(repository: Repository, importer: Importer): Fault[] {
  const text = readFileSync(join(repository.root, importer.path), 'utf8');
  const source = ts.createSourceFile(importer.path, text, ts.ScriptTarget.ES2024, true);
  const faults: Fault[] = [];
  const visit = (node: ts.Node): void => {
    if (isModuleName(node) || isModulePath(node)) {
      const found = nameFault(repository, importer, node.text);
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      if (found !== undefined) faults.push({ file: importer.path, line, ...found });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (importer.shipped && importer.home !== undefined) faults.push(...loaderFaults(source, importer.path));
  return faults;
}

function loaderFaults(source: ts.SourceFile, file: string): Fault[] {
  return hiddenLoads(source).map(({ node, message }) => {
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    return { file, line, rule: 'loader', message };
  });
}

/** The first argument of `new URL('./file', import.meta.url)`, by which workers and data files are named. */
function isModulePath(node: ts.Node): node is ts.StringLiteralLike {
  if (!ts.isStringLiteralLike(node) || !ts.isNewExpression(node.parent)) return false;
  const [first, second] = node.parent.arguments ?? [];
  return (
    first === node && second?.getText() === 'import.meta.url' && node.parent.expression.getText() === 'URL'
  );
}

type Found = Pick<Fault, 'rule' | 'message'>;

function nameFault(repository: Repository, importer: Importer, name: string): Found | undefined {
  if (name.startsWith('.') || name.startsWith('/')) return pathFault(repository, importer, name);
  // `#name` is resolved by the package's own "imports".
  if (isBuiltin(name) || name.startsWith('#')) return undefined;
  const parts = name.split('/');
  const module = parts.slice(0, name.startsWith('@') ? 2 : 1).join('/');
  if (module.startsWith(SCOPE)) {
    const fault = packageFault(repository, importer, module.slice(SCOPE.length), name);
    if (fault !== undefined) return fault;
  }
  return isDeclared(repository, importer, module) ? undefined : undeclared(importer, module);
}

function pathFault(repository: Repository, importer: Importer, name: string): Found | undefined {
  const target = slashes(relative(repository.root, resolve(repository.root, dirname(importer.path), name)));
  const inside =
    importer.home === undefined ? !isUnder(target, 'packages') : isUnder(target, `packages/${importer.home}`);
  const { home } = importer;
  const isForTests = (folder: string) => isUnder(target, `packages/${home}/${folder}`);
  if (importer.shipped && home !== undefined && NOT_SHIPPED.some(isForTests)) return forTests(name);
  // What packages share for their tests, such as vectors, stands in test/ at the root.
  if (inside || (!importer.shipped && isUnder(target, 'test'))) return undefined;
  return { rule: 'entry', message: `${name} leaves the package: import another one by its name` };
}

function packageFault(
  repository: Repository,
  importer: Importer,
  target: string,
  name: string,
): Found | undefined {
  const manifest = repository.packages.get(target);
  if (manifest === undefined) return { rule: 'entry', message: `there is no package ${SCOPE}${target}` };
  const key = `.${name.slice(SCOPE.length + target.length)}`;
  const offered = typeof manifest.exports === 'object' ? Object.keys(manifest.exports) : ['.'];
  if (!offered.includes(key)) {
    return { rule: 'entry', message: `${name} is not among the exports of ${SCOPE}${target}` };
  }
  if (importer.shipped && key.startsWith('./test/')) return forTests(name);
  const { home } = importer;
  if (home === undefined || home === target || mayImport(home, target)) return undefined;
  return { rule: 'direction', message: `${home} must not import ${SCOPE}${target}` };
}

function forTests(name: string): Found {
  return { rule: 'entry', message: `${name} is for tests and tools: nothing that is shipped may import it` };
}

function isDeclared(repository: Repository, importer: Importer, module: string): boolean {
  const { home, shipped } = importer;
  const { rootManifest, packages } = repository;
  const forRoot = { ...declared(rootManifest), ...rootManifest.devDependencies };
  // npm links every package of the workspace into the root's node_modules.
  if (home === undefined) return module in forRoot || module.startsWith(SCOPE);
  const manifest = packages.get(home) ?? { name: home };
  if (module === manifest.name || module in declared(manifest)) return true;
  if (MAY_BE_THERE[importer.path]?.includes(module)) return true;
  return !shipped && (module in forRoot || module in (manifest.devDependencies ?? {}));
}

function undeclared(importer: Importer, module: string): Found {
  const { home, shipped } = importer;
  const own = home === undefined ? [] : [`packages/${home}/package.json`];
  const places = [...own, ...(shipped ? [] : ['the root'])].join(' or ');
  return { rule: 'undeclared', message: `${module} is not among the dependencies of ${places}` };
}

function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}
