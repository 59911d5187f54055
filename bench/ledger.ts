import { randomBytes } from 'node:crypto';
import { toField } from '@sero/crypto';
import { appendLeaves, EMPTY_FRONTIER, encodeBlock, frontierRoot, witnessTree } from '@sero/protocol';
import { memoryLog, memoryStore, overlay, updateStateTree } from '@sero/store';
import { type Figure, type Suite, sampled, timed } from './harness.ts';
import { agedParts, benchLedger, closeParts, diskParts, type Parts, payments } from './ledger-chain.ts';
import { temporaryDirectories } from './temporary.ts';

const BLOCK = 1_000;
const MILLION = 1_000_000;

/** Of what takes seconds. */
const RUNS = 3;

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
        what: 'Notes added to an empty note tree, 512 at once with one root, in memory.',
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
        what: 'The path of a note to the root, with its share (a 20th) of building a wallet’s tree of 64 notes first.',
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
        what: 'Each of 1,000 new keys in a state tree of 10,000, in memory; one root for all.',
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
        what: 'Each of 1,000 entries written as one batch to an empty store in memory.',
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

const STATE_CHANGES =
  'A ledger proposes a block of 1,000 shape-A payments whose bytes, points, signatures and proofs it has checked before: the checks against the ' +
  'state, the set of nullifiers, note tree, state tree, all roots and the bytes of the block. Nothing is written.';

/** A block of 1,000 payments. Proofs are taken unseen in all of it; what else is left out each figure says. */
function blockSuite(): Suite {
  const directories = temporaryDirectories();
  const opened: Parts[] = [];
  const onDisk = (): Parts => {
    const parts = diskParts(directories.make());
    opened.push(parts);
    return parts;
  };

  /** The work of who makes the block and of who gets it, each on a chain of its own that begins with it. */
  async function whole(transactions: readonly Uint8Array[]): Promise<Figure[]> {
    const made: number[] = [];
    const received: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const [maker, receiver] = [await benchLedger(onDisk()), await benchLedger(onDisk())];
      let bytes = new Uint8Array(0);
      made.push(
        await timed(async () => {
          const { block, rejected } = await maker.propose(transactions, maker.head().time + 1n);
          if (rejected[0] !== undefined) throw rejected[0].error;
          bytes = encodeBlock(block) as Uint8Array<ArrayBuffer>;
          await maker.apply(bytes);
        }),
      );
      received.push(await timed(() => receiver.apply(bytes)));
    }
    return [
      sampled(
        {
          name: 'ledger.block1000.made',
          what:
            'A new ledger on disk gets the bytes of 1,000 shape-A payments that it never saw, makes a block of them and commits it: decoding, points, ' +
            'signatures, state changes, and log and state written and synced. Only proofs are left out.',
        },
        made,
        'ms',
      ),
      sampled(
        {
          name: 'ledger.block1000.received',
          what: 'The same for a new ledger that gets the finished block and none of its payments before it.',
        },
        received,
        'ms',
      ),
    ];
  }

  return {
    prefix: 'ledger.block1000',
    async prepare() {
      const inMemory = await benchLedger({ store: memoryStore(), blocks: memoryLog() });
      const aged = await agedParts(directories.make(), MILLION);
      opened.push(aged);
      const lmdb = await benchLedger(aged);
      const transactions = payments(BLOCK, inMemory);
      const propose = (ledger: typeof inMemory) => async () => {
        const { rejected } = await ledger.propose(transactions, ledger.head().time + 1n);
        if (rejected[0] !== undefined) throw rejected[0].error;
      };
      // The run that does not count is the one that checks signatures.
      return [
        {
          what: `${STATE_CHANGES} The state is in lmdb, with 10^6 nullifiers and half as many entries of the index by txid.`,
          unit: 'ms',
          better: 'lower',
          runs: 5,
          subject: { name: 'ledger.block1000.stateChanges', operations: 1, run: propose(lmdb) },
          beside: { name: 'a new state in memory', operations: 1, run: propose(inMemory) },
        },
        ...(await whole(transactions)).map((figure) => ({ figure })),
      ];
    },
    async close() {
      for (const parts of opened.splice(0)) closeParts(parts);
      directories.clear();
    },
  };
}

/** Figures of what a block costs beside its proofs. */
export const ledgerSuites: readonly Suite[] = [partsSuite, blockSuite()];
