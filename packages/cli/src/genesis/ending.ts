import { isDeepStrictEqual } from 'node:util';
import { equalBytes, toHex } from '@sero/crypto';
import { fastVrf, nativeBls } from '@sero/node';
import {
  type Ceremony,
  CeremonyType,
  checkCeremony,
  checkGenesisKeys,
  checkReveal,
  decodeCeremony,
  decodeDraft,
  decodeGenesis,
  draftHash,
  encodeCeremony,
  encodeGenesis,
  finishGenesis,
  type Genesis,
  MAX_GENESIS_BYTES,
  missingReveals,
  ProtocolError,
} from '@sero/protocol';
import { decodeVerifyingKey, verifyingKeyHash } from '@sero/prover';
import type { Command } from 'commander';
import { type Cli, runs, withExamples } from '../command.ts';
import { usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { networkOf } from '../names.ts';
import { readAllocations } from './allocations-file.ts';
import {
  closedList,
  MAX_VERIFYING_KEY_BYTES,
  outputOption,
  readDraft,
  readMessages,
  refused,
  warnUnlessGood,
} from './common.ts';
import { genesisData, genesisLines, isDraft } from './describe.ts';
import { readFileAs, writeOnce } from './files.ts';

/** The end of a ceremony: `build` makes the genesis file, `verify` shows anybody what is in one and where it came from. */

interface BuildOptions {
  readonly ceremony: string;
  readonly output: string;
}

export function addBuild(genesis: Command, io: Io): void {
  const command = outputOption(
    genesis
      .command('build')
      .summary('make the genesis file')
      .description(
        'Draws the seed from all commitments and reveals, and writes the genesis file with the ceremony beside it, with which anybody can check where ' +
          'the seed came from; both or none. Whoever has the same messages makes the same files. Where a reveal is missing the attempt has failed: all ' +
          'begin again without those who are named, with a new draft.',
      )
      .argument('<draft>', 'the draft of the genesis file')
      .argument('<messages...>', 'commitment and reveal of every validator, in any order')
      .requiredOption('--ceremony <file>', 'a new file for the ceremony'),
    'the genesis file',
  );
  withExamples(command, [
    {
      line: 'sero genesis build draft.ssz ada.commitment ada.reveal --ceremony ceremony.ssz -o genesis.ssz',
      says: 'anybody can who has everybody’s messages',
    },
  ]);
  runs<BuildOptions>(command, io, build);
}

async function build(
  cli: Cli,
  { ceremony: ceremonyPath, output }: BuildOptions,
  path?: string,
  ...paths: string[]
): Promise<void> {
  const { io } = cli;
  const draft = await readDraft(io, path!);
  const heard = await readMessages(io, paths);
  const list = closedList(cli, draft, heard);
  for (const { path: from, message } of heard.reveals) {
    warnUnlessGood(cli, from, () => checkReveal(draft, list, message, fastVrf));
  }
  const reveals = heard.reveals.map(({ message }) => message);
  const missing = missingReveals(draft, list, reveals, fastVrf);
  if (missing.length > 0) {
    throw refused(
      'ceremony-incomplete',
      `no reveal that counts from: ${missing.map(toHex).join(', ')}`,
      'where they do not reveal, this draft is never finished: make one without their entries ({sero} genesis init), and let all others commit to it with --give-up',
    );
  }
  const { genesis, ceremony } = finishGenesis(draft, list, reveals, fastVrf);
  const written = await writeOnce(
    io,
    { path: output, bytes: encodeGenesis(genesis) },
    { path: ceremonyPath, bytes: encodeCeremony(ceremony) },
  );
  cli.out.data({ file: output, ceremony: ceremonyPath, written, ...genesisData(genesis) }, () =>
    [`${output} and ${ceremonyPath}${written ? '' : ' were made before'}`, ...genesisLines(genesis)].join(
      '\n',
    ),
  );
}

interface VerifyOptions {
  readonly ceremony?: string;
  readonly draft?: string;
  readonly allocations?: string;
  readonly verifyingKey: readonly string[];
}

/** What was looked at, and what could not be. */
interface Findings {
  readonly checked: string[];
  readonly unchecked: string[];
}

export function addVerify(genesis: Command, io: Io): void {
  const command = genesis
    .command('verify')
    .summary('check a genesis file, and show what is in it')
    .description(
      'Checks a genesis file, or a draft: every rule, the keys of its validators, and with the ceremony that its seed was drawn by all of them. Shows ' +
        'parameters, first money, validators, verifying keys, seed and hash, and says what could not be checked with what was given. Ends with another ' +
        'code than 0 where anything is wrong.',
    )
    .argument('<file>', 'a genesis file, or a draft')
    .option('--ceremony <file>', 'the ceremony that its seed came from')
    .option('--draft <file>', 'the draft that it must have come from')
    .option('--allocations <file>', 'the allocations that it must hold, in this order')
    .option('--verifying-key <file...>', 'verifying keys that it must name', []);
  withExamples(command, [
    {
      line: 'sero genesis verify genesis.ssz --ceremony ceremony.ssz',
      says: 'before you start a node with it',
    },
    { line: 'sero genesis verify draft.ssz', says: 'before you commit' },
  ]);
  runs<VerifyOptions>(command, io, verify);
}

async function verify(cli: Cli, options: VerifyOptions, path?: string): Promise<void> {
  const { io } = cli;
  const genesis = await readFileAs(io, path!, MAX_GENESIS_BYTES, decodeEither);
  checkGenesisKeys(genesis, { bls: nativeBls });
  const checked = [
    'every rule of a genesis file',
    'the keys of its validators, and that their owners have them',
  ];
  const findings: Findings = { checked, unchecked: [] };
  await verifySeed(io, genesis, options, findings);
  await verifyDraft(io, genesis, options, findings);
  await verifyAllocations(io, genesis, options, findings);
  await verifyKeys(io, genesis, options, findings);
  cli.out.data({ valid: true, draft: isDraft(genesis), ...findings, ...genesisData(genesis) }, () =>
    [
      isDraft(genesis) ? 'VALID DRAFT, which waits for its seed' : 'VALID',
      ...genesisLines(genesis),
      ...findings.checked.map((what) => `checked      ${what}`),
      ...findings.unchecked.map((what) => `not checked  ${what}`),
    ].join('\n'),
  );
}

/** A seed of zeros beside validators waits for the ceremony; everything else is a genesis file or nothing. */
function decodeEither(bytes: Uint8Array): Genesis {
  try {
    return decodeDraft(bytes);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'ceremony-draft') return decodeGenesis(bytes);
    throw error;
  }
}

