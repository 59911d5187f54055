import { Argument, type Command } from 'commander';
import { runs, withExamples } from '../command.ts';
import { completionScript, SHELLS, type Shell } from '../completion.ts';
import type { Io } from '../io.ts';

/** `sero completion`: the script of a shell on stdout. */
export function addCompletion(program: Command, io: Io): void {
  const command = program
    .command('completion')
    .summary('print a completion script for your shell')
    .description('Prints a script that completes commands and options of sero.')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS));
  withExamples(command, [
    { line: 'source <(sero completion bash)', says: 'complete in this bash' },
    {
      line: 'sero completion fish > ~/.config/fish/completions/sero.fish',
      says: 'complete in every fish from now on',
    },
  ]);
  runs(command, io, async (cli, _options, shell) => {
    const script = completionScript(program, shell as Shell);
    cli.out.data({ shell, script }, script.trimEnd());
  });
}
