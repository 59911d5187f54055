// What sources know of the platform from declarations of their own, where those of a consumer's compiler may or may not have it.

import ts from 'typescript';
import { PackError } from './error.ts';

/** Declarations of namespaces of the platform. */
export interface Platform {
  readonly namespaces: readonly string[];
  /** Their interfaces by name alone: beside a full declaration they say nothing new, and without one the names are known. */
  readonly text: string;
}

/**
 * Makes declarations of the platform such that they can be shipped: a second `Module` with members would be refused beside the one
 * that a browser's library declares.
 *
 * @param text of a .d.ts that holds namespaces and nothing else
 * @throws PackError for another one
 */
export function platformOf(text: string, file: string): Platform {
  const namespaces: string[] = [];
  let out = '';
  for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.ES2024, true).statements) {
    if (!ts.isModuleDeclaration(statement) || !statement.body || !ts.isModuleBlock(statement.body))
      throw new PackError(`${file} declares more than namespaces, which cannot be shipped`);
    const namespace = statement.name.text;
    const interfaces = statement.body.statements.filter(ts.isInterfaceDeclaration);
    const lines = interfaces.map(({ name }) => `    interface ${name.text} {}\n`);
    namespaces.push(namespace);
    out += `declare namespace ${namespace} {\n${lines.join('')}}\n`;
  }
  return { namespaces, text: out };
}
