import { equalBytes } from '@sero/crypto';
import {
  allocationNote,
  decodeExecutedBlock,
  type ExecutedBlock,
  type FinalBlock,
  type Genesis,
  type Header,
  headerHash,
  nextBaseFee,
  noteCommitment,
} from '@sero/protocol';
import { rootsHold } from './block-roots.ts';
import { ensure } from './errors.ts';
import { type PublicNote, placeTransactions, type ScannedTransaction } from './scan.ts';
import { traceEntries } from './spends.ts';
import type { Tip } from './state.ts';

/** A chain, and how far it was read. */
export interface Reading {
  readonly genesis: Genesis;
  readonly genesisHash: Uint8Array;
  readonly tip: Tip | undefined;
  /** Notes so far. */
  readonly size: bigint;
  /** Whether a block was shown to be final; every block on a chain of one, whose node is believed. */
  readonly isFinal: (block: FinalBlock) => boolean;
}

/** A final block that follows the last one and whose transactions and receipts are its header's; whether its notes are is not known yet. */
export interface ReadBlock {
  readonly tip: Tip;
  readonly executed: ExecutedBlock;
  /** Of genesis alone: they come before everything else. */
  readonly allocations: readonly PublicNote[];
  readonly transactions: readonly ScannedTransaction[];
  /** Commitments of all its notes, in order. */
  readonly leaves: readonly bigint[];
  /** NIL || TRACE of every input. */
  readonly traces: Uint8Array;
}

/** Blocks up to the first one that is refused. */
export interface ReadBlocks {
  readonly read: readonly ReadBlock[];
  /** Why the one after them is refused. */
  readonly refusal?: { readonly error: unknown };
}

/**
 * Reads the next blocks of a chain, all of which follow each other; nothing is believed of one before those ahead of it were taken.
 *
 * @throws the signal's reason
 */
export async function readBlocks(
  reading: Reading,
  blocks: readonly Uint8Array[],
  rest: () => Promise<void>,
  signal?: AbortSignal,
): Promise<ReadBlocks> {
  const read: ReadBlock[] = [];
  let { tip, size } = reading;
  for (const bytes of blocks) {
    await rest();
    signal?.throwIfAborted();
    try {
      const block = readBlock({ ...reading, tip, size }, bytes);
      read.push(block);
      tip = block.tip;
      size += BigInt(block.leaves.length);
    } catch (error) {
      return { read, refusal: { error } };
    }
  }
  return { read };
}

/** @throws WalletError, ProtocolError as `Wallet.addBlock` says */
function readBlock(reading: Reading, bytes: Uint8Array): ReadBlock {
  const executed = decodeExecutedBlock(bytes);
  const { header } = executed.block;
  checkLink(reading, header);
  const hash = headerHash(header);
  // Before anything is made of it: what is not final is no anchor, no money and no history.
  ensure(
    reading.isFinal({ height: header.height, hash }),
    'block-not-final',
    `block ${header.height} was not shown to be final: read the chain with syncWallet`,
  );
  ensure(
    rootsHold(executed),
    'block-roots',
    'the block’s transactions or receipts are not those of its header',
  );
  const { genesis, genesisHash, size } = reading;
  const allocations =
    header.height === 0n
      ? genesis.allocations.map((allocation, index) => ({
          note: allocationNote(allocation, genesisHash, index),
          index,
        }))
      : [];
  const { transactions, leaves } = placeTransactions(executed, size + BigInt(allocations.length));
  return {
    tip: { header, hash },
    executed,
    allocations,
    transactions,
    leaves: [...allocations.map(({ note }) => noteCommitment(note)), ...leaves],
    traces: traceEntries(transactions.map(({ tx }) => tx)),
  };
}

function checkLink({ genesis, genesisHash, tip }: Reading, header: Header): void {
  ensure(equalBytes(header.genesisHash, genesisHash), 'other-genesis', 'this block is of another network');
  const expected = tip === undefined ? 0n : tip.header.height + 1n;
  ensure(
    header.height === expected && (tip === undefined || equalBytes(header.parent, tip.hash)),
    'block-not-next',
    `the wallet waits for block ${expected} on top of the last one it saw`,
  );
  const { fees } = genesis;
  ensure(
    header.version === 1 &&
      header.gasLimit === fees.gasLimit &&
      header.gasUsed <= header.gasLimit &&
      (tip === undefined
        ? header.time === genesis.time && header.baseFee === fees.baseFeeStart
        : header.time > tip.header.time && header.baseFee === nextBaseFee(fees, tip.header)),
    'block-rules',
    'the block follows rules that this wallet does not know: look for a newer wallet',
  );
}
