import type { Scenario } from './draw.ts';
import { FAULTS } from './faults.ts';
import { HIDDEN } from './hidden.ts';
import { AGAINST } from './hostile.ts';
import { PROFILES } from './profiles.ts';
import { THIEVES } from './thieves.ts';
import { WITHHELD } from './withheld.ts';

/** Every scenario, by name. */
export const SCENARIOS: readonly Scenario[] = [
  ...FAULTS,
  ...AGAINST,
  ...HIDDEN,
  ...THIEVES,
  ...WITHHELD,
  ...PROFILES,
];
