import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type Clock, type NodeOptions, type SeroNode, startNode, systemClock } from '@sero/node';
import { encodeGenesis, type Genesis, type Header } from '@sero/protocol';
import { verifierDouble } from '../wallet/doubles.ts';
import { genesisDouble, groundOf, hasherDouble, keyDouble, payment } from './doubles.ts';

const folders: string[] = [];
const nodes: SeroNode[] = [];
after(async () => {
  // However a test ended: what is still open would keep the process.
  for (const node of nodes) await node.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A data directory that is not there yet; deleted at the end. */
export function newDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sero-node-'));
  folders.push(folder);
  return join(folder, 'data');
}

const KEY = keyDouble();
export const genesisFile = (change: Partial<Genesis> = {}): Uint8Array =>
  encodeGenesis(genesisDouble(KEY, change));

/** What a node logged. */
interface Line {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Begins at the time of genesis, so that no empty block is due. */
const clock: Clock = { ...systemClock, now: () => 1_700_000_000_000 + performance.now() };

/** A node whose proofs cost nothing and that seals nothing unless there are transactions. */
export async function start(directory: string, change: Partial<NodeOptions> = {}) {
  const lines: Line[] = [];
  const node = await startNode({
    directory,
    genesis: genesisFile(),
    verifyingKeys: [KEY],
    rpc: false,
    pace: { gatherMs: 0, idleMs: 1_000_000 },
    log: { level: 'debug', write: (line) => lines.push(JSON.parse(line) as Line) },
    ...change,
    world: { clock, verifier: verifierDouble, hasher: hasherDouble, ...change.world },
  });
  nodes.push(node);
  const submit = (transaction: Uint8Array) => node.submit(transaction, 'test');
  return { node, lines, submit, said: (text: string) => lines.some(({ msg }) => msg.includes(text)) };
}

/** The next head after something was done. */
export function headAfter(node: SeroNode, act: () => unknown): Promise<Header> {
  return new Promise((resolve) => {
    const stop = node.onHead((head) => {
      stop();
      resolve(head);
    });
    act();
  });
}

export const pay = (node: SeroNode, number: number, change = {}) =>
  node.mempool.submit(payment(groundOf(node.ledger), number, change), 'test');

/** A payment's block. */
export const sealed = (node: SeroNode, number: number): Promise<Header> =>
  headAfter(node, () => pay(node, number));

/** The metrics that the node's README.md lists. */
export const METRICS: readonly string[] = readFileSync(
  join(import.meta.dirname, '..', '..', 'packages', 'node', 'README.md'),
  'utf8',
)
  .split('\n')
  .filter((line) => line.startsWith('| `sero_'))
  .flatMap((line) => [...line.matchAll(/`(sero_[a-z_]+)`/g)].map(([, name]) => name!));
