import type { ExitName } from './exit.ts';

/** A failure that the program expects: what happened, and in `hint` what to do next. */
export class CliError extends Error {
  readonly exit: ExitName;
  /** Stable, for --json. */
  readonly code: string;
  readonly hint: string | undefined;

  constructor(exit: ExitName, code: string, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CliError';
    this.exit = exit;
    this.code = code;
    this.hint = hint;
  }
}

/** A mistake in arguments or in a file that was given. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError('usage', 'usage', message, hint);
}
