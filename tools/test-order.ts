import { basename } from 'node:path';

/** Test files that need the development keys of shape B or C, in the order in which they run: those of B take longest. */
const LATE: readonly string[] = ['shape-c.test.ts', 'shape-b.test.ts', 'real-proofs.test.ts'];

/** True for a test file that needs the development keys of shape B or C, by its name. */
export function needsLargeKeys(file: string): boolean {
  return LATE.includes(basename(file));
}

/** Files in the order in which they run: those that need large keys last, for the keys are made while the others run. */
export function inOrder(files: readonly string[]): string[] {
  const late = (name: string): string[] => files.filter((file) => basename(file) === name);
  return [...files.filter((file) => !needsLargeKeys(file)), ...LATE.flatMap(late)];
}
