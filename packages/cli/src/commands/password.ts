import type { Command } from 'commander';
import { runs, withExamples } from '../command.ts';
import type { Io } from '../io.ts';
import { withKeys } from '../keys.ts';
import { newPassword } from '../secrets.ts';

interface Options {
  readonly newPasswordFile?: string;
}

/** `sero password`: another password for the same wallet. */
export function addPassword(program: Command, io: Io): void {
  const command = program
    .command('password')
    .summary('change the password')
    .description(
      'Encrypts the keystore under another password. Copies of the file that were made before still open with the old one.',
    )
    .option('--new-password-file <file>', 'file with the new password (default: a question)');
  withExamples(command, [
    { line: 'sero password', says: 'asks for the old password and twice for the new one' },
  ]);
  runs<Options>(command, io, (cli, { newPasswordFile }) =>
    withKeys(cli, async ({ rewrite, directory }) => {
      // Not the file of the old password, wherever that came from.
      const asking = { ...cli.io, env: {} };
      await rewrite({}, await newPassword({ io: asking, file: newPasswordFile }));
      cli.out.data({ changed: true, directory: directory.path }, 'the password is changed');
    }),
  );
}
