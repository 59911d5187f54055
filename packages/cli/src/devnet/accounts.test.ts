import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { blake2b256, le32 } from '@sero/crypto';
import { DEVNET_WORDS } from './accounts.ts';

it('the words of a devnet are BIP-39 of B2b-256("SERO_devwords", LE32(i)): nobody chose them', () => {
  assert.equal(DEVNET_WORDS.length, 10);
  for (const [i, words] of DEVNET_WORDS.entries()) {
    assert.deepEqual(mnemonicToEntropy(words, wordlist), blake2b256('SERO_devwords', le32(i)));
  }
});
