// TypeScript to JavaScript and declarations, file by file: nothing is bundled, so that threads, the addon and files of data
// are found where the sources look for them.

import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { PackError } from './error.ts';
import { compiledPath } from './manifest.ts';
import { type Platform, platformOf } from './platform.ts';
import { importedPaths, startedSources, withoutSourceNames } from './rewrite.ts';

/** Where packages are entered; paths from the root of the repository, such as packages/crypto/src/index.ts. */
export interface Entries {
  /** What others import: it is compiled with all that it reaches, and declared with all that its types reach. */
  readonly imported: readonly string[];
  /** Programs: they are compiled with all that they reach. */
  readonly run: readonly string[];
}

/**
 * Compiles what is reached from the entries, as modules, as types, or as threads, and nothing else: no test and no tool.
 *
 * @param root repository with a tsconfig.json and packages/
 * @returns text of each file by its folder under packages/ and its path there: `crypto/dist/index.js`
 * @throws PackError for what does not compile
 */
export function compile(root: string, entries: Entries): Map<string, string> {
  const program = withThreads(root, [...entries.imported, ...entries.run]);
  refuse(ts.getPreEmitDiagnostics(program));
  const written = new Map<string, string>();
  const { diagnostics } = program.emit(undefined, (file, text) => {
    const path = packedPath(slashes(relative(writtenTo(root), file)));
    written.set(path, /\.[jt]s$/.test(path) ? withoutSourceNames(text, path) : text);
  });
  refuse(diagnostics);
  const declared = reachedDeclarations(
    written,
    entries.imported.map((entry) => packedPath(entry.replace(/^packages\//, '')).replace(/\.js$/, '.d.ts')),
  );
  const shipped = new Map([...written].filter(([path]) => !path.endsWith('.d.ts') || declared.has(path)));
  for (const file of ambient(root)) {
    const path = packedPath(slashes(relative(join(root, 'packages'), file)));
    addPlatform(shipped, path, platformOf(ts.sys.readFile(file) ?? '', path));
  }
  return shipped;
}

/** Ships a package's declarations of the platform where its other declarations use them, and has those say so. */
function addPlatform(shipped: Map<string, string>, path: string, { namespaces, text }: Platform): void {
  const [folder] = path.split('/', 1);
  for (const [user, declarations] of [...shipped]) {
    if (!user.startsWith(`${folder}/`) || !user.endsWith('.d.ts')) continue;
    if (!namespaces.some((namespace) => new RegExp(`\\b${namespace}\\.`).test(declarations))) continue;
    const name = slashes(relative(dirname(user), path));
    shipped.set(user, `/// <reference path="${name}" />\n${declarations}`);
    shipped.set(path, text);
  }
}

/** `crypto/dist/x.js` for `crypto/src/x.ts`. */
function packedPath(path: string): string {
  const [folder, ...rest] = path.split('/');
  return `${folder}/${compiledPath(rest.join('/'))}`;
}

/** Where the compiler would write, if what it writes did not stay in memory: away from the sources, lest it spare them. */
const writtenTo = (root: string): string => join(root, 'dist');

/** A program of the entries and of the threads that what they reach starts, and that those start in turn. */
function withThreads(root: string, entries: readonly string[]): ts.Program {
  const options = optionsOf(root);
  const isOurs = ({ fileName, isDeclarationFile }: ts.SourceFile): boolean =>
    !isDeclarationFile && slashes(relative(root, fileName)).startsWith('packages/');
  const roots = new Set([...entries.map((entry) => join(root, entry)), ...ambient(root)]);
  for (let before: ts.Program | undefined; ; ) {
    const program: ts.Program = ts.createProgram([...roots], options, undefined, before);
    const known = roots.size;
    for (const { fileName, text } of program.getSourceFiles().filter(isOurs)) {
      for (const path of startedSources(text, fileName)) roots.add(resolve(dirname(fileName), path));
    }
    if (roots.size === known) return program;
    before = program;
  }
}

/** Declarations of what the platform has, which sources use without importing it. */
function ambient(root: string): string[] {
  return ts.sys.readDirectory(join(root, 'packages'), ['.d.ts'], ['**/node_modules'], ['*/src/*.d.ts']);
}

function optionsOf(root: string): ts.CompilerOptions {
  const file = join(root, 'tsconfig.json');
  const { config, error } = ts.readConfigFile(file, ts.sys.readFile);
  if (error !== undefined) refuse([error]);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  return {
    ...options,
    noEmit: false,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    newLine: ts.NewLineKind.LineFeed,
    rootDir: join(root, 'packages'),
    outDir: writtenTo(root),
  };
}

/** The declarations that types of the entries are made of. */
function reachedDeclarations(
  written: ReadonlyMap<string, string>,
  entries: readonly string[],
): ReadonlySet<string> {
  const reached = new Set(entries);
  // A set is read on as it grows.
  for (const path of reached) {
    const text = written.get(path);
    if (text === undefined) throw new PackError(`${path} is declared nowhere`);
    for (const name of importedPaths(text, path)) {
      if (name.endsWith('.js')) {
        reached.add(slashes(join(dirname(path), name)).replace(/\.js$/, '.d.ts'));
      }
    }
  }
  return reached;
}

function refuse(diagnostics: readonly ts.Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  const host = {
    getCurrentDirectory: () => process.cwd(),
    getCanonicalFileName: (name: string) => name,
    getNewLine: () => '\n',
  };
  throw new PackError(`the sources do not compile:\n${ts.formatDiagnostics(diagnostics, host)}`);
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}
