import type { JoinSplitAssignment } from '../src/join-split.ts';
import type { Shape } from '../src/shape.ts';
import { assignment, OTHER_TOKEN, rederived, TOKEN, type Wish, withInput, withSpender } from './fixtures.ts';

const MAX = (1n << 128n) - 1n;

/** Honest transactions at the edges of the statement. */
const HONEST: readonly (readonly [name: string, wish: Wish])[] = [
  [
    'a token and SERO',
    {
      inputs: [{ asset: TOKEN, value: 1000n }, { value: 50n }],
      outputs: [{ asset: TOKEN, value: 700n }, { asset: TOKEN, value: 300n }, { value: 47n }],
      pubOut: [3n, 0n],
    },
  ],
  [
    'a dummy in the first place',
    { inputs: [{ value: 0n }, { value: 50n }], outputs: [{ value: 20n }, { value: 30n }, { value: 0n }] },
  ],
  [
    'a dummy of the token in the second place',
    {
      inputs: [{ value: 50n }, { asset: TOKEN, value: 0n }],
      outputs: [{ value: 47n }, { asset: TOKEN, value: 0n }, { value: 0n }],
      pubOut: [3n, 0n],
    },
  ],
  [
    'dummies only, and outputs of value zero only',
    { inputs: [{ value: 0n }, { value: 0n }], outputs: [{ value: 0n }, { value: 0n }, { value: 0n }] },
  ],
  [
    'the greatest value',
    { inputs: [{ value: MAX }, { value: 0n }], outputs: [{ value: 0n }, { value: MAX }, { value: 0n }] },
  ],
  [
    'the greatest values in every place',
    {
      inputs: [
        { asset: TOKEN, value: MAX, pos: 0n },
        { asset: TOKEN, value: MAX, pos: 1n },
      ],
      outputs: [{ asset: TOKEN, value: MAX }, { value: 0n }, { value: 0n }],
      pubOut: [0n, MAX],
    },
  ],
  [
    'the first leaf',
    {
      inputs: [{ value: 7n, pos: 0n }, { value: 0n }],
      outputs: [{ value: 7n }, { value: 0n }, { value: 0n }],
    },
  ],
  [
    'the last leaf',
    {
      inputs: [{ value: 7n, pos: 4n ** 18n - 1n }, { value: 0n }],
      outputs: [{ value: 7n }, { value: 0n }, { value: 0n }],
    },
  ],
  [
    'neighbours, each a sibling of the other',
    {
      inputs: [
        { value: 7n, pos: 2n },
        { value: 8n, pos: 3n },
      ],
      outputs: [{ value: 15n }, { value: 0n }, { value: 0n }],
    },
  ],
  [
    'both inputs of one token',
    {
      inputs: [
        { asset: OTHER_TOKEN, value: 5n },
        { asset: OTHER_TOKEN, value: 6n },
      ],
      outputs: [{ asset: OTHER_TOKEN, value: 11n }, { asset: OTHER_TOKEN, value: 0n }, { value: 0n }],
      slotAsset: OTHER_TOKEN,
    },
  ],
  [
    'both slots SERO',
    {
      inputs: [{ value: 5n }, { value: 6n }],
      outputs: [{ value: 4n }, { value: 4n }, { value: 1n }],
      slotAsset: 1n,
      pubOut: [2n, 0n],
    },
  ],
  [
    'public amounts in both slots',
    {
      inputs: [{ asset: TOKEN, value: 1000n }, { value: 50n }],
      outputs: [{ asset: TOKEN, value: 600n }, { asset: TOKEN, value: 300n }, { value: 40n }],
      pubOut: [10n, 100n],
    },
  ],
  [
    'everything out in public',
    {
      inputs: [{ asset: TOKEN, value: MAX }, { value: MAX }],
      outputs: [{ value: 0n }, { value: 0n }, { asset: TOKEN, value: 0n }],
      pubOut: [MAX, MAX],
    },
  ],
];

/** As many notes of SERO as the shape has places, in and out; the last of each kind in other assets where there is a third slot. */
function full({ inputs, outputs, slots }: Shape): Wish {
  const notes = (count: number, value: bigint) => Array.from({ length: count }, () => ({ value }));
  const others = slots > 2 ? [{ asset: TOKEN, value: 9n }] : [];
  const coins = inputs - others.length;
  const made = outputs - others.length - 1;
  // What the last output of SERO takes makes the sums equal.
  const total = 1_000n * BigInt(coins);
  return {
    inputs: [...notes(coins, 1_000n), ...others],
    outputs: [...notes(made, 10n), { value: total - 10n * BigInt(made) - 3n }, ...others],
    pubOut: [3n, 0n],
  };
}

/** What shapes with a third slot are for. */
const THREE_ASSETS: readonly (readonly [name: string, wish: Wish])[] = [
  [
    'a token in the third slot, and SERO',
    {
      inputs: [{ asset: OTHER_TOKEN, value: 60n }, { value: 50n }],
      outputs: [{ asset: OTHER_TOKEN, value: 20n }, { asset: OTHER_TOKEN, value: 40n }, { value: 47n }],
      pubOut: [3n, 0n],
    },
  ],
  [
    'tokens in the second slot and the third, one leaving in public',
    {
      inputs: [
        { asset: OTHER_TOKEN, value: MAX },
        { asset: TOKEN, value: 50n },
      ],
      outputs: [
        { asset: OTHER_TOKEN, value: MAX },
        { asset: TOKEN, value: 20n },
      ],
      pubOut: [0n, 30n],
    },
  ],
];

/** The honest transactions that a shape has room for. */
export function honestFor(shape: Shape): readonly (readonly [name: string, wish: Wish])[] {
  return [...HONEST, ['a note in every place', full(shape)], ...(shape.slots > 2 ? THREE_ASSETS : [])];
}

/** Edges that no wish can say: fields at the ends of their ranges. */
export function extremes(shape: Shape): readonly (readonly [string, JoinSplitAssignment])[] {
  const [, wish] = HONEST[0]!;
  const base = assignment(shape, wish);
  const dummy = assignment(shape, HONEST[1]![1]);
  return [
    ['a re-randomiser of 0', rederived(withSpender(base, { alpha: 0n }))],
    ['a re-randomiser of 252 ones, beyond r_J', rederived(withSpender(base, { alpha: (1n << 252n) - 1n }))],
    [
      'a dummy of zeros at position 0',
      rederived(
        withInput(dummy, 0, {
          pos: 0n,
          r: 0n,
          rcm: 0n,
          vpkrU: 0n,
          path: Array.from({ length: shape.depth }, () => [0n, 0n, 0n] as const),
        }),
      ),
    ],
  ];
}
