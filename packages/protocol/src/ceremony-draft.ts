import { compareBytes, equalBytes } from '@sero/crypto';
import { ensure } from './errors.ts';
import {
  checkGenesis,
  type Genesis,
  GenesisType,
  type GenesisValidator,
  genesisHash,
  MAX_GENESIS_BYTES,
} from './genesis.ts';
import { checkGenesisKeys, type GenesisCrypto, recordOfValidator } from './genesis-checks.ts';
import { decodeStrict } from './ssz.ts';

/** The genesis file that waits for its seed; genesis-ceremony.ts says how the seed is drawn. */

/** What stands in a draft for the seed. */
export const NO_SEED = new Uint8Array(32);

/**
 * The file that a ceremony is about: these validators, ascending by record, and no seed yet.
 *
 * @throws ProtocolError those of checkDraft and checkGenesisKeys
 */
export function draftGenesis(
  base: Omit<Genesis, 'seed' | 'validators'>,
  validators: readonly GenesisValidator[],
  crypto: GenesisCrypto,
): Genesis {
  const ordered = [...validators].sort((a, b) => compareBytes(recordOfValidator(a), recordOfValidator(b)));
  const draft = { ...base, seed: NO_SEED, validators: ordered };
  checkDraft(draft);
  checkGenesisKeys(draft, crypto);
  return draft;
}

/** The draft of the next attempt, where some have withheld their reveals or are at fault: all begin again without them. */
export function draftWithout(draft: Genesis, ids: readonly Uint8Array[]): Genesis {
  const validators = draft.validators.filter(
    (validator) => !ids.some((id) => equalBytes(id, recordOfValidator(validator))),
  );
  return { ...draft, validators };
}

/** The draft's hash: that of the genesis file with a seed of zeros; of a finished file, that of the draft it came from. */
export function draftHash(genesis: Genesis): Uint8Array {
  return genesisHash({ ...genesis, seed: NO_SEED });
}

/** Throws `ceremony-draft` where there is a seed already or nobody to draw one, else what checkGenesis throws for the rest. */
export function checkDraft(draft: Genesis): void {
  ensure(equalBytes(draft.seed, NO_SEED), 'ceremony-draft', 'a draft has no seed yet');
  ensure(draft.validators.length > 0, 'ceremony-draft', 'a draft has a validator at least');
  // The seed alone is missing: any other than zeros stands for it.
  checkGenesis({ ...draft, seed: new Uint8Array(32).fill(1) });
}

/** Decodes a genesis file that waits for its seed. Throws ProtocolError: the decoder's codes and those of checkDraft. */
export function decodeDraft(bytes: Uint8Array): Genesis {
  const draft = decodeStrict(GenesisType, bytes, MAX_GENESIS_BYTES, 'genesis draft');
  checkDraft(draft);
  return draft;
}
