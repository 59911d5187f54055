import { CryptoError, decodeJumbled, encodeJumbled } from '@sero/crypto';
import {
  decodeAddress,
  decodeOneTimeAddress,
  encodeAddress,
  encodeOneTimeAddress,
  type OneTimeAddress,
} from './address.ts';
import { ProtocolError } from './errors.ts';
import {
  type Address,
  decodeProofKey,
  decodeViewingKey,
  encodeProofKey,
  encodeViewingKey,
  type ProofKey,
  type ViewingKey,
} from './keys.ts';

/** Which network a text belongs to: keys and addresses of one are refused on the other. */
export type Network = 'production' | 'development';

interface TextKind {
  readonly type: number;
  readonly prefix: string;
  readonly length: number;
}

const KINDS = {
  address: { type: 1, prefix: 'sero', length: 64 },
  oneTimeAddress: { type: 2, prefix: 'seror', length: 64 },
  contractAddress: { type: 3, prefix: 'seroc', length: 64 },
  viewingKey: { type: 4, prefix: 'serotk', length: 160 },
  proofKey: { type: 5, prefix: 'seropak', length: 128 },
} as const satisfies Record<string, TextKind>;

function prefixOf(kind: TextKind, network: Network): string {
  return network === 'production' ? kind.prefix : `${kind.prefix}dev`;
}

function write(kind: TextKind, network: Network, content: Uint8Array): string {
  return encodeJumbled(prefixOf(kind, network), kind.type, content);
}

function read(kind: TextKind, network: Network, text: string): Uint8Array {
  try {
    return decodeJumbled(prefixOf(kind, network), kind.type, kind.length, text);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new ProtocolError(
      error.code === 'bech32m-wrong-prefix' ? 'text-wrong-kind' : 'text-malformed',
      error.message,
    );
  }
}

/** PK as text: `sero1…`, on a development network `serodev1…`. */
export function addressToText(address: Address, network: Network): string {
  return write(KINDS.address, network, encodeAddress(address));
}

/** Reads PK; a PKr, a key or another network's address throws `text-wrong-kind`. */
export function addressFromText(text: string, network: Network): Address {
  return decodeAddress(read(KINDS.address, network, text));
}

/** PKr as text: `seror1…`. */
export function oneTimeAddressToText(address: OneTimeAddress, network: Network): string {
  return write(KINDS.oneTimeAddress, network, encodeOneTimeAddress(address));
}

/** Reads PKr. */
export function oneTimeAddressFromText(text: string, network: Network): OneTimeAddress {
  return decodeOneTimeAddress(read(KINDS.oneTimeAddress, network, text));
}

/** CADDR (64 bytes) as text: `seroc1…`. */
export function contractAddressToText(caddr: Uint8Array, network: Network): string {
  return write(KINDS.contractAddress, network, caddr);
}

/** Reads CADDR. */
export function contractAddressFromText(text: string, network: Network): Uint8Array {
  return read(KINDS.contractAddress, network, text);
}

/** TK as text: `serotk1…`. Whoever holds it sees the account's whole history. */
export function viewingKeyToText(key: ViewingKey, network: Network): string {
  return write(KINDS.viewingKey, network, encodeViewingKey(key));
}

/** Reads TK and checks that it opens its ZPK. */
export function viewingKeyFromText(text: string, network: Network): ViewingKey {
  return decodeViewingKey(read(KINDS.viewingKey, network, text));
}

/** PAK as text: `seropak1…`. */
export function proofKeyToText(key: ProofKey, network: Network): string {
  return write(KINDS.proofKey, network, encodeProofKey(key));
}

/** Reads PAK. */
export function proofKeyFromText(text: string, network: Network): ProofKey {
  return decodeProofKey(read(KINDS.proofKey, network, text));
}
