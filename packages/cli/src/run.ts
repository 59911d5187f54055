import { CommanderError } from 'commander';
import { CliError } from './errors.ts';
import { exitCode, failureOf } from './failure.ts';
import { callName, type Io } from './io.ts';
import { createOutput } from './output.ts';
import { buildProgram } from './program.ts';

/** Help and version are shown by throwing, too. */
const SHOWN = new Set(['commander.helpDisplayed', 'commander.version', 'commander.help']);

/**
 * Runs the program with these arguments.
 *
 * @returns the exit code, see EXIT_CODES
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  try {
    await buildProgram(io).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && SHOWN.has(error.code)) {
      return error.exitCode === 0 ? 0 : exitCode('usage');
    }
    const failure = failureOf(asUsage(error), callName(io.env));
    outputFor(args, io).fail(failure, error);
    return exitCode(failure.exit);
  }
}

/** What commander refuses is a mistake in the arguments, said in its words with its suggestion. */
function asUsage(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  return new CliError('usage', 'usage', message, suggestion || 'see: {sero} help');
}

/** Arguments that could not be parsed still say how a failure is to look. */
function outputFor(args: readonly string[], io: Io) {
  const has = (...flags: readonly string[]): boolean => flags.some((flag) => args.includes(flag));
  return createOutput(io, {
    json: has('--json'),
    color: !has('--no-color'),
    quiet: has('-q', '--quiet'),
    verbose: has('-v', '--verbose'),
  });
}
