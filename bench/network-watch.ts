import { readFileSync } from 'node:fs';
import { createClient, createSocketClient } from '@sero/api';
import { toHex } from '@sero/crypto';
import { decodeExecutedBlock, type Header } from '@sero/protocol';
import { processFigures } from '../test/network/proc.ts';
import type { ValidatorNode } from './network-nodes.ts';

/** When each node said that a block is final. */
export interface HeadWatch {
  /** `performance.now()` at which the last of all nodes had a block of at least this height; undefined before. */
  everywhereAt(height: number): number | undefined;
  /** The highest that every node has. */
  height(): number;
  close(): void;
}

/** Listens to the heads of all nodes over sockets. */
export async function watchHeads(nodes: readonly ValidatorNode[]): Promise<HeadWatch> {
  /** By node: heights that it told of, with the time, ascending. */
  const seen: { readonly height: number; readonly at: number }[][] = nodes.map(() => []);
  const sockets = await Promise.all(
    nodes.map(({ url }) => createSocketClient({ url: url.replace(/^http/, 'ws') })),
  );
  await Promise.all(
    sockets.map((socket, i) =>
      socket.subscribeHeads(({ height }) => seen[i]!.push({ height: Number(height), at: performance.now() })),
    ),
  );
  // A socket tells of what comes from now on.
  const heads = await Promise.all(
    nodes.map(({ url }) => createClient({ url }).request('sero_getConsensus', {})),
  );
  for (const [i, { height }] of heads.entries())
    seen[i]!.unshift({ height: Number(height), at: performance.now() });
  return {
    everywhereAt(height) {
      const times = seen.map((told) => told.find((head) => head.height >= height)?.at);
      return times.includes(undefined) ? undefined : Math.max(...(times as number[]));
    },
    height: () => Math.min(...seen.map((told) => told.at(-1)!.height)),
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}

/** A block as a figure has it. */
export interface SeenBlock {
  readonly header: Header;
  /** Hexadecimal digits as RPC has them. */
  readonly txids: readonly string[];
  readonly bytes: number;
}

/** Blocks that one RPC answer may hold at most. */
const PAGE = 64;

/** Final blocks of a node, read when nothing is measured any more. */
export async function readBlocks(url: string, from: number, to: number): Promise<SeenBlock[]> {
  const client = createClient({ url });
  const found: SeenBlock[] = [];
  while (from + found.length <= to) {
    const at = from + found.length;
    const { blocks } = await client.request('sero_getBlocks', {
      from: BigInt(at),
      limit: Math.min(PAGE, to - at + 1),
    });
    if (blocks.length === 0) throw new Error(`${url} has no block ${at}`);
    for (const bytes of blocks) {
      const { block, receipts } = decodeExecutedBlock(bytes);
      const failed = receipts.find(({ status }) => status !== 1);
      if (failed !== undefined) throw new Error(`a payment failed in block ${block.header.height}`);
      const txids = receipts.map(({ txid }) => `0x${toHex(txid)}`);
      found.push({ header: block.header, txids, bytes: bytes.length });
    }
  }
  return found;
}

/** What a node took up to now. */
export interface NodeCost {
  /** Seconds of processor time, all threads together, and of the thread that runs the program. */
  readonly cpu: number;
  readonly mainCpu: number;
  /** Bytes of memory now, and of those what is no page of a mapped file. */
  readonly rss: number;
  readonly ownMemory: number;
}

/** Ticks a second in /proc: fixed by the kernel's interface to programs. */
const TICKS = 100;

export function costOf({ name, running: { pid } }: ValidatorNode): NodeCost {
  const figures = processFigures(pid);
  if (figures === undefined) throw new Error(`${name} has ended`);
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    cpu: figures.cpuSeconds,
    mainCpu: (Number(fields[11]) + Number(fields[12])) / TICKS,
    rss: figures.rss,
    ownMemory: figures.ownMemory,
  };
}

/** Bytes that went over the loopback device so far, of everything on this machine. */
export function loopbackBytes(): number {
  const line = /^\s*lo:\s*(\d+)/m.exec(readFileSync('/proc/net/dev', 'utf8'));
  return Number(line?.[1] ?? 0);
}

/** Counters of a node's metrics that say what it refused and how it worked. */
const TOLD =
  /^(sero_(?:mempool_(?:refused|departed|admitted)_total|proposal_dropped_total|rounds_total|verify_batch_(?:proofs|seconds)_(?:sum|count)|block_commit_seconds_(?:sum|count)|event_loop_lag_seconds|memory_bytes)(?:\{[^}]*\})?) (\S+)$/gm;

/** Those counters of a node now. */
export async function metricsOf({ url }: ValidatorNode): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  return Object.fromEntries([...text.matchAll(TOLD)].map(([, name, value]) => [name!, Number(value)]));
}

/** Transactions in blocks that a node has, since its start. */
export async function transactionsOf({ url }: ValidatorNode): Promise<number> {
  const text = await (await fetch(new URL('/metrics', url))).text();
  const found = /^sero_transactions_total (\d+)$/m.exec(text);
  if (found === null) throw new Error(`${url} does not tell how many transactions it has`);
  return Number(found[1]);
}
