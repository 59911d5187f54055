import { bytesToHex } from '@noble/hashes/utils.js';

/** A number as JSON-RPC writes quantities: no leading zeros. */
export function quantity(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** Bytes as JSON-RPC writes data. */
export function data(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}
