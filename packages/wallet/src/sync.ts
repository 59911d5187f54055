import { CryptoError, equalBytes } from '@sero/crypto';
import { ProtocolError } from '@sero/protocol';
import { batchesOf } from './batches.ts';
import type { ChainHead, ChainSource } from './chain-source.ts';
import { ensure, WalletError } from './errors.ts';
import type { FinalityRun } from './finality.ts';
import { NOT_SHOWN } from './finality-source.ts';
import type { Wallet } from './wallet.ts';

/** How far a wallet has read, after each batch of blocks. */
export interface SyncProgress {
  /** Last block read. */
  readonly height: bigint;
  /** Head of the chain when reading began. */
  readonly tip: bigint;
  readonly blocksPerSecond: number;
  /** Outputs that were tried, others' included. */
  readonly outputsPerSecond: number;
  /** From the pace so far and what the node says remains. */
  readonly secondsLeft: number;
}

export interface SyncOptions {
  readonly onProgress?: (progress: SyncProgress) => void;
  readonly signal?: AbortSignal;
  /** A clock in milliseconds, for the rates. Default: the platform's. */
  readonly now?: () => number;
}

/**
 * Blocks are asked for in ranges of this length that begin at its multiples, so that requests depend on where a wallet
 * began and on the chain, and on nothing in the wallet.
 */
const RANGE = 256n;

/** What a block costs beside its outputs, in outputs: hashing its header, and the way from its notes to the root. */
const BLOCK_WEIGHT = 4;

/**
 * Reads the chain from where the wallet stands to the head that the node names at the start. While one range is scanned the next one
 * is on its way. It may be aborted at any point and called again; what was read stays. Resolves to the head that was reached.
 *
 * Throws `node-other-network`; `node-behind` where the node's chain is shorter than what the wallet has read; `node-other-chain` where
 * its blocks do not follow; `node-not-final` where it does not show that they are final; `node-answer-invalid` where an answer is none; what the source, the store and the signal throw.
 */
export async function syncWallet(
  wallet: Wallet,
  source: ChainSource,
  options: SyncOptions = {},
): Promise<ChainHead> {
  const { signal, onProgress, now = () => performance.now() } = options;
  signal?.throwIfAborted();
  const status = await source.status(signal);
  const { head } = status;
  ensure(
    equalBytes(status.genesisHash, wallet.genesisHash),
    'node-other-network',
    'the node belongs to another network: its genesis file is not the wallet’s',
  );
  checkHead(wallet, head);
  wallet.expectHead(head.height);
  const pace = paceMeter(wallet, head, now);

  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const ask = (from: bigint): Promise<readonly Uint8Array[]> => {
    const blocks = range(source, from, either);
    // Looked at in its turn: a range that fails while another is scanned is no unhandled rejection.
    blocks.catch(() => undefined);
    return blocks;
  };
  let run: FinalityRun | undefined;
  try {
    let next = nextHeight(wallet);
    let coming = next <= head.height ? ask(next) : undefined;
    run = coming === undefined ? undefined : await finalityRun(wallet, source, head, signal);
    while (coming !== undefined) {
      const blocks = await coming;
      next += BigInt(blocks.length);
      coming = next <= head.height ? ask(next) : undefined;
      const shown = await finalOnes(run, wallet, blocks, head);
      for (const batch of batchesOf(shown)) {
        await takeBlocks(wallet, batch, head, signal);
        onProgress?.(pace());
      }
      if (shown.length < blocks.length) break;
    }
  } finally {
    stop.abort();
    await run?.end();
  }
  const { header, hash } = wallet.tip()!;
  return { height: header.height, hash };
}

/** What verifies blocks before they are read; undefined on a chain of one, whose node is believed. */
async function finalityRun(
  wallet: Wallet,
  { finality }: ChainSource,
  head: ChainHead,
  signal: AbortSignal | undefined,
): Promise<FinalityRun | undefined> {
  if (wallet.finality === undefined) return undefined;
  ensure(finality !== undefined, 'node-not-final', NOT_SHOWN);
  const tip = wallet.tip();
  const read = tip === undefined ? undefined : { height: tip.header.height, hash: tip.hash };
  return wallet.finality.follow(finality, head.height, read, signal);
}

/** Of the next blocks those that are shown to be final; all on a chain of one. What came after the head was named waits for the next reading. */
async function finalOnes(
  run: FinalityRun | undefined,
  wallet: Wallet,
  blocks: readonly Uint8Array[],
  head: ChainHead,
): Promise<readonly Uint8Array[]> {
  if (run === undefined) return blocks;
  const first = nextHeight(wallet);
  const last = first + BigInt(blocks.length) - 1n;
  const shown = await run.upTo(last < head.height ? last : head.height);
  return shown < last ? blocks.slice(0, Number(shown - first) + 1) : blocks;
}

