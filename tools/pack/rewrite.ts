// Names of sources in what the compiler writes. It turns './x.ts' into './x.js' in imports of JavaScript, and leaves
// alone those of declarations and the files that are started as threads.

import ts from 'typescript';
import { isModuleName } from '../checks/module-name.ts';
import { PackError } from './error.ts';

const RELATIVE_SOURCE = /^\.{1,2}\/.*(?<!\.d)\.ts$/;

/** The first argument of `new URL('./file', import.meta.url)`. */
function isPathFromHere(node: ts.StringLiteralLike): boolean {
  const { parent } = node;
  if (!ts.isNewExpression(parent) || parent.expression.getText() !== 'URL') return false;
  return parent.arguments?.[0] === node && parent.arguments[1]?.getText() === 'import.meta.url';
}

function eachString(text: string, file: string, visit: (node: ts.StringLiteralLike) => void): void {
  const walk = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) visit(node);
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(file, text, ts.ScriptTarget.ES2024, true));
}

/** The sources of ours that a source names by `new URL('./x.ts', import.meta.url)`: programs of threads. */
export function startedSources(text: string, file: string): string[] {
  const found: string[] = [];
  eachString(text, file, (node) => {
    if (RELATIVE_SOURCE.test(node.text) && isPathFromHere(node)) found.push(node.text);
  });
  return found;
}

/** The modules that a declaration or a program imports by a path. */
export function importedPaths(text: string, file: string): string[] {
  const found: string[] = [];
  eachString(text, file, (node) => {
    if (isModuleName(node) && node.text.startsWith('.')) found.push(node.text);
  });
  return found;
}

/**
 * Makes a written file name JavaScript wherever it names a source.
 *
 * @param text JavaScript or declarations, as the compiler writes them
 * @throws PackError where a source is named in a way that is not understood: nothing would be found there
 */
export function withoutSourceNames(text: string, file: string): string {
  const ends: number[] = [];
  eachString(text, file, (node) => {
    const name = node.text;
    if (!RELATIVE_SOURCE.test(name)) return;
    if (!isPathFromHere(node) && !isModuleName(node)) {
      throw new PackError(
        `${file} names ${name}, which is not packed: name it in new URL(.., import.meta.url)`,
      );
    }
    ends.push(node.getEnd() - 1);
  });
  let [out, from] = ['', 0];
  for (const end of ends) {
    out += `${text.slice(from, end - '.ts'.length)}.js`;
    from = end;
  }
  return out + text.slice(from);
}
