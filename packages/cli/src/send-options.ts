import { type Command, InvalidArgumentError } from 'commander';
import { parseUnits, splitAmount } from './amounts.ts';

/** The options of every command that sends. */
export function sendOptions(command: Command): Command {
  return command
    .option(
      '--max-fee <amount>',
      'SERO that all fees together may come to, such as 0.5 (default: what is shown before the question)',
      feeOption,
    )
    .option('--dry-run', 'plan it and show the fee, send nothing', false)
    .option('--wait', 'wait until it is in a block', false);
}

/** Reads an amount of SERO. */
function feeOption(text: string): bigint {
  try {
    const { digits, unit = 'SERO' } = splitAmount(text);
    if (unit === 'SERO') return parseUnits(digits, 'SERO');
  } catch {
    // Said below in the words of an option.
  }
  throw new InvalidArgumentError('It is an amount of SERO, such as 0.5.');
}
