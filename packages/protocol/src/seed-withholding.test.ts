import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { blake2b256, concat, toHex, utf8 } from '@sero/crypto';
import { nextSeed, seedInput } from './seed.ts';
import { leaderValue, selectedUnits, sortitionInput } from './sortition.ts';
import { STEP } from './steps.ts';

// An adversary with a share s of the stake leads a period 0 and chooses the seed two rounds on: he publishes a block, and it is that of his
// VRF, an output for each of the m records of his that rank before the first honest one; or he sends the proposal and withholds the
// block, and it is the one without a draw; or he waits for the honest block, whose proof tells its seed, and is silent, and that
// block wins. m + 2 seeds, and for the last of them he gives up his lead.
//
// The model: he knows all ranks, others' too (more than he can know), in whatever round he comes to without an honest draw; of honest draws he
// knows the present round's and no later one. Stake is split as finely as can be: the places of a ranking are his with probability
// s each, P(m) = s^m (1 - s). By choices of his own a fresh seed lets him lead n times in a row with probability d(1) = s and, with x = 1 - d(n - 1),
//
//     d(n) = sum over m >= 1 of s^m (1 - s) (1 - x^(m + 1)) = s - (1 - s) x s x / (1 - s x):
//
// he leads, and one of the m + 1 seeds lets him lead n - 1 times. Who keeps all his stake in one record has two: d(n) = s (1 - x^2).
// Who is never silent ends a row with an honest output, fresh to him: with R = d(1) + d(2) + ... his share is R / (1 + R). Who looks
// at the honest block decides in each round with n rounds of a row before him: he leads and has n - 1, or is silent and has K, where
// P(K >= n) = d(n). What n is worth to him is v(0) = -g, v(n) = -g + E max(1 + v(n - 1), v(K)), and g, his best share, is such that
// E v(K) = 0. (Longer rows are worth more, so nothing of what he knows counts but the longest row of each seed.)
// Below s = 0.38, where s (2 - s) = 1 - s, R is finite.

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

const oneRecord = (s: number, x: number): number => s * (1 - x ** 2);
const manyRecords = (s: number, x: number): number => s - ((1 - s) * x * s * x) / (1 - s * x);

/** d(0) = 1, d(1), d(2) ...: 400 terms are more than doubles can tell from all. */
function rowsOf(share: number, row: (share: number, x: number) => number): number[] {
  const rows = [1, share];
  while (rows.length < 400) rows.push(row(share, 1 - rows.at(-1)!));
  return rows;
}

/** The share of one who is never silent: R / (1 + R). */
function boundBy(share: number, row: (share: number, x: number) => number): number {
  const sum = rowsOf(share, row).reduce((all, d) => all + d, -1);
  return sum / (1 + sum);
}

/** The share g of one who looks first, and the values v(0), v(1) ... that he decides by: each round of v and g from the one before, until they stand. */
function looking(
  share: number,
  row: (share: number, x: number) => number,
): { share: number; values: number[] } {
  const rows = rowsOf(share, row);
  const chances = rows.map((d, n) => d - (rows[n + 1] ?? 0));
  let gain = boundBy(share, row);
  let values = rows.map((_, n) => n * (1 - gain) - gain);
  for (let pass = 0; pass < 300; pass++) {
    // From each k on: the chance of K >= k, and E v(K) over those.
    const above = [...values, 0].fill(0);
    for (let k = rows.length - 1; k >= 0; k--) above[k] = above[k + 1]! + chances[k]! * values[k]!;
    const next = [above[0]! - gain];
    let k = 0;
    while (next.length < rows.length) {
      const stay = 1 + next.at(-1)!;
      while (k < rows.length && values[k]! <= stay) k++;
      next.push(stay * (1 - (rows[k] ?? 0)) + above[k]! - gain);
    }
    const mean = next.reduce((sum, value, n) => sum + chances[n]! * value, 0);
    gain += mean / 2;
    values = next.map((value) => value - mean);
  }
  return { share: gain, values };
}

/** Of one record that is never silent; of one that looks, which is as far as the rules let anybody go. */
const NEVER_SILENT = boundBy(SHARE, oneRecord);
const BOUND = looking(SHARE, oneRecord).share;
/** Four standard deviations of a share over so many rounds; rounds in a row depend on each other, hence the half more. */
const slack = (rounds: number): number => 4 * 1.5 * Math.sqrt((BOUND * (1 - BOUND)) / rounds);

