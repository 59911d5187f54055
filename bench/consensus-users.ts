import { blake2b256, compareBytes, concat, le32 } from '@sero/crypto';
import { fastEd25519, fastVrf } from '@sero/node';
import type { StakeRow } from '@sero/protocol';

/** How stake is spread in the tables that are measured: so many equal records, or a thousand of which one is a whale. */
export const SCALES = ['20', '1000', 'skewed', '50000'] as const;

export type Scale = (typeof SCALES)[number];

/** W of every table. */
export const UNITS = 100_000_000n;

/** Of a tenth of all stake, as much as a record may have. */
export const WHALE = UNITS / 10n;

/** What a record has in the table of 50,000. */
export const SMALL = UNITS / 50_000n;

/** What a table is, in words. */
export function describeScale(scale: Scale): string {
  if (scale === 'skewed')
    return '1,000 records, one of 10 % of all units and 999 whose units fall as 1 / (rank + 10)';
  return `${Number(scale).toLocaleString('en-US')} equal records`;
}

/** Units of the records of a table; they sum to {@link UNITS}. */
export function weightsOf(scale: Scale): bigint[] {
  if (scale !== 'skewed') {
    const count = Number(scale);
    return Array.from({ length: count }, () => UNITS / BigInt(count));
  }
  const shares = Array.from({ length: 999 }, (_, i) => 10n ** 12n / BigInt(i + 11));
  const sum = shares.reduce((total, share) => total + share, 0n);
  const weights = shares.map((share) => ((UNITS - WHALE) * share) / sum);
  // What rounding left goes to the first.
  weights[0] = UNITS - WHALE - weights.slice(1).reduce((total, weight) => total + weight, 0n);
  return [WHALE, ...weights];
}

/** Who votes. */
export interface User {
  readonly row: StakeRow;
  readonly vrfSecret: Uint8Array;
  /** Secret of the root of his ephemeral keys. */
  readonly voteSeed: Uint8Array;
}

/** The users of a table, ascending by id as there, with real keys; but of BLS, which no vote uses, the key is 48 bytes of a hash. */
export function usersOf(scale: Scale): User[] {
  return weightsOf(scale)
    .map((weight, n) => {
      const vrfSecret = blake2b256('BENCH_VRF', le32(n));
      const voteSeed = blake2b256('BENCH_VOTE', le32(n));
      const row = {
        ...rowOf(n, weight),
        vrfKey: fastVrf.publicKey(vrfSecret),
        voteRoot: fastEd25519.publicKey(voteSeed),
      };
      return { row, vrfSecret, voteSeed };
    })
    .sort((a, b) => compareBytes(a.row.id, b.row.id));
}

/** Rows of a table, ascending by id, whose keys are nobody's. */
export function rowsOf(scale: Scale): StakeRow[] {
  return weightsOf(scale)
    .map((weight, n) => rowOf(n, weight))
    .sort((a, b) => compareBytes(a.id, b.id));
}

/** The row of record number n, with hashes for keys. */
export function rowOf(n: number, weight: bigint): StakeRow {
  const part = (purpose: string): Uint8Array => blake2b256(purpose, le32(n));
  return {
    id: part('BENCH_ID'),
    vrfKey: part('BENCH_VRF_KEY'),
    voteRoot: part('BENCH_ROOT'),
    blsKey: concat(part('BENCH_BLS'), part('BENCH_BLS_TAIL').subarray(0, 16)),
    weight,
  };
}
