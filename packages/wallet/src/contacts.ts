import { type Address, addressFromText, addressToText, type Network, ProtocolError } from '@sero/protocol';
import { ensure, WalletError } from './errors.ts';
import { fromJson, toJson } from './json.ts';
import type { WalletStore } from './store.ts';

/** Somebody whom the account's owner pays. */
export interface Contact {
  readonly name: string;
  /** The whole address: show all of it before money goes there, its ends alone are easily imitated. */
  readonly address: string;
}

/** A payee as a person named it, resolved. */
export interface Payee {
  readonly address: Address;
  /** The whole address, to be shown before sending. */
  readonly text: string;
  /** The contact's name, where it was one or is one's address. */
  readonly name: string | undefined;
}

/** Names for addresses, kept in a wallet's store. */
export interface Contacts {
  /** By name. */
  list(): Promise<Contact[]>;
  /**
   * Adds a contact. Throws `contact-invalid` for a name or address that is none; `contact-exists` where the name, or one that looks like
   * it, is another's.
   */
  add(name: string, address: string): Promise<Contact>;
  /** Throws `contact-unknown`. */
  remove(name: string): Promise<void>;
  /** A contact's name or an address of this network. Throws `contact-unknown`. */
  resolve(nameOrAddress: string): Promise<Payee>;
}

/** Longest name, in characters. */
const MAX_NAME = 64;

const TABLE = 'contact/';

/** Letters with their marks, digits, and a few signs between them. */
const NAME_PATTERN = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'’@-]*$/u;

/** Scripts whose letters pass for one another: a name keeps to one of them. */
const LOOKALIKE_SCRIPTS = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
];

/** What every address begins with, on any network. */
const ADDRESS_START = /^sero[a-z]*1/i;

/** The contacts in a wallet's store. */
export function contacts(store: WalletStore, network: Network): Contacts {
  const all = async (): Promise<Contact[]> => {
    const entries = await store.entries(TABLE);
    return entries.map(([, value]) => read(value)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  };
  const find = async (name: string): Promise<Contact | undefined> => {
    const wanted = skeleton(name);
    return (await all()).find((contact) => skeleton(contact.name) === wanted);
  };

  return {
    list: all,

    async add(givenName, givenAddress) {
      const name = checkedName(givenName);
      const address = addressToText(addressOf(givenAddress, network), network);
      const same = await find(name);
      ensure(
        same === undefined || (same.name === name && same.address === address),
        'contact-exists',
        `there is a contact named ${same?.name} already: remove it first, or choose a name that cannot be mistaken for it`,
      );
      await store.write([{ key: `${TABLE}${name}`, value: toJson({ name, address } satisfies Contact) }]);
      return { name, address };
    },

    async remove(name) {
      const contact = await find(name);
      ensure(contact !== undefined, 'contact-unknown', `there is no contact named ${name}`);
      await store.write([{ key: `${TABLE}${contact.name}`, value: undefined }]);
    },

    async resolve(given) {
      const text = given.trim();
      if (ADDRESS_START.test(text)) {
        const address = addressOf(text, network);
        const whole = addressToText(address, network);
        const contact = (await all()).find((known) => known.address === whole);
        return { address, text: whole, name: contact?.name };
      }
      const contact = await find(text);
      ensure(
        contact !== undefined,
        'contact-unknown',
        `there is no contact named ${text}, and it is no address: add the contact first`,
      );
      return { address: addressOf(contact.address, network), text: contact.address, name: contact.name };
    },
  };
}

function read(value: string): Contact {
  try {
    return fromJson(value) as Contact;
  } catch {
    throw new WalletError('store-damaged', 'a contact cannot be read: repair the wallet');
  }
}

function addressOf(text: string, network: Network): Address {
  try {
    return addressFromText(text.trim(), network);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new WalletError(
      'contact-invalid',
      `this is no address of the ${network} network: ${error.message}`,
    );
  }
}

/** A name in the one spelling that is stored. */
function checkedName(given: string): string {
  const name = given.normalize('NFKC').trim().replace(/\s+/g, ' ');
  ensure(
    name.length <= MAX_NAME && NAME_PATTERN.test(name),
    'contact-invalid',
    `a contact’s name has 1 to ${MAX_NAME} letters, digits, spaces and . _ - ' @, and begins with a letter or digit`,
  );
  ensure(
    !ADDRESS_START.test(name) && !/^sero:/i.test(name),
    'contact-invalid',
    'a contact’s name must not look like an address',
  );
  ensure(
    LOOKALIKE_SCRIPTS.filter((script) => script.test(name)).length <= 1,
    'contact-invalid',
    'a contact’s name mixes alphabets whose letters look alike: write it in one',
  );
  return name;
}

/** Letters that pass for others in most fonts, after case and accents are gone (a small part of Unicode's confusables). */
const CONFUSABLE: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'l',
  i: 'l',
  ı: 'l',
  '|': 'l',
  5: 's',
  а: 'a',
  в: 'b',
  е: 'e',
  к: 'k',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  с: 'c',
  т: 't',
  у: 'y',
  х: 'x',
  ѕ: 's',
  і: 'l',
  ј: 'j',
  α: 'a',
  β: 'b',
  ε: 'e',
  ι: 'l',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
};

/** What a name looks like: names with one skeleton are one name. */
function skeleton(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}\s._'’@-]/gu, '');
  return Array.from(plain, (letter) => CONFUSABLE[letter] ?? letter)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}
