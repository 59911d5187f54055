import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient, createSocketClient, RpcError, type SeroClient } from '@sero/api';
import {
  DEVNET_VALIDATORS,
  devnetStake,
  devnetValidators,
  startValidators,
  takeDevnetDirectory,
} from '@sero/cli';
import { fieldFromBytes } from '@sero/crypto';
import { type Allocation, encodeGenesis } from '@sero/protocol';
import { rpcSource } from '@sero/wallet';
import { type Agreement, type Chain, Refused, type Reserves } from './chain.ts';
import { demoGenesis } from './network.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'src', 'main.ts');

/** Blocks asked for at a time, and rows of the asset table. */
const PAGE = 256;

/** Idle interval of the demo's chain, ms: a story that waits for a block must not wait long. */
const IDLE = 1_000;

/**
 * Starts four validators as a user does, `sero node start` in processes of their own with empty directories, and beside them a node that is reached over RPC
 * alone. Closing stops the processes as ctrl-C does and removes the directories; throws where the node does not stop cleanly.
 */
export async function startRemoteChain(
  verifyingKeys: ReadonlyMap<number, Uint8Array>,
  allocations: readonly Allocation[],
): Promise<Chain> {
  const base = mkdtempSync(join(tmpdir(), 'sero-demo-'));
  const pace = { idle: IDLE, minBlockGap: IDLE };
  const validators = devnetValidators(DEVNET_VALIDATORS);
  const stake = devnetStake(validators.map(({ row }) => row));
  const genesis = encodeGenesis(demoGenesis(verifyingKeys, allocations, pace, stake));
  const path = join(base, 'network');
  const directory = await takeDevnetDirectory(path, genesis);
  const running = await startValidators(directory, { genesis, validators }, process.env);
  const { listen = [], direct = [] } = running.network;
  const child = spawn(
    process.execPath,
    [
      PROGRAM,
      ...['--json', '--dir', join(path, 'rpc'), 'node', 'start', '--genesis', join(path, 'genesis.ssz')],
      ...['--rpc-port', '0', '--no-dht', '--listen', ...listen, '--direct', ...direct],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const clear = async (): Promise<void> => {
    await running.stop();
    directory.release();
    rmSync(base, { recursive: true, force: true });
  };
  try {
    const [url] = await Promise.all([
      rpcAddress(child, ended, said),
      ...running.processes.map(({ started }) => started),
    ]);
    return await openRemoteChain(url, async () => {
      child.kill('SIGINT');
      const code = await ended;
      await clear();
      if (code !== 0) throw new Error(`the node stopped with exit code ${code}: ${said.join('')}`);
    });
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    await clear();
    throw error;
  }
}

/** The node's first line on stdout says where it listens. */
async function rpcAddress(
  child: ChildProcess,
  ended: Promise<number | null>,
  said: readonly string[],
): Promise<string> {
  const lines = createInterface({ input: child.stdout! });
  const first = new Promise<string>((resolve) => lines.once('line', resolve));
  const line = await Promise.race([
    first,
    ended.then((code) => {
      throw new Error(`the node did not start (exit code ${code}): ${said.join('')}`);
    }),
  ]);
  return (JSON.parse(line) as { rpc: string }).rpc;
}

/** The chain behind an RPC address. */
async function openRemoteChain(url: string, stop: () => Promise<void>): Promise<Chain> {
  const client = createClient({ url });
  const socket = await createSocketClient({ url: url.replace(/^http/, 'ws') });
  let highest = -1n;
  let wake = new Set<() => void>();
  const rounds = new Map<bigint, Agreement['rounds'][number]>();
  const watch = async (): Promise<void> => {
    const { last } = await client.request('sero_getConsensus', {});
    if (last !== null) rounds.set(last.height, last);
  };
  await socket.subscribeHeads(({ height }) => {
    highest = height;
    // What it says of a round while the node stops is nobody's loss.
    watch().catch(() => undefined);
    const woken = wake;
    wake = new Set();
    for (const resume of woken) resume();
  });
  const { head } = await client.request('sero_getStatus', {});
  if (head.height > highest) highest = head.height;
  const { genesis } = await client.request('sero_getGenesis', {});
  return {
    genesis,
    source: rpcSource(client),

    async send(transaction) {
      try {
        await client.request('sero_submit', { transaction });
      } catch (error) {
        throw error instanceof RpcError && error.data.code !== undefined
          ? new Refused(error.data.code, error.message)
          : error;
      }
    },

    async blocks(from) {
      const found: Uint8Array[] = [];
      for (;;) {
        const next = await client.request('sero_getBlocks', {
          from: from + BigInt(found.length),
          limit: PAGE,
        });
        found.push(...next.blocks);
        if (next.blocks.length === 0 || from + BigInt(found.length) > next.head.height) return found;
      }
    },

    async beyond(height) {
      while (highest <= height) await new Promise<void>((resolve) => wake.add(resolve));
    },

    reserves: () => reservesOf(client),

    async agreement() {
      const { participants, units } = await client.request('sero_getConsensus', {});
      await watch();
      return { participants, units, rounds: [...rounds.values()] };
    },

    async close() {
      socket.close();
      await stop();
    },
  };
}

async function reservesOf(client: SeroClient): Promise<Reserves> {
  const { pool } = await client.request('sero_getStatus', {});
  const { staked, burned, issued } = await client.request('sero_getStakeStatus', {});
  const pooled = new Map([[1n, pool.sero]]);
  const supply = new Map<bigint, bigint>();
  let from: Uint8Array | null = new Uint8Array(32);
  while (from !== null) {
    const page: Awaited<ReturnType<typeof assetPage>> = await assetPage(client, from);
    for (const record of page.assets) {
      pooled.set(fieldFromBytes(record.asset), record.pooled);
      supply.set(fieldFromBytes(record.asset), record.supply);
    }
    from = page.next;
  }
  return { rewardPool: pool.reward, pooled, supply, staked, burned, issued };
}

const assetPage = (client: SeroClient, from: Uint8Array) =>
  client.request('sero_getAssets', { from, limit: PAGE });
