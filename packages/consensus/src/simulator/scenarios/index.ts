import type { Scenario } from './draw.ts';
import { FAULTS } from './faults.ts';
import { HIDDEN } from './hidden.ts';
import { AGAINST } from './hostile.ts';
import { PROFILES } from './profiles.ts';
import { THIEVES } from './thieves.ts';
import { WITHHELD } from './withheld.ts';

/** A kind of world; of a thousand seeds so many have it. */
export type Kind = Pick<Scenario, 'name' | 'share'>;

/** Every scenario that runs at once, by name. */
export const SCENARIOS: readonly Scenario[] = [
  ...FAULTS,
  ...AGAINST,
  ...HIDDEN,
  ...THIEVES,
  ...WITHHELD,
  ...PROFILES,
];

/** Worlds on real ledgers, which take their time: real-ledger/ runs them. */
export const REAL_LEDGER: Kind = { name: 'real-ledger', share: 20 };

/** Every kind of world that a seed may draw. */
export const KINDS: readonly Kind[] = [...SCENARIOS, REAL_LEDGER];
