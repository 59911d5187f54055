import { blake2b256 } from '@sero/crypto';
import { PRODUCTION, type RoundContext, STEP, selectedUnits } from '@sero/protocol';
import { perOperation, processorFigure, processorTimes } from './consensus-figures.ts';
import { drawOf } from './consensus-round.ts';
import { SMALL, type User, WHALE } from './consensus-users.ts';
import { besides, type Figure } from './harness.ts';

const RUNS = 9;
const DIGESTS = 200;
const SIZE = PRODUCTION.committees.soft.size;

/** How many units are drawn, as implementations do it that need not agree on the last bit: the same walk in double floats, without a table. */
export function drawnInDoubles(
  output: Uint8Array,
  id: Uint8Array,
  weight: bigint,
  total: bigint,
  size: number,
): number {
  const digest = blake2b256('SERO_SELECT', output, id);
  const ratio = Number(new DataView(digest.buffer, digest.byteOffset).getBigUint64(0)) / 2 ** 64;
  const [units, p] = [Number(weight), size / Number(total)];
  const odds = p / (1 - p);
  let probability = Math.exp(units * Math.log1p(-p));
  let sum = probability;
  let j = 0;
  while (ratio >= sum && j < units) {
    probability *= ((units - j) / (j + 1)) * odds;
    const next = sum + probability;
    if (next === sum && j > units * p) break;
    sum = next;
    j++;
  }
  return j;
}

/** Names of {@link drawFigures}. */
export const DRAW_NAMES = ['small.warm', 'small.cold', 'whale.warm', 'whale.cold', 'own'].map(
  (name) => `consensus.draw.${name}`,
);

/** What a draw costs, whoever does it. */
export async function drawFigures(context: RoundContext, users: readonly User[]): Promise<Figure[]> {
  const { total } = context.table;
  const committee = context.committees(STEP.soft);
  const outputs = Array.from({ length: DIGESTS }, (_, i) => blake2b256('BENCH_OUTPUT', Uint8Array.of(i)));
  const id = users[0]!.row.id;
  let other = total;
  const figures: Figure[] = [];
  for (const [name, weight, words, few] of [
    ['small', SMALL, '2,000 units, the mean is 0.06', DIGESTS],
    ['whale', WHALE, '10,000,000 units, the mean is 299', 20],
  ] as const) {
    const [warm, cold, doubles] = await processorTimes(
      RUNS,
      () => {
        for (let i = 0; i < 10; i++)
          for (const output of outputs) selectedUnits(output, id, weight, total, committee);
      },
      () => {
        // A total that never was, so a table that is not there.
        for (const output of outputs.slice(0, few)) selectedUnits(output, id, weight, ++other, committee);
      },
      () => {
        for (let i = 0; i < 10; i++)
          for (const output of outputs) drawnInDoubles(output, id, weight, total, SIZE);
      },
    );
    const beside = (figure: Figure): Figure =>
      besides(figure, 'the same walk in double floats', perOperation(doubles!, 'us', 10 * DIGESTS));
    const what = `The units of one record that a soft vote's VRF output draws, its hash included: ${words}, of 100,000,000 units, committee of ${SIZE}`;
    figures.push(
      beside(
        processorFigure(
          `consensus.draw.${name}.warm`,
          `${what}; the distribution's table is there.`,
          'us',
          warm!,
          10 * DIGESTS,
        ),
      ),
      beside(processorFigure(`consensus.draw.${name}.cold`, `${what}; its table is made.`, 'us', cold!, few)),
    );
  }
  const some = users.slice(0, 20);
  const [own] = await processorTimes(RUNS, () => some.map((user) => drawOf(context, user, STEP.soft)));
  figures.push(
    processorFigure(
      'consensus.draw.own',
      'What a user does at each step to learn whether he is drawn: VRF proof, output, draw; libsodium.',
      'us',
      own!,
      some.length,
    ),
  );
  return figures;
}
