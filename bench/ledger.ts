import { randomBytes } from 'node:crypto';
import { toField } from '@sero/crypto';
import { appendLeaves, EMPTY_FRONTIER, frontierRoot, witnessTree } from '@sero/protocol';
import { memoryStore, updateTree } from '@sero/store';
import type { Suite } from './harness.ts';

/** Figures of what a block costs beside its proofs. */
export const ledgerSuite: Suite = {
  prefix: 'ledger.',
  async prepare() {
    const leaves = Array.from({ length: 512 }, () => toField(randomBytes(64)));
    const changes = Array.from({ length: 1_000 }, () => ({ key: randomBytes(33), value: randomBytes(32) }));
    const base = updateTree(
      undefined,
      Array.from({ length: 10_000 }, () => ({ key: randomBytes(33), value: randomBytes(32) })),
    );
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
          run: () => updateTree(base, changes),
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
