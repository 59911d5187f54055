import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@sero/crypto';
import { decodeDraft, recordOfValidator } from '@sero/protocol';
import { type Called, newHome, sero, writeWallet } from './support.ts';

/** A network that two people have begun by files, and a third who has joined no draft yet. */

/** Accounts of one wallet: who owns the stakes. */
const PEOPLE = ['ada', 'bob', 'cyd'] as const;
type Person = (typeof PEOPLE)[number];

/** Options of `init`. */
export const NETWORK = [
  '--profile',
  'development',
  '--name',
  'our-net',
  '--time',
  '2027-01-01T12:00:00Z',
] as const;

/** What `build` takes beside draft.ssz. */
export const MESSAGES = ['bob.reveal', 'ada.commitment', 'ada.reveal', 'bob.commitment'] as const;

/**
 * Goes through the whole ceremony in a new directory: ada.entry, bob.entry, cyd.entry, money.csv, draft.ssz (without cyd), ada.commitment, bob.commitment,
 * ada.reveal, bob.reveal, ceremony.ssz, genesis.ssz; keys in the directories ada, bob and cyd.
 */
export async function beginNetwork() {
  const home = newHome();
  const owners = {} as Record<Person, string>;
  const at = (name: string): string => join(home.path, name);
  const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(at(name)));
  const run = (...args: readonly string[]): Promise<Called> => sero({ home }, '--json', 'genesis', ...args);
  const works = async (...args: readonly string[]): Promise<Record<string, unknown>> => {
    const called = await run(...args);
    assert.equal(called.code, 0, called.stderr);
    return called.json();
  };
  /** A refusal; nothing is written, nor changed in what was promised. */
  const fails = async (exit: number, code: string, ...args: readonly string[]): Promise<string> => {
    const snapshot = (): string[] =>
      readdirSync(home.path, { recursive: true, encoding: 'utf8' })
        .filter((name) => /^[^/]+$|ceremony\.json$/.test(name) && statSync(at(name)).isFile())
        .map((name) => `${name} ${hash('sha256', bytes(name))}`)
        .sort();
    const before = snapshot();
    const called = await run(...args);
    assert.equal(called.code, exit, `${called.stdout}${called.stderr}`);
    assert.equal(called.failure().code, code, called.stderr);
    assert.equal(called.stdout, '');
    assert.deepEqual(snapshot(), before);
    return `${called.failure().message}\n${called.failure().hint ?? ''}`;
  };
  const keysOf = (person: Person): readonly string[] => ['--keys', person];
  const joining = (person: Person, output: string, ...more: readonly string[]) =>
    [
      ...['join', ...keysOf(person), '--owner', owners[person], '--units', '100', '--rounds', '1000'],
      ...['-o', output, ...more],
    ] as const;
  /** A draft of these entries. */
  const draftOf = (output: string, ...people: readonly string[]) =>
    works(
      'init',
      ...people.map((person) => `${person}.entry`),
      ...NETWORK,
      '--allocations',
      'money.csv',
      '-o',
      output,
    );
  const commit = (person: Person, draft: string, output: string, ...more: readonly string[]) =>
    ['commit', draft, ...keysOf(person), '-o', output, ...more] as const;
  const reveal = (person: Person, draft: string, output: string, ...commitments: readonly string[]) =>
    ['reveal', draft, ...commitments, ...keysOf(person), '-o', output] as const;
  const idOf = (draft: string, person: Person): string => {
    const { vrfKey } = JSON.parse(readFileSync(at(`${person}.entry`), 'utf8')) as { vrfKey: string };
    const row = decodeDraft(bytes(draft)).validators.find((each) => toHex(each.vrfKey) === vrfKey);
    return toHex(recordOfValidator(row!));
  };
  /** Does something with a copy of a person's promises, which are put back: what one does who cheats with his own directory. */
  const withPromisesOf = async (person: Person, cheat: () => Promise<void>): Promise<void> => {
    const [file, kept] = [join(at(person), 'ceremony.json'), at(`${person}.kept`)];
    copyFileSync(file, kept);
    try {
      await cheat();
    } finally {
      copyFileSync(kept, file);
      rmSync(kept);
    }
  };

  const accounts = PEOPLE.map((name, index) => ({ index, name }));
  await writeWallet(home, { words: `${'abandon '.repeat(23)}art` }, { accounts });
  for (const person of PEOPLE) {
    const called = await sero({ home }, '--json', '--account', person, 'genesis', 'address');
    owners[person] = called.json()['address'] as string;
    await works(...joining(person, `${person}.entry`));
  }
  writeFileSync(at('money.csv'), `address,amount\n${owners.ada},1000.5\n${owners.bob},1 SERO\n`);
  await draftOf('draft.ssz', 'ada', 'bob');
  await works(...commit('ada', 'draft.ssz', 'ada.commitment'));
  await works(...commit('bob', 'draft.ssz', 'bob.commitment'));
  for (const person of ['ada', 'bob'] as const) {
    await works(...reveal(person, 'draft.ssz', `${person}.reveal`, 'ada.commitment', 'bob.commitment'));
  }
  await works('build', 'draft.ssz', ...MESSAGES, '--ceremony', 'ceremony.ssz', '-o', 'genesis.ssz');

  return {
    ...{ home, owners, at, bytes, run, works, fails, joining, draftOf, commit, reveal, idOf, withPromisesOf },
    remove: () => home.remove(),
  };
}
