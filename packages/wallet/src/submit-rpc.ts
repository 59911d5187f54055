import { type Requester, RpcError, type RpcErrorName } from '@sero/api';
import type { Send } from './authorize.ts';

/** Answers that say that the node does not hold the transaction, which it may lie about: see `Wallet.refuse`. All others leave that open. */
const REFUSALS: readonly (RpcErrorName | 'unknown')[] = [
  'transaction-refused',
  'mempool-refused',
  'busy',
  'limit-exceeded',
  'invalid-params',
];

/**
 * Gives transactions to a node by RPC, for `submit`. A refusal, also that of a node that is busy, resolves to the node's RpcError, whose
 * `data.code` names the rule; a transaction that the node has already counts as taken. Rejects where the outcome is unknown: a lost connection, a fault of the node.
 */
export function sendViaRpc(client: Requester, signal?: AbortSignal): Send {
  return async (transaction) => {
    try {
      return await client.request('sero_submit', { transaction }, signal);
    } catch (error) {
      if (!(error instanceof RpcError) || !REFUSALS.includes(error.name)) throw error;
      return error.data.code === 'already-known' ? undefined : error;
    }
  };
}
