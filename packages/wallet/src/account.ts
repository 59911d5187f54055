import { generateMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { accountSeed, deriveSpendingKey, type SpendingKey } from '@sero/protocol';
import { ensure } from './errors.ts';

/** Bits of entropy of a new wallet: 24 words. */
const ENTROPY_BITS = 256;

/** 24 new words (BIP-39, English) from the system's random source. */
export function newWords(): string {
  return generateMnemonic(wordlist, ENTROPY_BITS);
}

/**
 * The keys of one account. Throws `words-invalid` unless these are 24 words with the right checksum.
 *
 * @param account 0 to 2^32 - 1; accounts of the same words cannot be linked
 */
export function accountFromWords(words: string, account = 0): SpendingKey {
  const normalised = words.normalize('NFKD').trim().split(/\s+/).join(' ');
  ensure(
    normalised.split(' ').length === 24 && validateMnemonic(normalised, wordlist),
    'words-invalid',
    'these are not 24 words of a wallet: check their order and spelling',
  );
  const seed = mnemonicToSeedSync(normalised);
  const own = accountSeed(seed, account);
  try {
    return deriveSpendingKey(own);
  } finally {
    seed.fill(0);
    own.fill(0);
  }
}
