import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { blake2b256, toHex, utf8 } from '@sero/crypto';
import { nextSeed, seedInput } from './seed.ts';
import { leaderValue, selectedUnits, sortitionInput } from './sortition.ts';
import { STEP } from './steps.ts';

// An adversary with a share s of the stake leads a period 0 and chooses: he publishes his block, and the seed two rounds on
// is that of his VRF; or he withholds it, and it is the one without a proof. He is given more than he can know: the VRF keys of
// everybody else, so that he sees who will lead after each choice, as far ahead as his own leading reaches.
//
// The bound: from a fresh seed he leads n times in a row at best with probability d(1) = s,
// d(n) = s (1 - (1 - d(n - 1))^2): he leads, and one of the two next seeds lets him lead n - 1 times. A row ends with somebody
// else's VRF output, which nobody chose. With R = d(1) + d(2) + ... his share of period 0 is at most R / (1 + R).

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

const drawBy = ({ id, key }: typeof adversary, seed: Uint8Array) => ({
  proposer: id,
  output: outputOf(key, seedInput(NETWORK, seed)),
});

/** What the leader of a round can make of its seed: the seeds that he may choose among. */
type Choices = (seed: Uint8Array) => Uint8Array[];

const publishOrWithhold: Choices = (seed) => [
  nextSeed(seed, drawBy(adversary, seed), undefined),
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
      ? 1 + Math.max(...choices(seed).map((next) => rowLength(next, round + 2, left - 1)))
      : 0;
  const seeds = [blake2b256('SERO_TEST', utf8('first')), blake2b256('SERO_TEST', utf8('second'))];
  let led = 0;
  for (let round = 2; round < rounds + 2; round++) {
    const seed = seeds[round - 2]!;
    if (!isLed(seed, round)) {
      seeds.push(nextSeed(seed, drawBy(honest, seed), undefined));
      continue;
    }
    led += 1;
    let best: { next: Uint8Array; row: number } | undefined;
    for (const next of choices(seed)) {
      const row = rowLength(next, round + 2, depth);
      if (best === undefined || row > best.row) best = { next, row };
    }
    seeds.push(best!.next);
  }
  return led / rounds;
}

/** R / (1 + R); 100 terms are more than doubles can tell from all. */
function bound(share: number): number {
  let [d, sum] = [share, share];
  for (let n = 2; n <= 100; n++) {
    d = share * (1 - (1 - d) ** 2);
    sum += d;
  }
  return sum / (1 + sum);
}

const BOUND = bound(SHARE);
/** Four standard deviations of a share over so many rounds; rounds in a row depend on each other, hence the half more. */
const slack = (rounds: number): number => 4 * 1.5 * Math.sqrt((BOUND * (1 - BOUND)) / rounds);

test('who publishes every block leads in proportion to his stake', () => {
  const share = shareOfLeaders((seed) => publishOrWithhold(seed).slice(0, 1), 0, ROUNDS);
  assert.ok(Math.abs(share - SHARE) < slack(ROUNDS), `${share}`);
});

test('who withholds blocks for the better of two seeds gains, and no more than the bound', () => {
  assert.ok(Math.abs(BOUND - 0.3155) < 0.001, `${BOUND}`);
  const share = shareOfLeaders(publishOrWithhold, 12, ROUNDS);
  assert.ok(share < BOUND + slack(ROUNDS), `${share} of ${BOUND}`);
  // He is as good as it gets, so the bound is tight.
  assert.ok(share > BOUND - slack(ROUNDS) && share > SHARE, `${share} of ${BOUND}`);
});

test('with contents of the block in the seed its leader would try contents, and pass the bound by far', () => {
  const contents: Choices = (seed) =>
    Array.from({ length: 8 }, (_, i) =>
      nextSeed(seed, drawBy(adversary, seed), blake2b256('SERO_TEST', seed, Uint8Array.of(i))),
    );
  const share = shareOfLeaders(contents, 1, FEW);
  assert.ok(share > BOUND + slack(FEW), `${share} of ${BOUND}`);
});

test('with another seed in every period who withholds for longer would choose among more, and pass the bound', () => {
  // He holds the network back for three periods more, as one who withholds next-votes or delays messages may.
  const periods: Choices = (seed) => [
    ...publishOrWithhold(seed),
    ...[2, 3, 4, 5, 6].map((period) => blake2b256('SERO_SEED_NEXT', seed, Uint8Array.of(period))),
  ];
  const share = shareOfLeaders(periods, 1, FEW);
  assert.ok(share > BOUND + slack(FEW), `${share} of ${BOUND}`);
});

test('with keys that count from the round in which they are made he would make keys for a seed he knows, and pass the bound', () => {
  const keys = Array.from({ length: 8 }, (_, i) => player(`key ${i}`, adversary.weight));
  const anyKey = (seed: Uint8Array, round: number): boolean => keys.some((key) => leads(seed, round, 0, key));
  const share = shareOfLeaders((seed) => publishOrWithhold(seed).slice(0, 1), 0, FEW, anyKey);
  assert.ok(share > BOUND + slack(FEW), `${share} of ${BOUND}`);
});

test('the two seeds of a round are all there are: contents, later periods and later proposers change none of them', () => {
  const seed = blake2b256('SERO_TEST', utf8('some seed'));
  const all = new Set(
    [adversary, honest].flatMap((who) => [
      toHex(nextSeed(seed, drawBy(who, seed), undefined)),
      toHex(nextSeed(seed, undefined, undefined)),
    ]),
  );
  assert.equal(all.size, 3);
});
