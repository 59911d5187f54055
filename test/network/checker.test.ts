import assert from 'node:assert/strict';
import { it } from 'node:test';
import { toHex } from '@sero/crypto';
import { startRpcServer } from '@sero/node';
import { filler, madeSource } from '../rpc/made-chain.ts';
import { createChainBook } from './chain-book.ts';
import { createChecker } from './checker.ts';

it('the checker follows heads over RPC, reads every header, comes back to a node that was away, and says who does not get on', async () => {
  const node = madeSource();
  let server = await startRpcServer({ node, port: 0 });
  for (let i = 0; i < 3; i++) node.grow([]);
  const checker = createChecker({
    book: createChainBook(toHex(filler('genesisHash', 32))),
    certificates: 0,
  });
  try {
    checker.watch({ name: 'a', url: server.url });
    assert.throws(() => checker.watch({ name: 'a', url: server.url }), /watched already/);
    await checker.reached(['a'], 3, 20_000);
    node.grow([{}]);
    await checker.reached(['a'], 4, 20_000);
    await checker.settle(['a']);
    assert.equal(checker.book.shownTo('a'), 4);
    await assert.rejects(checker.progressed(['a'], 1, 50), /not all are at block 5: the heads are a 4/);
    const { port } = new URL(server.url);
    await server.close();
    server = await startRpcServer({ node, port: Number(port) });
    node.grow([]);
    await checker.reached(['a'], 5, 20_000);
    await checker.settle(['a']);
    assert.equal(checker.figures().blocks, 5);
  } finally {
    checker.close();
    await server.close();
  }
});
