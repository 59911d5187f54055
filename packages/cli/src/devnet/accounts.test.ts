import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { it } from 'node:test';
import { blake2b256, le32 } from '@sero/crypto';
import { DEVNET_WORDS } from './accounts.ts';

it('the words of a devnet are BIP-39 of B2b-256("SERO_devwords", LE32(i)): nobody chose them', () => {
  // The word list is a dependency of the wallet.
  const require = createRequire(import.meta.resolve('@sero/wallet'));
  const { mnemonicToEntropy } = require('@scure/bip39') as {
    mnemonicToEntropy(words: string, list: string[]): Uint8Array;
  };
  const { wordlist } = require('@scure/bip39/wordlists/english.js') as { wordlist: string[] };
  assert.equal(DEVNET_WORDS.length, 10);
  for (const [i, words] of DEVNET_WORDS.entries()) {
    assert.deepEqual(mnemonicToEntropy(words, wordlist), blake2b256('SERO_devwords', le32(i)));
  }
});
