import { readFileSync, writeSync } from 'node:fs';
import { toHex } from '@sero/crypto';
import { diskBackend, type StorageBackend, startNode } from '@sero/node';
import { headerHash } from '@sero/protocol';
import { hookedLog, hookedStore } from '@sero/store';
import { groundOf, hasherDouble, payment } from '../node/doubles.ts';
import { verifierDouble } from '../wallet/doubles.ts';
import { startKiller } from './killer.ts';
import { type Marker, PAYMENTS, writeMarker } from './markers.ts';

/**
 * The node that is killed: goes on with the chain in a directory and seals blocks of payments as fast as it can. It says on
 * descriptor 3 where it is; each word is in the pipe before the next step begins, so it outlives the process.
 */

const [directory, genesis, key, commit, afterMs] = process.argv.slice(2);
// Called without arguments it only was loaded: what the engine compiled is kept for those that are killed.
if (directory === undefined) process.exit(0);
/** Where a commit is given, the process ends so long after it began. */
const strike = commit === undefined ? undefined : startKiller(Number(afterMs));
let [commits, began] = [0, 0];

const say = (marker: Marker): void => void writeSync(3, writeMarker(marker));

/** The disk, with words before, in and after a commit. */
const backend: StorageBackend = {
  ...diskBackend,
  openBlocks: (path) => {
    const log = diskBackend.openBlocks(path);
    return hookedLog(log, {
      before() {
        commits++;
        began = performance.now();
        say({ at: 'commit', height: log.length });
        if (commits === Number(commit)) strike?.();
      },
      after: (height) => say({ at: 'logged', height }),
    });
  },
  openState: (path) =>
    hookedStore(diskBackend.openState(path), {
      after: () => say({ at: 'written', ms: commits === 0 ? 0 : performance.now() - began }),
    }),
};

const node = await startNode({
  directory,
  genesis: readFileSync(genesis!),
  verifyingKeys: [readFileSync(key!)],
  rpc: false,
  log: { level: 'silent' },
  pace: { gatherMs: 0, idleMs: 60_000 },
  check: 'never',
  keepSnapshots: 0,
  world: { verifier: verifierDouble, hasher: hasherDouble, backend },
});
const ground = groundOf(node.ledger);
const final = (): void => {
  const head = node.ledger.head();
  say({ at: 'final', height: Number(head.height), hash: toHex(headerHash(head)) });
};

async function submitPayments(): Promise<void> {
  const first = Number(node.ledger.head().height) * PAYMENTS;
  const numbers = Array.from({ length: PAYMENTS }, (_, i) => first + i);
  await Promise.all(numbers.map((number) => node.mempool.submit(payment(ground, number), 'test')));
}

final();
node.onHead(() => {
  final();
  void submitPayments();
});
void submitPayments();
