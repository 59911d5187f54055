import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { blake2b256, le32, toHex, utf8 } from '@sero/crypto';
import { committeeOf } from './committee.ts';
import { PRODUCTION } from './parameters.ts';
import { nextSeed, seedInput } from './seed.ts';
import { leaderValue, selectedUnits, sortitionInput } from './sortition.ts';
import { STEP } from './steps.ts';

// Every number here follows from the labels, so a test gives the same verdict in every run: the limits are those that a
// fair draw passes with probability 0.999, and each rule is also broken on purpose to show that the test would notice.

const ROUNDS = 10_000;
const NETWORK = blake2b256('SERO_TEST', utf8('network'));
const TOTAL = 1_000n;
const PROPOSERS = committeeOf({ ...PRODUCTION.committees, proposers: 10 }, STEP.propose, TOTAL);

interface Record {
  readonly id: Uint8Array;
  readonly vrfKey: Uint8Array;
  readonly weight: bigint;
}

const record = (name: string, weight: bigint, key = name): Record => ({
  id: blake2b256('SERO_TEST', utf8(`record ${name}`)),
  vrfKey: blake2b256('SERO_TEST', utf8(`key ${key}`)),
  weight,
});

/** `count` records that share a stake evenly. */
const split = (name: string, weight: bigint, count: number, key?: string): Record[] =>
  Array.from({ length: count }, (_, i) => record(`${name} ${i}`, weight / BigInt(count), key));

/** In place of a VRF, for volume: 64 bytes that depend on key and input alone. */
const outputOf = (vrfKey: Uint8Array, input: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha512').update(vrfKey).update(input).digest());

const seedOfRound = (round: number): Uint8Array => blake2b256('SERO_TEST', utf8('seed'), le32(round));

type Selection = typeof selectedUnits;
type Leader = typeof leaderValue;

interface Candidate {
  readonly record: Record;
  readonly units: bigint;
  readonly output: Uint8Array;
}

function candidates(
  records: readonly Record[],
  seed: Uint8Array,
  round: number,
  select: Selection,
): Candidate[] {
  const input = sortitionInput(NETWORK, seed, BigInt(round), 0, STEP.propose);
  return records.map((each) => {
    const output = outputOf(each.vrfKey, input);
    return { record: each, output, units: select(output, each.id, each.weight, TOTAL, PROPOSERS) };
  });
}

function leaderOf(drawn: readonly Candidate[], leader: Leader): Candidate | undefined {
  let best: { value: bigint; candidate: Candidate } | undefined;
  for (const candidate of drawn) {
    if (candidate.units === 0n) continue;
    const value = leader(candidate.output, candidate.record.id, candidate.units);
    if (best === undefined || value < best.value) best = { value, candidate };
  }
  return best?.candidate;
}

/** The chi-square statistic and the limit that a fair draw stays below with probability 0.999 (Wilson and Hilferty 1931). */
function chiSquare(
  observed: readonly number[],
  expected: readonly number[],
): { value: number; limit: number } {
  const value = observed.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0);
  const freedom = observed.length - 1;
  const spread = 2 / (9 * freedom);
  return { value, limit: freedom * (1 - spread + 3.0902 * Math.sqrt(spread)) ** 3 };
}

/** Chi-square of counts of drawn units against Binomial(weight, size / total); rare numbers stand together. */
function againstBinomial(
  draws: readonly bigint[],
  weight: number,
  p: number,
): { value: number; limit: number } {
  const chances: number[] = [];
  let chance = (1 - p) ** weight;
  for (let k = 0; k <= weight; k++) {
    chances.push(chance);
    chance *= ((weight - k) / (k + 1)) * (p / (1 - p));
  }
  const bins: { from: number; chance: number }[] = [];
  let [from, sum] = [0, 0];
  for (const [k, each] of chances.entries()) {
    sum += each;
    if (sum * draws.length >= 10) {
      bins.push({ from, chance: sum });
      [from, sum] = [k + 1, 0];
    }
  }
  // What is left at the upper end belongs to the last bin.
  bins[bins.length - 1]!.chance += sum;
  const observed = bins.map(({ from: low }, i) => {
    const high = bins[i + 1]?.from ?? Number.POSITIVE_INFINITY;
    return draws.filter((j) => Number(j) >= low && Number(j) < high).length;
  });
  return chiSquare(
    observed,
    bins.map((bin) => bin.chance * draws.length),
  );
}

/** Units that some records draw together, round by round. */
function drawnTogether(records: readonly Record[], rounds: number, select = selectedUnits): bigint[] {
  return Array.from({ length: rounds }, (_, round) =>
    candidates(records, seedOfRound(round), round, select).reduce((sum, { units }) => sum + units, 0n),
  );
}

/** In how many rounds one of the first `own` records leads, under each of these rules. */
function timesLeading(
  records: readonly Record[],
  own: number,
  rounds: number,
  ...rules: readonly Leader[]
): number[] {
  const counts = rules.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    const drawn = candidates(records, seedOfRound(round), round, selectedUnits);
    for (const [i, rule] of rules.entries()) {
      const best = leaderOf(drawn, rule);
      if (best !== undefined && records.indexOf(best.record) < own) counts[i]! += 1;
    }
  }
  return counts;
}

