import type { AccessListEntry } from '../context.ts';
import { type Fork, isSince } from '../fork.ts';

/** What of a transaction its intrinsic gas depends on. */
export interface GasSubject {
  readonly to: Uint8Array | undefined;
  readonly data: Uint8Array;
  readonly accessList: readonly AccessListEntry[];
}

const TRANSACTION = 21000;
const CREATION = 32000;
const ZERO_BYTE = 4;
const OTHER_BYTE = 16;
const INIT_CODE_WORD = 2;
const LISTED_ADDRESS = 2400;
const LISTED_SLOT = 1900;
const FLOOR_TOKEN = 10;

/** Gas before anything runs (Yellow Paper 6.2, EIP-2028, EIP-2930, EIP-3860). */
export function intrinsicGas({ to, data, accessList }: GasSubject, fork: Fork): bigint {
  let gas = TRANSACTION;
  for (const byte of data) gas += byte === 0 ? ZERO_BYTE : OTHER_BYTE;
  if (to === undefined) {
    gas += CREATION;
    if (isSince(fork, 'shanghai')) gas += INIT_CODE_WORD * ((data.length + 31) >>> 5);
  }
  for (const { storageKeys } of accessList) gas += LISTED_ADDRESS + LISTED_SLOT * storageKeys.length;
  return BigInt(gas);
}

/** Gas that a transaction uses at least, whatever it does (EIP-7623); 0 before Prague. */
export function floorGas({ data }: GasSubject, fork: Fork): bigint {
  if (!isSince(fork, 'prague')) return 0n;
  let tokens = 0;
  for (const byte of data) tokens += byte === 0 ? 1 : 4;
  return BigInt(TRANSACTION + FLOOR_TOKEN * tokens);
}
