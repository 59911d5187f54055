import { isDeepStrictEqual } from 'node:util';
import { developmentVerifyingKeys } from '@sero/circuits';
import { utf8 } from '@sero/crypto';
import { nativeBls } from '@sero/node';
import {
  decodeDraft,
  draftGenesis,
  encodeGenesis,
  type Genesis,
  GROTH16_BLS12_381,
  ProtocolError,
  type VerifyingKeyEntry,
} from '@sero/protocol';
import { decodeVerifyingKey, verifyingKeyHash } from '@sero/prover';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Cli, runs, withExamples } from '../command.ts';
import { CliError, usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { readAllocations } from './allocations-file.ts';
import { bigOption, MAX_VERIFYING_KEY_BYTES } from './common.ts';
import { genesisData, genesisLines } from './describe.ts';
import { decodeEntry, type Entry, MAX_ENTRY_BYTES } from './entry.ts';
import { readFileAs, readTextFile, writeOnce } from './files.ts';
import { MAX_PARAMETERS_BYTES, PROFILES, type ProfileName, parametersFrom } from './parameters-file.ts';

/** `init`: the organiser makes the draft, which settles everything but the seed. */

interface InitOptions {
  readonly profile: ProfileName;
  readonly parameters?: string;
  readonly name: string;
  readonly chainId?: bigint;
  readonly time: bigint;
  readonly allocations?: string;
  readonly verifyingKey: readonly string[];
  readonly derivation?: string;
  readonly output: string;
}

/** Longest derivation, as in a genesis file. */
const MAX_DERIVATION_BYTES = 4_096;

export function addInit(genesis: Command, io: Io): void {
  const command = genesis
    .command('init')
    .summary('make the draft of a new network')
    .description(
      'Makes the draft of a genesis file from the entries of those who will be its first validators: parameters, first money, keys and stakes, ' +
        'everything but the seed, which the validators then draw together. Whoever has the same files makes the same draft. Give it to all of them.',
    )
    .argument('<entries...>', 'what each validator sent: sero genesis join')
    .addOption(
      new Option('--profile <name>', 'the parameters that the network begins with')
        .choices(Object.keys(PROFILES))
        .default('production'),
    )
    .option(
      '--parameters <file>',
      'JSON with parameters that differ from the profile, such as {"pace":{"idle":2000}}',
    )
    .requiredOption('--name <name>', 'name of the network, at most 32 bytes')
    .option(
      '--chain-id <n>',
      'number of the chain, which stands in every transaction (default: the profile’s)',
      bigOption,
    )
    .requiredOption('--time <time>', 'time of block 0, such as 2027-01-01T12:00:00Z', timeOption)
    .option('--allocations <file>', 'first money: CSV with the header address,amount (default: none)')
    .option(
      '--verifying-key <file...>',
      'the only verifying keys that the network will ever accept (default: the development keys, where the profile allows them)',
      [],
    )
    .option('--derivation <file>', 'text that says how the allocations came about, at most 4096 bytes')
    .requiredOption('-o, --output <file>', 'a new file for the draft');
  withExamples(command, [
    {
      line: 'sero genesis init ada.entry --profile development --name our-net --time 2027-01-01T12:00:00Z -o draft.ssz',
      says: 'a small network of one; name everybody’s entry',
    },
  ]);
  runs<InitOptions>(command, io, init);
}

/** ms since 1970 of an ISO 8601 time with its zone. */
function timeOption(text: string): bigint {
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const time = isWhole ? Date.parse(text) : Number.NaN;
  if (time >= 0) return BigInt(time);
  throw new InvalidArgumentError('It is a time with its zone, such as 2027-01-01T12:00:00Z.');
}

async function init(cli: Cli, options: InitOptions, ...paths: string[]): Promise<void> {
  const { io } = cli;
  const { profile, name, time, output } = options;
  if (name === '') throw usageError('a network has a name');
  const text = options.parameters && (await readTextFile(io, options.parameters, MAX_PARAMETERS_BYTES));
  const parameters = parametersFrom(profile, text ?? '{}');
  const chainId = options.chainId ?? parameters.chainId;
  const network = profile;
  const entries = await Promise.all(paths.map((path) => readEntry(io, path)));
  for (const [i, entry] of entries.entries()) expectOfNetwork(paths[i]!, entry, network, chainId);
  const base = {
    ...parameters,
    name: utf8(name),
    chainId,
    time,
    verifyingKeys: await readVerifyingKeys(io, profile, options.verifyingKey),
    allocations:
      options.allocations === undefined ? [] : await readAllocations(io, options.allocations, network),
    derivation: utf8(
      (options.derivation && (await readTextFile(io, options.derivation, MAX_DERIVATION_BYTES))) || '',
    ),
  };
  const draft = sound(() =>
    draftGenesis(
      base,
      entries.map(({ validator }) => validator),
      { bls: nativeBls },
    ),
  );
  const bytes = encodeWhole(draft);
  const written = await writeOnce(io, { path: output, bytes });
  cli.out.data({ file: output, written, ...genesisData(draft) }, () =>
    [
      output,
      ...genesisLines(draft),
      '',
      'Give the draft to every validator, and let each compare its hash with the others’ before he commits.',
    ].join('\n'),
  );
}

async function readEntry(io: Io, path: string): Promise<Entry> {
  const text = await readTextFile(io, path, MAX_ENTRY_BYTES);
  try {
    return decodeEntry(text);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw usageError(`${path}: ${error.message}`, error.hint);
  }
}

function expectOfNetwork(path: string, entry: Entry, network: string, chainId: bigint): void {
  if (entry.network === network && entry.chainId === chainId) return;
  throw new CliError(
    'usage',
    'entry-other-network',
    `${path} is for a ${entry.network} network, chain ${entry.chainId}, and this one is ${network}, chain ${chainId}: its owner would not find his stake`,
    'let him make another entry: {sero} genesis join; or say --profile and --chain-id',
  );
}

/** What the genesis file names, ascending by circuit, so that the order of files changes nothing. */
async function readVerifyingKeys(
  io: Io,
  profile: ProfileName,
  paths: readonly string[],
): Promise<VerifyingKeyEntry[]> {
  const isDevelopment = profile === 'development';
  if (paths.length === 0) {
    if (isDevelopment) return [...developmentVerifyingKeys().values()].map(entryOf);
    throw usageError(
      'a production network names its own verifying keys: under the development keys everybody can forge',
      'make keys together (sero ceremony) and name them: --verifying-key FILE',
    );
  }
  const keys = await Promise.all(
    paths.map((path) =>
      readFileAs(io, path, MAX_VERIFYING_KEY_BYTES, (bytes) => {
        if (decodeVerifyingKey(bytes).development && !isDevelopment) {
          throw usageError(`${path} is a development key, under which everybody can forge`);
        }
        return entryOf(bytes);
      }),
    ),
  );
  return keys.sort((a, b) => a.circuit - b.circuit);
}

function entryOf(bytes: Uint8Array): VerifyingKeyEntry {
  return {
    circuit: decodeVerifyingKey(bytes).circuit,
    proofSystem: GROTH16_BLS12_381,
    hash: verifyingKeyHash(bytes),
  };
}

/** What the protocol refuses here comes from what was given. */
function sound<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new CliError('usage', error.code, `no network can begin like this: ${error.message}`, undefined, {
      cause: error,
    });
  }
}

/** Bytes of a draft, once it is sure that they say it: a number that is too large for its field would be cut, a text or list that is too long not read. */
function encodeWhole(draft: Genesis): Uint8Array {
  const bytes = encodeGenesis(draft);
  if (saysTheSame(bytes, draft)) return bytes;
  throw usageError('a number, a text or a list is too large for its place in a genesis file');
}

function saysTheSame(bytes: Uint8Array, draft: Genesis): boolean {
  try {
    return isDeepStrictEqual(decodeDraft(bytes), draft);
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
