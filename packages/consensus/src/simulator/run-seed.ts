import { randomFrom } from './random.ts';
import { KINDS, type Kind, SCENARIOS } from './scenarios/index.ts';
import { type Outcome, type SimulationOptions, simulate } from './simulation.ts';

/** A run by its seed, and what came of it. */
export interface SeedOutcome extends Outcome {
  readonly seed: number;
  readonly scenario: string;
}

/** What narrows a run down. */
export interface RunOptions extends SimulationOptions {
  /** Default: drawn by the seed's number. */
  readonly scenario?: string;
}

/** What the shares of all scenarios add up to. */
const WHOLE = 1_000;

/** Seeds are spread over the shares in steps of this, prime to the whole: two hundred in a row have every scenario by its share. */
const STEP = 599;

/** The kind of world that a seed draws by its number. */
export function kindOf(seed: number): Kind {
  let place = ((seed % WHOLE) * STEP) % WHOLE;
  for (const kind of KINDS) {
    if (place < kind.share) return kind;
    place -= kind.share;
  }
  throw new RangeError('the shares of the scenarios do not add up to a thousand');
}

/**
 * Runs one world. The same seed, scenario and mutant give the same run to the last packet.
 *
 * @param seed 0..2^48
 * @throws RangeError for a scenario that is not known, and for a seed that draws real ledgers
 */
export function runSeed(
  seed: number,
  { scenario: name = kindOf(seed).name, ...options }: RunOptions = {},
): SeedOutcome {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new RangeError(`there is no scenario ${name}`);
  const random = randomFrom(BigInt(seed));
  const plan = scenario.plan(random);
  const outcome = simulate(plan, BigInt(random.u32()) + (BigInt(seed) << 32n), options);
  return { seed, scenario: scenario.name, ...outcome };
}
