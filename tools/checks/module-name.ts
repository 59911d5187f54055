import ts from 'typescript';

const LOADERS: ReadonlySet<string> = new Set(['require', 'require.resolve', 'import.meta.resolve']);

/** Whether a node is the string that names a module: in an import, export, import(), require() or import type. */
export function isModuleName(node: ts.Node): node is ts.StringLiteralLike {
  if (!ts.isStringLiteralLike(node)) return false;
  const { parent } = node;
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true;
  if (ts.isExternalModuleReference(parent)) return true;
  if (ts.isLiteralTypeNode(parent)) return ts.isImportTypeNode(parent.parent);
  if (!ts.isCallExpression(parent) || parent.arguments[0] !== node) return false;
  return parent.expression.kind === ts.SyntaxKind.ImportKeyword || LOADERS.has(parent.expression.getText());
}
