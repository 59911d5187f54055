import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { blake2b256, concat } from '@sero/crypto';
import { addNullifiers, EMPTY_NULLIFIER_SET, encodeBlock } from '@sero/protocol';
import { overlay, type TreeHash, updateStateTree } from '@sero/store';
import { openLmdbStore } from '@sero/store/node';
import {
  type BenchOptions,
  besides,
  counted,
  type Figure,
  type LargeFigure,
  type Suite,
  sampled,
  timed,
} from './harness.ts';
import { benchLedger, closeParts, diskParts, nativeShake256, payments } from './ledger-chain.ts';
import { merged, sortedKeys } from './sorted-keys.ts';
import { temporaryDirectories } from './temporary.ts';

const MILLION = 1_000_000;

/** Blocks before those that count, and those. */
const [UNCOUNTED, BLOCKS] = [2, 11];

/** Figures that need a disk: each suite has a directory of its own, gone when it ends. */
function diskSuite(
  prefix: string,
  figures: (directory: string, options: BenchOptions) => Promise<readonly Figure[]>,
  large: readonly LargeFigure[] = [],
): Suite {
  const directories = temporaryDirectories();
  return {
    prefix,
    large,
    prepare: async (options) => (await figures(directories.make(), options)).map((figure) => ({ figure })),
    async close() {
      directories.clear();
    },
  };
}

/** Milliseconds that each of some blocks takes. */
async function blockTimes(block: () => () => unknown): Promise<number[]> {
  const samples: number[] = [];
  for (let n = 0; n < UNCOUNTED + BLOCKS; n++) samples.push(await timed(block()));
  return samples.slice(UNCOUNTED);
}

const NULLIFIERS = 0x6e;

const nullifiersWhat = (count: string): string =>
  `A block’s 600 random nullifiers looked up among ${count} synthetic ones in lmdb, hashed into the set, written and synced.`;

const LARGE_NULLIFIERS = [
  {
    name: 'ledger.nullifiers600.1e8',
    what: `${nullifiersWhat('10^8')} Their file is in the page cache as far as memory reaches.`,
    large: true,
  },
  {
    name: 'ledger.nullifiers600.build1e8',
    what: 'What making the 10^8 took: sorted, in append mode, synced.',
    large: true,
  },
  {
    name: 'ledger.nullifiers600.file1e8',
    what: 'The size of their file, room that is held free included.',
    large: true,
  },
] as const;

const nullifierSuite = diskSuite(
  'ledger.nullifiers600',
  async (directory, { large, wants }) => {
    const figures: Figure[] = [];
    const name = 'ledger.nullifiers600.1e6';
    if (wants(name)) {
      const { samples } = await nullifierBlocks(join(directory, '1e6'), MILLION);
      figures.push(sampled({ name, what: nullifiersWhat('10^6') }, samples, 'ms'));
    }
    if (large && LARGE_NULLIFIERS.some((figure) => wants(figure.name))) {
      const { samples, buildMs, fileBytes } = await nullifierBlocks(join(directory, '1e8'), 100 * MILLION);
      const [block, build, size] = LARGE_NULLIFIERS;
      figures.push(sampled(block, samples, 'ms'), sampled(build, [buildMs / 1_000], 's'));
      figures.push({ ...size, ...counted(size.name, size.what, Math.round(fileBytes / 1e7) / 100, 'GB') });
    }
    return figures;
  },
  LARGE_NULLIFIERS,
);

/** Puts so many nullifiers into a new store, and then those of some blocks among them. */
async function nullifierBlocks(
  path: string,
  count: number,
): Promise<{ samples: number[]; buildMs: number; fileBytes: number }> {
  const store = openLmdbStore(path);
  try {
    const buildMs = await timed(() => store.load(sortedKeys(NULLIFIERS, count)));
    let set = EMPTY_NULLIFIER_SET;
    const samples = await blockTimes(() => {
      const nullifiers = Array.from({ length: 600 }, () => randomBytes(32));
      return () => {
        const view = overlay(store);
        for (const nullifier of nullifiers) {
          const key = concat(Uint8Array.of(NULLIFIERS), nullifier);
          if (view.get(key) !== undefined) throw new Error('a random nullifier was there already');
          view.put(key, new Uint8Array(0));
        }
        set = addNullifiers(set, nullifiers, nativeShake256);
        store.write(view.changes());
      };
    });
    return { samples, buildMs, fileBytes: statSync(join(path, 'data.mdb')).size };
  } finally {
    store.close();
  }
}

