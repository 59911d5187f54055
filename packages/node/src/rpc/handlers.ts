import {
  METHODS,
  openRpcDocument,
  type ParamsOf,
  type RequestName,
  type ResultOf,
  RpcError,
  type RpcErrorData,
} from '@sero/api';
import { CryptoError, fieldFromBytes, fieldToBytes } from '@sero/crypto';
import { LedgerError, type LedgerErrorCode } from '@sero/ledger';
import {
  HeaderType,
  ladderGasPrice,
  nextBaseFee,
  ProtocolError,
  ReceiptType,
  SERO_ASSET,
} from '@sero/protocol';
import { encodeStateProof } from '@sero/store';
import { MempoolError } from '../mempool/errors.ts';
import { transactionParts } from './block-parts.ts';
import { type Encoded, encoded } from './encoded.ts';
import { finalityHandlers } from './finality-methods.ts';
import type { NoteCounter } from './note-counter.ts';
import { checkRange, type Ranges } from './ranges.ts';
import type { RpcSource } from './source.ts';
import { stakeHandlers } from './stake.ts';
import { BLOCK_WORK, BYTES_PER_UNIT, ENTRY_WORK, SUBMIT_WORK, type Work } from './work.ts';

/** Who calls. */
export interface Caller {
  /** Name of the client, for what is charged to clients. */
  readonly client: string;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly work: Work;
}

type Handler<M extends RequestName> = (
  params: ParamsOf<M>,
  caller: Caller,
) => ResultOf<M> | Encoded | Promise<ResultOf<M> | Encoded>;

/** What answers each method that HTTP and sockets share. */
export type Handlers = { readonly [M in RequestName]: Handler<M> };

/** Rules of the ledger that a transaction can break; its other errors are faults of the node. */
const TRANSACTION_RULES = new Set<LedgerErrorCode>([
  'expired',
  'anchor-in-future',
  'anchor-stale',
  'nullifier-spent',
  'public-asset-unknown',
  'gas-price-below-base-fee',
  'from-alias',
  'turnstile',
  'tree-full',
  'proof-invalid',
  'circuit-without-key',
  'circuit-disabled',
  'block-gas-limit',
  'block-too-large',
]);

/** A refusal of a submitted transaction as its sender learns it; other errors come back as they are. */
function submissionError(error: unknown): unknown {
  if (error instanceof ProtocolError) {
    return new RpcError('transaction-refused', error.message, { code: error.code, source: 'protocol' });
  }
  if (error instanceof LedgerError && TRANSACTION_RULES.has(error.code)) {
    return new RpcError('transaction-refused', error.message, { code: error.code, source: 'ledger' });
  }
  if (error instanceof MempoolError) {
    const after: RpcErrorData = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
    if (error.code === 'busy' || error.code === 'closed') return new RpcError('busy', error.message, after);
    return new RpcError('mempool-refused', error.message, { ...after, code: error.code });
  }
  return error;
}

