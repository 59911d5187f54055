import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { toField } from '@sero/crypto';
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, witnessTree } from '@sero/protocol';
import { memoryLog, memoryStore, overlay, updateStateTree } from '@sero/store';
import type { Suite } from './harness.ts';
import { benchLedger, diskParts, payments, temporary } from './ledger-chain.ts';

const BLOCK = 1_000;

const randomChanges = (count: number) =>
  Array.from({ length: count }, () => ({ key: randomBytes(33), value: randomBytes(32) }));

/** Parts of what a block costs, in memory. */
const partsSuite: Suite = {
  prefix: 'ledger.',
  async prepare() {
    const leaves = Array.from({ length: 512 }, () => toField(randomBytes(64)));
    const changes = randomChanges(1_000);
    const base = memoryStore();
    const view = overlay(base);
    updateStateTree(view, randomChanges(10_000));
    base.write(view.changes());
    return [
      {
        unit: 'leaves/s',
        better: 'higher',
        runs: 5,
        subject: {
          name: 'ledger.noteTree.append',
          operations: leaves.length,
          run: () => frontierRoot(appendLeaves(EMPTY_FRONTIER, leaves).frontier),
        },
        beside: {
          name: 'leaf by leaf, a root each',
          operations: 32,
          run: () => {
            let frontier = EMPTY_FRONTIER;
            for (const leaf of leaves.slice(0, 32)) {
              ({ frontier } = appendLeaves(frontier, [leaf]));
              frontierRoot(frontier);
            }
          },
        },
      },
      {
        unit: 'ms',
        better: 'lower',
        runs: 5,
        subject: {
          name: 'ledger.witnessPath',
          operations: 20,
          run: () => {
            const tree = witnessTree();
            tree.append(leaves.slice(0, 64));
            for (let i = 0n; i < 20n; i++) tree.pathAt(i, tree.size());
          },
        },
      },
      {
        unit: 'us',
        better: 'lower',
        runs: 5,
        subject: {
          name: 'ledger.stateTree.update',
          operations: changes.length,
          run: () => updateStateTree(overlay(base), changes),
        },
      },
      {
        unit: 'us',
        better: 'lower',
        runs: 5,
        subject: {
          name: 'ledger.store.write',
          operations: changes.length,
          run: () => memoryStore().write(changes),
        },
      },
    ];
  },
};

/**
 * State changes of a block of 1,000 payments that were checked before: proofs, signatures and points aside, all the rest from the
 * checks against the state to the new roots and the block's bytes. The run that does not count checks them.
 */
function executeSuite(): Suite {
  const directories: string[] = [];
  const opened: { close(): void }[] = [];
  return {
    prefix: 'ledger.execute1000',
    async prepare() {
      const directory = temporary(directories);
      const disk = diskParts(directory);
      opened.push(disk.store, disk.blocks);
      const inMemory = benchLedger({ store: memoryStore(), blocks: memoryLog() });
      const onDisk = benchLedger(disk);
      const transactions = payments(BLOCK, inMemory);
      const execute = (ledger: typeof inMemory) => async () => {
        const { rejected } = await ledger.propose(transactions, ledger.head().time + 1n);
        if (rejected[0] !== undefined) throw rejected[0].error;
      };
      return [
        {
          unit: 'ms',
          better: 'lower',
          runs: 3,
          subject: { name: 'ledger.execute1000.memory', operations: 1, run: execute(inMemory) },
        },
        {
          unit: 'ms',
          better: 'lower',
          runs: 3,
          subject: { name: 'ledger.execute1000.lmdb', operations: 1, run: execute(onDisk) },
        },
      ];
    },
    async close() {
      for (const part of opened.splice(0)) part.close();
      for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Figures of what a block costs beside its proofs. */
export const ledgerSuites: readonly Suite[] = [partsSuite, executeSuite()];
