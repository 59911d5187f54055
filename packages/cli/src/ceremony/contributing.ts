import {
  type Beacon,
  contributeKey,
  contributePowers,
  type Origin,
  writePowers,
  writeProvingKey,
} from '@sero/circuits/node';
import { type Command, Option } from 'commander';
import { type Cli, runs, wholeNumber, withExamples } from '../command.ts';
import { readBytes, writeNew } from '../files.ts';
import type { Io } from '../io.ts';
import { hex } from '../names.ts';
import { canAsk, readSecret } from '../secrets.ts';
import { newFile, type OutputOption, parseBeacon, readEither, withGroups } from './common.ts';

/** Both ways of adding to a phase: `contribute`, by a secret, and `beacon`, by a public number. */

interface ContributeOptions extends OutputOption {
  readonly name: string;
  readonly entropyFile?: string;
}

const nameOption = (command: Command): Command =>
  command.option('--name <name>', 'what the transcript calls you, at most 64 bytes', '');

export function addContribute(ceremony: Command, io: Io): void {
  const command = nameOption(
    newFile(
      ceremony
        .command('contribute')
        .summary('add a secret of yours')
        .description(
          'Multiplies what others made by a secret and writes a new file. The secret comes from the operating system, mixed with what you type ' +
            'or with a file, is kept nowhere and wiped. Publish the attestation that is printed: it proves later that your contribution is in the transcript.',
        )
        .argument('<file>', 'the newest file, of either phase')
        .option('--entropy-file <file>', 'a file to be mixed in, "-" for stdin (default: a question)'),
    ),
  );
  withExamples(command, [
    {
      line: 'sero ceremony contribute powers-0.ptau -o powers-1.ptau --name "Ada"',
      says: 'phase 1: asks for some typing',
    },
    {
      line: 'sero ceremony contribute key-0.zkey -o key-1.zkey --entropy-file dice.txt',
      says: 'phase 2, with what dice gave',
    },
  ]);
  runs<ContributeOptions>(command, io, async (cli, { name, entropyFile, output }, file) => {
    const typed = await readEntropy(cli, entropyFile);
    try {
      await contribute(cli, file!, { name }, typed, output);
    } finally {
      typed.fill(0);
    }
  });
}

async function readEntropy(cli: Cli, file: string | undefined): Promise<Uint8Array> {
  if (file !== undefined && file !== '-') return readBytes(cli.io, file);
  if (file === undefined && !canAsk(cli.io)) return new Uint8Array(0);
  return new TextEncoder().encode(await readSecret(cli.io, file, 'Type something that nobody can guess'));
}

async function contribute(
  cli: Cli,
  path: string,
  origin: Origin,
  typed: Uint8Array,
  output: string,
): Promise<void> {
  const { signal } = cli.io;
  const file = await readEither(cli.io, path);
  const { bytes, attestation } = await withGroups(cli, 'Contributing', async (groups) => {
    if (file.phase === 1) {
      const { result, attestation } = await contributePowers(groups, file.powers, origin, typed, signal);
      return { bytes: writePowers(result), attestation };
    }
    const { result, attestation } = await contributeKey(groups, file.key, origin, typed, signal);
    return { bytes: writeProvingKey(result), attestation };
  });
  await writeNew(cli.io, output, bytes);
  cli.out.data(
    { phase: file.phase, file: output, attestation },
    () => `${output}\nattestation: ${hex(attestation)}`,
  );
}

interface BeaconOptions extends OutputOption {
  readonly name: string;
  readonly iterations: number;
}

export function addBeacon(ceremony: Command, io: Io): void {
  const command = nameOption(
    newFile(
      ceremony
        .command('beacon')
        .summary('close a phase with a public number')
        .description(
          'Adds the last contribution, whose secret everybody can compute from a number that nobody could foresee (say, the hash of a block ' +
            'that was named before it existed), hashed so long that nobody can have tried many.',
        )
        .argument('<file>', 'the newest file, of either phase')
        .argument('<number>', 'the number, in hexadecimal digits')
        .addOption(
          new Option('--iterations <n>', 'hash it 2^n times').argParser(wholeNumber(10, 32)).default(20),
        ),
    ),
  );
  withExamples(command, [
    {
      line: 'sero ceremony beacon powers-1.ptau 5f3c… -o powers-2.ptau --iterations 10',
      says: 'phase 1; 20 takes a second, and everybody who verifies as long',
    },
    { line: 'sero ceremony beacon key-1.zkey 5f3c… -o key-2.zkey --iterations 10', says: 'phase 2' },
  ]);
  runs<BeaconOptions>(command, io, async (cli, { name, iterations, output }, file, number) => {
    const beacon: Beacon = { value: parseBeacon(number!), iterationsPower: iterations };
    await contribute(cli, file!, { name, beacon }, new Uint8Array(0), output);
  });
}