/**
 * Where a key is in the tree is hashed as it is; what stands there is not looked at again, so OpenSSL's SHA-256 may stand for the
 * slower BLAKE2b while the tree is made: a pass recomputes only what it changes, and believes the rest.
 */
const buildHash: TreeHash = (personalisation, ...chunks) => {
  if (personalisation === 'SERO_TREEKEY') return blake2b256(personalisation, ...chunks);
  const hash = createHash('sha256').update(personalisation);
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
};

/** 1,000 changed keys a block in a state tree of a million: new root, records written and synced. */
const treeSuite = diskSuite('ledger.tree1000', async (directory) => {
  const store = openLmdbStore(join(directory, 'tree'));
  try {
    const keyOf = (i: number): Uint8Array => {
      const key = new Uint8Array(5);
      key[0] = 0x74;
      new DataView(key.buffer).setUint32(1, i);
      return key;
    };
    const leaves = Array.from({ length: MILLION }, (_, i) => ({ key: keyOf(i), value: randomBytes(32) }));
    const tree = overlay(store);
    updateStateTree(tree, leaves, { hash: buildHash });
    const records = tree.changes().map(({ key, value }) => [key, value!] as const);
    store.load(merged(records, [leaves.map(({ key, value }) => [key, value] as const)]));
    const samples = await blockTimes(() => {
      const changes = Array.from({ length: 1_000 }, () => ({
        key: keyOf(randomBytes(4).readUInt32LE() % MILLION),
        value: randomBytes(32),
      }));
      return () => {
        const view = overlay(store);
        for (const { key, value } of changes) view.put(key, value);
        updateStateTree(view, changes);
        store.write(view.changes());
      };
    });
    const what =
      'A block’s 1,000 new values under random keys of a state tree of 10^6 in lmdb: the new root, leaves and records written and synced.';
    return [sampled({ name: 'ledger.tree1000.1e6', what }, samples, 'ms')];
  } finally {
    store.close();
  }
});

/** What making a block durable costs when all the rest is done. */
const commitSuite = diskSuite('ledger.writeProposed', async (directory) => {
  const parts = diskParts(directory);
  const file = openSync(join(directory, 'bare'), 'w');
  try {
    const ledger = await benchLedger(parts);
    const commits = async (name: string, block: string, runs: number, count: number): Promise<Figure> => {
      const [own, bare]: [number[], number[]] = [[], []];
      for (let run = -1; run < runs; run++) {
        const proposed = await ledger.propose(payments(count, ledger), ledger.head().time + 1n);
        const bytes = encodeBlock(proposed.block);
        const ms = await timed(() => ledger.apply(bytes));
        const floor = await timed(() => {
          writeSync(file, bytes);
          fdatasyncSync(file);
        });
        if (run < 0) continue;
        own.push(ms);
        bare.push(floor);
      }
      const what = `Only the writing of ${block} that the same ledger has just proposed: the record appended to the log, the state written, both synced.`;
      return besides(sampled({ name, what }, own, 'ms'), 'the block’s bytes to a bare file, fdatasync', bare);
    };
    return [
      await commits('ledger.writeProposed.empty', 'an empty block', 21, 0),
      await commits('ledger.writeProposed.200', 'a block of 200 payments', 3, 200),
    ];
  } finally {
    closeSync(file);
    closeParts(parts);
  }
});

/** Figures of chains on disk. */
export const ledgerDiskSuites: readonly Suite[] = [nullifierSuite, treeSuite, commitSuite];
