import { equalBytes } from '@sero/crypto';
import {
  CHECKPOINT_EVERY,
  decodeExecutedBlock,
  type ExecutedBlock,
  genesisHash,
  headerHash,
  ProtocolError,
} from '@sero/protocol';
import { type AppendLog, overlay } from '@sero/store';
import { bindsItsParts } from './block-record.ts';
import { ensure, LedgerError } from './errors.ts';
import { encodeFoundation } from './foundation.ts';
import { loadSnapshotInSteps, type SnapshotTarget } from './snapshot-load.ts';
import { frontierOf, historyOf, stateOf } from './state.ts';
import { type Pace, paced, type Steps } from './steps.ts';

/** A block that is known to be the chain's, and what makes it the beginning of a chain without the blocks before it. */
export interface LaterBeginning extends Omit<SnapshotTarget, 'header'> {
  /** An empty log: the block becomes its first. */
  readonly blocks: AppendLog;
  /** What certificates or a checkpoint say of the block; a multiple of 256 above 0. */
  readonly trusted: { readonly height: bigint; readonly blockHash: Uint8Array };
  /** The block with its receipts, serialised, from anybody. */
  readonly executed: Uint8Array;
  /** The bytes of the manifest's chunks, in order, from anybody; read once. */
  readonly chunks: Iterable<Uint8Array>;
}

/**
 * Begins a chain at a block that is trusted, with the state after it. Nothing else is: the block must be the one of the trusted hash, hold what its
 * header binds, and the snapshot must be the state that its roots bind. The log is written last, so until all that holds there is no chain;
 * where it does not, store and log are left empty.
 *
 * Rings of the state hold what rules look back to, and the peaks over all earlier headers stand in it: what follows is the same as for who has all
 * blocks. `openLedger` opens it like any other.
 *
 * @throws LedgerError `begin-height`, `begin-block`, `log-not-empty`, and those of `loadSnapshot`; StoreError `snapshot-damaged`; whatever reading
 *   chunks throws; the signal's reason
 */
export function beginAtSnapshot(beginning: LaterBeginning, pace: Pace): Promise<void> {
  return paced(beginLater(beginning), pace);
}

/** As `beginAtSnapshot`, a chunk a step. */
export function* beginLater({ blocks, trusted, executed, chunks, ...target }: LaterBeginning): Steps<void> {
  const { genesis, store } = target;
  ensure(blocks.length === blocks.first, 'log-not-empty', 'the block log holds a chain already');
  const block = readBeginning(genesisHash(genesis), trusted, executed);
  yield* loadSnapshotInSteps({ ...target, header: block.block.header }, chunks);
  const state = stateOf(overlay(store), genesis.anchor.window);
  const foundation = encodeFoundation(block, frontierOf(state), historyOf(state));
  blocks.begin(Number(trusted.height));
  blocks.append(foundation);
}

/**
 * The block that a chain is to begin with, from the bytes that somebody says it has.
 *
 * @throws LedgerError `begin-height`, `begin-block`
 */
export function readBeginning(
  genesisHash: Uint8Array,
  { height, blockHash }: LaterBeginning['trusted'],
  executed: Uint8Array,
): ExecutedBlock {
  ensure(
    height > 0n && height % CHECKPOINT_EVERY === 0n,
    'begin-height',
    `a chain begins with block 0 or a multiple of ${CHECKPOINT_EVERY}, not with ${height}: wallets could not begin there`,
  );
  const block = decoded(executed);
  const { header } = block.block;
  ensure(
    header.height === height &&
      equalBytes(headerHash(header), blockHash) &&
      equalBytes(header.genesisHash, genesisHash) &&
      bindsItsParts(block),
    'begin-block',
    `the block is not the one of height ${height} that is trusted, or that of another chain`,
  );
  return block;
}

function decoded(bytes: Uint8Array): ExecutedBlock {
  try {
    return decodeExecutedBlock(bytes);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new LedgerError('begin-block', `the block does not decode: ${error.message}`, { cause: error });
  }
}
