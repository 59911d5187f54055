/** Chances are whole numbers of this. */
const ONE = 1n << 64n;

/** Longer rows of rounds led by a withholder are rarer than chances are exact. */
const LONGEST_ROW = 400;

/** First periods of rounds, and those of them that a hostile record led. */
export interface LeaderShare {
  readonly rounds: number;
  readonly led: number;
}

/**
 * The share of first periods that a split stake leads by publishing and withholding, and never silent, which is what the simulator's withholder does
 * (docs/protocol.md, section 11): R / (1 + R), where R is the sum of the chances d(n) to lead n times in a row.
 *
 * @returns of {@link ONE}
 */
function mostOf(units: number, total: number): bigint {
  const share = (BigInt(units) * ONE) / BigInt(total);
  let [chance, sum] = [share, share];
  for (let n = 2; n <= LONGEST_ROW; n++) {
    const none = ONE - chance;
    const other = (share * none) / ONE;
    chance = share - ((((ONE - share) * none) / ONE) * other) / (ONE - other);
    sum += chance;
  }
  return (sum * ONE) / (ONE + sum);
}

/** Halves of a standard deviation of as many independent rounds: three of them, and half as much again, since rounds in a row depend on each other. */
const SLACK = 9n;

/**
 * Whether a stake leads more first periods than withholding can bring it, beyond what chance explains.
 *
 * @param units the stake, of so many in all
 */
export function isTooOften({ rounds, led }: LeaderShare, units: number, total: number): boolean {
  const most = mostOf(units, total);
  const n = BigInt(rounds);
  const above = BigInt(led) * ONE - most * n;
  return above > 0n && 4n * above * above > SLACK * SLACK * n * most * (ONE - most);
}
