// Keeps out of consensus code whatever two machines could answer differently (design 1, "The rooms").
// A lint, not a sandbox: it stops what slips in by habit, and review stops what is hidden on purpose.

import { isBuiltin } from 'node:module';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { filesUnder } from '../files.ts';
import { ADVICE, GLOBALS, MEMBERS, type Rule, SORTS, WHOLE_MATH } from './determinism-rules.ts';
import type { Fault } from './fault.ts';
import { isModuleName } from './module-name.ts';

/** Packages in which consensus rules live. One that does not exist yet holds no files. */
const PACKAGES = ['protocol', 'mevm', 'ledger', 'consensus'];

/** Gives browsers what a library asks of Node before any rule runs, and decides none. */
const STAND_INS = new Set(['packages/protocol/src/ssz-buffer.ts']);

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2024,
  lib: ['lib.es2024.d.ts'],
  types: ['node'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};

/** Lists the consensus sources of a repository, tests left out, as paths that begin with `root`. */
export function consensusFiles(root: string): string[] {
  const isSource = (name: string) => name.endsWith('.ts') && !name.endsWith('.test.ts');
  const isStandIn = (path: string) => STAND_INS.has(relative(root, path).split(sep).join('/'));
  return PACKAGES.flatMap((name) => filesUnder(join(root, 'packages', name, 'src'), isSource)).filter(
    (path) => !isStandIn(path),
  );
}

/**
 * Finds what must not stand in consensus code.
 *
 * @param root repository that paths are printed from
 * @param files TypeScript sources to look through; what they import is used for types only
 * @returns one fault for each forbidden thing, in the order of the files and lines; rules in determinism-rules.ts
 */
export function determinismFaults(root: string, files: readonly string[]): Fault[] {
  const program = ts.createProgram([...files], {
    ...OPTIONS,
    typeRoots: [join(root, 'node_modules', '@types')],
  });
  const checker = program.getTypeChecker();
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    if (source === undefined) throw new Error(`${file} cannot be read`);
    const faults: Fault[] = [];
    const visit = (node: ts.Node): void => {
      const rule = ruleBroken(node, checker);
      if (rule !== undefined) {
        const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
        const path = relative(root, file).split(sep).join('/');
        faults.push({ file: path, line, rule, message: `${excerpt(node, source)}: ${ADVICE[rule]}` });
      }
      // A forbidden expression is reported once, not again for each of its parts.
      else ts.forEachChild(node, visit);
    };
    ts.forEachChild(source, visit);
    return faults;
  });
}

function excerpt(node: ts.Node, source: ts.SourceFile): string {
  const line = node.getText(source).split('\n', 1)[0] ?? '';
  return line.length > 40 ? `${line.slice(0, 40)}...` : line;
}

function ruleBroken(node: ts.Node, checker: ts.TypeChecker): Rule | undefined {
  if (ts.isForInStatement(node)) return 'for-in';
  if (ts.isNumericLiteral(node)) return literalRule(node.getText());
  if (ts.isBinaryExpression(node)) return operatorRule(node, checker);
  if (isModuleName(node)) return isBuiltin(node.text) ? 'node-import' : undefined;
  if (ts.isPropertyAccessExpression(node)) return accessRule(node, node.name.text, checker);
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return accessRule(node, node.argumentExpression.text, checker);
  }
  if (ts.isBindingElement(node)) return bindingRule(node, checker);
  if (ts.isImportSpecifier(node)) {
    const member = MEMBERS.get((node.propertyName ?? node.name).text);
    return member !== undefined && isForeign(node.name, checker) ? member : undefined;
  }
  if (ts.isIdentifier(node) && isReference(node)) {
    const global = GLOBALS.get(node.text);
    if (global === 'math' && isWholeMath(node)) return undefined;
    return global !== undefined && isGlobal(node, checker) ? global : undefined;
  }
  return undefined;
}

/** `Math.imul` and the like: operators on 32-bit integers that happen to be called as functions. */
function isWholeMath(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    ts.isPropertyAccessExpression(parent) && parent.expression === node && WHOLE_MATH.has(parent.name.text)
  );
}

