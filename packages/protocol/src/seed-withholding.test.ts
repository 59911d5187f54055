import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { blake2b256, concat, toHex, utf8 } from '@sero/crypto';
import { nextSeed, seedInput } from './seed.ts';
import { leaderValue, selectedUnits, sortitionInput } from './sortition.ts';
import { STEP } from './steps.ts';

// An adversary with a share s of the stake leads a period 0 and chooses: he publishes a block, and the seed two rounds on
// is that of his VRF; or he sends the proposal and withholds the block, and it is the one without a proof. Each record has an
// output of its own: with m records that rank before the first honest one he has m + 1 seeds to choose from. (Where he keeps silent
// altogether the honest block wins, by an output that nobody chose: no lead, and a fresh seed.) He is given more than he can know: the VRF
// keys of everybody else, so that he sees who will lead after each choice, as far ahead as his own leading reaches.
//
// The bound, for a stake that is split as finely as can be: the places of a ranking are his with probability s each, so
// P(m) = s^m (1 - s). From a fresh seed he leads n times in a row at best with probability d(1) = s and, with x = 1 - d(n - 1),
//
//     d(n) = sum over m >= 1 of s^m (1 - s) (1 - x^(m + 1)) = s - (1 - s) x s x / (1 - s x):
//
// he leads, and one of the m + 1 next seeds lets him lead n - 1 times. A row ends with somebody else's VRF output, which nobody
// chose. With R = d(1) + d(2) + ... his share of period 0 is at most R / (1 + R). Below s = 0.38, where s (2 - s) = 1 - s, R is finite.
// Who keeps all his stake in one record has two seeds whenever he leads: d(n) = s (1 - x^2).

const ROUNDS = 3_000;
/** Enough where a rule is broken: the effects are large. */
const FEW = 800;
const SHARE = 0.25;
const NETWORK = blake2b256('SERO_TEST', utf8('network'));
const TOTAL = 1_000n;
const PROPOSERS = { size: 8n, threshold: 0n, everyUnit: false };

const player = (name: string, weight: bigint) => ({
  id: blake2b256('SERO_TEST', utf8(`record ${name}`)),
  key: blake2b256('SERO_TEST', utf8(`key ${name}`)),
  weight,
});
const adversary = player('adversary', 250n);
// Splitting changes nothing, so one record stands for all the others.
const honest = player('honest', 750n);

