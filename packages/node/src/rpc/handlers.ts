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
import type { Encoded } from './encoded.ts';
import type { NoteCounter } from './note-counter.ts';
import { checkRange, headOf, type Ranges } from './ranges.ts';
import type { RpcSource } from './source.ts';

/** Who calls. */
export interface Caller {
  /** Name of the client, for what is charged to clients. */
  readonly client: string;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

type Handler<M extends RequestName> = (
  params: ParamsOf<M>,
  caller: Caller,
) => ResultOf<M> | Encoded | Promise<ResultOf<M>>;

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
  limits: { readonly maxRange: number },
): Handlers {
  const { ledger, mempool, agreement } = source;
  const document = openRpcDocument(source.version);
  return {
    sero_getStatus() {
      const { stateRoot, notesRoot, time, baseFee } = ledger.head();
      const { transactions, bytes } = mempool.stats();
      const { mode, tentative } = agreement.status();
      const { genesis, genesisHash } = ledger;
      return {
        version: source.version,
        network: genesis.devnet === 1 ? 'development' : 'production',
        chainId: genesis.chainId,
        genesisHash,
        head: { ...headOf(ledger), time, stateRoot, notesRoot, notes: notes.atHead(), baseFee },
        mempool: { transactions, bytes },
        pool: { sero: ledger.pooled(SERO_ASSET), reward: ledger.rewardPool() },
        mode,
        tentative,
      };
    },

    sero_getGenesis: () => ({ genesis: source.genesisBytes }),
    sero_getHeaders: ({ from, limit }) => ranges.answer('headers', 'headers', from, limit),
    sero_getBlocks: ({ from, limit }) => ranges.answer('blocks', 'blocks', from, limit),
    sero_getCompactOutputs: ({ from, limit }) => ranges.answer('compact', 'blocks', from, limit),
    sero_getAnchors: ({ from, limit }) => ranges.answer('anchors', 'anchors', from, limit),
    sero_getNullifiers: ({ from, limit }) => ranges.answer('nullifiers', 'blocks', from, limit),
    sero_getTraces: ({ from, limit }) => ranges.answer('traces', 'blocks', from, limit),
    sero_getAliases: ({ from, limit }) => ranges.answer('aliases', 'blocks', from, limit),

    async sero_submit({ transaction }, { client, signal }) {
      try {
        return await mempool.submit(transaction, client, signal);
      } catch (error) {
        throw submissionError(error);
      }
    },

    sero_getTransaction({ txid }) {
      const place = ledger.findTransaction(txid);
      if (place === undefined) return { status: mempool.has(txid) ? 'pending' : 'unknown' };
      const parts = transactionParts(ledger.executedBlock(place.height))[place.index];
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

    sero_getShardRoots({ from, limit }) {
      checkRange(limit, limits);
      const roots: Uint8Array[] = [];
      for (let index = from; roots.length < limit; index++) {
        const root = ledger.shardRoot(index);
        if (root === undefined) break;
        roots.push(fieldToBytes(root));
      }
      return { from, roots };
    },

    sero_getTreeState({ height }) {
      const state = ledger.treeState(height);
      if (state === undefined) {
        throw new RpcError('not-found', `there is no checkpoint at or below height ${height} here`);
      }
      return { height: state.height, header: HeaderType.serialize(state.header), frontier: state.frontier };
    },

    sero_getAssets({ from, limit }) {
      checkRange(limit, limits);
      const assets: ResultOf<'sero_getAssets'>['assets'] = [];
      for (const { asset, ...record } of ledger.assets(from === undefined ? undefined : assetNumber(from))) {
        if (assets.length === limit) return { assets, next: fieldToBytes(asset) };
        assets.push({ asset: fieldToBytes(asset), ...record });
      }
      return { assets, next: null };
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

/** A result as JSON text. */
export function resultJson(method: RequestName, result: unknown): string {
  return JSON.stringify((METHODS[method].result.encode as (value: unknown) => unknown)(result));
}
