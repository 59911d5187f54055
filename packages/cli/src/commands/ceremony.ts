import { SHAPES } from '@sero/circuits';
import {
  type Beacon,
  circuitFile,
  contributeKey,
  contributePowers,
  finishKeys,
  type Origin,
  preparePowers,
  readPowers,
  readProvingKey,
  requireBeacon,
  startKey,
  startPowers,
  type VerifiedContribution,
  verifyKey,
  verifyPowers,
  writePowers,
  writeProvingKey,
} from '@sero/circuits/node';
import { describeBackend, type GroupEngine, verifyingKeyHash } from '@sero/prover';
import { openBackend } from '@sero/prover/node';
import { type Command, Option } from 'commander';
import { type Cli, runs, wholeNumber, withExamples } from '../command.ts';
import { usageError } from '../errors.ts';
import { readBytes, writeNew } from '../files.ts';
import type { Io } from '../io.ts';
import { hex } from '../names.ts';
import type { Report } from '../progress.ts';
import { canAsk, readSecret } from '../secrets.ts';
import { visible } from '../text.ts';

/** `sero ceremony`: the keys of a network, made by many so that nobody can forge. */
export function addCeremony(program: Command, io: Io): void {
  const ceremony = program
    .command('ceremony')
    .summary('make the keys of a network together')
    .description(
      'Makes the proving and verifying keys of a network together with others: whoever made them alone could forge money. Phase 1 makes ' +
        'powers of a number that nobody knows (a .ptau file), for all circuits; phase 2 makes the keys of one circuit (a .zkey file). In both ' +
        'phases everybody takes the newest file, contributes, and hands his file on; a public beacon closes the phase. One author who forgets ' +
        'his secret is enough. The files are those of snarkjs, which can check and continue them.',
    );
  for (const add of [addStart, addContribute, addBeacon, addPrepare, addVerify, addFinish]) add(ceremony, io);
}

interface OutputOption {
  readonly output: string;
}

interface CircuitOptions {
  readonly circuit?: string;
  readonly powers?: string;
}

const newFile = (command: Command): Command =>
  command.requiredOption('-o, --output <file>', 'a new file for the result');

const circuitOptions = (command: Command): Command =>
  command
    .option('--circuit <shape or file>', `${SHAPES.map(({ name }) => name).join(', ')}, or a .r1cs file`)
    .option('--powers <file>', 'the powers (.ptau), prepared');

/** Does the work with the prover of this machine. */
async function withGroups<T>(
  cli: Cli,
  title: string,
  work: (groups: GroupEngine, report: Report) => Promise<T>,
): Promise<T> {
  const backend = await openBackend();
  cli.out.detail(describeBackend(backend));
  try {
    return await cli.progress.stage(title, (report) => work(backend.groups, report));
  } finally {
    await backend.close();
  }
}

/** A file of either phase, known by its first bytes. */
async function readEither(io: Io, path: string) {
  const bytes = await readBytes(io, path);
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic === 'ptau') return { phase: 1, powers: readPowers(bytes) } as const;
  if (magic === 'zkey') return { phase: 2, key: readProvingKey(bytes) } as const;
  throw usageError(
    `${path} is no file of a ceremony`,
    'a .ptau file (phase 1) or a .zkey file (phase 2) is expected',
  );
}

interface Circuit {
  readonly bytes: Uint8Array;
  /** Undefined where a file was given. */
  readonly id: number | undefined;
}

async function readCircuitOption(io: Io, circuit: string | undefined): Promise<Circuit> {
  if (circuit === undefined)
    throw usageError('which circuit?', 'say --circuit A, B or C, or name a .r1cs file');
  const shape = SHAPES.find(({ name }) => name === circuit);
  if (shape !== undefined) return { bytes: await circuitFile(shape), id: shape.id };
  return { bytes: await readBytes(io, circuit), id: undefined };
}

async function readPowersOption(io: Io, path: string | undefined) {
  if (path === undefined)
    throw usageError('under which powers?', 'name the prepared .ptau file: --powers FILE');
  return readPowers(await readBytes(io, path));
}

/** Hexadecimal digits of 1 to 255 bytes. */
function parseBeacon(text: string): Uint8Array {
  if (/^([0-9a-f]{2}){1,255}$/i.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'));
  throw usageError(`${visible(text)} is no beacon`, 'it is a number in hexadecimal digits, such as a hash');
}

interface StartOptions extends OutputOption, CircuitOptions {
  readonly power?: number;
}

function addStart(ceremony: Command, io: Io): void {
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
    if (power !== undefined) {
      const bytes = await withGroups(cli, 'Writing powers of one', async (groups) =>
        writePowers(await startPowers(groups, power)),
      );
      await writeNew(io, output, bytes);
      cli.out.data({ phase: 1, file: output }, output);
      return;
    }
    const [file, prepared] = [await readCircuitOption(io, circuit), await readPowersOption(io, powers)];
    const key = await withGroups(cli, 'Making the first key', (groups) =>
      startKey(groups, file.bytes, prepared, io.signal),
    );
    await writeNew(io, output, writeProvingKey(key));
    cli.out.data({ phase: 2, file: output, circuitHash: key.circuitHash }, output);
  });
}

interface ContributeOptions extends OutputOption {
  readonly name: string;
  readonly entropyFile?: string;
}

const nameOption = (command: Command): Command =>
  command.option('--name <name>', 'what the transcript calls you, at most 64 bytes', '');

function addContribute(ceremony: Command, io: Io): void {
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

function addBeacon(ceremony: Command, io: Io): void {
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

function addPrepare(ceremony: Command, io: Io): void {
  const command = newFile(
    ceremony
      .command('prepare')
      .summary('prepare phase 1 for phase 2')
      .description(
        'Verifies the powers and brings them into Lagrange form, once for all circuits. Everybody who does this gets the same file.',
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
    const { lagrange: _, ...powers } = readPowers(await readBytes(io, file!));
    const prepared = await withGroups(cli, 'Preparing', async (groups, report) => {
      report('verifying');
      requireBeacon(await verifyPowers(groups, powers, io.signal));
      const told = (done: number, of: number): void => report(`${done} of ${of} parts`);
      return preparePowers(groups, powers, { signal: io.signal, report: told });
    });
    await writeNew(io, output, writePowers(prepared));
    cli.out.data({ phase: 1, file: output }, output);
  });
}

interface VerifyOptions extends CircuitOptions {
  readonly beacon?: string;
}

function addVerify(ceremony: Command, io: Io): void {
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

function addFinish(ceremony: Command, io: Io): void {
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
