import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A command as a document shows it. */
export interface DocumentedCommand {
  readonly document: string;
  /** Line of the document, from 1 on. */
  readonly line: number;
  readonly text: string;
}

const FENCE = /^ {0,3}```(\S*)\s*$/;

/**
 * The commands of a document: the lines of its fenced blocks marked `sh`, in order. A line that ends in a backslash goes on
 * in the next; empty lines and those that start with # are none.
 *
 * @param text Markdown
 */
export function commandsOf(document: string, text: string): DocumentedCommand[] {
  const commands: DocumentedCommand[] = [];
  let language: string | undefined;
  let begun: { line: number; text: string } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = FENCE.exec(line);
    if (fence !== null) {
      language = language === undefined ? fence[1]! : undefined;
      continue;
    }
    if (language !== 'sh' || (begun === undefined && /^\s*(#|$)/.test(line))) continue;
    const joined: { line: number; text: string } = {
      line: begun?.line ?? index + 1,
      text: begun === undefined ? line.trim() : `${begun.text} ${line.trim()}`,
    };
    if (joined.text.endsWith('\\')) {
      begun = { ...joined, text: joined.text.slice(0, -1).trimEnd() };
    } else {
      commands.push({ document, ...joined });
      begun = undefined;
    }
  }
  return commands;
}

/** What stands between backticks in the text around the blocks, and begins with `npm run` or `npm test`. */
export function inlineCommands(document: string, text: string): DocumentedCommand[] {
  const found: DocumentedCommand[] = [];
  let isBlock = false;
  for (const [index, line] of text.split('\n').entries()) {
    if (FENCE.test(line)) isBlock = !isBlock;
    else if (!isBlock) {
      for (const [, command] of line.matchAll(/`(npm (?:run|test)[^`]*)`/g)) {
        found.push({ document, line: index + 1, text: command! });
      }
    }
  }
  return found;
}

/** Every document for people: the README, docs/ and each package's README, relative to the root. */
export function documents(root: string): string[] {
  const inDocs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const packages = readdirSync(join(root, 'packages'));
  return [
    'README.md',
    ...inDocs.sort().map((name) => `docs/${name}`),
    ...packages.sort().map((name) => `packages/${name}/README.md`),
  ];
}

/** The commands of a document of the repository. */
export function readCommands(root: string, document: string): DocumentedCommand[] {
  return commandsOf(document, readFileSync(join(root, document), 'utf8'));
}
