import { DEVELOPMENT, type Genesis, type Parameters, PRODUCTION } from '@sero/protocol';
import { usageError } from '../errors.ts';

/** Named sets of parameters, as in docs/protocol.md. */
export const PROFILES = { production: PRODUCTION, development: DEVELOPMENT } as const;

export type ProfileName = keyof typeof PROFILES;

/** Largest file of parameters, in bytes. */
export const MAX_PARAMETERS_BYTES = 65_536;

/** What other options say: a file of parameters that said it too could contradict them. */
const FIXED: readonly string[] = ['version', 'chainId', 'devnet'];

/** A parameter, by its path in the genesis file: `stake.unit`. */
export interface Difference {
  readonly name: string;
  readonly value: string;
  /** What the profile says. */
  readonly usual: string;
}

/**
 * A profile with what a JSON file says otherwise: an object of the same names as the genesis file, as deep, such as
 * `{ "pace": { "idle": 2000 }, "stake": { "unit": "1000000000000000000000" } }`. Numbers are whole; large ones are text. Throws a usage error for
 * names that do not exist and for what is no number.
 */
export function parametersFrom(profile: ProfileName, json: string): Parameters {
  let changes: unknown;
  try {
    changes = JSON.parse(json);
  } catch {
    throw usageError('the file of parameters is no JSON');
  }
  if (isObject(changes)) {
    const fixed = FIXED.find((name) => name in changes);
    if (fixed !== undefined)
      throw usageError(`${fixed} is not for this file to say`, 'see --profile and --chain-id');
  }
  return changed(PROFILES[profile], changes, '') as Parameters;
}

/** The profile that a genesis file is of, and in what it differs from it. */
export function profileOf(genesis: Genesis): { profile: ProfileName; differences: Difference[] } {
  const profile = genesis.devnet === 1 ? 'development' : 'production';
  // The chain's number is every network's own.
  const usual = { ...PROFILES[profile], chainId: genesis.chainId };
  return { profile, differences: differencesOf(usual, genesis, '') };
}

function changed(usual: unknown, change: unknown, name: string): unknown {
  if (Array.isArray(usual)) {
    if (!Array.isArray(change)) throw usageError(`${name} is a list`);
    return change.map((item, i) => changed(usual[0], item, `${name}[${i}]`));
  }
  if (isObject(usual)) {
    if (!isObject(change))
      throw usageError(`${name === '' ? 'a file of parameters' : name} is an object with names`);
    const parts = Object.entries(change).map(([part, value]) => {
      const path = pathOf(name, part);
      if (!Object.hasOwn(usual, part)) throw usageError(`there is no parameter ${path}`);
      return [part, changed(usual[part], value, path)] as const;
    });
    return { ...usual, ...Object.fromEntries(parts) };
  }
  return wholeNumber(usual, change, name);
}

function wholeNumber(usual: unknown, change: unknown, name: string): number | bigint {
  const isNumber = typeof change === 'number' && Number.isSafeInteger(change) && change >= 0;
  if (!isNumber && !(typeof change === 'string' && /^\d{1,39}$/.test(change))) {
    throw usageError(`${name} is a whole number from 0 on; from 2^53 on it is written as text`);
  }
  return typeof usual === 'bigint' ? BigInt(change as number | string) : Number(change);
}

function differencesOf(usual: unknown, actual: unknown, name: string): Difference[] {
  if (isObject(usual) && isObject(actual)) {
    return Object.keys(usual).flatMap((part) => differencesOf(usual[part], actual[part], pathOf(name, part)));
  }
  const [value, expected] = [String(actual), String(usual)];
  return value === expected ? [] : [{ name, value, usual: expected }];
}

const pathOf = (name: string, part: string): string => (name === '' ? part : `${name}.${part}`);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
