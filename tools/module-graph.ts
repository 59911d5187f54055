// Which sources a program may run: found from what they import, start as threads and name as programs.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { isModuleName } from './checks/module-name.ts';
import { workspacePackages } from './checks/workspace.ts';

/** A name of another module; `*` is all that the module has. */
interface Use {
  readonly module: string;
  readonly name: string;
}

interface Source {
  /** What it may run. */
  readonly uses: readonly Use[];
  /** Names of what it defines itself and exports. */
  readonly own: ReadonlySet<string>;
  /** What it hands on from others, by the name that it gives. */
  readonly handsOn: ReadonlyMap<string, Use>;
  /** Modules whose every name it hands on. */
  readonly handsOnAll: readonly string[];
  /** Whether it does nothing but hand on. */
  readonly isBarrel: boolean;
  /** Its names and the values of its strings. */
  readonly words: ReadonlySet<string>;
}

/** The sources of a repository. Paths are relative to its root, with slashes. */
export interface ModuleGraph {
  /**
   * The sources that a program may run, itself included. Of a module that only hands on what others define, those that define what is
   * asked for count and no others; what a program names as a file of ours counts, for it may start it. Types run nowhere.
   */
  reachedFrom(path: string): ReadonlySet<string>;
  /** Whether a word is a name or a string of a source; a comment says nothing. */
  says(path: string, word: string): boolean;
}

const PROGRAM = /\.[cm]?[jt]s$/;
/** What the end of a string must look like to name a program of ours, or a script of a shell. */
const PROGRAM_NAME = /[\w-]\.([cm]?[jt]s|sh)$/;

