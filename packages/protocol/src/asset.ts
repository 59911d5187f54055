import { blake2b, blake2b256, concat, le64, toField, utf8 } from '@sero/crypto';
import { ensure } from './errors.ts';

/** The coin's asset number is 1: the circuits fix it. */
export { SERO_ASSET } from '@sero/circuits';

/** Asset kinds of the registry: 1 fungible token, 2 ticket (or the category that tickets stand in). */
export type AssetKind = 1 | 2;

/** Kind byte of offline assets, refused until their circuit exists. */
export const OFFLINE_KIND = 3;

const NAME_PATTERN = /^[A-Z0-9_.-]{1,32}$/;

/** Blocks after which a commitment to a name can be used at the earliest and at the latest; then it is forgotten. */
export const COMMITMENT_MIN_AGE = 2n;
export const COMMITMENT_MAX_AGE = 1_000n;

const RESERVED_NAMES: readonly string[] = ['SERO'];

/** Throws unless the text is a name that anybody may take: 1 to 32 of A-Z 0-9 _ . - and not reserved. */
export function checkName(name: string): void {
  ensure(
    NAME_PATTERN.test(name),
    'asset-name',
    'a name has 1 to 32 characters of A-Z, 0-9, "_", "." and "-"',
  );
  ensure(!RESERVED_NAMES.includes(name), 'asset-name-reserved', `the name ${name} is reserved`);
}

/** name32 of a token or a category: the name's ASCII bytes padded right with zeros. */
export function name32(name: string): Uint8Array {
  const bytes = utf8(name);
  ensure(bytes.length <= 32, 'asset-name', 'a name has at most 32 bytes');
  const out = new Uint8Array(32);
  out.set(bytes);
  return out;
}

/** name32 of a ticket, from its category's name and its own 32 bytes. */
export function ticketName32(category: string, id32: Uint8Array): Uint8Array {
  return blake2b256('SERO_ticket', name32(category), id32);
}

/** The asset number of a registered name: one name space for all kinds, one number for each (kind, name). */
export function assetId(chainId: bigint, kind: AssetKind, nameBytes: Uint8Array): bigint {
  ensure(nameBytes.length === 32, 'malformed', 'name32 has 32 bytes');
  return toField(blake2b('SERO_asset', le64(chainId), Uint8Array.of(kind), nameBytes));
}

/** What is committed at least two blocks before a name is issued: binds the name, a salt and the issuer's alias. */
export function nameCommitment(name: string, salt: Uint8Array, issuer: Uint8Array): Uint8Array {
  ensure(salt.length === 32 && issuer.length === 20, 'malformed', 'a salt has 32 bytes, an issuer 20');
  return blake2b256('SERO_name', concat(name32(name), salt, issuer));
}

/** The price of a name in the coin's smallest unit: by length 1 to 6 from the table's front, its last entry from 7 on. */
export function namePrice(name: string, prices: readonly bigint[]): bigint {
  const index = name.length < prices.length ? name.length - 1 : prices.length - 1;
  const price = prices[index];
  ensure(price !== undefined, 'genesis-invalid', 'the table of name prices is empty');
  return price;
}
