import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@sero/crypto';
import { type Change, type KeyValueStore, overlay } from './key-value.ts';
import { readMeta } from './lmdb-file.ts';
import { openLmdbStore } from './lmdb-store.ts';
import { updateStateTree } from './state-tree.ts';
import { memoryDirectory } from './test-support.ts';

export const dump = (store: KeyValueStore): Map<string, string> =>
  new Map([...store.entries(new Uint8Array(0))].map(([key, value]) => [toHex(key), toHex(value)]));

const key = (i: number): Uint8Array => Uint8Array.of(0x74, i >> 8, i & 0xff, ...new Uint8Array(20).fill(i));

/** A batch as a block writes one: some keys changed, some deleted, one long value, the tree's records. */
export function block(store: KeyValueStore, round: number): void {
  const changes: Change[] = Array.from({ length: 30 }, (_, i) => {
    const n = (i * 7 + round * 31) % 150;
    return { key: key(n), value: (n + round) % 5 === 0 ? undefined : new Uint8Array(20 + n).fill(round) };
  });
  changes.push({
    key: Uint8Array.of(0x62, round % 3),
    value: new Uint8Array(6_000 + 500 * round).fill(round),
  });
  const view = overlay(store);
  for (const { key: k, value } of changes) value === undefined ? view.delete(k) : view.put(k, value);
  updateStateTree(view, view.changes());
  store.write(view.changes());
}

/** A store of many pages of every kind: branches, leaves, long values, free ones. */
export function filled(): { directory: string; contents: Map<string, string>; before: Map<string, string> } {
  const directory = memoryDirectory();
  const store = openLmdbStore(directory);
  for (let round = 0; round < 8; round++) block(store, round);
  const before = dump(store);
  block(store, 8);
  const contents = dump(store);
  store.close();
  return { directory, contents, before };
}

export const image = (directory: string): Uint8Array =>
  new Uint8Array(readFileSync(join(directory, 'data.mdb')));

/** Where the last page in use ends. */
export function usedBytes(directory: string): number {
  const file = openSync(join(directory, 'data.mdb'), 'r');
  const { lastPage, pageSize } = readMeta(file);
  closeSync(file);
  return (lastPage + 1) * pageSize;
}

/** A directory with these bytes for a store. */
export function withImage(bytes: Uint8Array): string {
  const directory = memoryDirectory();
  writeFileSync(join(directory, 'data.mdb'), bytes);
  return directory;
}