/** How far a count lies from what it should be, in standard deviations. */
function deviations(count: number, rounds: number, chance: number): number {
  return (count - rounds * chance) / Math.sqrt(rounds * chance * (1 - chance));
}

test('the units that a record draws are binomial: mean and chi-square over 10,000 rounds', () => {
  for (const weight of [10n, 150n, 1_000n]) {
    const draws = drawnTogether([record('alone', weight)], ROUNDS);
    const [w, p] = [Number(weight), Number(PROPOSERS.size) / Number(TOTAL)];
    const mean = draws.reduce((sum, j) => sum + Number(j), 0) / ROUNDS;
    assert.ok(Math.abs(mean - w * p) < 3.3 * Math.sqrt((w * p * (1 - p)) / ROUNDS), `mean ${mean} of ${w}`);
    const { value, limit } = againstBinomial(draws, w, p);
    assert.ok(value < limit, `${weight} units: ${value} of ${limit}`);
    // One unit too many or too few, and the test notices.
    assert.ok(againstBinomial(draws, w === 1_000 ? 950 : w + w / 5, p).value > limit);
  }
});

test('a stake draws as many units whether it is one record, 4 or 20', () => {
  const p = Number(PROPOSERS.size) / Number(TOTAL);
  for (const count of [1, 4, 20]) {
    const { value, limit } = againstBinomial(drawnTogether(split('split', 200n, count), 3_000), 200, p);
    assert.ok(value < limit, `${count} records: ${value} of ${limit}`);
  }
});

test('records that share a VRF key draw apart; without the id in the digest they would all draw alike', () => {
  const p = Number(PROPOSERS.size) / Number(TOTAL);
  const records = split('shared', 200n, 5, 'one key');
  const fair = againstBinomial(drawnTogether(records, 3_000), 200, p);
  assert.ok(fair.value < fair.limit, `${fair.value} of ${fair.limit}`);
  const nobody = new Uint8Array(32);
  const withoutId: Selection = (output, _, weight, total, committee) =>
    selectedUnits(output, nobody, weight, total, committee);
  const broken = againstBinomial(drawnTogether(records, 3_000, withoutId), 200, p);
  assert.ok(broken.value > 10 * broken.limit, `${broken.value} of ${broken.limit}`);
});

test('a stake leads as often as it weighs; counting the digest of the drawing as a unit would favour large records', () => {
  const rounds = 4_000;
  const fromZero: Leader = (output, id, units) => {
    const drawing = BigInt(`0x${toHex(blake2b256('SERO_SELECT', output, id))}`);
    const least = leaderValue(output, id, units);
    return drawing < least ? drawing : least;
  };
  const records = [...split('whole', 500n, 1), ...split('parts', 500n, 10)];
  const [fair, broken] = timesLeading(records, 1, rounds, leaderValue, fromZero) as [number, number];
  assert.ok(Math.abs(deviations(fair, rounds, 0.5)) < 3.3, `${fair} times`);
  assert.ok(deviations(broken, rounds, 0.5) > 4, `${broken} times`);
});

test('a stake leads as often split; one hash a record in place of one a unit would favour whoever splits', () => {
  const rounds = 2_000;
  const perRecord: Leader = (output, id) => leaderValue(output, id, 1n);
  const records = [...split('parts', 250n, 25), ...split('whales', 750n, 3)];
  const [fair, broken] = timesLeading(records, 25, rounds, leaderValue, perRecord) as [number, number];
  assert.ok(Math.abs(deviations(fair, rounds, 0.25)) < 3.3, `${fair} times`);
  assert.ok(deviations(broken, rounds, 0.25) > 10, `${broken} times`);
});

test('over 10,000 rounds of seeds that follow from each other everybody leads in proportion to his stake', () => {
  const weights = [5n, 10n, 20n, 35n, 80n, 150n, 300n, 400n];
  const records = weights.map((weight, i) => record(`fair ${i}`, weight));
  const seeds = [seedOfRound(0), seedOfRound(1)];
  const led = new Map<Record, number>(records.map((each) => [each, 0]));
  let nobody = 0;
  for (let round = 2; round < ROUNDS + 2; round++) {
    const seed = seeds[round - 2]!;
    const best = leaderOf(candidates(records, seed, round, selectedUnits), leaderValue);
    if (best === undefined) nobody += 1;
    else led.set(best.record, led.get(best.record)! + 1);
    const draw = best && {
      proposer: best.record.id,
      output: outputOf(best.record.vrfKey, seedInput(NETWORK, seed, BigInt(round))),
    };
    seeds.push(nextSeed(seed, draw, undefined));
  }
  assert.equal(new Set(seeds.map(toHex)).size, seeds.length);
  // Nobody at all is drawn with probability (1 - 10/1000)^1000, 4 in 100,000.
  assert.ok(nobody <= 3, `${nobody} rounds`);
  const { value, limit } = chiSquare(
    records.map((each) => led.get(each)!),
    weights.map((weight) => ((ROUNDS - nobody) * Number(weight)) / Number(TOTAL)),
  );
  assert.ok(value < limit, `${value} of ${limit}`);
});
