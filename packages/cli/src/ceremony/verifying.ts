import {
  finishKeys,
  requireBeacon,
  type VerifiedContribution,
  verifyKey,
  verifyPowers,
} from '@sero/circuits/node';
import { verifyingKeyHash } from '@sero/prover';
import type { Command } from 'commander';
import { type Cli, runs, wholeNumber, withExamples } from '../command.ts';
import { usageError } from '../errors.ts';
import { writeNew } from '../files.ts';
import type { Io } from '../io.ts';
import { hex } from '../names.ts';
import { visible } from '../text.ts';
import {
  type CircuitOptions,
  circuitOptions,
  newFile,
  type OutputOption,
  parseBeacon,
  readCircuitOption,
  readEither,
  readPowersOption,
  withGroups,
} from './common.ts';

/** What looks at a whole transcript: `verify`, and `finish`, which gives the keys. */

interface VerifyOptions extends CircuitOptions {
  readonly beacon?: string;
}

export function addVerify(ceremony: Command, io: Io): void {
  const command = circuitOptions(
    ceremony
      .command('verify')
      .summary('check a whole transcript')
      .description(
        'Checks a file of either phase as a whole: every contribution, and that all points are what they should be. Phase 2 takes the circuit ' +
          'and the powers, which are verified too. Prints each contribution with its attestation: compare them with what their authors published. ' +
          'Ends with 1 where anything is wrong.',
      )
      .argument('<file>', 'a file of either phase')
      .option('--beacon <number>', 'the beacon with which the phase must have been closed'),
  );
  withExamples(command, [
    { line: 'sero ceremony verify powers-1.ptau', says: 'phase 1' },
    {
      line: 'sero ceremony verify key-2.zkey --circuit small.r1cs --powers powers.ptau --beacon 5f3c…',
      says: 'both phases',
    },
  ]);
  runs<VerifyOptions>(command, io, async (cli, { circuit, powers, beacon }, path) => {
    const expected = beacon === undefined ? undefined : parseBeacon(beacon);
    const file = await readEither(io, path!);
    const of =
      file.phase === 1
        ? undefined
        : { circuit: await readCircuitOption(io, circuit), powers: await readPowersOption(io, powers) };
    const log = await withGroups(cli, 'Verifying', async (groups, report) => {
      if (file.phase === 1) return verifyPowers(groups, file.powers, io.signal);
      report('the powers');
      await verifyPowers(groups, of!.powers, io.signal);
      report('the key');
      return verifyKey(groups, of!.circuit.bytes, of!.powers, file.key, io.signal);
    });
    if (expected !== undefined) requireBeacon(log, expected);
    showLog(cli, file.phase, log);
  });
}

function describe({ origin: { name, beacon }, attestation }: VerifiedContribution) {
  const kept = beacon === undefined ? {} : { beacon: beacon.value, iterations: beacon.iterationsPower };
  return { name, ...kept, attestation };
}

function showLog(cli: Cli, phase: number, log: readonly VerifiedContribution[]): void {
  cli.out.data({ valid: true, phase, contributions: log.map(describe) }, () =>
    [
      'VALID',
      ...log.map(({ origin: { name, beacon }, attestation }, i) => {
        const by =
          beacon === undefined
            ? visible(name) || 'unnamed'
            : `beacon ${hex(beacon.value)}, 2^${beacon.iterationsPower} times`;
        return `${i + 1}  ${by}\n   ${hex(attestation)}`;
      }),
    ].join('\n'),
  );
}

interface FinishOptions extends OutputOption, CircuitOptions {
  readonly verifyingKey: string;
  readonly id?: number;
}

export function addFinish(ceremony: Command, io: Io): void {
  const command = newFile(
    circuitOptions(
      ceremony
        .command('finish')
        .summary('the keys of a network')
        .description(
          'Verifies both phases, each of which a beacon must have closed, and writes the proving key and the verifying key of the circuit. ' +
            'Prints the hash of the verifying key, which the genesis file of a network names.',
        )
        .argument('<file>', 'the last key (.zkey)')
        .requiredOption('--verifying-key <file>', 'a new file for the verifying key')
        .option('--id <n>', 'circuit id, for a .r1cs file', wholeNumber(1, 255)),
    ),
  );
  withExamples(command, [
    {
      line: 'sero ceremony finish key-2.zkey --circuit small.r1cs --id 1 --powers powers.ptau --verifying-key key.vk -o key.zkey',
      says: 'refused unless everything verifies',
    },
  ]);
  runs<FinishOptions>(command, io, async (cli, { circuit, powers, verifyingKey, id, output }, path) => {
    const file = await readEither(io, path!);
    if (file.phase === 1) throw usageError(`${path} is of phase 1`, 'a .zkey file is expected');
    const of = await readCircuitOption(io, circuit);
    const number = of.id ?? id;
    if (number === undefined) throw usageError('the number of this circuit?', 'say --id N');
    const prepared = await readPowersOption(io, powers);
    const keys = await withGroups(cli, 'Verifying', (groups) =>
      finishKeys(groups, of.bytes, number, prepared, file.key, io.signal),
    );
    await writeNew(io, output, keys.provingKey);
    await writeNew(io, verifyingKey, keys.verifyingKey);
    const hash = verifyingKeyHash(keys.verifyingKey);
    cli.out.data(
      { circuit: number, provingKey: output, verifyingKey, hash, contributions: keys.key.map(describe) },
      () => `${output}\n${verifyingKey}\nverifying key: ${hex(hash)}`,
    );
  });
}
