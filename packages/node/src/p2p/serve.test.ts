import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LedgerError } from '@sero/ledger';
import {
  decodeCertificateAt,
  decodeCertified,
  REQUESTS,
  RequestError,
  type RequestName,
  type RequestOf,
} from '@sero/network';
import { decodeBlock, encodeBundle, encodeExecutedBlock, HeaderType } from '@sero/protocol';
import { shownChain } from '../consensus/sync-test-support.ts';
import { createServer } from './serve.ts';

const CHAIN = shownChain(6);

/** A node at block 6 that began with block 2 and keeps certificates of every second block. */
function scene() {
  const read: bigint[] = [];
  const serve = createServer({
    checkpoints: () => [],
    snapshots: () => [],
    snapshotChunk: () => undefined,
    ledger: {
      head: () => CHAIN.headers[6]!,
      header: (height) => CHAIN.headers[Number(height)],
      executedBlock(height) {
        read.push(height);
        if (height < 2n) throw new LedgerError('block-unknown', 'it is not kept');
        const block = decodeBlock(CHAIN.blocks[Number(height)]!);
        return encodeExecutedBlock({ block, receipts: [] });
      },
      shardRoot: (shard) => (shard === 1n ? undefined : shard + 7n),
    },
    certificates: {
      get: (height) =>
        height > 0n && height % 2n === 0n && height <= 6n
          ? encodeBundle(CHAIN.certificate(height))
          : undefined,
    },
    blockOf: (digest) => (digest[0] === 1 ? CHAIN.blocks[5] : undefined),
  });
  async function answer<N extends RequestName>(name: N, request: RequestOf<N>): Promise<Uint8Array[]> {
    const chunks: Uint8Array[] = [];
    const bytes = (REQUESTS[name] as { encode(of: unknown): Uint8Array }).encode(request);
    for await (const chunk of serve(name, bytes, 'a', new AbortController().signal)) chunks.push(chunk);
    return chunks;
  }
  return { serve, answer, read };
}

const HUGE = (1n << 64n) - 1n;

describe('serving peers', () => {
  it('gives headers and blocks from a height on, and ends at the head', async () => {
    const { answer } = scene();
    const headers = await answer('headers', { start: 5n, count: 10 });
    assert.deepEqual(
      headers,
      CHAIN.headers.slice(5).map((header) => HeaderType.serialize(header)),
    );
    assert.deepEqual(await answer('blocks', { start: 3n, count: 2 }), CHAIN.blocks.slice(3, 5));
  });

  it('gives nothing above the head, however high it is asked, and no row with holes', async () => {
    const { answer, read } = scene();
    for (const start of [7n, 1n << 60n, HUGE]) {
      assert.deepEqual(await answer('headers', { start, count: 1_024 }), []);
      assert.deepEqual(await answer('blocks', { start, count: 64 }), []);
      assert.deepEqual(await answer('certified', { start, count: 16 }), []);
      assert.deepEqual(await answer('certificates', { start, count: 16, stride: 65_535 }), []);
    }
    assert.deepEqual(await answer('blocks', { start: 1n, count: 6 }), [], 'it began later');
    assert.deepEqual(read, [1n]);
  });

  it('gives certificates of the heights that it keeps them of, and blocks with theirs', async () => {
    const { answer } = scene();
    const found = (await answer('certificates', { start: 1n, count: 6, stride: 1 })).map(decodeCertificateAt);
    assert.deepEqual(
      found.map(({ height }) => height),
      [2n, 4n, 6n],
    );
    assert.deepEqual(found[1]!.certificate, encodeBundle(CHAIN.certificate(4n)));
    const [pair] = await answer('certified', { start: 4n, count: 2 });
    assert.deepEqual(decodeCertified(pair!).block, CHAIN.blocks[4]);
    assert.deepEqual(await answer('certified', { start: 0n, count: 2 }), []);
  });

  it('gives blocks of the present round by their hash, and roots of whole shards', async () => {
    const { answer } = scene();
    assert.deepEqual(await answer('block', { digest: new Uint8Array(32).fill(1) }), [CHAIN.blocks[5]]);
    assert.deepEqual(await answer('block', { digest: new Uint8Array(32) }), []);
    assert.equal((await answer('shard-roots', { from: 0n, count: 10 })).length, 1);
  });

  it('reads a block when the one before it was taken', async () => {
    const { serve, read } = scene();
    const request = REQUESTS.blocks.encode({ start: 2n, count: 5 });
    for await (const _ of serve('blocks', request, 'a', new AbortController().signal)) {
      if (read.length === 2) break;
    }
    assert.deepEqual(read, [2n, 3n]);
  });

  it('answers no status, which the network does', async () => {
    const { serve } = scene();
    const chunks = serve('status', new Uint8Array(0), 'a', new AbortController().signal);
    const first = async () => chunks[Symbol.asyncIterator]().next();
    await assert.rejects(first, (error) => error instanceof RequestError && error.code === 'unavailable');
  });
});