test('who publishes every block leads in proportion to his stake', () => {
  const share = shareOfLeaders((seed, round) => publishOrWithhold(seed, round).slice(0, 1), 0, ROUNDS);
  assert.ok(Math.abs(share - SHARE) < slack(ROUNDS), `${share}`);
});

test('who withholds the blocks of one record for the better of two seeds, and is never silent, gains what the formula says', () => {
  const share = shareOfLeaders(publishOrWithhold, 12, ROUNDS);
  assert.ok(share < NEVER_SILENT + slack(ROUNDS), `${share} of ${NEVER_SILENT}`);
  // He is as good as one record gets that is never silent.
  assert.ok(share > NEVER_SILENT - slack(ROUNDS) && share > SHARE, `${share} of ${NEVER_SILENT}`);
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

/** How many of his records rank before the first honest one: each place is his with probability `share`, whatever the others are. */
function placesBefore(seed: Uint8Array, share: number): number {
  for (let m = 0; ; m++) {
    const place = outputOf(honest.key, concat(seed, Uint8Array.of(m)));
    if (new DataView(place.buffer).getUint32(0) / 2 ** 32 >= share) return m;
  }
}

const parts = Array.from({ length: 64 }, (_, i) => player(`part ${i}`, 1n));

/** The seeds of all choices but silence, where m of his records lead, as many as `draws` says of them drawn; none where he does not lead. */
function ownChoices(seed: Uint8Array, round: number, m: number, draws: (m: number) => number): Uint8Array[] {
  if (m === 0) return [];
  const drawn = parts
    .slice(0, draws(m))
    .map((record) => nextSeed(seed, drawBy(record, seed, round), undefined));
  return [nextSeed(seed, undefined, undefined), ...drawn];
}
const ofHonest = (seed: Uint8Array, round: number): Uint8Array =>
  nextSeed(seed, drawBy(honest, seed, round), undefined);

/**
 * The share of period 0, over many rounds, of one who takes the longest row that his m leading records leave him.
 *
 * @param draws how many of the m he may choose among
 * @param values what rows are worth to one who looks at the honest block before he speaks; undefined: he is never silent
 */
function shareOfRows(
  share: number,
  rounds: number,
  draws: (m: number) => number,
  values: readonly number[] | undefined,
): number {
  /** The seeds behind each round of the longest row from here, the last one first. */
  const longest = (seed: Uint8Array, round: number): Uint8Array[] => {
    let best: Uint8Array[] | undefined;
    for (const next of ownChoices(seed, round, placesBefore(seed, share), draws)) {
      const row = longest(next, round + 2);
      row.push(next);
      if (best === undefined || row.length > best.length) best = row;
    }
    return best ?? [];
  };
  let seed = blake2b256('SERO_TEST', utf8('first'));
  let row = longest(seed, 2);
  let led = 0;
  for (let round = 2; round < 2 * rounds + 2; round += 2) {
    if (row.length === 0) {
      seed = ofHonest(seed, round);
      row = longest(seed, round + 2);
      continue;
    }
    if (values !== undefined) {
      const other = ofHonest(seed, round);
      const silent = longest(other, round + 2);
      if (values[silent.length]! > 1 + values[row.length - 1]!) {
        [seed, row] = [other, silent];
        continue;
      }
    }
    led += 1;
    seed = row.pop()!;
  }
  return led / rounds;
}

const [all, one] = [(m: number): number => m, (): number => 1];

test('the figures of docs/protocol.md, section 11: of a stake in one record and of a split one, that is never silent or looks first', () => {
  for (const [share, ...figures] of [
    [1 / 10, 0.1101, 0.1112, 0.1119, 0.1131],
    [1 / 5, 0.2413, 0.2525, 0.2548, 0.2686],
    [1 / 4, 0.3155, 0.341, 0.3417, 0.3749],
    [0.3, 0.3964, 0.45, 0.4411, 0.5158],
    [1 / 3, 0.4546, 0.5435, 0.5152, 0.6443],
  ] as const) {
    const found = [
      boundBy(share, oneRecord),
      boundBy(share, manyRecords),
      looking(share, oneRecord).share,
      looking(share, manyRecords).share,
    ];
    assert.deepEqual(
      found.map((figure) => figure.toFixed(4)),
      figures.map((figure) => figure.toFixed(4)),
    );
  }
});

test('a stake that is split gives a seed for each record before the first honest one, and is worth more than one record; who is never silent gets what the formula says', () => {
  for (const [draws, row] of [
    [one, oneRecord],
    [all, manyRecords],
  ] as const) {
    const [played, figure] = [shareOfRows(SHARE, 8_000, draws, undefined), boundBy(SHARE, row)];
    assert.ok(Math.abs(played - figure) < 0.014, `${played} of ${figure}`);
  }
});

test('who looks at the honest block before he speaks has one seed more: he passes the share of one who is never silent, and gets g, no more', () => {
  for (const [share, draws, row, rounds, error] of [
    [1 / 4, one, oneRecord, 8_000, 0.014],
    [1 / 4, all, manyRecords, 8_000, 0.02],
    [1 / 3, all, manyRecords, 4_000, 0.05],
  ] as const) {
    const { share: figure, values } = looking(share, row);
    const played = shareOfRows(share, rounds, draws, values);
    assert.ok(Math.abs(played - figure) < error, `${played} of ${figure}`);
    assert.ok(figure - error > boundBy(share, row), `${figure}`);
  }
});

/** His limit: with so many seeds behind a round that he leads, the smallest ln(1 + seeds e^t) / t over t > 0. */
function limitOfAllKeys(seeds: number): number {
  const limits = Array.from(
    { length: 4_000 },
    (_, i) => Math.log(1 + seeds * Math.exp((i + 1) / 200)) * (200 / (i + 1)),
  );
  return Math.min(...limits);
}

test('who has the VRF keys of everybody sees through honest rounds, and passes g by far, but not his limit', () => {
  interface Place {
    readonly seed: Uint8Array;
    readonly round: number;
    /** The choices, silence the last of them. */
    next?: Place[];
  }
  const [share, depth, rounds] = [1 / 10, 12, 800];
  const leadsOf = new WeakMap<Place, number[]>();
  const place = (seed: Uint8Array, round: number): Place => ({ seed, round });
  const choicesOf = (at: Place): Place[] => {
    at.next ??= [
      ...ownChoices(at.seed, at.round, placesBefore(at.seed, share), all),
      ofHonest(at.seed, at.round),
    ].map((seed) => place(seed, at.round + 2));
    return at.next;
  };
  /** What a choice brings: its lead, and the most that can be led in so many rounds behind it. */
  const worth = (at: Place, choice: number, left: number): number => {
    const next = choicesOf(at);
    return (choice < next.length - 1 ? 1 : 0) + most(next[choice]!, left);
  };
  const most = (at: Place, left: number): number => {
    if (left === 0) return 0;
    const known = leadsOf.get(at) ?? [];
    leadsOf.set(at, known);
    known[left] ??= Math.max(...choicesOf(at).map((_, choice) => worth(at, choice, left - 1)));
    return known[left];
  };
  let at = place(blake2b256('SERO_TEST', utf8('first')), 2);
  let led = 0;
  for (let n = 0; n < rounds; n++) {
    const next = choicesOf(at);
    let best = 0;
    for (let choice = 1; choice < next.length; choice++) {
      if (worth(at, choice, depth) > worth(at, best, depth)) best = choice;
    }
    if (best < next.length - 1) led += 1;
    at = next[best]!;
  }
  const played = led / rounds;
  const limits = [1 / 10, 1 / 5, 1 / 4, 0.3, 1 / 3].map((s) =>
    limitOfAllKeys((s * (2 - s)) / (1 - s)).toFixed(3),
  );
  assert.deepEqual(limits, ['0.441', '0.730', '0.834', '0.915', '0.958']);
  assert.ok(played > 1.5 * looking(share, manyRecords).share && played < Number(limits[0]), `${played}`);
});

test('the seed of each record, his and the honest one, and the one without a draw are all there are: contents, later periods and later proposers change none of them', () => {
  const seed = blake2b256('SERO_TEST', utf8('some seed'));
  const all = new Set(
    [adversary, honest].flatMap((who) => [
      toHex(nextSeed(seed, drawBy(who, seed, 7), undefined)),
      toHex(nextSeed(seed, undefined, undefined)),
    ]),
  );
  assert.equal(all.size, 3);
});
