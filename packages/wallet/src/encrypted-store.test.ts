import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { encryptedWalletStore } from './encrypted-store.ts';
import { memoryWalletStore, type WalletStore } from './store.ts';
import { walletStoreCompliance } from './store-test-support.ts';

const KEY = new Uint8Array(32).fill(7);
const OTHER = new Uint8Array(32).fill(8);
const damaged = { name: 'WalletError', code: 'store-damaged' };

walletStoreCompliance('encryptedWalletStore', () => encryptedWalletStore(memoryWalletStore(), KEY));

describe('an encrypted wallet store', () => {
  let disk: WalletStore;
  let store: WalletStore;
  const RECORDS = [
    ['head', 'tip'],
    ['note/1', 'five coins'],
    ['note/2', 'six coins'],
    ['pending/ab', 'rent to Bob'],
  ] as const;

  beforeEach(async () => {
    disk = memoryWalletStore();
    store = await encryptedWalletStore(disk, KEY);
    await store.write(RECORDS.map(([key, value]) => ({ key, value })));
  });

  const onDisk = async (): Promise<Map<string, string>> => new Map(await disk.entries(''));
  const reopened = (): Promise<WalletStore> => encryptedWalletStore(disk, KEY);

  it('has everything after it was opened again, by name and by prefix', async () => {
    const again = await reopened();
    for (const [key, value] of RECORDS) assert.equal(await again.get(key), value);
    assert.deepEqual((await again.entries('note/')).toSorted(), RECORDS.slice(1, 3));
    assert.deepEqual(await again.entries('note/2'), [RECORDS[2]]);
    assert.deepEqual((await again.entries('')).toSorted(), RECORDS);
  });

  it('shows on disk neither names nor tables nor values, and lengths in steps of 256 bytes', async () => {
    const shown = [...(await onDisk())].flat().join('\n');
    for (const secret of ['head', 'note', 'pending', 'five coins', 'rent', 'Bob']) {
      assert.ok(!shown.includes(secret), secret);
      assert.ok(!shown.includes(Buffer.from(secret).toString('hex')), `${secret} in hexadecimal`);
    }
    await store.write([{ key: 'note/3', value: 'x'.repeat(300) }]);
    const lengths = new Set([...(await onDisk()).values()].map((record) => record.length / 2 - 24 - 16));
    assert.deepEqual([...lengths].toSorted(), [256, 512]);
  });

  it('writes the same value as other bytes each time', async () => {
    const before = await onDisk();
    await store.write([{ key: 'head', value: 'tip' }]);
    const after = await onDisk();
    assert.equal(
      [...after].filter(([place, record]) => before.get(place) !== record).length,
      2,
      'record and sum',
    );
  });

  it('is refused under another key, and left as it is even by a repair', async () => {
    const before = await onDisk();
    await assert.rejects(encryptedWalletStore(disk, OTHER), damaged);
    await assert.rejects(encryptedWalletStore(disk, OTHER, { repair: true }), {
      ...damaged,
      message: /another account/,
    });
    assert.deepEqual(await onDisk(), before);
  });

  it('is refused where a record was altered, removed, doubled, moved, or is from an earlier day', async () => {
    const old = await onDisk();
    await store.write([
      { key: 'note/1', value: 'spent' },
      { key: 'note/9', value: 'new' },
    ]);
    const now = await onDisk();
    const places = [...now.keys()].filter((place) => place.includes('/'));
    const set = (changes: [string, string | undefined][]): Promise<void> =>
      disk.write(changes.map(([key, value]) => ({ key, value })));
    const attacks: [string, string | undefined][][] = [
      ...places.map((place): [string, undefined][] => [[place, undefined]]),
      ...places.map((place): [string, string][] => [[place, `${now.get(place)!.slice(0, -2)}00`]]),
      ...places.map((place): [string, string][] => [[place, 'zz']]),
      [[places[0]!, now.get(places[1]!)!]],
      [
        [places[0]!, now.get(places[1]!)!],
        [places[1]!, now.get(places[0]!)!],
      ],
      [[`${places[0]!.slice(0, -2)}00`, now.get(places[0]!)!]],
      [[places.find((place) => old.has(place) && old.get(place) !== now.get(place))!, undefined]],
      [...old].filter(([place, record]) => place.includes('/') && now.get(place) !== record),
      [['seal', undefined]],
      [['seal', old.get('seal')!]],
      [['seal', 'zz']],
    ];
    for (const attack of attacks) {
      await set(attack);
      await assert.rejects(reopened(), damaged, JSON.stringify(attack).slice(0, 200));
      await set(attack.map(([place]) => [place, now.get(place)]));
    }
    assert.equal(await (await reopened()).get('note/1'), 'spent');
  });

  it('does not give a record out in the place of another, even where it was opened before they were exchanged', async () => {
    const [one, two] = [...(await onDisk())].filter(([place]) => place.includes('/'));
    await disk.write([
      { key: one![0], value: two![1] },
      { key: two![0], value: one![1] },
    ]);
    const refused = await Promise.allSettled(RECORDS.map(([key]) => store.get(key)));
    assert.equal(refused.filter(({ status }) => status === 'rejected').length, 2);
    await assert.rejects(store.entries(''), damaged);
  });

  it('after a repair has what can be read, and opens again', async () => {
    const [place, record] = [...(await onDisk())].find(([name]) => name.includes('/'))!;
    await disk.write([{ key: place, value: `${record.slice(0, -2)}00` }]);
    await assert.rejects(reopened(), damaged);
    const repaired = await encryptedWalletStore(disk, KEY, { repair: true });
    assert.equal((await repaired.entries('')).length, RECORDS.length - 1);
    assert.deepEqual(
      (await (await reopened()).entries('')).toSorted(),
      (await repaired.entries('')).toSorted(),
    );
  });

  it('that fails to write is what it was, and takes the next batch', async () => {
    let failing = true;
    const inner: WalletStore = {
      ...disk,
      write: async (changes) => {
        if (failing) throw new Error('disk full');
        await disk.write(changes);
      },
    };
    const fragile = await encryptedWalletStore(inner, KEY);
    await assert.rejects(fragile.write([{ key: 'note/5', value: 'x' }]), /disk full/);
    failing = false;
    assert.equal(await fragile.get('note/5'), undefined);
    await fragile.write([{ key: 'note/6', value: 'y' }]);
    assert.equal(await (await reopened()).get('note/6'), 'y');
  });

  it('seals batches that are written at once one after another', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.write([{ key: `note/${n % 5}`, value: `${n}` }])),
    );
    assert.equal(await (await reopened()).get('note/4'), '19');
  });
});
