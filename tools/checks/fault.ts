/** Something a check found: where, against which of the check's rules, and what to do about it. */
export interface Fault {
  /** Path from the root of the repository, with forward slashes. */
  readonly file: string;
  /** Counted from 1; absent where the whole file or package is meant. */
  readonly line?: number;
  readonly rule: string;
  readonly message: string;
}

/** The line in which a fault is printed: `file:line: rule: message`. */
export function showFault(fault: Fault): string {
  const place = fault.line === undefined ? fault.file : `${fault.file}:${fault.line}`;
  return `${place}: ${fault.rule}: ${fault.message}`;
}
