import { basename } from 'node:path';

/** True for a test file that needs the development keys of shape B or C, by its name: shape-b.test.ts, shape-c.test.ts. */
export function needsLargeKeys(file: string): boolean {
  return /^shape-[bc]\.test\.ts$/.test(basename(file));
}

/** Files in the order in which they run: those that need large keys last, for the keys are made while the others run; B, whose take longest, at the very end. */
export function inOrder(files: readonly string[]): string[] {
  const late = (name: string): string[] => files.filter((file) => basename(file) === name);
  return [
    ...files.filter((file) => !needsLargeKeys(file)),
    ...late('shape-c.test.ts'),
    ...late('shape-b.test.ts'),
  ];
}
