/**
 * Points in bulk, for setups and ceremonies.
 *
 * A point is affine, its coordinates in Montgomery form with R = 2^384, little-endian, c0 before c1 in G2, as in .zkey
 * and .ptau files; infinity is all zeros. A scalar is 32 bytes, little-endian, below r. Arrays of either are packed.
 *
 * Only `firstBad` asks whether points are on the curve and in the subgroup: once, where they come from outside. For
 * points that are not, results mean nothing.
 *
 * Every call throws `ProverError` with `packed-length` where lengths do not fit, `field-not-canonical` where a scalar
 * is not below r, and the reason of `signal` where that was aborted; inputs may be changed once it is settled, not
 * before.
 */
export interface GroupEngine {
  /** One [scalar] generator a scalar. */
  multiplyGenerator(group: Group, scalars: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;

  /** One [scalar_i] point_i a point. */
  multiplyEach(
    group: Group,
    points: Uint8Array,
    scalars: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array>;

  /** One [first * factor^i] point_i a point. */
  multiplyPowers(
    group: Group,
    points: Uint8Array,
    first: Uint8Array,
    factor: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Uint8Array>;

  /**
   * From points [tau^i], a power of two n of them, to the values at tau of the Lagrange polynomials of the domain of
   * the n-th roots of unity: 1/n sum_i [w^(-ij)] point_i for each j, w = 5^((r-1)/n).
   */
  lagrange(group: Group, points: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;

  /** One sum a row: over the row's terms, [coefficient] bases[index]. */
  combineRows(group: Group, bases: Uint8Array, rows: SparseRows, signal?: AbortSignal): Promise<Uint8Array>;

  /** The sum of [scalar_i] point_i: one point. Here scalars have `scalarBytes` each, 1 to 32. */
  multiExp(
    group: Group,
    points: Uint8Array,
    scalars: Uint8Array,
    scalarBytes: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array>;

  /** One left_i - right_i a point. */
  subtract(group: Group, left: Uint8Array, right: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;

  /**
   * The index of the first point that is infinity, has a coordinate that is not below q, or lies off the curve or
   * outside the subgroup; undefined where there is none.
   */
  firstBad(group: Group, points: Uint8Array, signal?: AbortSignal): Promise<number | undefined>;

  /**
   * Points as the transcripts of ceremonies hash them, big-endian, c1 before c0: both coordinates, infinity all zeros;
   * or, compressed, x alone with the top bit set where y is the larger root, infinity 0x40 and zeros. (snarkjs' forms;
   * the latter is not ZCash's.)
   */
  encode(group: Group, points: Uint8Array, form: PointForm, signal?: AbortSignal): Promise<Uint8Array>;

  /** Whether the product of the pairings e(left_i, right_i) is one: points of G1 left, as many of G2 right. */
  pairingProductIsOne(left: Uint8Array, right: Uint8Array, signal?: AbortSignal): Promise<boolean>;
}

/** A group of BLS12-381. */
export type Group = 'g1' | 'g2';

/** How transcripts hash a point. */
export type PointForm = 'uncompressed' | 'compressed';

/** Sums to be made, each of some of the same points. */
export interface SparseRows {
  /** Where each row's terms begin, and behind the last one the number of terms: rows + 1 numbers that do not fall. */
  readonly starts: Uint32Array;
  /** Which point, one a term. */
  readonly indices: Uint32Array;
  /** Packed scalars, one a term. */
  readonly coefficients: Uint8Array;
}

/** Bytes of a point. */
export const GROUP_POINT_BYTES: Readonly<Record<Group, number>> = { g1: 96, g2: 192 };
