import { createInterface } from 'node:readline/promises';
import { usageError } from './errors.ts';
import { readText } from './files.ts';
import type { Io } from './io.ts';

/** Shortest password that a new wallet takes, in characters. */
const SHORTEST_PASSWORD = 8;

/** Where passwords come from: a file, else the variable SERO_PASSWORD_FILE, else a question on the terminal. Never an argument. */
export interface PasswordSource {
  readonly io: Io;
  /** --password-file: a path, or "-" for standard input. */
  readonly file: string | undefined;
}

/** True where somebody can be asked. */
export function canAsk(io: Io): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true;
}

/** The password of an existing wallet. */
export async function readPassword({ io, file }: PasswordSource, question = 'Password'): Promise<string> {
  const path = file ?? (io.env.SERO_PASSWORD_FILE || undefined);
  if (path !== undefined) return firstLine(await readText(io, path), 'password');
  return askHidden(io, question, 'the password');
}

/** A password for a new wallet, asked twice. */
export async function newPassword(source: PasswordSource): Promise<string> {
  const fromFile = source.file ?? (source.io.env.SERO_PASSWORD_FILE || undefined);
  const password = await readPassword(source, 'New password');
  if (password.length < SHORTEST_PASSWORD) {
    throw usageError(`a password has at least ${SHORTEST_PASSWORD} characters`);
  }
  if (fromFile === undefined && (await readPassword(source, 'The same again')) !== password) {
    throw usageError('the two passwords differ: nothing was written');
  }
  return password;
}

/** Text that must not be shown, such as words or a viewing key: from a file, "-" or a question. */
export async function readSecret(io: Io, file: string | undefined, what: string): Promise<string> {
  return file === undefined ? askHidden(io, what, what) : (await readText(io, file)).trim();
}

function firstLine(text: string, what: string): string {
  const line = text.split(/\r?\n/, 1)[0]!;
  if (line === '') throw usageError(`the ${what} file is empty`);
  return line;
}

async function askHidden(io: Io, question: string, what: string): Promise<string> {
  if (!canAsk(io)) {
    throw usageError(
      `${what} is needed and there is no terminal to ask on`,
      'give it in a file: --password-file FILE, or SERO_PASSWORD_FILE, or "-" for standard input',
    );
  }
  const { default: password } = await import('@inquirer/password');
  return password({ message: question }, { input: io.stdin, output: io.stderr, signal: io.signal });
}

/** Refuses, before any work, what needs a yes that nobody can give: nothing that costs money happens unasked. */
export function expectConfirmation(io: Io, yes: boolean): void {
  if (yes || canAsk(io)) return;
  throw usageError('this needs a yes and there is no terminal to ask on', 'say --yes if you are sure');
}

/** Asks for a yes; with `yes` nothing is asked. */
export async function confirmed(io: Io, yes: boolean, question: string): Promise<boolean> {
  if (yes) return true;
  expectConfirmation(io, yes);
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: io.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
