import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, type Suite, sampled, timed } from './harness.ts';
import { runAndDie, type ServerProcess, startNodeProcess } from './processes.ts';
import { temporaryDirectories } from './temporary.ts';
import { BLOCK_OUTPUTS } from './wallet-chain.ts';

const BLOCKS = 3_334;
const PAYMENTS = BLOCK_OUTPUTS / 3;

/** A chain of a million notes: blocks of 100 payments, of two nullifiers and three notes each. */
export const MADE = {
  blocks: BLOCKS,
  nullifiers: 2 * PAYMENTS * BLOCKS,
  transactions: PAYMENTS * BLOCKS,
} as const;

const RUNS = 5;

const STATE =
  `The data directory of a chain of ${BLOCK_OUTPUTS * BLOCKS} notes: ${BLOCKS} blocks of ${PAYMENTS} shape-A payments in the log (0.56 GB; the same payments in each), ` +
  `${MADE.nullifiers} nullifiers, ${MADE.transactions} entries of the index by txid, ${BLOCKS} of headers and of anchors in the state tree, the shards’ roots; ` +
  'random where only the amount counts, in the page cache. From the start of the process until GET /ready answers 200';

/** Starts a node; its time until it serves. */
async function started(directory: string): Promise<{ node: ServerProcess; ms: number }> {
  const servers: ServerProcess[] = [];
  const ms = await timed(async () => {
    const node = await startNodeProcess(directory);
    servers.push(node);
    const { status } = await fetch(`${node.url}/ready`);
    if (status !== 200) throw new Error(`the node answers ${status} when asked whether it is ready`);
  });
  return { node: servers[0]!, ms };
}

/** Remembers the index of a log as it is, which a clean stop would make whole. @returns puts it back */
function keepIndex(log: string): () => void {
  const names = (): string[] => readdirSync(log).filter((name) => name.endsWith('.index'));
  const kept = new Map(names().map((name) => [name, readFileSync(join(log, name))]));
  return () => {
    for (const name of names()) rmSync(join(log, name));
    for (const [name, bytes] of kept) writeFileSync(join(log, name), bytes);
  };
}

const directories = temporaryDirectories();

/** A node that is started again. */
export const restartSuite: Suite = {
  prefix: 'node.restart1M',

  async prepare() {
    const directory = directories.make();
    await runAndDie(new URL('./restart-child.ts', import.meta.url), [directory]);
    const indexAsKilled = keepIndex(join(directory, 'blocks'));
    const [killed, clean]: [number[], number[]] = [[], []];
    for (let run = 0; run < RUNS; run++) {
      const first = await started(directory);
      killed.push(first.ms);
      await first.node.stop();
      const second = await started(directory);
      clean.push(second.ms);
      await second.node.kill();
      indexAsKilled();
    }
    const figures: Figure[] = [
      sampled({ name: 'node.restart1M.clean', what: `${STATE}, after a clean stop.` }, clean, 'ms'),
      sampled(
        {
          name: 'node.restart1M.killed',
          what: `${STATE}, after kill -9: first every record of the state is checked, and the end of the log is read.`,
        },
        killed,
        'ms',
      ),
    ];
    return figures.map((figure) => ({ figure }));
  },

  async close() {
    directories.clear();
  },
};
