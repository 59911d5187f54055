import { DRAW_NAMES, drawFigures } from './consensus-draw.ts';
import { type MadeRound, makeRound } from './consensus-round.ts';
import { scaleFigures, scaleNames } from './consensus-scale.ts';
import { tableFigures, tableNames } from './consensus-table.ts';
import { SCALES, type Scale } from './consensus-users.ts';
import { VOTE_NAMES, voteFigures } from './consensus-vote.ts';
import type { Figure, Suite } from './harness.ts';

/** Proofs of three steps for all users take a minute of processor time there. */
const LARGE: Scale = '50000';

/** Figures that are measured together. */
interface Group {
  readonly names: readonly string[];
  readonly isLarge: boolean;
  measure(): Promise<Figure[]>;
}

/** All figures; rounds are made when something is measured in them. */
export function consensusGroups(): Group[] {
  const rounds = new Map<Scale, MadeRound>();
  const roundOf = (scale: Scale): MadeRound => {
    const round = rounds.get(scale) ?? makeRound(scale);
    return rounds.set(scale, round).get(scale)!;
  };
  return [
    {
      names: DRAW_NAMES,
      isLarge: false,
      measure: () => drawFigures(roundOf('1000').context, roundOf('1000').users),
    },
    { names: VOTE_NAMES, isLarge: false, measure: () => voteFigures(roundOf('1000')) },
    ...SCALES.map((scale) => ({
      names: tableNames(scale),
      isLarge: false,
      measure: () => tableFigures(scale),
    })),
    ...SCALES.map((scale) => ({
      names: scaleNames(scale).map(({ name }) => name),
      isLarge: scale === LARGE,
      measure: () => scaleFigures(roundOf(scale)),
    })),
  ];
}

/** Figures of agreement: rounds of the production profile, by tables of one hundred million units. */
export const consensusSuite: Suite = {
  prefix: 'consensus.',
  large: scaleNames(LARGE),
  async prepare({ large, wants }) {
    const figures: Figure[] = [];
    for (const { names, isLarge, measure } of consensusGroups()) {
      if ((isLarge && !large) || !names.some(wants)) continue;
      const measured = await measure();
      figures.push(...(isLarge ? measured.map((figure) => ({ ...figure, large: true })) : measured));
    }
    return figures.map((figure) => ({ figure }));
  },
};