function literalRule(text: string): Rule | undefined {
  if (/^0[xXbBoO]/.test(text)) return undefined;
  if (/[eE]/.test(text)) return 'exponent';
  return text.includes('.') ? 'fraction' : undefined;
}

function operatorRule(node: ts.BinaryExpression, checker: ts.TypeChecker): Rule | undefined {
  const operator = node.operatorToken.kind;
  const divides = operator === ts.SyntaxKind.SlashToken || operator === ts.SyntaxKind.SlashEqualsToken;
  const raises =
    operator === ts.SyntaxKind.AsteriskAsteriskToken ||
    operator === ts.SyntaxKind.AsteriskAsteriskEqualsToken;
  if (!divides && !raises) return undefined;
  if (isBigint(node.left, checker) && isBigint(node.right, checker)) return undefined;
  return divides ? 'number-division' : 'number-power';
}

/** Anything that is not surely a bigint counts as a number, `any` and unions included. */
function isBigint(node: ts.Expression, checker: ts.TypeChecker): boolean {
  const type = checker.getBaseTypeOfLiteralType(checker.getTypeAtLocation(node));
  const bound = checker.getBaseConstraintOfType(type) ?? type;
  const parts = bound.isUnionOrIntersection() ? bound.types : [bound];
  return parts.every((part) => (part.flags & ts.TypeFlags.BigIntLike) !== 0);
}

type Access = ts.PropertyAccessExpression | ts.ElementAccessExpression;

function accessRule(node: Access, name: string, checker: ts.TypeChecker): Rule | undefined {
  if (SORTS.has(name))
    return isCalledWithComparator(node, checker) ? undefined : sortRule(node, name, checker);
  if (name === 'random' && node.expression.getText() === 'Math') return 'random';
  const member = MEMBERS.get(name);
  if (member === undefined) return undefined;
  const symbol = ts.isPropertyAccessExpression(node)
    ? checker.getSymbolAtLocation(node.name)
    : checker.getSymbolAtLocation(node.argumentExpression);
  return isForeignSymbol(symbol) ? member : undefined;
}

/** Only a call with an argument passes: a method taken as a value could be called without one. */
function isCalledWithComparator(node: Access, checker: ts.TypeChecker): boolean {
  const call = node.parent;
  if (!ts.isCallExpression(call) || call.expression !== node) return false;
  const [comparator] = call.arguments;
  return comparator !== undefined && checker.getTypeAtLocation(comparator).getCallSignatures().length > 0;
}

function sortRule(node: Access, name: string, checker: ts.TypeChecker): Rule | undefined {
  return isForeignSymbol(checker.getTypeAtLocation(node.expression).getProperty(name))
    ? 'sort-comparator'
    : undefined;
}

/** `const { sort } = list` and the like take a member out under its own name or another. */
function bindingRule(node: ts.BindingElement, checker: ts.TypeChecker): Rule | undefined {
  if (!ts.isObjectBindingPattern(node.parent)) return undefined;
  const key = node.propertyName ?? node.name;
  if (!ts.isIdentifier(key) && !ts.isStringLiteralLike(key)) return undefined;
  const rule = SORTS.has(key.text) ? 'sort-comparator' : MEMBERS.get(key.text);
  if (rule === undefined) return undefined;
  const property = checker.getTypeAtLocation(node.parent).getProperty(key.text);
  return isForeignSymbol(property) ? rule : undefined;
}

/** Whether an identifier names a value or type, and is not the name of a property or of what it declares. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return true;
}

/** A global is declared by TypeScript's or node's types, or (DOM names, say) by nothing at all. */
function isGlobal(node: ts.Identifier, checker: ts.TypeChecker): boolean {
  const symbol = ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node);
  return isForeignSymbol(symbol);
}

function isForeign(name: ts.Identifier, checker: ts.TypeChecker): boolean {
  const symbol = checker.getSymbolAtLocation(name);
  return isForeignSymbol(
    symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  );
}

/** Whether a name comes from outside: from declaration files, or from where the checker cannot tell. */
function isForeignSymbol(symbol: ts.Symbol | undefined): boolean {
  const declarations = symbol?.declarations ?? [];
  return declarations.length === 0 || declarations.some((at) => at.getSourceFile().isDeclarationFile);
}
