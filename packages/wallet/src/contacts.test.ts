import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { addressToText } from '@sero/protocol';
import { type Contacts, contacts } from './contacts.ts';
import { memoryWalletStore, type WalletStore } from './store.ts';
import { ALICE, BOB, refusal } from './test-support.ts';

const addressOf = ({ proof }: typeof ALICE): string => addressToText(proof.viewing.address, 'development');
const [A, B] = [addressOf(ALICE), addressOf(BOB)];

describe('contacts', () => {
  let store: WalletStore;
  let book: Contacts;
  beforeEach(() => {
    store = memoryWalletStore();
    book = contacts(store, 'development');
  });

  it('are there by name after the store was opened again', async () => {
    await book.add('Bob', B);
    await book.add('  Alice   Meier ', A);
    const again = contacts(store, 'development');
    assert.deepEqual(await again.list(), [
      { name: 'Alice Meier', address: A },
      { name: 'Bob', address: B },
    ]);
    await again.remove('Bob');
    assert.deepEqual(await again.list(), [{ name: 'Alice Meier', address: A }]);
    await assert.rejects(again.remove('Bob'), refusal('contact-unknown'));
  });

  it('resolve to the whole address, by name however it was typed; an address resolves to itself and to its name', async () => {
    await book.add('Jürgen', B);
    for (const typed of ['Jürgen', ' ju\u0308rgen', 'JURGEN']) {
      const payee = await book.resolve(typed);
      assert.deepEqual([payee.text, payee.name], [B, 'Jürgen']);
      assert.equal(payee.address.zpk, BOB.proof.viewing.address.zpk);
    }
    assert.deepEqual((await book.resolve(B)).name, 'Jürgen');
    const stranger = await book.resolve(` ${A}\n`);
    assert.deepEqual([stranger.text, stranger.name], [A, undefined]);
    await assert.rejects(book.resolve('Jurg'), refusal('contact-unknown'));
  });

  it('do not take an address of another network, an altered one, or none', async () => {
    const altered = `${B.slice(0, -1)}${B.endsWith('q') ? 'p' : 'q'}`;
    for (const address of [addressToText(BOB.proof.viewing.address, 'production'), altered, 'bob', '']) {
      await assert.rejects(book.add('Bob', address), refusal('contact-invalid'), address);
    }
    await assert.rejects(book.resolve(altered), refusal('contact-invalid'));
    assert.deepEqual(await book.list(), []);
  });

  it('do not share a name, nor names that look alike: money would go to whoever was added last', async () => {
    await book.add('Bill', A);
    await book.add('Bill', A);
    for (const name of [
      'Bill',
      'bill',
      'BILL',
      'Bíll',
      'B i l l',
      'Bi11',
      'Bil1',
      'В1ll'.replace('В', 'B'),
      'B.ill',
    ]) {
      await assert.rejects(book.add(name, B), refusal('contact-exists'), name);
    }
    await book.add('modern', A);
    await assert.rejects(book.add('modem', B), refusal('contact-exists'));
    await book.add('Сова', A);
    await assert.rejects(book.add('Coba', B), refusal('contact-exists'), 'Latin for Cyrillic');
    assert.equal((await book.resolve('Bill')).text, A);
  });

  it('have names that are words: no mixed alphabets, no hidden signs, no addresses', async () => {
    const names = [
      '',
      ' ',
      'Bоb',
      'a\u200bb',
      'a\u202eb',
      'a\nb\u0000',
      '-x',
      '<b>',
      'x'.repeat(65),
      B,
      `${B.slice(0, 12)}`,
      'sero:bob',
    ];
    for (const name of names)
      await assert.rejects(book.add(name, A), refusal('contact-invalid'), JSON.stringify(name));
    for (const name of ['李雷', 'O’Hara', 'Anna-Lena 2', 'Боб', 'ben@work']) await book.add(name, A);
  });

  it('whose record is damaged are refused, not skipped', async () => {
    await book.add('Bob', B);
    await store.write([{ key: 'contact/Bob', value: 'x' }]);
    await assert.rejects(book.resolve('Bob'), refusal('store-damaged'));
  });
});
