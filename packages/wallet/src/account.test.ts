import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { oneTimeAddress, recognise } from '@sero/protocol';
import fc from 'fast-check';
import { accountFromWords, newWords } from './account.ts';
import { protocolRefusal, refusal } from './test-support.ts';

const WORDS =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon ' +
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art';

describe('words', () => {
  it('are 24, of 256 fresh bits, and give the same keys each time', () => {
    const words = newWords();
    assert.equal(words.split(' ').length, 24);
    assert.equal(mnemonicToEntropy(words, wordlist).length, 32);
    assert.notEqual(newWords(), words);
    assert.deepEqual(accountFromWords(words), accountFromWords(words));
  });

  it('of fewer than 24 are refused although their checksum holds', () => {
    for (const bytes of [16, 20, 24, 28]) {
      const words = entropyToMnemonic(new Uint8Array(bytes), wordlist);
      assert.throws(() => accountFromWords(words), refusal('words-invalid'));
    }
  });

  it('are refused where one is missing, repeated, misspelt, upper case, in another order or another language', () => {
    const list = WORDS.split(' ');
    const bad = [
      list.slice(1),
      [...list, 'abandon'],
      [...list.slice(0, 23), 'arts'],
      [...list.slice(0, 23), 'abandon'],
      list.with(0, 'Abandon'),
      list.toReversed(),
      list.with(0, 'あいこくしん'),
      [],
    ];
    for (const words of bad) {
      assert.throws(() => accountFromWords(words.join(' ')), refusal('words-invalid'), words.join(' '));
    }
  });

  it('with one word exchanged are refused but for the one chance in 256 that the checksum leaves', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.nat(23), fc.nat(2047), (place, word) => {
        const list = WORDS.split(' ');
        fc.pre(list[place] !== wordlist[word]);
        try {
          accountFromWords(list.with(place, wordlist[word]!).join(' '));
          accepted++;
        } catch (error) {
          assert.equal((error as { code: string }).code, 'words-invalid');
        }
      }),
      { numRuns: 300 },
    );
    assert.ok(accepted <= 15, `${accepted} of 300 were accepted`);
  });

  it('may be spaced as one likes', () => {
    const spaced = `\n\t ${WORDS.replaceAll(' ', ' \n  ')}  `;
    assert.deepEqual(accountFromWords(spaced), accountFromWords(WORDS));
  });
});

describe('accounts of the same words', () => {
  it('share no key, and no account recognises an address of another', () => {
    const accounts = [0, 1, 2, 0xffff_ffff].map((n) => accountFromWords(WORDS, n));
    const parts = accounts.flatMap(({ ask, proof: { nk, viewing } }) => {
      const { vsk, tk, qk, nkc, address } = viewing;
      return [ask, nk, vsk, tk, qk, nkc, address.zpk];
    });
    assert.equal(new Set(parts).size, parts.length);
    for (const [i, payee] of accounts.entries()) {
      const address = oneTimeAddress(payee.proof.viewing.address, 77n);
      const found = accounts.map(({ proof }) => recognise(proof.viewing, address) !== undefined);
      assert.deepEqual(
        found,
        accounts.map((_, j) => i === j),
      );
    }
  });

  it('are numbered from 0 to 2^32 - 1', () => {
    for (const account of [-1, 0.5, 2 ** 32, Number.NaN]) {
      assert.throws(() => accountFromWords(WORDS, account), protocolRefusal('index-out-of-range'));
    }
  });
});
