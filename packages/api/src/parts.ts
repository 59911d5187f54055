import {
  bytes,
  type Codec,
  count,
  type Decoded,
  described,
  fixedBytes,
  list,
  object,
  parameters,
  u64,
  u128,
} from './codec.ts';

/** Parts that several methods share. */

/** Most blocks that a range gives. */
export const MAX_RANGE = 1_024;

/** Bytes of a shielded output in compact form: CM 32, VPKr 32, tag 2, ciphertext 97. */
export const COMPACT_OUTPUT_BYTES = 163;

/** Bytes of a serialised header at most. */
const MAX_HEADER_BYTES = 4_096;

export const Hash = fixedBytes(32);

export const Height = described('Height of a block; the genesis block has 0.', u64);

export const HeaderBytes = described('Header, SSZ.', bytes(MAX_HEADER_BYTES));

export const Pkr = described('One-time address PKr: VPKr, ZPKr.', fixedBytes(64));

export const AssetNumber = described(
  'Asset number: a field element, 32 bytes little-endian; SERO is 1.',
  fixedBytes(32),
);

/** Where the chain ends. */
export const Head = object({
  height: Height,
  hash: described("SSZ root of the head's header.", Hash),
});

export type Head = Decoded<typeof Head>;

/** `from` and `limit` of every range. */
export const Range = parameters({
  from: described('First height, or number, of the range.', u64),
  limit: described(`Most entries to give, 1 to ${MAX_RANGE}.`, count(1)),
});

/** Lists of a range: never more entries than may be asked for. */
export function ranged<T>(item: Codec<T>): Codec<T[]> {
  return list(item, MAX_RANGE);
}

/** A note that the protocol made in the open. */
export const PublicOutput = object({
  asset: AssetNumber,
  value: described("Amount in the asset's smallest unit.", u128),
  pkr: Pkr,
});
