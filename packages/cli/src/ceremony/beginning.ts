import {
  preparePowers,
  readPowers,
  requireBeacon,
  startKey,
  startPowers,
  verifyPowers,
  writePowers,
  writeProvingKey,
} from '@sero/circuits/node';
import type { Command } from 'commander';
import { runs, wholeNumber, withExamples } from '../command.ts';
import { usageError } from '../errors.ts';
import { readBytes } from '../files.ts';
import type { Io } from '../io.ts';
import {
  type CircuitOptions,
  circuitOptions,
  newFile,
  type OutputOption,
  readCircuitOption,
  readPowersOption,
  withGroups,
} from './common.ts';
import { expectNew, writeAllNew } from './outputs.ts';

/** What begins a phase: `start`, and `prepare` between the two. Everybody gets the same files. */

interface StartOptions extends OutputOption, CircuitOptions {
  readonly power?: number;
}

export function addStart(ceremony: Command, io: Io): void {
  const command = newFile(
    circuitOptions(
      ceremony
        .command('start')
        .summary('begin a phase')
        .description(
          'Writes the first file of a phase, which everybody can make and compare. Phase 1: --power. Phase 2: --circuit and --powers; the ' +
            'circuits take 2^14 (A), 2^17 (B) and 2^16 (C) powers.',
        )
        .option('--power <k>', 'phase 1, for 2^k powers', wholeNumber(1, 20)),
    ),
  );
  withExamples(command, [
    { line: 'sero ceremony start --power 4 -o powers-0.ptau', says: 'phase 1, a small one; SERO takes 17' },
    {
      line: 'sero ceremony start --circuit small.r1cs --powers powers.ptau -o key-0.zkey',
      says: 'phase 2 of a circuit; A, B or C for one of SERO',
    },
  ]);
  runs<StartOptions>(command, io, async (cli, { power, circuit, powers, output }) => {
    if ((power === undefined) === (circuit === undefined)) {
      throw usageError(
        'which phase is to begin?',
        'say --power K for phase 1, or --circuit and --powers for phase 2',
      );
    }
    if (power !== undefined && powers !== undefined) {
      throw usageError('phase 1 begins under no powers', 'leave out --powers, or say --circuit for phase 2');
    }
    await expectNew(io, output);
    if (power !== undefined) {
      const bytes = await withGroups(cli, 'Writing powers of one', async (groups) =>
        writePowers(await startPowers(groups, power)),
      );
      await writeAllNew(io, { path: output, bytes });
      cli.out.data({ phase: 1, file: output }, output);
      return;
    }
    const [file, prepared] = [await readCircuitOption(io, circuit), await readPowersOption(io, powers)];
    const key = await withGroups(cli, 'Making the first key', (groups) =>
      startKey(groups, file.bytes, prepared, io.signal),
    );
    await writeAllNew(io, { path: output, bytes: writeProvingKey(key) });
    cli.out.data({ phase: 2, file: output, circuitHash: key.circuitHash }, output);
  });
}

export function addPrepare(ceremony: Command, io: Io): void {
  const command = newFile(
    ceremony
      .command('prepare')
      .summary('prepare phase 1 for phase 2')
      .description(
        'Verifies the powers, to which somebody must have added a secret, and brings them into Lagrange form, once for all circuits. Everybody ' +
          'who does this gets the same file.',
      )
      .argument('<file>', 'the powers (.ptau), closed by a beacon'),
  );
  withExamples(command, [
    {
      line: 'sero ceremony prepare powers-2.ptau -o powers.ptau',
      says: 'a minute for 2^16 powers, on two cores with AVX-512',
    },
  ]);
  runs<OutputOption>(command, io, async (cli, { output }, file) => {
    await expectNew(io, output);
    const { lagrange: _, ...powers } = readPowers(await readBytes(io, file!));
    requireBeacon(powers.contributions);
    const prepared = await withGroups(cli, 'Preparing', async (groups, report) => {
      report('verifying');
      await verifyPowers(groups, powers, io.signal);
      const told = (done: number, of: number): void => report(`${done} of ${of} parts`);
      return preparePowers(groups, powers, { signal: io.signal, report: told });
    });
    await writeAllNew(io, { path: output, bytes: writePowers(prepared) });
    cli.out.data({ phase: 1, file: output }, output);
  });
}