function nextHeight(wallet: Wallet): bigint {
  return (wallet.tip()?.header.height ?? -1n) + 1n;
}

/** Compares a node's head with what the wallet has read. */
function checkHead(wallet: Wallet, head: ChainHead): void {
  const tip = wallet.tip();
  if (tip === undefined) return;
  const { height } = tip.header;
  ensure(
    height <= head.height,
    'node-behind',
    `the node’s chain ends at block ${head.height}, this wallet has read block ${height}: wait until the node has caught up; if the network was begun anew, repair the wallet`,
  );
  ensure(height < head.height || equalBytes(tip.hash, head.hash), 'node-other-chain', OTHER_CHAIN);
}

const OTHER_CHAIN =
  'the node’s blocks do not follow those that this wallet has read: ask another node; if the network was begun anew, repair the wallet';

const OTHER_BLOCKS = 'the node gave other blocks than those that it shows to be final: ask another node';

/** The blocks from a height to the end of its range, or the first of them. */
async function range(source: ChainSource, from: bigint, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const limit = Number(RANGE - (from % RANGE));
  const answer = await source.blocks(from, limit, signal);
  ensure(
    answer.from === from && answer.blocks.length > 0 && answer.blocks.length <= limit,
    'node-answer-invalid',
    `the node was asked for ${limit} blocks from ${from} on and gave ${answer.blocks.length} from ${answer.from} on: ask another node`,
  );
  return answer.blocks;
}

/** Gives blocks to the wallet, and says of a refusal that it is the node's fault. */
async function takeBlocks(
  wallet: Wallet,
  blocks: readonly Uint8Array[],
  head: ChainHead,
  signal: AbortSignal | undefined,
): Promise<void> {
  const first = nextHeight(wallet);
  const beyond = head.height - first + 1n;
  try {
    // The batch is cut at the head, so that its hash can be compared.
    const upToHead = beyond > 0n && beyond < blocks.length ? Number(beyond) : blocks.length;
    await wallet.addBlocks(blocks.slice(0, upToHead), signal);
    const tip = wallet.tip()!;
    ensure(
      tip.header.height !== head.height || equalBytes(tip.hash, head.hash),
      'block-not-next',
      'the head is another block than the node said',
    );
    await wallet.addBlocks(blocks.slice(upToHead), signal);
  } catch (error) {
    throw ofNode(error);
  }
}

/** A refused block as a fault of the node that gave it. */
function ofNode(error: unknown): unknown {
  if (error instanceof WalletError) {
    if (error.code === 'block-not-next') return new WalletError('node-other-chain', OTHER_CHAIN);
    if (error.code === 'other-genesis') {
      return new WalletError(
        'node-other-network',
        'the node’s blocks are of another network: ask another node',
      );
    }
    if (error.code === 'block-not-final') return new WalletError('node-not-final', OTHER_BLOCKS);
    return error.code === 'block-roots' ? invalid(error) : error;
  }
  return error instanceof ProtocolError || error instanceof CryptoError ? invalid(error) : error;
}

function invalid({ message }: Error): WalletError {
  return new WalletError(
    'node-answer-invalid',
    `the node gave a block that is none (${message}): ask another node`,
  );
}

/** Rates since the beginning, and the time that the rest will take at this pace. */
function paceMeter(
  wallet: Wallet,
  head: ChainHead & { readonly notes: bigint },
  now: () => number,
): () => SyncProgress {
  const began = now();
  const firstHeight = nextHeight(wallet);
  const firstSize = wallet.tree.size();
  return () => {
    const seconds = Math.max(now() - began, 1) / 1_000;
    const height = nextHeight(wallet) - 1n;
    const size = wallet.tree.size();
    const blocks = Number(height + 1n - firstHeight);
    const outputs = Number(size - firstSize);
    const left = (rest: bigint): number => Math.max(0, Number(rest));
    const done = outputs + BLOCK_WEIGHT * blocks;
    const todo = left(head.notes - size) + BLOCK_WEIGHT * left(head.height - height);
    return {
      height,
      tip: head.height,
      blocksPerSecond: blocks / seconds,
      outputsPerSecond: outputs / seconds,
      secondsLeft: done === 0 ? 0 : (seconds * todo) / done,
    };
  };
}