/** In place of a VRF, for volume: 64 bytes that depend on key and input alone. */
const outputOf = (key: Uint8Array, input: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha512').update(key).update(input).digest());

/** A player's rank in a period, undefined where no unit of his is drawn. */
function rank({ id, key, weight }: typeof adversary, seed: Uint8Array, round: number, period: number) {
  const output = outputOf(key, sortitionInput(NETWORK, seed, BigInt(round), period, STEP.propose));
  const units = selectedUnits(output, id, weight, TOTAL, PROPOSERS);
  return units === 0n ? undefined : leaderValue(output, id, units);
}

function leads(seed: Uint8Array, round: number, period = 0, who = adversary): boolean {
  const own = rank(who, seed, round, period);
  const others = rank(honest, seed, round, period);
  return own !== undefined && (others === undefined || own < others);
}

const drawBy = ({ id, key }: typeof adversary, seed: Uint8Array, round: number) => ({
  proposer: id,
  output: outputOf(key, seedInput(NETWORK, seed, BigInt(round))),
});

/** What the leader of a round can make of its seed: the seeds that he may choose among. */
type Choices = (seed: Uint8Array, round: number) => Uint8Array[];

const publishOrWithhold: Choices = (seed, round) => [
  nextSeed(seed, drawBy(adversary, seed, round), undefined),
  nextSeed(seed, undefined, undefined),
];

/**
 * The adversary's share of period 0 over many rounds, where he always takes the seed that lets him lead longest.
 *
 * @param depth rounds of his chain that he looks ahead
 * @param isLed whether he leads a round
 */
function shareOfLeaders(choices: Choices, depth: number, rounds: number, isLed = leads): number {
  const rowLength = (seed: Uint8Array, round: number, left: number): number =>
    left > 0 && isLed(seed, round)
      ? 1 + Math.max(...choices(seed, round).map((next) => rowLength(next, round + 2, left - 1)))
      : 0;
  const seeds = [blake2b256('SERO_TEST', utf8('first')), blake2b256('SERO_TEST', utf8('second'))];
  let led = 0;
  for (let round = 2; round < rounds + 2; round++) {
    const seed = seeds[round - 2]!;
    if (!isLed(seed, round)) {
      seeds.push(nextSeed(seed, drawBy(honest, seed, round), undefined));
      continue;
    }
    led += 1;
    let best: { next: Uint8Array; row: number } | undefined;
    for (const next of choices(seed, round)) {
      const row = rowLength(next, round + 2, depth);
      if (best === undefined || row > best.row) best = { next, row };
    }
    seeds.push(best!.next);
  }
  return led / rounds;
}

/** R / (1 + R), from what d(n) is made of: the share, and 1 - d(n - 1). 400 terms are more than doubles can tell from all. */
function boundBy(share: number, row: (share: number, x: number) => number): number {
  let [d, sum] = [share, share];
  for (let n = 2; n <= 400; n++) {
    d = row(share, 1 - d);
    sum += d;
  }
  return sum / (1 + sum);
}
const oneRecord = (s: number, x: number): number => s * (1 - x ** 2);
const manyRecords = (s: number, x: number): number => s - ((1 - s) * x * s * x) / (1 - s * x);

const BOUND = boundBy(SHARE, oneRecord);
/** Four standard deviations of a share over so many rounds; rounds in a row depend on each other, hence the half more. */
const slack = (rounds: number): number => 4 * 1.5 * Math.sqrt((BOUND * (1 - BOUND)) / rounds);

test('who publishes every block leads in proportion to his stake', () => {
  const share = shareOfLeaders((seed, round) => publishOrWithhold(seed, round).slice(0, 1), 0, ROUNDS);
  assert.ok(Math.abs(share - SHARE) < slack(ROUNDS), `${share}`);
});

test('who withholds the blocks of one record for the better of two seeds gains, and no more than its bound', () => {
  assert.ok(Math.abs(BOUND - 0.3155) < 0.001, `${BOUND}`);
  const share = shareOfLeaders(publishOrWithhold, 12, ROUNDS);
  assert.ok(share < BOUND + slack(ROUNDS), `${share} of ${BOUND}`);
  // He is as good as one record gets, so the bound is tight.
  assert.ok(share > BOUND - slack(ROUNDS) && share > SHARE, `${share} of ${BOUND}`);
});

test('with contents of the block in the seed its leader would try contents, and pass the bound by far', () => {
  const contents: Choices = (seed, round) =>
    Array.from({ length: 8 }, (_, i) =>
      nextSeed(seed, drawBy(adversary, seed, round), blake2b256('SERO_TEST', seed, Uint8Array.of(i))),
    );
  const share = shareOfLeaders(contents, 1, FEW);
  assert.ok(share > BOUND + slack(FEW), `${share} of ${BOUND}`);
});

test('with another seed in every period who withholds for longer would choose among more, and pass the bound', () => {
  // He holds the network back for three periods more, as one who withholds next-votes or delays messages may.
  const periods: Choices = (seed, round) => [
    ...publishOrWithhold(seed, round),
    ...[2, 3, 4, 5, 6].map((period) => blake2b256('SERO_SEED_NEXT', seed, Uint8Array.of(period))),
  ];
  const share = shareOfLeaders(periods, 1, FEW);
  assert.ok(share > BOUND + slack(FEW), `${share} of ${BOUND}`);
});

test('with keys that count from the round in which they are made he would make keys for a seed he knows, and pass the bound', () => {
  const keys = Array.from({ length: 8 }, (_, i) => player(`key ${i}`, adversary.weight));
  const anyKey = (seed: Uint8Array, round: number): boolean => keys.some((key) => leads(seed, round, 0, key));
  const share = shareOfLeaders((seed, round) => publishOrWithhold(seed, round).slice(0, 1), 0, FEW, anyKey);
  assert.ok(share > BOUND + slack(FEW), `${share} of ${BOUND}`);
});

/** Rounds in which a split stake is played: the bounds of one record and of many are further apart than twice the error. */
const MANY = 20_000;

/** How many of his records rank before the first honest one: each place is his with probability `share`, whatever the others are. */
function placesBefore(seed: Uint8Array, share: number): number {
  for (let m = 0; ; m++) {
    const place = outputOf(honest.key, concat(seed, Uint8Array.of(m)));
    if (new DataView(place.buffer).getUint32(0) / 2 ** 32 >= share) return m;
  }
}

/** The share of period 0 of one who always takes the longest row that his m leading records leave him; `draws` of them, and no draw. */
function shareOfSplit(share: number, draws: (m: number) => number): number {
  const records = Array.from({ length: 64 }, (_, i) => player(`part ${i}`, 1n));
  /** The longest row from a seed on, and the seed that it ends with. */
  const longest = (seed: Uint8Array, round: number): { row: number; end: Uint8Array } => {
    const m = placesBefore(seed, share);
    if (m === 0) return { row: 0, end: seed };
    let best = longest(nextSeed(seed, undefined, undefined), round + 2);
    for (const record of records.slice(0, draws(m))) {
      const other = longest(nextSeed(seed, drawBy(record, seed, round), undefined), round + 2);
      if (other.row > best.row) best = other;
    }
    return { row: best.row + 1, end: best.end };
  };
  let [seed, round, led] = [blake2b256('SERO_TEST', utf8('first')), 2, 0];
  while (round < 2 * MANY) {
    const { row, end } = longest(seed, round);
    led += row;
    round += 2 * row;
    seed = nextSeed(end, drawBy(honest, end, round), undefined);
    round += 2;
  }
  return (2 * led) / round;
}

test('a stake that is split gives a seed for each record before the first honest one: more than one record, and no more than the bound', () => {
  assert.ok(Math.abs(boundBy(1 / 5, manyRecords) - 0.2525) < 0.0001);
  for (const [share, one, many, error] of [
    [1 / 4, 0.3155, 0.341, 0.012],
    [1 / 3, 0.4546, 0.5435, 0.04],
  ] as const) {
    assert.ok(Math.abs(boundBy(share, oneRecord) - one) < 0.0001);
    assert.ok(Math.abs(boundBy(share, manyRecords) - many) < 0.0001);
    const split = shareOfSplit(share, (m) => m);
    assert.ok(Math.abs(split - many) < error, `${split} of ${many}`);
    const single = shareOfSplit(share, () => 1);
    assert.ok(Math.abs(single - one) < error, `${single} of ${one}`);
    assert.ok(one + error < many - error);
  }
});

test('the seed of each record, and the one without a draw, are all there are: contents, later periods and later proposers change none of them', () => {
  const seed = blake2b256('SERO_TEST', utf8('some seed'));
  const all = new Set(
    [adversary, honest].flatMap((who) => [
      toHex(nextSeed(seed, drawBy(who, seed, 7), undefined)),
      toHex(nextSeed(seed, undefined, undefined)),
    ]),
  );
  assert.equal(all.size, 3);
});
