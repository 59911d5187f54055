import { blake2b256, le32, le64 } from '@sero/crypto';
import { type BinomialTables, binomialTables } from './binomial.ts';
import type { Committee } from './committee.ts';

/** 32,768 tables of 262,144 values: below 40 MiB. A small stake's table holds a few values, that of all stake some 3,000. */
const TABLES: BinomialTables = binomialTables(32_768, 262_144);

/** The integer that 32 bytes spell, most significant first: digests are compared as numbers. */
function bigEndian(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let value = 0n;
  for (let i = 0; i < bytes.length; i += 8) value = (value << 64n) | view.getBigUint64(i);
  return value;
}

/**
 * What a participant draws with: the VRF's input at one step (the paper's "info").
 *
 * @param seed seed(round - seedLookback), 32 bytes
 * @param step 0..255
 */
export function sortitionInput(
  genesisHash: Uint8Array,
  seed: Uint8Array,
  round: bigint,
  period: number,
  step: number,
): Uint8Array {
  return blake2b256('SERO_SORTITION', genesisHash, seed, le64(round), le32(period), Uint8Array.of(step));
}

/**
 * How many of a record's units are drawn: the smallest j with H(out || id) / 2^256 < CDF(j) of Binomial(weight, size / total);
 * all of them where the step draws every unit.
 *
 * The id is hashed in so that two records that share a VRF key are drawn apart.
 *
 * @param output VRF output of {@link sortitionInput}, 64 bytes
 * @param id stake record
 * @param weight of the record, 1 <= weight <= total
 * @param total W of the round's table
 * @returns 0..weight; 0 means not drawn
 */
export function selectedUnits(
  output: Uint8Array,
  id: Uint8Array,
  weight: bigint,
  total: bigint,
  committee: Committee,
): bigint {
  if (committee.everyUnit) return weight;
  return TABLES.quantile(weight, total, committee.size, bigEndian(blake2b256('SERO_SELECT', output, id)));
}

/**
 * A proposal's rank, the smallest leads: the least H(out || id || LE32(i)) over its units i = 1..units, 256 bits. The
 * smallest of j values is what j participants of one unit would have had, so splitting a stake changes nothing; with the
 * digest of the drawing itself among them it would, since that one is small where few units are drawn.
 *
 * @param output VRF output of the step propose, 64 bytes
 * @param units of the record that are drawn, 1 <= units < 2^32; the cost is one hash each
 */
export function leaderValue(output: Uint8Array, id: Uint8Array, units: bigint): bigint {
  let least = 1n << 256n;
  for (let i = 1; i <= units; i++) {
    const value = bigEndian(blake2b256('SERO_LEADER', output, id, le32(i)));
    if (value < least) least = value;
  }
  return least;
}