/** Reads the sources of a repository as they are asked for. */
export function moduleGraph(root: string): ModuleGraph {
  const files = filesOf(root);
  const sources = new Map<string, Source>();

  function read(path: string): Source {
    const source = sources.get(path) ?? readSource(files, path, readFileSync(join(root, path), 'utf8'));
    sources.set(path, source);
    return source;
  }

  /** The sources that run where a name is used: what defines it, and what stands on the way and does more than hand on. */
  function definers({ module, name }: Use, seen = new Set<string>()): string[] {
    const key = `${module} ${name}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const { own, handsOn, handsOnAll, isBarrel } = read(module);
    if (own.has(name)) return [module];
    const from = handsOn.get(name);
    const all = handsOnAll.map((other) => ({ module: other, name }));
    const next = from !== undefined ? [from] : name === '*' ? [...handsOn.values(), ...all] : all;
    const found = next.flatMap((use) => definers(use, seen));
    return isBarrel ? found : [module, ...found];
  }

  return {
    reachedFrom(path) {
      const reached = new Set([path]);
      // A set is read on as it grows.
      for (const source of reached) {
        for (const use of read(source).uses) for (const definer of definers(use)) reached.add(definer);
      }
      return reached;
    },
    says: (path, word) => read(path).words.has(word),
  };
}

/** How sources name each other. Each answer is a path from the root, of a file that exists. */
interface Files {
  /** The file that a module's name stands for, where it is one of this repository's. */
  ofModule(importer: string, name: string): string | undefined;
  /** The file that the end of a path names, looked for beside the source and then in each folder above it. */
  named(importer: string, end: string): string | undefined;
}

function filesOf(root: string): Files {
  const packages = new Map(workspacePackages(root).map((one) => [one.manifest.name, one]));
  const existing = (file: string): string | undefined =>
    existsSync(file) && statSync(file).isFile() ? relative(root, file).split(sep).join('/') : undefined;
  return {
    ofModule(importer, name) {
      if (name.startsWith('.')) return existing(resolve(root, dirname(importer), name));
      const [scope, short, ...rest] = name.split('/');
      const target = packages.get(`${scope}/${short}`);
      if (target === undefined) return undefined;
      const { exports } = target.manifest;
      const entry = typeof exports === 'object' ? exports[['.', ...rest].join('/')] : exports;
      return typeof entry === 'string' ? existing(join(root, 'packages', target.folder, entry)) : undefined;
    },
    named(importer, end) {
      const tail = end.replace(/^(\.{0,2}\/)+/, '');
      for (let folder = dirname(importer); ; folder = dirname(folder)) {
        const found = existing(join(root, folder, tail));
        if (found !== undefined || folder === '.') return found;
      }
    },
  };
}

function readSource(files: Files, path: string, text: string): Source {
  const uses: Use[] = [];
  const own = new Set<string>();
  const handsOn = new Map<string, Use>();
  const handsOnAll: string[] = [];
  const words = new Set<string>();
  const use = (module: string | undefined, name = '*'): void => {
    if (module !== undefined && module !== path) uses.push({ module, name });
  };
  if (!PROGRAM.test(path)) {
    for (const word of text.match(/\w+/g) ?? []) words.add(word);
    // Where "$FOLDER/program.ts" is, only its end says.
    for (const word of text.replaceAll(/\$\{?\w+\}?/g, ' ').match(/[\w./-]+/g) ?? []) {
      if (PROGRAM_NAME.test(word)) use(files.named(path, word));
    }
    return { uses, own, handsOn, handsOnAll, isBarrel: false, words };
  }

  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2024, true);
  const visit = (node: ts.Node): void => {
    if (ts.isImportTypeNode(node)) return;
    if (ts.isImportDeclaration(node)) {
      for (const name of importedNames(node)) use(files.ofModule(path, textOf(node.moduleSpecifier)), name);
      return;
    }
    if (ts.isExportDeclaration(node)) {
      for (const [given, name] of handedNames(node)) {
        const module = node.moduleSpecifier && files.ofModule(path, textOf(node.moduleSpecifier));
        if (node.moduleSpecifier === undefined) own.add(given);
        else if (module !== undefined && given === '*') handsOnAll.push(module);
        else if (module !== undefined) handsOn.set(given, { module, name });
      }
      return;
    }
    for (const name of definedNames(node)) own.add(name);
    if (ts.isIdentifier(node)) words.add(node.text);
    if (ts.isStringLiteralLike(node)) {
      const { text } = node;
      words.add(text);
      if (isModuleName(node)) use(files.ofModule(path, text));
      else if (PROGRAM_NAME.test(text)) use(files.named(path, pathEndingIn(node)));
    }
    // The end of `${folder}/program.ts`.
    if (node.kind === ts.SyntaxKind.TemplateTail) {
      const { text } = node as ts.TemplateTail;
      if (PROGRAM_NAME.test(text)) use(files.named(path, text));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  const isBarrel = file.statements.every((one) => ts.isExportDeclaration(one) && one.moduleSpecifier);
  return { uses, own, handsOn, handsOnAll, isBarrel, words };
}

/** What an import takes of its module at run time: a module that is only loaded may do anything. */
function importedNames({ importClause }: ts.ImportDeclaration): string[] {
  if (importClause === undefined) return ['*'];
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
  const { name, namedBindings } = importClause;
  const whole = name === undefined ? [] : ['default'];
  if (namedBindings === undefined) return whole;
  if (ts.isNamespaceImport(namedBindings)) return ['*'];
  const named = namedBindings.elements.filter(({ isTypeOnly }) => !isTypeOnly);
  return [...whole, ...named.map((one) => (one.propertyName ?? one.name).text)];
}

/** The names that an `export { a as b } from` gives, each with the name that it has there. */
function handedNames({ exportClause, isTypeOnly }: ts.ExportDeclaration): [given: string, name: string][] {
  if (isTypeOnly) return [];
  if (exportClause === undefined) return [['*', '*']];
  if (ts.isNamespaceExport(exportClause)) return [[exportClause.name.text, '*']];
  const named = exportClause.elements.filter((one) => !one.isTypeOnly);
  return named.map(({ name, propertyName }) => [name.text, (propertyName ?? name).text]);
}

/** The names under which a statement exports what it defines. */
function definedNames(node: ts.Node): string[] {
  if (ts.isExportAssignment(node)) return ['default'];
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return ['default'];
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  const { name } = node as ts.NamedDeclaration;
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((one) => (ts.isBindingElement(one) ? boundNames(one.name) : []));
}

/** A string with those that stand before it in a call, as in `join(root, 'packages', 'cli', 'main.ts')`. */
function pathEndingIn(node: ts.StringLiteralLike): string {
  const parts = [node.text];
  if (ts.isCallExpression(node.parent)) {
    const before = node.parent.arguments.slice(0, node.parent.arguments.indexOf(node));
    for (const one of before.toReversed()) {
      if (!ts.isStringLiteralLike(one)) break;
      parts.unshift(one.text);
    }
  }
  return parts.join('/');
}

function textOf(specifier: ts.Expression): string {
  return ts.isStringLiteralLike(specifier) ? specifier.text : '';
}
