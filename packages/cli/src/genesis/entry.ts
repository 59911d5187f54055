import { fromHex, toHex } from '@sero/crypto';
import {
  decodeOneTimeAddress,
  type GenesisValidator,
  type Network,
  oneTimeAddressToText,
  recordOfValidator,
  WHOLE_COMMISSION,
} from '@sero/protocol';
import { usageError } from '../errors.ts';
import { ownerFromText } from './allocations-file.ts';

/** What somebody who wants to be a first participant sends to the organiser: his row of the genesis file, and the chain that it is for. */
export interface Entry {
  readonly network: Network;
  /** His owner address is derived for this chain: on another he would not find his stake. */
  readonly chainId: bigint;
  readonly validator: GenesisValidator;
}

/** Largest entry file, in bytes. */
export const MAX_ENTRY_BYTES = 4_096;

const FORMAT = 'sero-genesis-entry-1';

const LARGEST_U64 = (1n << 64n) - 1n;

/** An entry as a file: JSON, so that people see what they promise. One entry has one spelling. */
export function encodeEntry({ network, chainId, validator }: Entry): string {
  const { owner, vrfKey, voteRoot, blsKey, blsProof, firstRound, lastRound, commission, units } = validator;
  const fields = {
    format: FORMAT,
    network,
    chainId: String(chainId),
    record: toHex(recordOfValidator(validator)),
    owner: oneTimeAddressToText(decodeOneTimeAddress(owner), network),
    vrfKey: toHex(vrfKey),
    voteRoot: toHex(voteRoot),
    blsKey: toHex(blsKey),
    blsProof: toHex(blsProof),
    firstRound: String(firstRound),
    lastRound: String(lastRound),
    commission: String(commission),
    units: String(units),
  };
  return `${JSON.stringify(fields, undefined, 2)}\n`;
}

/** Reads an entry. Throws a usage error that names what is wrong with it; its keys and their proofs are checked with the draft. */
export function decodeEntry(text: string): Entry {
  const fields = fieldsOf(text);
  const take = (name: string, pattern: RegExp): string => {
    const value = fields[name];
    if (typeof value === 'string' && pattern.test(value)) return value;
    throw usageError(`an entry's ${name} is missing or is not what it should be`);
  };
  take('format', /^sero-genesis-entry-1$/);
  const network = take('network', /^(production|development)$/) as Network;
  const hex = (name: string, length: number): Uint8Array =>
    fromHex(take(name, new RegExp(`^[0-9a-f]{${2 * length}}$`)));
  const number = (name: string, most: bigint): bigint => {
    const value = BigInt(take(name, /^(0|[1-9]\d{0,19})$/));
    if (value > most) throw usageError(`an entry's ${name} is at most ${most}`);
    return value;
  };
  const entry: Entry = {
    network,
    chainId: number('chainId', LARGEST_U64),
    validator: {
      owner: ownerFromText(take('owner', /^[a-z0-9]{1,256}$/), network),
      vrfKey: hex('vrfKey', 32),
      voteRoot: hex('voteRoot', 32),
      blsKey: hex('blsKey', 48),
      blsProof: hex('blsProof', 96),
      firstRound: number('firstRound', LARGEST_U64),
      lastRound: number('lastRound', LARGEST_U64),
      commission: Number(number('commission', BigInt(WHOLE_COMMISSION))),
      units: number('units', LARGEST_U64),
    },
  };
  if (encodeEntry(entry) !== text)
    throw usageError('an entry has other fields, another record or another spelling');
  return entry;
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    const fields: unknown = JSON.parse(text);
    if (typeof fields === 'object' && fields !== null) return fields as Record<string, unknown>;
  } catch {
    // No JSON: no entry.
  }
  throw usageError('this is no entry of a validator', 'see: {sero} genesis join');
}
