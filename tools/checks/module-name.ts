import ts from 'typescript';

const LOADERS: ReadonlySet<string> = new Set(['require', 'require.resolve', 'import.meta.resolve']);

/** Whether a node is the string that names a module: in an import, export, import(), require() or import type. */
export function isModuleName(node: ts.Node): node is ts.StringLiteralLike {
  if (!ts.isStringLiteralLike(node)) return false;
  const { parent } = node;
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true;
  if (ts.isExternalModuleReference(parent)) return true;
  if (ts.isLiteralTypeNode(parent)) return ts.isImportTypeNode(parent.parent);
  return ts.isCallExpression(parent) && parent.arguments[0] === node && loadsModule(parent);
}

/**
 * Whether a call takes first a module's name as its file sees it: import(), require(), import.meta.resolve(),
 * createRequire(import.meta.url)(), and what resolves like them.
 */
export function loadsModule({ expression }: ts.CallExpression): boolean {
  if (expression.kind === ts.SyntaxKind.ImportKeyword || LOADERS.has(expression.getText())) return true;
  const loader =
    ts.isPropertyAccessExpression(expression) && expression.name.text === 'resolve'
      ? expression.expression
      : expression;
  return isLoaderOfThisFile(loader);
}

/** Whether an expression is `createRequire(import.meta.url)`. */
export function isLoaderOfThisFile(node: ts.Expression): boolean {
  if (!ts.isCallExpression(node) || lastName(node.expression) !== 'createRequire') return false;
  return node.arguments[0]?.getText() === 'import.meta.url';
}

/** `c` of `c`, `a.c` and `a.b.c`. */
function lastName(expression: ts.Expression): string | undefined {
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text;
  return ts.isIdentifier(expression) ? expression.text : undefined;
}
