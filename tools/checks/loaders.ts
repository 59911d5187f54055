// What is shipped loads only modules whose names can be read where they are loaded: the other checks see nothing else.

import ts from 'typescript';
import { isLoaderOfThisFile, loadsModule } from './module-name.ts';

const MODULE = new Set(['module', 'node:module']);

/** A place where a module may be loaded that no check sees. */
export interface HiddenLoad {
  readonly node: ts.Node;
  readonly message: string;
}

/**
 * Finds what loads, or could load, a module by a name that does not stand there as a string.
 *
 * Allowed are import() and what `createRequire` of node:module makes, called or resolved on the spot or by the name `require`, with a
 * string, or with `fileURLToPath` of a file that `new URL('./file', import.meta.url)` names.
 */
export function hiddenLoads(source: ts.SourceFile): HiddenLoad[] {
  const files = namedFiles(source);
  const found: HiddenLoad[] = [];
  const visit = (node: ts.Node): void => {
    const message = faultOf(node, files);
    if (message !== undefined) found.push({ node, message });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function faultOf(node: ts.Node, files: ReadonlySet<string>): string | undefined {
  if (ts.isCallExpression(node) && loadsModule(node) && !isReadable(node.arguments[0], files))
    return 'it cannot be read here which module this loads: name it by a string';
  if (ts.isImportDeclaration(node) && MODULE.has(textOf(node.moduleSpecifier)) && !takesCreateRequire(node))
    return 'of node:module only createRequire may be imported, under its own name';
  if (!ts.isIdentifier(node)) return undefined;
  if (node.text === 'createRequire' && !isKnownLoader(node))
    return 'createRequire(import.meta.url) is to be called or resolved on the spot, or to be named require';
  if (node.text === 'require' && !isKnownRequire(node)) return 'require is to be called on the spot';
  return node.text === 'getBuiltinModule' ? 'import what is built in by its name' : undefined;
}

/** Names of constants of a source that are `new URL('./file', import.meta.url)`. */
function namedFiles(source: ts.SourceFile): Set<string> {
  const declared = source.statements
    .filter((one) => ts.isVariableStatement(one))
    .filter(({ declarationList }) => (declarationList.flags & ts.NodeFlags.Const) !== 0)
    .flatMap(({ declarationList }) => [...declarationList.declarations]);
  return new Set(
    declared.flatMap(({ name, initializer }) =>
      ts.isIdentifier(name) && initializer !== undefined && isFileUrl(initializer) ? [name.text] : [],
    ),
  );
}

function isFileUrl(node: ts.Expression): boolean {
  if (!ts.isNewExpression(node) || node.expression.getText() !== 'URL') return false;
  const [file, base] = node.arguments ?? [];
  return file !== undefined && ts.isStringLiteralLike(file) && base?.getText() === 'import.meta.url';
}

function isReadable(name: ts.Expression | undefined, files: ReadonlySet<string>): boolean {
  if (name === undefined || ts.isStringLiteralLike(name)) return true;
  if (!ts.isCallExpression(name) || name.expression.getText() !== 'fileURLToPath') return false;
  const [file] = name.arguments;
  return file !== undefined && (isFileUrl(file) || (ts.isIdentifier(file) && files.has(file.text)));
}

function takesCreateRequire({ importClause }: ts.ImportDeclaration): boolean {
  const named = importClause?.namedBindings;
  if (importClause?.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.every(
    ({ name, propertyName }) => name.text === 'createRequire' && propertyName === undefined,
  );
}

/** `createRequire(..)` whose result is called, resolved with, or named `require`; or its import, which is looked at as a whole. */
function isKnownLoader(name: ts.Identifier): boolean {
  if (ts.isImportSpecifier(name.parent)) return true;
  const made = name.parent;
  if (!ts.isCallExpression(made) || made.expression !== name || !isLoaderOfThisFile(made)) return false;
  const { parent } = made;
  if (ts.isVariableDeclaration(parent)) return parent.name.getText() === 'require';
  return isCalledOrResolved(made);
}

function isKnownRequire(name: ts.Identifier): boolean {
  if (ts.isVariableDeclaration(name.parent) && name.parent.name === name) return true;
  // The word as a name of something else: `thing.require`, `{ require: 1 }`.
  if (ts.isPropertyAccessExpression(name.parent) && name.parent.name === name) return true;
  if (ts.isPropertyAssignment(name.parent) && name.parent.name === name) return true;
  return isCalledOrResolved(name);
}

function isCalledOrResolved(loader: ts.Expression): boolean {
  const { parent } = loader;
  if (ts.isCallExpression(parent)) return parent.expression === loader;
  if (!ts.isPropertyAccessExpression(parent) || parent.name.text !== 'resolve') return false;
  return ts.isCallExpression(parent.parent) && parent.parent.expression === parent;
}

function textOf(node: ts.Expression): string {
  return ts.isStringLiteralLike(node) ? node.text : '';
}
