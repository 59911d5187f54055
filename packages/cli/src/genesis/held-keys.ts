import { resolve } from 'node:path';
import { equalBytes } from '@sero/crypto';
import {
  makeValidatorKeys,
  nativeBls,
  openValidatorKeys,
  readValidatorRecord,
  type ValidatorKeys,
  ValidatorKeysError,
} from '@sero/node';
import { expectNew } from '../ceremony/outputs.ts';
import type { Cli } from '../command.ts';
import { CliError } from '../errors.ts';

/** A validator's directory for as long as one command works with it: nobody else, and no node, holds it meanwhile. */
export interface HeldKeys extends Pick<ValidatorKeys, 'public' | 'prove'> {
  /** Absolute. */
  readonly directory: string;
}

/** Opens a validator's directory for one command. Throws ValidatorKeysError, and StoreError `directory-locked` where a node runs with it. */
export async function withHeldKeys<T>(
  { io }: Cli,
  path: string,
  work: (keys: HeldKeys) => Promise<T>,
): Promise<T> {
  const directory = resolve(io.cwd, path);
  const keys = openValidatorKeys(directory, { bls: nativeBls });
  try {
    return await work({ directory, public: keys.public, prove: keys.prove });
  } finally {
    keys.close();
  }
}

/** Whom new keys are for, and for which rounds. */
interface Wanted {
  /** PKr, 64 bytes. */
  readonly owner: Uint8Array;
  readonly range: { readonly first: bigint; readonly last: bigint };
  /** What is written with them: no keys are made where that is not possible. */
  readonly output: string;
}

/**
 * Opens a directory, whose keys are made where there are none. Keys of another owner or of other rounds are refused: their proof of possession
 * holds for that owner alone.
 *
 * @param work told whether the keys are new
 */
export async function withOwnersKeys<T>(
  cli: Cli,
  path: string,
  { owner, range, output }: Wanted,
  work: (keys: HeldKeys, isNew: boolean) => Promise<T>,
): Promise<T> {
  const directory = resolve(cli.io.cwd, path);
  const isNew = !holdsKeys(directory);
  if (isNew) {
    await expectNew(cli.io, output);
    cli.out.say(`Making keys in ${path}`);
    makeValidatorKeys(directory, range, { owner, bls: nativeBls });
  }
  return withHeldKeys(cli, path, async (keys) => {
    const { firstRound, lastRound } = keys.public;
    if (!equalBytes(keys.public.owner, owner) || firstRound !== range.first || lastRound !== range.last) {
      throw new CliError(
        'usage',
        'keys-of-another',
        `the keys in ${path} are of another owner, or for rounds ${firstRound} to ${lastRound}`,
        'say the same --owner and --rounds as when they were made, or name a new directory',
      );
    }
    return work(keys, isNew);
  });
}

/** Whether keys were made there, as far as its public file says: what else is wrong is found when they are opened. */
function holdsKeys(directory: string): boolean {
  try {
    readValidatorRecord(directory);
    return true;
  } catch (error) {
    if (error instanceof ValidatorKeysError && error.code === 'keys-missing') return false;
    throw error;
  }
}
