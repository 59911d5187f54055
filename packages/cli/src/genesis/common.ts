import { fastVrf, nativeBls } from '@sero/node';
import {
  checkCommitment,
  checkGenesisKeys,
  closeCommitments,
  decodeDraft,
  decodeSeedCommitment,
  decodeSeedReveal,
  type Genesis,
  MAX_GENESIS_BYTES,
  ProtocolError,
  type SeedCommitment,
  type SeedCommitments,
  SeedCommitmentType,
  type SeedReveal,
  SeedRevealType,
} from '@sero/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import type { Cli } from '../command.ts';
import { CliError, usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { readFileAs } from './files.ts';

/** What the commands of `sero genesis` have in common. */

/** Largest verifying key: some hundred public inputs of 48 bytes. */
export const MAX_VERIFYING_KEY_BYTES = 65_536;

const LARGEST_U64 = (1n << 64n) - 1n;

/** Reads a number of a field of 64 bits. */
export function bigOption(text: string): bigint {
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (value >= 0n && value <= LARGEST_U64) return value;
  throw new InvalidArgumentError('It is a whole number from 0 on.');
}

export const keysOption = (command: Command): Command =>
  command.requiredOption('--keys <directory>', 'the directory with the validator’s keys');

export const outputOption = (command: Command, what: string): Command =>
  command.requiredOption('-o, --output <file>', `a new file for ${what}`);

/** A draft whose every rule holds, those of its validators' keys included. */
export async function readDraft(io: Io, path: string): Promise<Genesis> {
  return readFileAs(io, path, MAX_GENESIS_BYTES, (bytes) => {
    const draft = decodeDraft(bytes);
    checkGenesisKeys(draft, { bls: nativeBls });
    return draft;
  });
}

/** What validators sent, with the names of the files. */
interface Heard {
  readonly commitments: readonly { readonly path: string; readonly message: SeedCommitment }[];
  readonly reveals: readonly { readonly path: string; readonly message: SeedReveal }[];
}

/** Reads commitments and reveals, which are told apart by their length. */
export async function readMessages(io: Io, paths: readonly string[]): Promise<Heard> {
  const commitments: Heard['commitments'][number][] = [];
  const reveals: Heard['reveals'][number][] = [];
  for (const path of paths) {
    await readFileAs(io, path, SeedRevealType.maxSize, (bytes) => {
      if (bytes.length === SeedCommitmentType.maxSize) {
        commitments.push({ path, message: decodeSeedCommitment(bytes) });
      } else if (bytes.length === SeedRevealType.maxSize) {
        reveals.push({ path, message: decodeSeedReveal(bytes) });
      } else {
        throw usageError(`${path} is neither a commitment nor a reveal of a share`);
      }
    });
  }
  return { commitments, reveals };
}

/** A refusal of the ceremony: nothing is wrong with the files as such, but it must not go on with them. */
export function refused(code: string, message: string, hint?: string, cause?: unknown): CliError {
  return new CliError('failed', code, message, hint, { cause });
}

/** What does not count is as if it had not come; whoever gave it is told. */
export function warnUnlessGood({ out }: Cli, path: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    out.warn(`${path} does not count: ${error.message}`);
  }
}

/** The closed list out of what was heard. Throws as closeCommitments, and says what has to be done then. */
export function closedList(
  cli: Cli,
  draft: Genesis,
  { commitments }: Pick<Heard, 'commitments'>,
): SeedCommitments {
  for (const { path, message } of commitments) {
    warnUnlessGood(cli, path, () => checkCommitment(draft, message, fastVrf));
  }
  try {
    return closeCommitments(
      draft,
      commitments.map(({ message }) => message),
      fastVrf,
    );
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const hint =
      error.code === 'ceremony-duplicate'
        ? 'this attempt has failed: the next draft is without him, and all others commit to it with --give-up'
        : 'name the commitment of every validator of the draft';
    throw refused(error.code, error.message, hint, error);
  }
}
