import { fieldToBytes } from '@sero/crypto';
import {
  type Allocation,
  encodeOneTimeAddress,
  type Network,
  oneTimeAddressFromText,
  ProtocolError,
  SERO_ASSET,
} from '@sero/protocol';
import { parseUnits, splitAmount } from '../amounts.ts';
import { CliError, usageError } from '../errors.ts';
import type { Io } from '../io.ts';
import { readTextFile } from './files.ts';

/** Largest file of allocations, in bytes: 65,536 lines of an address and an amount. */
const MAX_ALLOCATIONS_BYTES = 16 << 20;

/**
 * Reads the first money of a network: CSV with the header `address,amount`, one-time addresses (`{sero} genesis address` shows one) and amounts in
 * SERO. An address may stand there twice, as in a genesis file. Throws a usage error that names the line.
 */
export function parseAllocations(text: string, network: Network): Allocation[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines[0]?.replaceAll(' ', '').toLowerCase() !== 'address,amount') {
    throw usageError('line 1: the first line of a file of allocations is address,amount');
  }
  const asset = fieldToBytes(SERO_ASSET);
  return lines.flatMap((line, i) => {
    if (i === 0 || line.trim() === '') return [];
    const cells = line.split(',').map((cell) => cell.trim());
    const [address, amount] = cells;
    if (cells.length !== 2 || !address || !amount) {
      throw usageError(`line ${i + 1}: an address and an amount are expected, with a comma between them`);
    }
    return [
      {
        pkr: readAt(i, () => ownerFromText(address, network)),
        asset: asset.slice(),
        value: readAt(i, () => amountOf(amount)),
      },
    ];
  });
}

/** Reads a file of allocations. Throws a usage error that names file and line. */
export async function readAllocations(io: Io, path: string, network: Network): Promise<Allocation[]> {
  const text = await readTextFile(io, path, MAX_ALLOCATIONS_BYTES);
  try {
    return parseAllocations(text, network);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw usageError(`${path}, ${error.message}`, error.hint);
  }
}

function amountOf(text: string): bigint {
  const { digits, unit = 'SERO' } = splitAmount(text);
  if (unit !== 'SERO') throw usageError('allocations are in SERO: no other asset is registered yet');
  return parseUnits(digits, 'SERO');
}

/** PKr, 64 bytes, of a one-time address as text. Throws a usage error. */
export function ownerFromText(text: string, network: Network): Uint8Array {
  try {
    return encodeOneTimeAddress(oneTimeAddressFromText(text, network));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw usageError(
      `this is no one-time address of a ${network} network: ${error.message}`,
      'the wallet shows one: {sero} genesis address',
    );
  }
}

function readAt<T>(line: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw usageError(`line ${line + 1}: ${error.message}`);
  }
}
