/**
 * How fast a node that begins with nothing catches up with another one, each a process of its own as `sero node start` runs it, over TCP on loopback:
 *
 *   npm run bench:catchup                              4,096 empty blocks, a certificate verified each 256 blocks
 *   npm run bench:catchup -- --stride 1                a certificate verified each block
 *   npm run bench:catchup -- --full --blocks 24        full blocks of payments that bench:payments made, beside verifying them in memory
 *   npm run bench:catchup -- --blocks 20000 --keep     more of them; directories and logs stay
 *   npm run bench:catchup -- --profile FOLDER          with a processor profile of the node that catches up
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient } from '@sero/api';
import { freePorts } from '@sero/cli';
import { peerIdIn } from '@sero/node';
import { encodeGenesis } from '@sero/protocol';
import { type Running, startProcess } from '../test/network/processes.ts';
import { openPaymentCache, PAYMENT_CACHE } from './network-cache.ts';
import { emptyChain, secondsToVerify, type WrittenChain, writeChain } from './network-catchup-chain.ts';
import { PAYMENT_NOTES, paymentChain } from './network-chain.ts';
import { PROGRAM } from './network-nodes.ts';

/** What catching up came to. */
export interface CaughtUp {
  readonly blocks: number;
  /** From the first block that the node had to the last one. */
  readonly seconds: number;
  readonly perSecond: number;
  /** Processor time of the node that caught up and of the one that served it, ms a block. */
  readonly cpuMs: number;
  readonly servedCpuMs: number;
}

export interface CatchUpOptions {
  /** An empty folder. */
  readonly directory: string;
  /** The genesis file. */
  readonly genesis: Uint8Array;
  /** Directory of the node that has the chain. */
  readonly source: string;
  /** Height of the chain. */
  readonly height: number;
  readonly profile?: string;
}

/** ms between two looks at the node that catches up: each is a request that it answers. */
const LOOK = 100;

/** Starts a node on a chain that is written, and another one that catches up with it; waits until it has done so. */
async function measureCatchUp(options: CatchUpOptions): Promise<CaughtUp> {
  const { directory, source, height, profile } = options;
  const file = join(directory, 'genesis.ssz');
  writeFileSync(file, options.genesis);
  const [port] = (await freePorts(1)) as [number];
  const at = `/ip4/127.0.0.1/tcp/${port}`;
  const running: Running[] = [];
  const start = async (name: string, own: string, args: readonly string[], node: readonly string[] = []) => {
    mkdirSync(join(directory, name), { recursive: true });
    const process = startProcess({
      name,
      args: [
        ...node,
        PROGRAM,
        ...['--json', '--dir', own, 'node', 'start', '--genesis', file],
        ...['--rpc-port', '0', '--no-dht', ...args],
      ],
      logFile: join(directory, name, 'log'),
    });
    running.push(process);
    const { rpc } = JSON.parse(await process.firstLine()) as { rpc: string };
    return { process, client: createClient({ url: rpc }) };
  };
  try {
    const served = await start('source', source, ['--listen', at]);
    const peer = `${at}/p2p/${await peerIdIn(join(source, 'node', 'network'))}`;
    const profiled = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
    const follower = await start('follower', join(directory, 'follower'), ['--direct', peer], profiled);
    const heightNow = async (): Promise<number> =>
      Number((await follower.client.request('sero_getStatus', {})).head.height);
    let first = 0;
    while (first === 0) {
      await pause(LOOK);
      first = await heightNow();
    }
    const begun = performance.now();
    const before = [follower, served].map(({ process }) => process.figures()!.cpuSeconds);
    let now = first;
    while (now < height) {
      await pause(LOOK);
      now = await heightNow();
    }
    const seconds = (performance.now() - begun) / 1_000;
    const after = [follower, served].map(({ process }) => process.figures()!.cpuSeconds);
    const blocks = height - first;
    const [cpuMs, servedCpuMs] = after.map((cpu, i) => (1_000 * (cpu - before[i]!)) / blocks) as [
      number,
      number,
    ];
    return { blocks, seconds, perSecond: blocks / seconds, cpuMs, servedCpuMs };
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Writes a chain and has a node catch up with it. @param directory an empty folder */
export async function measureChain(
  directory: string,
  chain: WrittenChain,
  profile?: string,
): Promise<CaughtUp & { readonly written: readonly Uint8Array[] }> {
  const source = join(directory, 'has');
  const written = await writeChain(join(source, 'node'), chain);
  const caughtUp = await measureCatchUp({
    directory,
    genesis: encodeGenesis(chain.genesis),
    source,
    height: written.length,
    ...(profile === undefined ? {} : { profile }),
  });
  return { ...caughtUp, written };
}

/** Payments of a full block here: of the 323 that a development network's gas limit has room for. */
export const FULL = 320;

/** A chain of full blocks, of payments that `npm run bench:payments` made. */
export function fullChain(count: number, folder: string = PAYMENT_CACHE): WrittenChain {
  const { genesis, hash } = paymentChain(4, PAYMENT_NOTES);
  const cache = openPaymentCache(folder, hash);
  if (cache.count() < FULL * count) {
    throw new Error(
      `${FULL * count} payments are needed and ${cache.count()} are there: npm run bench:payments`,
    );
  }
  const payments = cache.first(FULL * count);
  const blocks = Array.from({ length: count }, (_, i) => payments.slice(FULL * i, FULL * (i + 1)));
  return { genesis, blocks };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      blocks: { type: 'string', default: '4096' },
      stride: { type: 'string', default: '256' },
      full: { type: 'boolean', default: false },
      profile: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  if (values.stride !== '256' && values.stride !== '1') throw new Error('--stride is 256 or 1');
  const directory = mkdtempSync(join(tmpdir(), 'sero-catchup-'));
  process.on('exit', () => {
    if (!values.keep) rmSync(directory, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const count = Number(values.blocks);
  const chain = values.full ? fullChain(count) : emptyChain(count, values.stride === '1' ? 1 : 256);
  const { written, ...result } = await measureChain(directory, chain, values.profile);
  const kind = values.full ? { full: FULL } : { stride: Number(values.stride) };
  const verifying = values.full ? { verifySeconds: await secondsToVerify(chain.genesis, written) } : {};
  console.log(JSON.stringify({ ...kind, ...result, ...verifying }));
}
