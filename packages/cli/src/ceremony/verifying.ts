import {
  finishKeys,
  requireBeacon,
  type VerifiedContribution,
  verifyKey,
  verifyPowers,
} from '@sero/circuits/node';
import { verifyingKeyHash } from '@sero/prover';
import type { Command } from 'commander';
import { runs, wholeNumber, withExamples } from '../command.ts';
import { usageError } from '../errors.ts';
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
import { expectNew, writeAllNew } from './outputs.ts';

/** What looks at a whole transcript: `verify`, and `finish`, which gives the keys. */

interface BeaconOptions {
  readonly beacon?: string;
  readonly powersBeacon?: string;
}

const beaconOptions = (command: Command): Command =>
  command
    .option('--beacon <number>', 'the beacon with which the phase must have been closed')
    .option(
      '--powers-beacon <number>',
      'the one with which phase 1 must have been, where the file is of phase 2',
    );

const beaconOption = (text: string | undefined): Uint8Array | undefined =>
  text === undefined ? undefined : parseBeacon(text);

type VerifyOptions = CircuitOptions & BeaconOptions;

export function addVerify(ceremony: Command, io: Io): void {
  const command = beaconOptions(
    circuitOptions(
      ceremony
        .command('verify')
        .summary('check a whole transcript')
        .description(
          'Checks a file of either phase as a whole: every contribution, of which one must not be a beacon’s, and that all points are what they ' +
            'should be. Phase 2 takes the circuit and the powers, which are verified too. Prints each contribution of each phase with its ' +
            'attestation: compare them with what their authors published, since nothing else says who they are. Ends with 1 where anything is wrong.',
        )
        .argument('<file>', 'a file of either phase'),
    ),
  );
  withExamples(command, [
    { line: 'sero ceremony verify powers-1.ptau', says: 'phase 1' },
    {
      line: 'sero ceremony verify key-2.zkey --circuit small.r1cs --powers powers.ptau --beacon 5f3c…',
      says: 'both phases',
    },
  ]);
  runs<VerifyOptions>(command, io, async (cli, { circuit, powers, beacon, powersBeacon }, path) => {
    const [expected, expectedOfPowers] = [beaconOption(beacon), beaconOption(powersBeacon)];
    const file = await readEither(io, path!);
    if (file.phase === 1) {
      const needless = Object.entries({ circuit, powers, 'powers-beacon': powersBeacon });
      const given = needless.find(([, value]) => value !== undefined);
      if (given !== undefined) {
        throw usageError(`${path} is of phase 1: --${given[0]} is for phase 2`, 'leave it out');
      }
      if (expected !== undefined) requireBeacon(file.powers.contributions, expected);
      const log = await withGroups(cli, 'Verifying', (groups) =>
        verifyPowers(groups, file.powers, io.signal),
      );
      cli.out.data({ valid: true, phase: 1, contributions: log.map(describe) }, () =>
        ['VALID', ...lines(log)].join('\n'),
      );
      return;
    }
    const of = { circuit: await readCircuitOption(io, circuit), powers: await readPowersOption(io, powers) };
    if (expectedOfPowers !== undefined) requireBeacon(of.powers.contributions, expectedOfPowers);
    if (expected !== undefined) requireBeacon(file.key.contributions, expected);
    const logs = await withGroups(cli, 'Verifying', async (groups, report) => {
      report('the powers');
      const log = await verifyPowers(groups, of.powers, io.signal);
      report('the key');
      return {
        powers: log,
        key: await verifyKey(groups, of.circuit.bytes, of.powers, file.key, io.signal),
      };
    });
    cli.out.data({ valid: true, phase: 2, ...describeBoth(logs) }, () =>
      ['VALID', ...linesOfBoth(logs)].join('\n'),
    );
  });
}

function describe({ origin: { name, beacon }, attestation }: VerifiedContribution) {
  const kept = beacon === undefined ? {} : { beacon: beacon.value, iterations: beacon.iterationsPower };
  return { name, ...kept, attestation };
}

function lines(log: readonly VerifiedContribution[]): string[] {
  return log.map(({ origin: { name, beacon }, attestation }, i) => {
    const by =
      beacon === undefined
        ? visible(name) || 'unnamed'
        : `beacon ${hex(beacon.value)}, 2^${beacon.iterationsPower} times`;
    return `${i + 1}  ${by}\n   ${hex(attestation)}`;
  });
}

/** What was verified of the powers and of the key under them. */
interface Logs {
  readonly powers: readonly VerifiedContribution[];
  readonly key: readonly VerifiedContribution[];
}

const describeBoth = ({ powers, key }: Logs) => ({
  powers: { contributions: powers.map(describe) },
  contributions: key.map(describe),
});

const linesOfBoth = ({ powers, key }: Logs): string[] => [
  'phase 1',
  ...lines(powers),
  'phase 2',
  ...lines(key),
];

interface FinishOptions extends OutputOption, CircuitOptions, BeaconOptions {
  readonly verifyingKey: string;
  readonly id?: number;
}

export function addFinish(ceremony: Command, io: Io): void {
  const command = newFile(
    beaconOptions(
      circuitOptions(
        ceremony
          .command('finish')
          .summary('the keys of a network')
          .description(
            'Verifies both phases, to each of which somebody must have added a secret and each of which a beacon must have closed, and writes the ' +
              'proving key and the verifying key of the circuit, both or none. Prints the hash of the verifying key, which the genesis file of a ' +
              'network names, and each contribution of each phase with its attestation.',
          )
          .argument('<file>', 'the last key (.zkey)')
          .requiredOption('--verifying-key <file>', 'a new file for the verifying key')
          .option('--id <n>', 'circuit id, for a .r1cs file', wholeNumber(1, 255)),
      ),
    ),
  );
  withExamples(command, [
    {
      line: 'sero ceremony finish key-2.zkey --circuit small.r1cs --id 1 --powers powers.ptau --verifying-key key.vk -o key.zkey',
      says: 'refused unless everything verifies',
    },
  ]);
  runs<FinishOptions>(command, io, async (cli, options, path) => {
    const { circuit, powers, verifyingKey, id, output, beacon, powersBeacon } = options;
    await expectNew(io, output, verifyingKey);
    const expected = { keyBeacon: beaconOption(beacon), powersBeacon: beaconOption(powersBeacon) };
    const file = await readEither(io, path!);
    if (file.phase === 1) throw usageError(`${path} is of phase 1`, 'a .zkey file is expected');
    const of = await readCircuitOption(io, circuit);
    if (of.id !== undefined && id !== undefined) {
      throw usageError(
        `circuit ${circuit} has the number ${of.id}`,
        'leave out --id, which is for a .r1cs file',
      );
    }
    const number = of.id ?? id;
    if (number === undefined) throw usageError('the number of this circuit?', 'say --id N');
    const prepared = await readPowersOption(io, powers);
    const keys = await withGroups(cli, 'Verifying', (groups) =>
      finishKeys(groups, of.bytes, number, prepared, file.key, { ...expected, signal: io.signal }),
    );
    await writeAllNew(
      io,
      { path: output, bytes: keys.provingKey },
      { path: verifyingKey, bytes: keys.verifyingKey },
    );
    const hash = verifyingKeyHash(keys.verifyingKey);
    cli.out.data({ circuit: number, provingKey: output, verifyingKey, hash, ...describeBoth(keys) }, () =>
      [output, verifyingKey, `verifying key: ${hex(hash)}`, ...linesOfBoth(keys)].join('\n'),
    );
  });
}