/** The methods over a node. */
export function createHandlers(
  source: RpcSource,
  ranges: Ranges,
  notes: NoteCounter,
  limits: { readonly maxRange: number; readonly maxAnswerBytes: number },
): Handlers {
  const { ledger, mempool, agreement } = source;
  // What never changes is made once, and all who ask share it.
  const genesis = encodedResult('sero_getGenesis', { genesis: source.genesisBytes });
  const document = encodedResult('rpc.discover', openRpcDocument(source.version));
  return {
    sero_getStatus() {
      const { stateRoot, notesRoot, time, baseFee } = ledger.head();
      const { transactions, bytes } = mempool.stats();
      const { mode, tentative } = agreement.status();
      const { genesisHash } = ledger;
      return {
        version: source.version,
        network: ledger.genesis.devnet === 1 ? 'development' : 'production',
        chainId: ledger.genesis.chainId,
        genesisHash,
        head: { ...ranges.head(), time, stateRoot, notesRoot, notes: notes.atHead(), baseFee },
        earliest: ledger.earliest(),
        mempool: { transactions, bytes },
        pool: { sero: ledger.pooled(SERO_ASSET), reward: ledger.rewardPool() },
        mode,
        tentative,
      };
    },

    sero_getGenesis: () => genesis,
    sero_getHeaders: (range, caller) => ranges.answer('headers', 'headers', range, caller),
    sero_getBlocks: (range, caller) => ranges.answer('blocks', 'blocks', range, caller),
    sero_getCompactOutputs: (range, caller) => ranges.answer('compact', 'blocks', range, caller),
    sero_getAnchors: (range, caller) => ranges.answer('anchors', 'anchors', range, caller),
    sero_getNullifiers: (range, caller) => ranges.answer('nullifiers', 'blocks', range, caller),
    sero_getTraces: (range, caller) => ranges.answer('traces', 'blocks', range, caller),
    sero_getAliases: (range, caller) => ranges.answer('aliases', 'blocks', range, caller),

    async sero_submit({ transaction }, { client, signal, work }) {
      await work.pause(SUBMIT_WORK);
      try {
        return await mempool.submit(transaction, client, signal);
      } catch (error) {
        throw submissionError(error);
      }
    },

    sero_getTransaction({ txid }, { work }) {
      const place = ledger.findTransaction(txid);
      if (place === undefined) return { status: mempool.has(txid) ? 'pending' : 'unknown' };
      const block = ledger.executedBlock(place.height);
      work.charge(BLOCK_WORK + block.length / BYTES_PER_UNIT);
      const parts = transactionParts(block)[place.index];
      if (parts === undefined)
        throw new Error(`the index names a transaction that block ${place.height} has not`);
      const receipt = ReceiptType.deserialize(Uint8Array.from(parts.receipt));
      const succeeded = receipt.status === 1;
      return {
        status: 'final',
        ...place,
        receipt: {
          status: succeeded ? 'succeeded' : 'failed',
          failure: succeeded ? null : String.fromCharCode(...receipt.failure),
          gasUsed: receipt.gasUsed,
          publicOutputs: receipt.publicOutputs,
          logs: receipt.logs,
        },
      };
    },

    sero_getShardRoots({ from, limit }, { work }) {
      checkRange(limit, limits);
      const roots: Uint8Array[] = [];
      for (let index = from; roots.length < limit; index++) {
        const root = ledger.shardRoot(index);
        if (root === undefined) break;
        roots.push(fieldToBytes(root));
      }
      work.charge(ENTRY_WORK * roots.length);
      return { from, roots };
    },

    sero_getTreeState({ height }) {
      const state = ledger.treeState(height);
      if (state === undefined) {
        throw new RpcError('not-found', `there is no checkpoint at or below height ${height} here`);
      }
      return { height: state.height, header: HeaderType.serialize(state.header), frontier: state.frontier };
    },

    sero_getAssets({ from, limit }, { work }) {
      checkRange(limit, limits);
      const assets: ResultOf<'sero_getAssets'>['assets'] = [];
      let next: Uint8Array | null = null;
      for (const { asset, ...record } of ledger.assets(from === undefined ? undefined : assetNumber(from))) {
        if (assets.length === limit) {
          next = fieldToBytes(asset);
          break;
        }
        assets.push({ asset: fieldToBytes(asset), ...record });
      }
      work.charge(ENTRY_WORK * assets.length);
      return { assets, next };
    },

    sero_getStateProof({ key }) {
      const { height, stateRoot } = ledger.head();
      return { height, stateRoot, proof: encodeStateProof(ledger.prove(key)) };
    },

    sero_getFees() {
      const baseFee = nextBaseFee(ledger.genesis.fees, ledger.head());
      return { baseFee, gasPrice: ladderGasPrice(baseFee) };
    },

    sero_getConsensus: () => agreement.status(),
    sero_getPeers: () => source.peers(),
    ...finalityHandlers(source.finality, ranges, limits),
    ...stakeHandlers(ledger, limits),
    'rpc.discover': () => document,
  };
}

function assetNumber(bytes: Uint8Array): bigint {
  try {
    return fieldFromBytes(bytes);
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error;
    throw new RpcError('invalid-params', 'from: no asset has this number', { path: '/from' });
  }
}

function encodedResult(method: RequestName, result: unknown): Encoded {
  return encoded([Buffer.from(resultJson(method, result))]);
}

/** A result as JSON text. */
export function resultJson(method: RequestName, result: unknown): string {
  return JSON.stringify((METHODS[method].result.encode as (value: unknown) => unknown)(result));
}