async function verifySeed(
  io: Io,
  genesis: Genesis,
  { ceremony: path }: VerifyOptions,
  { checked, unchecked }: Findings,
): Promise<void> {
  if (path !== undefined) {
    if (isDraft(genesis)) throw usageError('a draft has no seed yet', 'leave out --ceremony');
    const ceremony: Ceremony = await readFileAs(io, path, CeremonyType.maxSize, decodeCeremony);
    checkCeremony(genesis, ceremony, fastVrf);
    checked.push('its seed, which all of its validators drew together');
  } else if (!isDraft(genesis) && genesis.validators.length > 0) {
    unchecked.push('where its seed came from: whoever made it may have chosen it; give --ceremony');
  }
}

async function verifyDraft(
  io: Io,
  genesis: Genesis,
  { draft: path }: VerifyOptions,
  { checked }: Findings,
): Promise<void> {
  if (path === undefined) return;
  const draft = await readDraft(io, path);
  if (!equalBytes(draftHash(draft), draftHash(genesis))) {
    throw refused(
      'genesis-other-draft',
      `this did not come from ${path}: its draft is ${toHex(draftHash(genesis))}`,
    );
  }
  checked.push(`that it came from ${path}`);
}

async function verifyAllocations(
  io: Io,
  genesis: Genesis,
  { allocations: path }: VerifyOptions,
  { checked, unchecked }: Findings,
): Promise<void> {
  if (path !== undefined) {
    const expected = await readAllocations(io, path, networkOf(genesis));
    if (!isDeepStrictEqual(genesis.allocations, expected)) {
      throw refused('genesis-other-allocations', `the allocations are not those of ${path}, in their order`);
    }
    checked.push(`that its allocations are those of ${path}`);
  }
  if (genesis.allocations.length > 0) unchecked.push('how the allocations came about: read the derivation');
}

async function verifyKeys(
  io: Io,
  { verifyingKeys }: Genesis,
  { verifyingKey: paths }: VerifyOptions,
  { checked, unchecked }: Findings,
): Promise<void> {
  const named = new Set<number>();
  for (const path of paths) {
    const { circuit, hash } = await readFileAs(io, path, MAX_VERIFYING_KEY_BYTES, (bytes) => ({
      circuit: decodeVerifyingKey(bytes).circuit,
      hash: verifyingKeyHash(bytes),
    }));
    const entry = verifyingKeys.find((each) => each.circuit === circuit && equalBytes(each.hash, hash));
    if (entry === undefined) {
      throw refused('genesis-other-key', `${path} is not the key that the file names for circuit ${circuit}`);
    }
    named.add(circuit);
    checked.push(`that it names ${path} for circuit ${circuit}`);
  }
  for (const { circuit } of verifyingKeys) {
    if (!named.has(circuit)) unchecked.push(`what is behind the verifying key of circuit ${circuit}`);
  }
}
