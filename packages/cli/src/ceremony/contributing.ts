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
import { readBytes } from '../files.ts';
import type { Io } from '../io.ts';
import { hex } from '../names.ts';
import { canAsk, readSecret } from '../secrets.ts';
import { newFile, type OutputOption, parseBeacon, readEither, withGroups } from './common.ts';
import { expectNew, writeAllNew } from './outputs.ts';

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
            'or with a file where there is any, is kept nowhere and wiped; what it came from is said. Publish the attestation that is printed: it proves later that your contribution is in the transcript.',
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
    await expectNew(io, output);
    const entropy = await readEntropy(cli, entropyFile);
    try {
      await contribute(cli, file!, { name }, entropy, output);
    } finally {
      entropy.typed.fill(0);
    }
  });
}

/** What is mixed with the operating system's randomness, which is never left out. */
interface Entropy {
  /** May be empty. */
  readonly typed: Uint8Array;
  /** What `typed` is. */
  readonly from: 'terminal' | 'file' | 'stdin' | 'nowhere';
}

async function readEntropy({ io }: Cli, file: string | undefined): Promise<Entropy> {
  if (file !== undefined && file !== '-') return { typed: await readBytes(io, file), from: 'file' };
  if (file === undefined && !canAsk(io)) return { typed: new Uint8Array(0), from: 'nowhere' };
  const text = await readSecret(io, file, 'Type something that nobody can guess');
  return { typed: new TextEncoder().encode(text), from: file === undefined ? 'terminal' : 'stdin' };
}

const MIXED_IN = {
  terminal: ['what was typed', 'nothing was typed'],
  file: ['the file', 'the file is empty'],
  stdin: ['standard input', 'standard input is empty'],
  nowhere: ['nothing', 'there is no terminal to ask on'],
} as const satisfies Record<Entropy['from'], readonly [some: string, none: string]>;

/** Says what a secret came from, for programs and for people. */
function describeEntropy({ typed, from }: Entropy) {
  const [some, none] = MIXED_IN[from];
  const mixed = typed.length > 0;
  return {
    entropy: mixed ? ['system', from] : ['system'],
    line: `secret: from the operating system ${mixed ? `and ${some}` : `alone (${none})`}`,
  };
}

async function contribute(
  cli: Cli,
  path: string,
  origin: Origin,
  secret: Entropy | undefined,
  output: string,
): Promise<void> {
  const { signal } = cli.io;
  const typed = secret?.typed ?? new Uint8Array(0);
  const said = secret === undefined ? undefined : describeEntropy(secret);
  const file = await readEither(cli.io, path);
  const { bytes, attestation } = await withGroups(cli, 'Contributing', async (groups) => {
    if (file.phase === 1) {
      const { result, attestation } = await contributePowers(groups, file.powers, origin, typed, signal);
      return { bytes: writePowers(result), attestation };
    }
    const { result, attestation } = await contributeKey(groups, file.key, origin, typed, signal);
    return { bytes: writeProvingKey(result), attestation };
  });
  await writeAllNew(cli.io, { path: output, bytes });
  cli.out.data({ phase: file.phase, file: output, attestation, ...(said && { entropy: said.entropy }) }, () =>
    [output, ...(said ? [said.line] : []), `attestation: ${hex(attestation)}`].join('\n'),
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
          new Option('--iterations <n>', 'hash it 2^n times, 10 to 24')
            .argParser(wholeNumber(10, 24))
            .default(20),
        ),
    ),
  );
  withExamples(command, [
    {
      line: 'sero ceremony beacon powers-1.ptau 5f3c… -o powers-2.ptau --iterations 10',
      says: 'phase 1; 20 takes a second or more, and everybody who verifies as long',
    },
    { line: 'sero ceremony beacon key-1.zkey 5f3c… -o key-2.zkey --iterations 10', says: 'phase 2' },
  ]);
  runs<BeaconOptions>(command, io, async (cli, { name, iterations, output }, file, number) => {
    await expectNew(io, output);
    const beacon: Beacon = { value: parseBeacon(number!), iterationsPower: iterations };
    await contribute(cli, file!, { name, beacon }, undefined, output);
  });
}
