import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { compareBytes, concat } from '@sero/crypto';
import { addNullifiers, EMPTY_NULLIFIER_SET, encodeBlock } from '@sero/protocol';
import { type Entry, overlay, updateStateTree } from '@sero/store';
import { type LmdbStore, openLmdbStore } from '@sero/store/node';
import { type Figure, type Suite, sampled } from './harness.ts';
import { benchLedger, diskParts, nativeShake256, payments, temporary } from './ledger-chain.ts';

const MILLION = 1_000_000;

/** Figures that need a disk: each suite has a directory of its own, gone when it ends. */
function diskSuite(
  prefix: string,
  figures: (directory: string, large: boolean) => Promise<readonly Figure[]>,
): Suite {
  const directories: string[] = [];
  return {
    prefix,
    async prepare({ large }) {
      return (await figures(temporary(directories), large)).map((figure) => ({ figure }));
    },
    async close() {
      for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Milliseconds that each run of a job takes. */
async function times(runs: number, job: () => unknown): Promise<number[]> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await job();
    samples.push(performance.now() - start);
  }
  return samples;
}

/** Keys of a table that ascend, evenly spread and otherwise random, such as a set of nullifiers. */
function* sortedKeys(table: number, count: number): Generator<Entry> {
  const head = new Uint8Array(9);
  head[0] = table;
  const view = new DataView(head.buffer);
  const step = (1n << 64n) / BigInt(count);
  for (let i = 0; i < count; i++) {
    view.setBigUint64(1, BigInt(i) * step);
    yield [concat(head, randomBytes(24)), new Uint8Array(0)];
  }
}

const NULLIFIERS = 0x6e;

/** 600 nullifiers a block: looked up, hashed into the set, written and synced. */
const nullifierSuite = diskSuite('ledger.nullifiers600', async (directory, large) => {
  const figures: Figure[] = [];
  for (const [name, count] of large
    ? [['1e6', MILLION] as const, ['1e8', 100 * MILLION] as const]
    : [['1e6', MILLION] as const]) {
    const store = openLmdbStore(join(directory, name));
    store.load(sortedKeys(NULLIFIERS, count));
    let set = EMPTY_NULLIFIER_SET;
    const samples = await times(12, () => {
      const nullifiers = Array.from({ length: 600 }, () => randomBytes(32));
      const view = overlay(store);
      for (const nullifier of nullifiers) {
        const key = concat(Uint8Array.of(NULLIFIERS), nullifier);
        if (view.get(key) !== undefined) throw new Error('a random nullifier was there already');
        view.put(key, new Uint8Array(0));
      }
      set = addNullifiers(set, nullifiers, nativeShake256);
      store.write(view.changes());
    });
    store.close();
    figures.push(sampled(`ledger.nullifiers600.${name}`, samples.slice(2), 'ms'));
  }
  return figures;
});

/** 1,000 changed keys a block in a state tree of a million: new root, records written and synced. */
const treeSuite = diskSuite('ledger.tree1000', async (directory) => {
  const store = openLmdbStore(join(directory, 'tree'));
  const keyOf = (i: number): Uint8Array => {
    const key = new Uint8Array(5);
    key[0] = 0x74;
    new DataView(key.buffer).setUint32(1, i);
    return key;
  };
  growTree(store, keyOf, MILLION);
  const samples = await times(12, () => {
    const view = overlay(store);
    const changes = Array.from({ length: 1_000 }, () => ({
      key: keyOf(randomBytes(4).readUInt32LE() % MILLION),
      value: randomBytes(32),
    }));
    for (const { key, value } of changes) view.put(key, value);
    updateStateTree(view, changes);
    store.write(view.changes());
  });
  store.close();
  return [sampled('ledger.tree1000.1e6', samples.slice(2), 'ms')];
});

function growTree(store: LmdbStore, keyOf: (i: number) => Uint8Array, count: number): void {
  for (let from = 0; from < count; from += 100_000) {
    const view = overlay(store);
    const changes = Array.from({ length: 100_000 }, (_, i) => ({
      key: keyOf(from + i),
      value: randomBytes(32),
    }));
    updateStateTree(view, changes);
    store.write([...changes, ...view.changes()]);
  }
}

/** What making a block durable costs: log and state, both synced. The block was proposed here, so it is only written. */
const commitSuite = diskSuite('ledger.commit', async (directory) => {
  const parts = diskParts(directory);
  const ledger = benchLedger(parts);
  const commit = async (transactions: readonly Uint8Array[]): Promise<number> => {
    const { block } = await ledger.propose(transactions, ledger.head().time + 1n);
    const bytes = encodeBlock(block);
    return (await times(1, () => ledger.apply(bytes)))[0]!;
  };
  const empty: number[] = [];
  for (let i = 0; i < 22; i++) empty.push(await commit([]));
  const full: number[] = [];
  for (let i = 0; i < 3; i++) full.push(await commit(payments(200, ledger)));
  parts.store.close();
  parts.blocks.close();
  return [sampled('ledger.commit.empty', empty.slice(2), 'ms'), sampled('ledger.commit.200', full, 'ms')];
});

/** Opening a chain again whose store holds a million nullifiers and as many entries of the index. */
const openSuite = diskSuite('ledger.open1M', async (directory) => {
  const parts = diskParts(directory);
  const ledger = benchLedger(parts);
  for (let i = 0; i < 300; i++) {
    const { block } = await ledger.propose([], ledger.head().time + 1n);
    await ledger.apply(encodeBlock(block));
  }
  const small = [...parts.store.entries(new Uint8Array(0))];
  parts.store.close();
  parts.blocks.close();
  const path = join(directory, 'state');
  rmSync(path, { recursive: true });
  const store = openLmdbStore(path);
  store.load(merged(small, [sortedKeys(NULLIFIERS, MILLION), sortedKeys(0x78, MILLION)]));
  store.close();
  const samples = await times(7, () => {
    const again = diskParts(directory);
    benchLedger(again);
    again.store.close();
    again.blocks.close();
  });
  return [sampled('ledger.open1M', samples, 'ms')];
});

/** Entries of a few and of tables that come one after another, ascending. */
function* merged(few: readonly Entry[], tables: readonly Iterable<Entry>[]): Generator<Entry> {
  let at = 0;
  for (const table of tables) {
    for (const entry of table) {
      for (; at < few.length && compareBytes(few[at]![0], entry[0]) < 0; at++) yield few[at]!;
      yield entry;
    }
  }
  yield* few.slice(at);
}

/** Figures of chains on disk. */
export const ledgerDiskSuites: readonly Suite[] = [nullifierSuite, treeSuite, commitSuite, openSuite];
