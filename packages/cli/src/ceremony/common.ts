import { SHAPES } from '@sero/circuits';
import { circuitFile, readPowers, readProvingKey } from '@sero/circuits/node';
import type { GroupEngine } from '@sero/prover';
import type { Command } from 'commander';
import { withBackend } from '../backend.ts';
import type { Cli } from '../command.ts';
import { usageError } from '../errors.ts';
import { readBytes } from '../files.ts';
import type { Io } from '../io.ts';
import type { Report } from '../progress.ts';
import { visible } from '../text.ts';

/** What the commands of `sero ceremony` have in common: options, files, the prover. */

export interface OutputOption {
  readonly output: string;
}

export interface CircuitOptions {
  readonly circuit?: string;
  readonly powers?: string;
}

export const newFile = (command: Command): Command =>
  command.requiredOption('-o, --output <file>', 'a new file for the result');

export const circuitOptions = (command: Command): Command =>
  command
    .option('--circuit <shape or file>', `${SHAPES.map(({ name }) => name).join(', ')}, or a .r1cs file`)
    .option('--powers <file>', 'the powers (.ptau), prepared');

/** Does the work with the prover of this machine. */
export function withGroups<T>(
  cli: Cli,
  title: string,
  work: (groups: GroupEngine, report: Report) => Promise<T>,
): Promise<T> {
  return withBackend(cli, ({ groups }) => cli.progress.stage(title, (report) => work(groups, report)));
}

/** A file of either phase, known by its first bytes. */
export async function readEither(io: Io, path: string) {
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

export async function readCircuitOption(io: Io, circuit: string | undefined): Promise<Circuit> {
  if (circuit === undefined)
    throw usageError('which circuit?', 'say --circuit A, B or C, or name a .r1cs file');
  const shape = SHAPES.find(({ name }) => name === circuit);
  if (shape !== undefined) return { bytes: await circuitFile(shape), id: shape.id };
  return { bytes: await readBytes(io, circuit), id: undefined };
}

export async function readPowersOption(io: Io, path: string | undefined) {
  if (path === undefined)
    throw usageError('under which powers?', 'name the prepared .ptau file: --powers FILE');
  return readPowers(await readBytes(io, path));
}

/** Hexadecimal digits of 1 to 255 bytes. */
export function parseBeacon(text: string): Uint8Array {
  if (/^([0-9a-f]{2}){1,255}$/i.test(text)) return Uint8Array.from(Buffer.from(text, 'hex'));
  throw usageError(`${visible(text)} is no beacon`, 'it is a number in hexadecimal digits, such as a hash');
}
