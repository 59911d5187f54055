import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Requester, RPC_ERRORS, RpcError, type RpcErrorName, TransportError } from '@sero/api';
import { sendViaRpc } from './submit-rpc.ts';

const TRANSACTION = new Uint8Array([1, 2, 3]);

function answering(answer: () => Promise<unknown>): { client: Requester; asked: unknown[] } {
  const asked: unknown[] = [];
  const request = (method: string, params: unknown): Promise<unknown> => {
    asked.push([method, params]);
    return answer();
  };
  return { client: { request } as Requester, asked };
}

const outcome = (error: Error): Promise<unknown> =>
  sendViaRpc(answering(() => Promise.reject(error)).client)(TRANSACTION);

describe('giving a transaction to a node by RPC', () => {
  it('is one request, with the transaction and nothing else', async () => {
    const { client, asked } = answering(async () => ({ txid: new Uint8Array(32) }));
    assert.ok(!((await sendViaRpc(client)(TRANSACTION)) instanceof Error));
    assert.deepEqual(asked, [['sero_submit', { transaction: TRANSACTION }]]);
  });

  it('resolves to the refusal where the node says that it did not take it, busy or not, and rejects where it does not say', async () => {
    const certain: RpcErrorName[] = [
      'transaction-refused',
      'mempool-refused',
      'busy',
      'limit-exceeded',
      'invalid-params',
    ];
    for (const name of Object.keys(RPC_ERRORS) as RpcErrorName[]) {
      const error = new RpcError(name, 'no', { code: 'nullifier-spent' });
      if (certain.includes(name)) assert.equal(await outcome(error), error, name);
      else await assert.rejects(outcome(error), error, name);
    }
    for (const error of [
      new RpcError({ unknownCode: -1 }, 'new'),
      new TransportError('unreachable', 'no connection'),
      new TransportError('timeout', 'late'),
      new Error('anything'),
    ]) {
      await assert.rejects(outcome(error), error);
    }
  });

  it('counts what the node has already as taken: its notes must stay reserved', async () => {
    assert.equal(
      await outcome(new RpcError('mempool-refused', 'known', { code: 'already-known' })),
      undefined,
    );
  });
});
